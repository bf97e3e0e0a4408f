//! How the rest of the server talks to the publisher: a bounded queue of orders, and the handle
//! that fills it.

use std::fmt;
use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{ConnectionId, Cursor, ProjectId, Signal, SyncId};
use smallvec::SmallVec;
use tokio::sync::{mpsc, oneshot};

use crate::connection::Connection;
use crate::counters::{self, Counters, Gauges};
use crate::frame::Frame;
use crate::presence::Present;
use crate::tail::Tail;

/// Orders that wait for the publisher, at most.
pub(crate) const QUEUE: usize = 4096;

/// Frames for the one who asked, made where the answer takes effect: no event is announced
/// between the two.
pub type Greeting = Box<dyn FnOnce(&Cursor) -> SmallVec<[Frame; 2]> + Send>;

/// What the publisher is asked to do.
pub(crate) enum Order {
    Attach(Arc<Connection>),
    Join {
        connection: ConnectionId,
        rooms: Rooms,
        read_at: SyncId,
        greeting: Greeting,
        answer: oneshot::Sender<Result<Joined, Stale>>,
    },
    Leave {
        connection: ConnectionId,
        rooms: Rooms,
        greeting: Greeting,
    },
    Detach {
        connection: ConnectionId,
        clean: bool,
    },
    Signal(Box<Signal>),
    Present {
        projects: Vec<ProjectId>,
        answer: oneshot::Sender<Vec<Present>>,
    },
}

/// Where a join took effect: the connection hears every later event of the rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The last event announced before.
    pub cursor: Cursor,
}

/// The rights that a join was decided by have changed since, or the connection is gone. Read them
/// again, and try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rights changed meanwhile")]
pub struct Stale;

/// The handle to a node's publisher. Cheap to clone.
#[derive(Clone)]
pub struct Realtime {
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) tail: Arc<Tail>,
}

impl Realtime {
    /// Makes a connection known. From now on a change of its user's rights is noticed, so rights
    /// are read after this.
    pub async fn attach(&self, connection: Arc<Connection>) {
        self.order(Order::Attach(connection)).await;
    }

    /// Puts a connection into rooms, by rights that were read at `read_at`. The greeting is the
    /// first that it hears there.
    pub async fn join(
        &self,
        connection: ConnectionId,
        rooms: Rooms,
        read_at: SyncId,
        greeting: Greeting,
    ) -> Result<Joined, Stale> {
        let (answer, joined) = oneshot::channel();
        self.order(Order::Join { connection, rooms, read_at, greeting, answer }).await;
        joined.await.unwrap_or(Err(Stale))
    }

    /// Takes a connection out of rooms; the greeting comes after the last that it hears there.
    pub async fn leave(&self, connection: ConnectionId, rooms: Rooms, greeting: Greeting) {
        self.order(Order::Leave { connection, rooms, greeting }).await;
    }

    /// Forgets a connection. `clean`: its client said good-bye; otherwise it is expected back for
    /// a moment, and its user counts as present meanwhile.
    pub async fn detach(&self, connection: ConnectionId, clean: bool) {
        self.order(Order::Detach { connection, clean }).await;
    }

    /// Tells something ephemeral. Never waits: when the queue is full the signal is lost, and
    /// counted.
    pub fn signal(&self, signal: Signal) {
        if self.orders.try_send(Order::Signal(Box::new(signal))).is_err() {
            counters::count(&self.counters.signals_refused);
        }
    }

    /// Who is in these projects, each person once.
    pub async fn present(&self, projects: Vec<ProjectId>) -> Vec<Present> {
        let (answer, present) = oneshot::channel();
        self.order(Order::Present { projects, answer }).await;
        present.await.unwrap_or_default()
    }

    /// The newest events, and how far they were announced.
    pub fn tail(&self) -> &Arc<Tail> {
        &self.tail
    }

    /// What was counted.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// How much is there now.
    pub fn gauges(&self) -> &Arc<Gauges> {
        &self.gauges
    }

    async fn order(&self, order: Order) {
        // Fails only after the publisher has stopped, and then the process is ending: whoever
        // waits for an answer is told by the dropped sender.
        drop(self.orders.send(order).await);
    }
}

impl fmt::Debug for Realtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realtime").field("queued", &self.waiting()).finish_non_exhaustive()
    }
}

impl Realtime {
    /// Orders that wait for the publisher.
    pub fn waiting(&self) -> usize {
        self.orders.max_capacity() - self.orders.capacity()
    }
}
