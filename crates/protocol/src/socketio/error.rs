//! What a packet may ask for, and what is said when it asks for more.

/// The bounds within which a packet is decoded. Each exists because what it bounds costs the server
/// memory or time that the client chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Binary attachments of one packet; the reference implementation takes 10.
    pub max_attachments: usize,
    /// How deep arrays and objects may nest; the array of arguments itself is one level.
    pub max_depth: usize,
    /// The length of a namespace in bytes, its leading `/` included.
    pub max_namespace_len: usize,
    /// The elements of an array of arguments, an event's name included.
    pub max_args: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_attachments: 10, max_depth: 32, max_namespace_len: 256, max_args: 256 }
    }
}

/// Why a packet was refused. Always the sender's fault; the reference implementation closes the
/// connection for each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There was not even a packet type.
    #[error("empty packet")]
    Empty,
    /// The first character names no packet type.
    #[error("unknown packet type {0:?}")]
    UnknownType(char),
    /// The number of attachments is missing, zero, or not followed by `-`.
    #[error("malformed number of attachments")]
    BadAttachments,
    /// More attachments than [`Limits::max_attachments`].
    #[error("more than {limit} attachments")]
    TooManyAttachments {
        /// How many would have been taken.
        limit: usize,
    },
    /// The namespace is longer than [`Limits::max_namespace_len`].
    #[error("namespace longer than {limit} bytes")]
    NamespaceTooLong {
        /// How many bytes would have been taken.
        limit: usize,
    },
    /// An acknowledgement without the id of what it acknowledges.
    #[error("acknowledgement without an id")]
    MissingAckId,
    /// The id is above 2^53 - 1, which no counter of a client reaches.
    #[error("acknowledgement id out of range")]
    AckIdTooLarge,
    /// A packet that needs a payload has none.
    #[error("missing payload")]
    MissingPayload,
    /// A packet that has no payload came with one.
    #[error("unexpected payload")]
    UnexpectedPayload,
    /// Arrays and objects nest deeper than [`Limits::max_depth`].
    #[error("payload nests deeper than {limit} levels")]
    TooDeep {
        /// How many levels would have been taken.
        limit: usize,
    },
    /// The payload of CONNECT is not a JSON object, or that of `CONNECT_ERROR` neither object nor
    /// string.
    #[error("payload is not an object")]
    NotAnObject,
    /// The payload of an event or acknowledgement is not a JSON array.
    #[error("payload is not an array")]
    NotAnArray,
    /// More arguments than [`Limits::max_args`].
    #[error("more than {limit} arguments")]
    TooManyArgs {
        /// How many would have been taken.
        limit: usize,
    },
    /// An event whose first argument is neither a string nor a number, or is missing.
    #[error("malformed event name")]
    BadEventName,
    /// An event by a name that means something else to clients.
    #[error("reserved event name")]
    ReservedEventName,
    /// A placeholder for an attachment that does not exist.
    #[error("placeholder without an attachment")]
    BadPlaceholder,
}
