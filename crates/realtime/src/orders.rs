//! How the rest of the server talks to the publisher: a bounded queue of orders, and the handle
//! that fills it.

use std::fmt;
use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{
    ChannelId, ConnectionId, Cursor, CustomEvent, ProjectId, Room, Signal, SyncId, Timestamp,
    WorkspaceRole,
};
use smallvec::SmallVec;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::catchup::Stay;
use crate::connection::Connection;
use crate::counters::{self, Counters, Gauges, Timings};
use crate::frame::{Frame, FrameKey};
use crate::mutation::{self, Mutation};
use crate::presence::Present;
use crate::tail::Tail;

/// Orders that wait for the publisher, at most.
pub(crate) const QUEUE: usize = 4096;

/// Frames for the one who asked, made where the answer takes effect: no event is announced
/// between the two.
pub type Greeting = Box<dyn FnOnce(&Arrival<'_>) -> SmallVec<[Frame; 2]> + Send>;

/// Frames for the one who asked who is there, made where the answer is true: of who comes or goes
/// then he is told behind them.
pub type Showing = Box<dyn FnOnce(&[Present]) -> SmallVec<[Frame; 2]> + Send>;

/// What a connection is told between events; of each, the room that it says it is put out of, if it
/// is that: it is not told if the connection enters the room before.
pub type Words = SmallVec<[(Option<Room>, Frame); 2]>;

/// Where and among whom somebody arrives.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The last event announced before.
    pub cursor: &'a Cursor,
    /// What becomes of the cursor that the entry is [rewound](Entry::rewind) to: the event after
    /// which it is told, or why it is told nothing.
    pub resumes: Option<Result<SyncId, &'static str>>,
    /// Who is in the rooms already, if [`Entry::asks_who`] has asked for it; longest first.
    pub present: &'a [Present],
    /// Since when whoever arrives is there, unless he is among these.
    pub since: Timestamp,
}

/// What the publisher is asked to do.
pub(crate) enum Order {
    Attach(Arc<Connection>),
    Join {
        connection: ConnectionId,
        entry: Entry,
        greeting: Greeting,
        answer: oneshot::Sender<Result<Joined, NotJoined>>,
    },
    Leave {
        connection: ConnectionId,
        rooms: Rooms,
        answer: oneshot::Sender<bool>,
    },
    Detach {
        connection: ConnectionId,
        clean: bool,
    },
    Signal {
        room: Room,
        signal: Box<Signal>,
    },
    SignalAfter {
        after: SyncId,
        signal: Box<Signal>,
    },
    Emit {
        custom: Box<CustomEvent>,
        at: Timestamp,
    },
    Relay {
        room: Room,
        signal: Box<Signal>,
        answer: oneshot::Sender<bool>,
    },
    Tell {
        connection: ConnectionId,
        words: Words,
    },
    IsIn {
        connection: ConnectionId,
        room: Room,
        answer: oneshot::Sender<bool>,
    },
    Present {
        rooms: Vec<Room>,
        asker: Option<(ConnectionId, Showing)>,
        answer: oneshot::Sender<Vec<Present>>,
    },
}

/// Into which rooms, and by what right.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The rooms.
    pub rooms: Rooms,
    /// Where the rights were read that allow it.
    pub read_at: SyncId,
    /// The names of those of the rooms that stand for nothing stored.
    pub labels: Vec<(Room, Arc<str>)>,
    /// Whether the greeting tells who is there.
    pub asks_who: bool,
    /// The role in the workspace that the rights were read with.
    pub role: WorkspaceRole,
    /// All projects that the user belongs to, where they were read.
    pub projects: Option<Vec<ProjectId>>,
    /// From where what has happened already is told.
    pub rewind: Option<Rewind>,
}

