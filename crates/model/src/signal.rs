//! What passes: told to who is there, kept nowhere, dropped first when a queue is full.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::clock::Timestamp;
use crate::event::Room;
use crate::id::{ConnectionId, ItemId, ProjectId};
use crate::task::TaskRef;
use crate::user::UserRef;

/// An ephemeral message.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Whom it is about.
    pub user: UserRef,
    /// When.
    pub at: Timestamp,
    /// The connection that it came from; whether that one hears it is the dialect's to say.
    pub cause: Option<ConnectionId>,
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
        /// Whether typing goes on.
        typing: bool,
    },
    /// The person's first connection entered, or the last one left, these rooms.
    Presence {
        /// Whether the person came.
        arrived: bool,
        /// Where.
        rooms: SmallVec<[Room; 2]>,
        /// What those of them are called that stand for nothing stored.
        names: Vec<Named>,
        /// Where else the person is: dialects whose word means "online" and names no room do not
        /// tell those who see the person there.
        elsewhere: SmallVec<[Room; 2]>,
    },
    /// The person says something to who is in a room, which nobody keeps.
    Relay {
        /// To whom.
        room: Room,
        /// The room as the sender named it.
        name: Box<str>,
        /// What, as a JSON object that the sender's dialect has made valid.
        content: Box<str>,
    },
    /// How far a file is that the person sends.
    Upload(Upload),
}

/// A file that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What tells it from others that come in.
    pub name: Box<str>,
    /// The project that it is to be an asset of.
    pub project: ProjectId,
    /// What the file is called.
    pub file: Box<str>,
    /// Bytes that have come.
    pub received: u64,
    /// Bytes that it has, if its sender has said so.
    pub total: Option<u64>,
    /// What has become of it.
    pub state: UploadState,
}

/// What has become of a file that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// It is still coming.
    Arriving,
    /// It is the file of this asset.
    Done(ItemId),
    /// It was cut off or refused, and nothing is left of it.
    Failed,
}

/// A room that stands for nothing stored, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The room.
    pub room: Room,
    /// Its name.
    pub name: Arc<str>,
}
