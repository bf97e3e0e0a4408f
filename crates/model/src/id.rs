//! Typed identifiers. One 64-bit space per kind; each dialect renders them its own way.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        #[serde(transparent)]
        #[schemars(extend("minimum" = 1))]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id! {
    /// A person with an account.
    UserId,
    /// A project.
    ProjectId,
    /// A task of a project.
    TaskId,
    /// A comment on a task.
    CommentId,
    /// A notification to one user.
    NotificationId,
    /// A thing of a kind, such as a line of a budget.
    ItemId,
    /// A channel of a project.
    ChannelId,
    /// A message in a channel.
    MessageId,
    /// An invitation into a project.
    InvitationId,
}

/// One presence of a session in one namespace, unique over restarts and nodes.
///
/// The upper 24 bits are drawn at random when a node starts, the rest count up, so that an
/// `origin` read back from the log is never mistaken for a connection of a later process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}
