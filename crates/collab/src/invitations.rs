//! Invitations: asking somebody into a project, by his address or by a link.
//!
//! An address proves nothing by itself: anybody may write one into his account. So an invitation
//! is for the account that has the address when it is made, and otherwise for who shows its
//! secret and has the address then.

use chorus_model::text::{Email, Rule};
use chorus_model::{
    Body, Invalid, Invitation, InvitationId, InvitationState, InvitationTold, Notice, ProjectId,
    ProjectRole, Timestamp, User, UserId,
};
use chorus_storage::{Invited, NewInvitation as Row, Page, Reads};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::access::{self, Action};
use crate::caller::Caller;
use crate::collab::Collab;
use crate::command::{Answer, Command, Done};
use crate::doing::{Doing, hide};
use crate::fault::{Fault, Noun};
use crate::members;

/// Invitations of a project that can be accepted at one time.
pub const MOST_INVITATIONS: usize = 100;
/// Seconds that an invitation counts, at most: 30 days.
pub const LONGEST: u32 = 30 * 24 * 3600;
/// Seconds that an invitation counts if nothing is said: 7 days.
pub const USUAL: u32 = 7 * 24 * 3600;
/// Letters of a secret, with 5 bits each.
const LETTERS: usize = 32;

/// A change of an invitation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "invitation", rename_all = "snake_case")]
pub enum InvitationCommand {
    /// Asks somebody in.
    Create(NewInvitation),
    /// Takes an invitation back.
    Revoke {
        /// Which.
        id: InvitationId,
    },
    /// Comes in.
    Accept(Shown),
    /// Turns an invitation down.
    Decline(Shown),
}

/// An invitation to make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewInvitation {
    /// Into which project.
    pub project: ProjectId,
    /// Whom; nobody in particular if absent.
    pub email: Option<Email>,
    /// As what.
    pub role: ProjectRole,
    /// For how many seconds.
    pub seconds: u32,
    /// Of the secret. No part of the request: a repeated one has another secret.
    #[serde(skip)]
    pub hash: [u8; 32],
}

/// How an invitation is named by whom it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// By its id, if it is for an account.
    Id(InvitationId),
    /// By the hash of its secret.
    Hash([u8; 32]),
}

impl Shown {
    /// By its secret.
    pub fn secret(secret: &str) -> Self {
        Self::Hash(Sha256::digest(secret.as_bytes()).into())
    }
}

impl Collab {
    /// Asks somebody into a project. With the answer comes the secret of the link, this once: not
    /// where the answer is that of an earlier run.
    pub async fn invite(
        &self,
        caller: Caller,
        new: NewInvitation,
    ) -> Result<(Done, Option<String>), Fault> {
        let secret = self.parts.entropy.word(LETTERS);
        let hash = Sha256::digest(secret.as_bytes()).into();
        let command = InvitationCommand::Create(NewInvitation { hash, ..new });
        let done = self.execute(caller, Command::Invitation(command)).await?;
        let secret = (!done.replayed).then_some(secret);
        Ok((done, secret))
    }

    /// The invitations into a project, the newest first, for who may manage its members.
    pub async fn invitations_of(
        &self,
        user: UserId,
        project: ProjectId,
        page: Page,
    ) -> Result<Vec<Invitation>, Fault> {
        let now = self.parts.clock.now();
        self.query(user, move |reads, user| {
            access::permit(reads, user, project, Action::EditMembers)?;
            Ok(reads.invitations_of_project(project, now, page)?)
        })
        .await
    }

