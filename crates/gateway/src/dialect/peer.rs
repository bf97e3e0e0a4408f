//! A client as the interpreter knows it, whatever it is connected by.

use std::sync::Arc;

use chorus_collab::live::Lately;
use chorus_collab::{Fault, TokenFault};
use chorus_model::Timestamp;
use chorus_realtime::orders::{Greeting, Showing};
use chorus_realtime::{Arrival, Connection, Ended, Exit, Frame};

use super::crowd::Seat;
use super::recalls::Recall;
use super::{Dialect, Echo, Frames, Refusal, Reply, To, Wire};
use crate::engine::{Plain, Socket};

/// What is kept of a client.
#[derive(Debug)]
pub struct Peer {
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) end: End,
    pub(super) connection: Arc<Connection>,
    pub(super) lately: Lately,
    pub(super) seat: Arc<Seat>,
    /// Present if its client can take the connection up again.
    pub(super) recall: Option<Recall>,
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
            Self::Socket(socket) => {
                Wire::SocketIo { namespace: socket.namespace(), offset: socket.unplaced() }
            }
            Self::Plain(_) => Wire::Raw,
        }
    }

    /// The same for what is told at a place in the log, if it is known to be the client's.
    pub(super) fn wire_at<'a>(&'a self, cursor: &'a str) -> Wire<'a> {
        match self {
            Self::Socket(_) => self.wire().at(cursor),
            // Who wants to know places here is told them by his key.
            Self::Plain(_) => self.wire(),
        }
    }

    /// Whether the client was put out of its namespace.
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Socket(socket) => socket.is_gone(),
            Self::Plain(_) => false,
        }
    }

    /// What lets the client in before anything else is said, where there is such a thing.
    pub(super) fn accept(&self) -> Option<Frame> {
        match self {
            Self::Socket(socket) => Some(socket.accept()),
            Self::Plain(_) => None,
        }
    }

    /// Tells the client why it is put out, and takes it out: over Socket.IO of its namespace. False
    /// if it was out already.
    pub(super) fn leave(&self, dialect: &dyn Dialect, why: &Fault, now: Timestamp) -> bool {
        match self {
            Self::Plain(plain) => {
                let Refusal { code, reason, .. } = dialect.refusal(why);
                plain.close(code, &reason);
                true
            }
            Self::Socket(socket) => {
                let told = dialect.complaint(&self.wire(), &dialect.farewell(why), now);
                socket.disconnect_after(told)
            }
        }
    }

    pub(super) fn send(&self, frames: impl IntoIterator<Item = Frame>) {
        match self {
            Self::Socket(socket) => socket.send(frames),
            Self::Plain(plain) => plain.send(frames),
        }
    }
}

/// How the publisher ends a connection.
#[derive(Debug)]
pub(super) struct WayOut {
    pub(super) dialect: Arc<dyn Dialect>,
    pub(super) end: End,
}

impl Exit for WayOut {
    fn take(&self, why: Ended, at: Timestamp) {
        let why = match why {
            Ended::Closed => Fault::Deactivated,
            Ended::LoggedOut => TokenFault::Revoked.into(),
        };
        self.end.leave(&*self.dialect, &why, at);
    }
}

impl Peer {
    pub(super) fn acknowledge(&self, ack: Option<u64>, arguments: &str) {
        self.end.send(acknowledgement(&*self.dialect, &self.end, ack, arguments));
    }

    /// Tells the client what has come of what it asked for.
    pub(super) fn tell(
        &self,
        outcome: Result<&Reply, &Fault>,
        echo: &Echo,
        ack: Option<u64>,
        now: Timestamp,
    ) {
        let user = self.connection.user.get();
        let (wire, to) = (self.end.wire(), To { user: &user, echo, now });
        let frames = match outcome {
            Ok(reply) => self.dialect.reply(&wire, &to, reply),
            Err(_) if ack.is_some() && self.dialect.acknowledges_faults() => Frames::new(),
            Err(fault) => self.dialect.fault(&wire, &to, fault),
        };
        self.end.send(frames);
        if ack.is_some() {
            self.acknowledge(ack, &self.dialect.acknowledgement(&to, outcome));
        }
    }

    /// The answer to who is there, with its acknowledgement if one is wanted.
    pub(super) fn showing(&self, echo: &Echo, ack: Option<u64>, now: Timestamp) -> Showing {
        let (dialect, end, echo) = (Arc::clone(&self.dialect), self.end.clone(), echo.clone());
        let connection = Arc::clone(&self.connection);
        Box::new(move |present| {
            let user = connection.user.get();
            let to = To { user: &user, echo: &echo, now };
            let reply = Reply::Online(present.to_vec());
            let mut frames = dialect.reply(&end.wire(), &to, &reply);
            if ack.is_some() {
                let arguments = dialect.acknowledgement(&to, Ok(&reply));
                frames.extend(acknowledgement(&*dialect, &end, ack, &arguments));
            }
            frames
        })
    }

    /// A reply that is the first thing heard in a room. It is of the moment of the arrival, so that
    /// it tells the same of it as all that is told later.
    pub(super) fn greeting(
        &self,
        echo: &Echo,
        reply: impl FnOnce(&Arrival<'_>) -> Reply + Send + 'static,
    ) -> Greeting {
        let (dialect, end, echo) = (Arc::clone(&self.dialect), self.end.clone(), echo.clone());
        let connection = Arc::clone(&self.connection);
        Box::new(move |arrival| {
            let (user, cursor) = (connection.user.get(), arrival.cursor.to_string());
            let to = To { user: &user, echo: &echo, now: arrival.since };
            // Whoever is behind has not heard all that was announced before.
            let behind = connection.is_behind();
            let wire = if behind { end.wire() } else { end.wire_at(&cursor) };
            dialect.reply(&wire, &to, &reply(arrival))
        })
    }
}

/// The acknowledgement that is wanted, where the dialect acknowledges.
fn acknowledgement(
    dialect: &dyn Dialect,
    end: &End,
    ack: Option<u64>,
    arguments: &str,
) -> Option<Frame> {
    match (ack, end) {
        (Some(id), End::Socket(socket)) if dialect.acknowledges() => {
            Some(socket.acknowledgement(id, arguments))
        }
        _ => None,
    }
}
