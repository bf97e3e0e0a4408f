//! A client as the interpreter knows it, whatever it is connected by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chorus_collab::Fault;
use chorus_collab::live::Lately;
use chorus_model::{Timestamp, UserId};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{Connection, Frame};

use super::{Dialect, Echo, Reply, To, Wire};
use crate::engine::{Plain, Socket};

/// What is kept of a client.
#[derive(Debug)]
pub struct Peer {
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) end: End,
    pub(super) connection: Arc<Connection>,
    pub(super) lately: Lately,
    pub(super) _seat: Seat,
}

/// The server's end of a connection.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// In a namespace.
    Socket(Socket),
    /// On a raw socket.
    Plain(Plain),
}

impl End {
    pub(super) fn wire(&self) -> Wire<'_> {
        match self {
            Self::Socket(socket) => Wire::SocketIo { namespace: socket.namespace() },
            Self::Plain(_) => Wire::Raw,
        }
    }

    /// What lets the client in before anything else is said, where there is such a thing.
    pub(super) fn accept(&self) -> Option<Frame> {
        match self {
            Self::Socket(socket) => Some(socket.accept()),
            Self::Plain(_) => None,
        }
    }

    pub(super) fn send(&self, frames: impl IntoIterator<Item = Frame>) {
        match self {
            Self::Socket(socket) => socket.send(frames),
            Self::Plain(plain) => plain.send(frames),
        }
    }
}

impl Peer {
    pub(super) fn acknowledge(&self, ack: Option<u64>, arguments: &str) {
        if let (Some(id), End::Socket(socket)) = (ack, &self.end) {
            socket.acknowledge(id, arguments);
        }
    }

    /// Tells the client what has come of what it asked for.
    pub(super) fn tell(
        &self,
        outcome: Result<&Reply, &Fault>,
        echo: &Echo,
        ack: Option<u64>,
        now: Timestamp,
    ) {
        let (wire, to) = (self.end.wire(), To { user: &self.connection.user, echo, now });
        let frames = match outcome {
            Ok(reply) => self.dialect.reply(&wire, &to, reply),
            Err(fault) => self.dialect.fault(&wire, &to, fault),
        };
        self.end.send(frames);
        if ack.is_some() {
            self.acknowledge(ack, &self.dialect.acknowledgement(&to, outcome));
        }
    }

    /// A reply that is the first thing heard in a room.
    pub(super) fn greeting(&self, now: Timestamp, echo: &Echo, reply: Reply) -> Greeting {
        let (dialect, end, echo) = (Arc::clone(&self.dialect), self.end.clone(), echo.clone());
        let user = Arc::clone(&self.connection.user);
        Box::new(move |_| {
            let to = To { user: &user, echo: &echo, now };
            dialect.reply(&end.wire(), &to, &reply)
        })
    }
}

/// How many connections each user has in each dialect.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    seats: Mutex<HashMap<(UserId, &'static str), u32>>,
}

/// One of a user's connections; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    whose: (UserId, &'static str),
}

impl Crowd {
    pub(super) fn seat(self: &Arc<Self>, user: UserId, dialect: &dyn Dialect) -> Option<Seat> {
        let whose = (user, dialect.name());
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(whose).or_default();
        if *taken >= dialect.connections_per_user() {
            return None;
        }
        *taken += 1;
        Some(Seat { crowd: Arc::clone(self), whose })
    }

    /// How many connections each dialect has; none is told of that has none.
    pub(super) fn by_dialect(&self) -> HashMap<&'static str, u64> {
        let mut connections = HashMap::new();
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        for ((_, dialect), taken) in &*seats {
            *connections.entry(*dialect).or_default() += u64::from(*taken);
        }
        connections
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.crowd.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.whose) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.whose);
            }
        }
    }
}
