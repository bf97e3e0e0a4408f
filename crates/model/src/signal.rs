//! What passes: told to who is there, kept nowhere, dropped first when a queue is full.

use smallvec::SmallVec;

use crate::clock::Timestamp;
use crate::id::{ConnectionId, ProjectId};
use crate::task::TaskRef;
use crate::user::UserRef;

/// An ephemeral message.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Whom it is about.
    pub user: UserRef,
    /// When.
    pub at: Timestamp,
    /// The one connection that does not hear it.
    pub except: Option<ConnectionId>,
    /// What.
    pub body: SignalBody,
}

/// What a signal tells.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalBody {
    /// The person types a comment, or no longer does.
    Typing {
        /// On which task.
        task: TaskRef,
        /// The task's id as JSON, as the sender wrote it: some dialects echo it.
        written: Box<str>,
        /// Whether typing goes on.
        typing: bool,
    },
    /// The person's first connection entered, or the last one left, these projects.
    Presence {
        /// Whether the person came.
        arrived: bool,
        /// Where.
        projects: SmallVec<[ProjectId; 4]>,
        /// Where else the person is: dialects whose word means "online" and names no project
        /// do not tell those who see the person there.
        elsewhere: SmallVec<[ProjectId; 4]>,
    },
}
