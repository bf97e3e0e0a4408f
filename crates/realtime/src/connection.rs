//! What the hub knows of one client in one namespace.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chorus_model::{ConnectionId, ProjectId, Room, Timestamp, UserId, UserRef, WorkspaceRole};

use crate::frame::FrameKey;
use crate::outbox::Outbox;

/// How a connection is ended from within: implemented by `gateway`, which has the words for it.
pub trait Exit: Send + Sync + std::fmt::Debug {
    /// Tells the client why, behind all that waits for it, and takes it out. Must not wait.
    fn take(&self, why: Ended, at: Timestamp);
}

/// Why a connection is ended from within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The account of its user was closed.
    Closed,
    /// The token that it was let in with counts no more.
    LoggedOut,
}

/// A presence of a session in one namespace.
#[derive(Debug)]
pub struct Connection {
    /// Which.
    pub id: ConnectionId,
    /// Whose.
    pub user: Whose,
    /// In what words it is told what its place in the log says nothing of.
    pub(crate) plain: FrameKey,
    /// In what words it is told. Written by the publisher alone.
    key: AtomicU16,
    /// Where its frames wait; shared with the other connections of its session.
    pub outbox: Arc<Outbox>,
    /// What it enters by itself.
    pub enters: Enters,
    /// How it is ended.
    pub exit: Box<dyn Exit>,
    /// Whether its client may take it up when it was lost.
    pub(crate) may_return: bool,
    /// When it was made.
    pub since: Timestamp,
    /// When its client last said something, in microseconds.
    last_activity: AtomicI64,
    /// The last delivery it was part of: an event or signal of several rooms reaches it once.
    /// Written by the publisher alone.
    last_delivery: AtomicU64,
    /// Whether it is served from the log. Written by the publisher alone.
    behind: AtomicBool,
}

/// A user as a connection knows him.
#[derive(Debug)]
pub struct Whose {
    /// Who.
    pub id: UserId,
    /// When the token was issued that he was let in with.
    pub issued_at: Timestamp,
    named: RwLock<Arc<UserRef>>,
}

impl Whose {
    /// The user, let in with a token that was issued at `issued_at`.
    pub fn new(user: Arc<UserRef>, issued_at: Timestamp) -> Self {
        Self { id: user.id, issued_at, named: RwLock::new(user) }
    }

    /// As he is called now.
    pub fn get(&self) -> Arc<UserRef> {
        Arc::clone(&self.named.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// His name or address has changed.
    pub(crate) fn rename(&self, user: &Arc<UserRef>) {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        *named = Arc::clone(user);
    }
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
        user: Whose,
        key: FrameKey,
        outbox: Arc<Outbox>,
        enters: Enters,
        exit: Box<dyn Exit>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user,
            plain: key,
            key: AtomicU16::new(key.0),
            outbox,
            enters,
            exit,
            may_return: false,
            since: now,
            last_activity: AtomicI64::new(now.micros()),
            last_delivery: AtomicU64::new(0),
            behind: AtomicBool::new(false),
        }
    }

    /// The same, which its client may take up when it was lost: told in the words of another key
    /// what its place in the log says something of.
    #[must_use]
    pub fn recoverable(self, key: FrameKey) -> Self {
        self.set_key(key);
        Self { may_return: true, ..self }
    }

    /// The client said something.
    pub fn touch(&self, now: Timestamp) {
        self.last_activity.store(now.micros(), Ordering::Relaxed);
    }

    /// When the client last said something.
    pub fn last_activity(&self) -> Timestamp {
        Timestamp::from_micros(self.last_activity.load(Ordering::Relaxed))
    }

    /// In what words it is told.
    pub fn key(&self) -> FrameKey {
        FrameKey(self.key.load(Ordering::Relaxed))
    }

    pub(crate) fn set_key(&self, key: FrameKey) {
        self.key.store(key.0, Ordering::Relaxed);
    }

    /// Whether its client could not follow, and is served from the log until it has caught up. If
    /// it is not, everything that was announced before this is asked is in the outbox.
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }

    pub(crate) fn set_behind(&self, behind: bool) {
        self.behind.store(behind, Ordering::Release);
    }

    /// Whether `delivery` is new to this connection; from now on it is not.
    pub(crate) fn first_time(&self, delivery: u64) -> bool {
        self.last_delivery.swap(delivery, Ordering::Relaxed) != delivery
    }
}
