//! Connections that their clients may take up again: who holds which now, and what becomes of
//! those that end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chorus_collab::{Collab, Hold};
use chorus_model::UserId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::crowd::Seat;
use crate::engine::Socket;

/// Connections that are let go in one command, at most.
const CHUNK: usize = 256;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Recalls {
    held: Mutex<HashMap<Box<str>, Holder>>,
    ended: Mutex<Vec<(Hold, Ended)>>,
    some: Notify,
}

/// Whoever is at the other end of a connection now.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) user: UserId,
    pub(super) socket: Socket,
    pub(super) seat: Arc<Seat>,
    pub(super) hold: Hold,
}

/// How a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Its transport was lost: it can be taken up.
    Lost,
    /// Its client was put out.
    ForGood,
}

/// A connection that can be taken up, as long as its client is there.
#[derive(Debug)]
pub(super) struct Recall {
    recalls: Arc<Recalls>,
    pub(super) hold: Hold,
    socket: Socket,
}

impl Recalls {
    /// Somebody holds a connection from now on.
    pub(super) fn hold(
        self: &Arc<Self>,
        hold: Hold,
        user: UserId,
        socket: Socket,
        seat: Arc<Seat>,
    ) -> Recall {
        let holder = Holder { user, socket: socket.clone(), seat, hold: hold.clone() };
        match self.held().entry(hold.pid.clone()) {
            Entry::Occupied(mut held) if held.get().hold.generation < hold.generation => {
                held.insert(holder);
            }
            // Somebody was faster to take it up again.
            Entry::Occupied(_) => {}
            Entry::Vacant(free) => {
                free.insert(holder);
            }
        }
        Recall { recalls: Arc::clone(self), hold, socket }
    }

    /// Takes a connection from whoever holds it, if it is this user.
    pub(super) fn take(&self, pid: &str, user: UserId) -> Option<Holder> {
        let mut held = self.held();
        held.get(pid).filter(|holder| holder.user == user)?;
        held.remove(pid)
    }

    /// Writes down what has ended, until told to stop.
    pub(super) async fn keep(&self, collab: &Collab, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.some.notified() => {}
            }
            while let Some(batch) = self.next() {
                let of = |how| {
                    let those = batch.iter().filter(move |(_, ended)| *ended == how);
                    those.map(|(hold, _)| hold.clone()).collect::<Vec<_>>()
                };
                if let Err(fault) = collab.let_go(&of(Ended::Lost), &of(Ended::ForGood)).await {
                    tracing::warn!(%fault, "cannot note lost connections; trying with the next");
                    self.ended().extend(batch);
                    break;
                }
            }
        }
    }

    fn next(&self) -> Option<Vec<(Hold, Ended)>> {
        let mut ended = self.ended();
        let most = ended.len().min(CHUNK);
        (most > 0).then(|| ended.drain(..most).collect())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Box<str>, Holder>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Vec<(Hold, Ended)>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recall {
    fn drop(&mut self) {
        let mut held = self.recalls.held();
        let mine = held.get(&self.hold.pid).is_some_and(|holder| holder.hold == self.hold);
        if mine {
            held.remove(&self.hold.pid);
        }
        drop(held);
        // Whoever has taken it from here decides himself.
        let ended = mine && self.socket.is_dismissed();
        let ended = if ended { Ended::ForGood } else { Ended::Lost };
        self.recalls.ended().push((self.hold.clone(), ended));
        self.recalls.some.notify_one();
    }
}
