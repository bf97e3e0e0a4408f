//! What the hub knows of one client in one namespace.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chorus_model::{ConnectionId, ProjectId, Room, Timestamp, UserRef, WorkspaceRole};

use crate::frame::FrameKey;
use crate::outbox::Outbox;

/// A presence of a session in one namespace.
#[derive(Debug)]
pub struct Connection {
    /// Which.
    pub id: ConnectionId,
    /// Whose.
    pub user: Arc<UserRef>,
    /// In what words it is told.
    pub key: FrameKey,
    /// Where its frames wait; shared with the other connections of its session.
    pub outbox: Arc<Outbox>,
    /// What it enters by itself.
    pub enters: Enters,
    /// When it was made.
    pub since: Timestamp,
    /// When its client last said something, in microseconds.
    last_activity: AtomicI64,
    /// The last delivery it was part of: an event or signal of several rooms reaches it once.
    /// Written by the publisher alone.
    last_delivery: AtomicU64,
}

/// What a connection enters by itself, beside its user's own room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enters {
    /// Nothing.
    #[default]
    Nothing,
    /// The projects that its user belongs to.
    Projects,
    /// The room of its user's role in each of them.
    Roles,
}

impl Enters {
    /// The room that it enters in a project of a user with this role.
    pub fn room(self, project: ProjectId, role: WorkspaceRole) -> Option<Room> {
        match self {
            Self::Nothing => None,
            Self::Projects => Some(Room::Project(project)),
            Self::Roles => Some(Room::Role(project, role)),
        }
    }
}

impl Connection {
    /// A connection that is in no room yet.
    pub fn new(
        id: ConnectionId,
        user: Arc<UserRef>,
        key: FrameKey,
        outbox: Arc<Outbox>,
        enters: Enters,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user,
            key,
            outbox,
            enters,
            since: now,
            last_activity: AtomicI64::new(now.micros()),
            last_delivery: AtomicU64::new(0),
        }
    }

    /// The client said something.
    pub fn touch(&self, now: Timestamp) {
        self.last_activity.store(now.micros(), Ordering::Relaxed);
    }

    /// When the client last said something.
    pub fn last_activity(&self) -> Timestamp {
        Timestamp::from_micros(self.last_activity.load(Ordering::Relaxed))
    }

    /// Whether `delivery` is new to this connection; from now on it is not.
    pub(crate) fn first_time(&self, delivery: u64) -> bool {
        self.last_delivery.swap(delivery, Ordering::Relaxed) != delivery
    }
}