/// What a connection is told of what happened before it came.
#[derive(Debug, Clone)]
pub struct Rewind {
    /// After this event; or why not, in the word for it on the wire.
    pub since: Result<SyncId, &'static str>,
    /// When its user belonged to projects: from which event to which, both included.
    pub memberships: Vec<(ProjectId, SyncId, Option<SyncId>)>,
    /// When he belonged to private channels.
    pub channels: Vec<(ChannelId, SyncId, Option<SyncId>)>,
    /// Whether its user may see every project.
    pub sees_all: bool,
    /// If all its rooms are meant: the key of its frames from now on, which say how far it is.
    /// Otherwise the entry's rooms are meant.
    pub key: Option<FrameKey>,
    /// Rooms that the client has entered later than that: each after which event.
    pub floors: Vec<(Room, SyncId)>,
    /// The connection that this one goes on with: its client keeps what it knew of who is there.
    pub before: Option<ConnectionId>,
}

impl Rewind {
    /// After which event somebody in this room is told of it, who is told of others after `since`.
    pub(crate) fn since_in(&self, room: Room, since: SyncId) -> SyncId {
        let floors = self.floors.iter().filter(|(other, _)| *other == room);
        floors.map(|(_, from)| *from).fold(since, SyncId::max)
    }

    /// When somebody in this room now might hear it, after `since`.
    pub(crate) fn stays(&self, room: Room, since: SyncId) -> Vec<Stay> {
        let stay = |first: SyncId, last: Option<SyncId>| {
            let from = since.max(SyncId(first.0.saturating_sub(1)));
            Stay { room, from, until: last }
        };
        if let Room::Private(_, channel) = room {
            let times = self.channels.iter().filter(|(other, ..)| *other == channel);
            return times.map(|(_, first, last)| stay(*first, *last)).collect();
        }
        let all = self.sees_all || mutation::made(Mutation::IntervalsCrossed);
        let Some(project) = room.project().filter(|_| !all) else {
            return vec![Stay { room, from: since, until: None }];
        };
        let times = self.memberships.iter().filter(|(other, ..)| *other == project);
        times.map(|(_, first, last)| stay(*first, *last)).collect()
    }
}

impl Entry {
    /// Into `rooms`, by rights read at `read_at`, as an ordinary user.
    pub fn new(rooms: Rooms, read_at: SyncId) -> Self {
        let role = WorkspaceRole::User;
        let (labels, projects, rewind) = (Vec::new(), None, None);
        Self { rooms, read_at, labels, asks_who: false, role, projects, rewind }
    }
}

/// Where a join took effect: the connection hears every later event of the rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The last event announced before.
    pub cursor: Cursor,
    /// As [`Arrival::resumes`].
    pub resumes: Option<Result<SyncId, &'static str>>,
}

/// Why a connection was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJoined {
    /// The rights that the join was decided by have changed since, or the connection is gone.
    /// Read them again, and try again.
    #[error("rights changed meanwhile")]
    Stale,
    /// The connection is in as many rooms as one may be. The client's doing.
    #[error("too many rooms")]
    TooMany,
}

/// The handle to a node's publisher. Cheap to clone.
#[derive(Clone)]
pub struct Realtime {
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) timings: Arc<Timings>,
    pub(crate) tail: Arc<Tail>,
}

impl Realtime {
    /// Makes a connection known. Rights that were read before the publisher has taken this up do
    /// not hold, and are read again.
    pub async fn attach(&self, connection: Arc<Connection>) {
        self.order(Order::Attach(connection)).await;
    }

    /// Puts a connection into rooms. The greeting is the first that it hears there.
    pub async fn join(
        &self,
        connection: ConnectionId,
        entry: Entry,
        greeting: Greeting,
    ) -> Result<Joined, NotJoined> {
        let (answer, joined) = oneshot::channel();
        self.order(Order::Join { connection, entry, greeting, answer }).await;
        joined.await.unwrap_or(Err(NotJoined::Stale))
    }

    /// Takes a connection out of rooms; whether it was in any. What follows the answer comes
    /// after the last that it hears there.
    pub async fn leave(&self, connection: ConnectionId, rooms: Rooms) -> bool {
        let (answer, left) = oneshot::channel();
        self.order(Order::Leave { connection, rooms, answer }).await;
        left.await.unwrap_or(false)
    }