    /// The invitations that the caller can accept.
    pub async fn own_invitations(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<Vec<Invitation>, Fault> {
        let now = self.parts.clock.now();
        self.query(user, move |reads, user| Ok(reads.invitations_for(user.id, now, page)?)).await
    }
}

pub(crate) fn apply(
    doing: &mut Doing<'_, '_>,
    command: &InvitationCommand,
) -> Result<Answer, Fault> {
    match command {
        InvitationCommand::Create(new) => create(doing, new),
        InvitationCommand::Revoke { id } => revoke(doing, *id),
        InvitationCommand::Accept(shown) => accept(doing, *shown),
        InvitationCommand::Decline(shown) => decline(doing, *shown),
    }
}

fn create(doing: &mut Doing<'_, '_>, new: &NewInvitation) -> Result<Answer, Fault> {
    doing.permit(new.project, Action::EditMembers)?;
    members::check_role(new.role)?;
    let email = new.email.as_ref().map(Email::as_str);
    let person = email.map(|email| doing.tx.user_by_email(email)).transpose()?.flatten();
    let person = person.filter(|person| person.is_active).map(|person| person.id);
    if let Some(person) = person
        && doing.tx.role_in(new.project, person)?.is_some()
    {
        return Err(Fault::AlreadyMember);
    }
    let now = doing.tx.now();
    let pending = doing.tx.pending_invitations(new.project, now)?;
    if email.is_some() && pending.iter().any(|one| one.email.as_deref() == email) {
        return Err(Fault::AlreadyInvited);
    }
    if pending.len() >= MOST_INVITATIONS {
        let room = Rule::Unknown("a project with fewer than 100 pending invitations");
        return Err(Invalid::new("project_id", room).into());
    }
    let expires_at = now.plus(std::time::Duration::from_secs(new.seconds.into()));
    let invited = doing.tx.insert_invitation(&Row {
        project_id: new.project,
        email: email.map(str::to_owned),
        user_id: person,
        role: new.role,
        hash: new.hash,
        inviter_id: doing.user.id,
        expires_at,
    })?;
    tell(doing, &invited, Body::InvitationCreated)?;
    if let Some(person) = person {
        let invitation = invited.invitation.clone();
        doing.notify_outsider(person, &Notice::Invited { invitation })?;
    }
    Ok(Answer::Invitation(invited.invitation))
}

fn revoke(doing: &mut Doing<'_, '_>, id: InvitationId) -> Result<Answer, Fault> {
    let missing = Fault::NotFound(Noun::Invitation);
    let invited = doing.tx.invitation(id, doing.tx.now())?.ok_or(missing.clone())?;
    hide(doing.permit(invited.invitation.project_id, Action::EditMembers), missing)?;
    let invited = settle(doing, invited, InvitationState::Revoked)?;
    tell(doing, &invited, Body::InvitationRevoked)?;
    Ok(Answer::Deleted)
}

/// Lets the actor in by an invitation.
pub(crate) fn accept(doing: &mut Doing<'_, '_>, shown: Shown) -> Result<Answer, Fault> {
    let invited = open_for(doing, shown)?;
    let Invitation { project_id, role, .. } = invited.invitation;
    if doing.tx.role_in(project_id, doing.user.id)?.is_some() {
        return Err(Fault::AlreadyMember);
    }
    let invited = settle(doing, invited, InvitationState::Accepted)?;
    tell(doing, &invited, Body::InvitationAccepted)?;
    let person = doing.user.clone();
    members::enter(doing, project_id, &person, role)
}

fn decline(doing: &mut Doing<'_, '_>, shown: Shown) -> Result<Answer, Fault> {
    let invited = open_for(doing, shown)?;
    let invited = settle(doing, invited, InvitationState::Declined)?;
    tell(doing, &invited, Body::InvitationDeclined)?;
    Ok(Answer::Deleted)
}

/// The invitation, if it is for the actor and can be accepted.
fn open_for(doing: &Doing<'_, '_>, shown: Shown) -> Result<Invited, Fault> {
    let User { id, email, .. } = &doing.user;
    open(doing.tx, shown, Some(*id), email.as_deref(), doing.tx.now())
}

/// Fails unless the invitation lets in somebody new with this address.
pub(crate) fn open_to_new(
    reads: &Reads<'_>,
    shown: Shown,
    email: Option<&str>,
    now: Timestamp,
) -> Result<(), Fault> {
    open(reads, shown, None, email, now).map(|_| ())
}

fn open(
    reads: &Reads<'_>,
    shown: Shown,
    user: Option<UserId>,
    email: Option<&str>,
    now: Timestamp,
) -> Result<Invited, Fault> {
    let missing = Fault::NotFound(Noun::Invitation);
    let invited = match shown {
        Shown::Id(id) => {
            let found = reads.invitation(id, now)?;
            found.filter(|one| one.user_id.is_some() && one.user_id == user)
        }
        Shown::Hash(hash) => reads.invitation_by_hash(&hash, now)?,
    };
    let invited = invited.ok_or(missing)?;
    let is_for = match (invited.user_id, &invited.invitation.email) {
        (Some(person), _) => Some(person) == user,
        (None, Some(for_whom)) => email == Some(for_whom),
        (None, None) => true,
    };
    if !is_for {
        return Err(Fault::NotInvited);
    }
    check_open(&invited.invitation)?;
    still_given(reads, &invited.invitation)?;
    Ok(invited)
}

/// What somebody gave who may not give it any more does not count.
fn still_given(reads: &Reads<'_>, invitation: &Invitation) -> Result<(), Fault> {
    let given = access::actor(reads, invitation.inviter.id).and_then(|inviter| {
        access::permit(reads, &inviter, invitation.project_id, Action::EditMembers)
    });
    given.map(|_| ()).map_err(|fault| match fault {
        Fault::Forbidden | Fault::NotFound(_) | Fault::Deactivated => {
            Fault::InvitationOver(InvitationState::Revoked)
        }
        fault => fault,
    })
}

fn check_open(invitation: &Invitation) -> Result<(), Fault> {
    match invitation.state {
        InvitationState::Pending => Ok(()),
        state => Err(Fault::InvitationOver(state)),
    }
}

fn settle(
    doing: &mut Doing<'_, '_>,
    mut invited: Invited,
    state: InvitationState,
) -> Result<Invited, Fault> {
    check_open(&invited.invitation)?;
    doing.tx.settle_invitation(invited.invitation.id, state)?;
    invited.invitation.state = state;
    Ok(invited)
}

/// Tells each who may manage the members, and whom it is for.
fn tell(
    doing: &mut Doing<'_, '_>,
    invited: &Invited,
    body: fn(InvitationTold) -> Body,
) -> Result<(), Fault> {
    let members = doing.tx.members(invited.invitation.project_id)?;
    let managers =
        members.into_iter().filter(|one| one.role >= ProjectRole::Admin).map(|one| one.user_id);
    for to in managers.filter(|to| invited.user_id != Some(*to)).chain(invited.user_id) {
        doing.append(body(InvitationTold { invitation: invited.invitation.clone(), to }))?;
    }
    Ok(())
}
