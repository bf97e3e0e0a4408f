//! What the hub knows of one client in one namespace.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chorus_model::{ConnectionId, Timestamp, UserRef};

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
    /// Whether it enters the projects of its user by itself.
    pub auto_joins: bool,
    /// When it was made.
    pub since: Timestamp,
    /// When its client last said something, in microseconds.
    last_activity: AtomicI64,
    /// The last delivery it was part of: an event or signal of several rooms reaches it once.
    /// Written by the publisher alone.
    last_delivery: AtomicU64,
}

impl Connection {
    /// A connection that is in no room yet.
    pub fn new(
        id: ConnectionId,
        user: Arc<UserRef>,
        key: FrameKey,
        outbox: Arc<Outbox>,
        auto_joins: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user,
            key,
            outbox,
            auto_joins,
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