    /// Forgets a connection. `clean`: its client said good-bye; otherwise it is expected back for
    /// a moment, and its user counts as present meanwhile.
    pub async fn detach(&self, connection: ConnectionId, clean: bool) {
        self.order(Order::Detach { connection, clean }).await;
    }

    /// Tells a connection something, behind all that it is told of events until now.
    pub async fn tell(&self, connection: ConnectionId, words: Words) {
        self.order(Order::Tell { connection, words }).await;
    }

    /// Tells something ephemeral, if the connection that it comes from is in `room`. Never waits:
    /// when the queue is full the signal is lost, and counted.
    pub fn signal_within(&self, room: Room, signal: Signal) {
        let order = Order::Signal { room, signal: Box::new(signal) };
        if self.orders.try_send(order).is_err() {
            counters::count(&self.counters.signals_refused);
        }
    }

    /// Tells something ephemeral that comes from no connection, when the event `after` was told.
    /// Never waits: when the queue is full the signal is lost, and counted.
    pub fn signal_after(&self, after: SyncId, signal: Signal) {
        let order = Order::SignalAfter { after, signal: Box::new(signal) };
        if self.orders.try_send(order).is_err() {
            counters::count(&self.counters.signals_refused);
        }
    }

    /// Tells a custom event that nobody keeps. Never waits: when the queue is full it is lost, and
    /// counted.
    pub fn emit(&self, custom: CustomEvent, at: Timestamp) {
        if self.orders.try_send(Order::Emit { custom: Box::new(custom), at }).is_err() {
            counters::count(&self.counters.signals_refused);
        }
    }

    /// Tells a room something ephemeral, if the connection that it comes from is in that room;
    /// whether it is.
    pub async fn relay(&self, room: Room, signal: Signal) -> bool {
        let (answer, told) = oneshot::channel();
        self.order(Order::Relay { room, signal: Box::new(signal), answer }).await;
        told.await.unwrap_or(false)
    }

    /// Whether a connection is in a room.
    pub async fn is_in(&self, connection: ConnectionId, room: Room) -> bool {
        let (answer, there) = oneshot::channel();
        self.order(Order::IsIn { connection, room, answer }).await;
        there.await.unwrap_or(false)
    }

    /// Who is in these rooms, each person once. A connection that asks is told before this returns,
    /// and of later changes as of the answer.
    pub async fn present(
        &self,
        rooms: Vec<Room>,
        asker: Option<(ConnectionId, Showing)>,
    ) -> Vec<Present> {
        let (answer, present) = oneshot::channel();
        self.order(Order::Present { rooms, asker, answer }).await;
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

    /// How long announcing took.
    pub fn timings(&self) -> &Arc<Timings> {
        &self.timings
    }

    async fn order(&self, order: Order) {
        // Either fails only after the publisher has stopped, and then the process is ending:
        // whoever waits for an answer is told by the dropped sender.
        if let Err(TrySendError::Full(order)) = self.orders.try_send(order) {
            counters::count(&self.counters.orders_delayed);
            drop(self.orders.send(order).await);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_channel_is_heard_of_by_its_own_memberships_also_by_who_sees_all() {
        let (project, channel) = (ProjectId(1), ChannelId(5));
        let rewind = Rewind {
            since: Ok(SyncId(3)),
            memberships: vec![(project, SyncId(1), None)],
            channels: vec![(channel, SyncId(2), Some(SyncId(6))), (channel, SyncId(8), None)],
            sees_all: true,
            key: None,
            floors: Vec::new(),
            before: None,
        };
        let heard = |room| {
            let stays = rewind.stays(room, SyncId(3));
            stays.iter().map(|stay| (stay.from.0, stay.until.map(|id| id.0))).collect::<Vec<_>>()
        };
        assert_eq!(heard(Room::Private(project, channel)), [(3, Some(6)), (7, None)]);
        assert_eq!(heard(Room::Private(project, ChannelId(6))), []);
        assert_eq!(heard(Room::Channel(project, channel)), [(3, None)]);
    }
}
