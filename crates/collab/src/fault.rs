//! Why something was refused: closed, so that every door can say it in its own words.

use chorus_model::{Invalid, InvitationState};
use chorus_storage::{StoreError, Taken, WriteError};

use crate::tokens::TokenFault;

/// A refusal. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Values break rules. The caller's mistake.
    #[error("{}", join(.0))]
    Invalid(Vec<Invalid>),
    /// No token, or none that counts.
    #[error(transparent)]
    Unauthenticated(#[from] TokenFault),
    /// Name and password do not belong together.
    #[error("Invalid credentials")]
    BadCredentials,
    /// The account was closed.
    #[error("Account is deactivated")]
    Deactivated,
    /// The caller may see it, but not do this to it.
    #[error("Access denied")]
    Forbidden,
    /// It does not exist, or the caller may not know.
    #[error("{0} not found")]
    NotFound(Noun),
    /// The name belongs to somebody else.
    #[error("{}", match .0 { Taken::Username => "Username taken", Taken::Email => "Email taken" })]
    Taken(Taken),
    /// Another has this name where names are told apart.
    #[error("The name is taken")]
    NameTaken,
    /// The person belongs to the project already.
    #[error("User is already a member")]
    AlreadyMember,
    /// This address has an invitation into the project that can be accepted.
    #[error("An invitation for this address is pending")]
    AlreadyInvited,
    /// The invitation is for another person.
    #[error("The invitation is for somebody else")]
    NotInvited,
    /// The invitation can be accepted no more.
    #[error("The invitation {}", match .0 {
        InvitationState::Pending => "is pending",
        InvitationState::Accepted => "has been accepted",
        InvitationState::Declined => "has been declined",
        InvitationState::Revoked => "has been revoked",
        InvitationState::Expired => "has expired",
    })]
    InvitationOver(InvitationState),
    /// Somebody changed it since the caller looked.
    #[error("The version is {current} now")]
    VersionConflict {
        /// The version that it has.
        current: i64,
    },
    /// The idempotency key was used for another request.
    #[error("The idempotency key was used for another request")]
    KeyReused,
    /// The idempotency key is older than answers are kept: what it did cannot be told any more.
    #[error("The idempotency key is too old")]
    KeyExpired,
    /// The server does not let people register by themselves.
    #[error("Registration is closed")]
    RegistrationClosed,
    /// The user has as many connections as one may have.
    #[error("Too many connections")]
    TooManyConnections,
    /// The user asks for more than he may.
    #[error("Too many requests")]
    TooManyRequests,
    /// The connection is in as many rooms as one may be.
    #[error("Too many rooms")]
    TooManyRooms,
    /// The caller is not in the room that he speaks to.
    #[error("Not a member")]
    NotThere,
    /// The file has more bytes than there is room for.
    #[error("The file is larger than {most} bytes")]
    FileTooLarge {
        /// The bytes that there is room for.
        most: u64,
    },
    /// No directory is set to keep files in.
    #[error("The server keeps no files")]
    NoFiles,
    /// Too much is waiting. Try again.
    #[error("The server is busy, try again")]
    Busy,
    /// The store does not work. Try again later.
    #[error("The server is unavailable, try again later")]
    Unavailable,
    /// A mistake in the server, written to its log.
    #[error("Internal error")]
    Internal,
}

impl Fault {
    /// The codes of what a request over a socket can come to.
    pub const OF_REQUESTS: [&str; 20] = [
        "invalid",
        "deactivated",
        "forbidden",
        "not_found",
        "name_taken",
        "already_member",
        "not_invited",
        "invitation_accepted",
        "invitation_declined",
        "invitation_revoked",
        "invitation_expired",
        "version_conflict",
        "key_reused",
        "key_expired",
        "too_many_requests",
        "too_many_rooms",
        "not_there",
        "busy",
        "unavailable",
        "internal",
    ];

    /// The word for it in the native language.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Unauthenticated(TokenFault::Missing) => "not_authenticated",
            Self::Unauthenticated(TokenFault::Invalid | TokenFault::NoSubject) => "invalid_token",
            Self::Unauthenticated(TokenFault::Expired) => "token_expired",
            Self::Unauthenticated(TokenFault::Revoked) => "token_revoked",
            Self::Unauthenticated(TokenFault::WrongType) => "wrong_token_type",
            Self::Unauthenticated(TokenFault::UnknownUser) => "unknown_user",
            Self::BadCredentials => "bad_credentials",
            Self::Deactivated => "deactivated",
            Self::Forbidden => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Taken(Taken::Username) => "username_taken",
            Self::Taken(Taken::Email) => "email_taken",
            Self::NameTaken => "name_taken",
            Self::AlreadyMember => "already_member",
            Self::AlreadyInvited => "already_invited",
            Self::NotInvited => "not_invited",
            Self::InvitationOver(InvitationState::Pending) => "invitation_pending",
            Self::InvitationOver(InvitationState::Accepted) => "invitation_accepted",
            Self::InvitationOver(InvitationState::Declined) => "invitation_declined",
            Self::InvitationOver(InvitationState::Revoked) => "invitation_revoked",
            Self::InvitationOver(InvitationState::Expired) => "invitation_expired",
            Self::VersionConflict { .. } => "version_conflict",
            Self::KeyReused => "key_reused",
            Self::KeyExpired => "key_expired",
            Self::RegistrationClosed => "registration_closed",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyRequests => "too_many_requests",
            Self::TooManyRooms => "too_many_rooms",
            Self::NotThere => "not_there",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::NoFiles => "no_files",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Noun {
    Project,
    Task,
    Comment,
    Channel,
    Message,
    User,
    Member,
    Invitation,
    Notification,
    Item,
    File,
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        // The doors say no more than "unavailable"; what it was stands here alone.
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        Self::Unavailable
    }
}

impl From<WriteError<Self>> for Fault {
    fn from(error: WriteError<Self>) -> Self {
        match error {
            WriteError::Refused(fault) => fault,
            WriteError::Busy => Self::Busy,
            WriteError::TooSlow | WriteError::Unavailable | WriteError::Closed => Self::Unavailable,
            WriteError::Panicked => Self::Internal,
        }
    }
}

fn join(invalid: &[Invalid]) -> String {
    invalid.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
