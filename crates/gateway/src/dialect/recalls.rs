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
    /// Somebody holds a connection from now on. Of two who came with it at once, the one who took
    /// it up first has lost it: he is returned, and may be whoever asks.
    pub(super) fn hold(self: &Arc<Self>, holder: Holder) -> (Recall, Option<Holder>) {
        let Holder { hold, socket, .. } = &holder;
        let (hold, socket) = (hold.clone(), socket.clone());
        let lost = match self.held().entry(hold.pid.clone()) {
            Entry::Occupied(mut held) if held.get().hold.generation < hold.generation => {
                Some(held.insert(holder))
            }
            Entry::Occupied(_) => Some(holder),
            Entry::Vacant(free) => {
                free.insert(holder);
                None
            }
        };
        (Recall { recalls: Arc::clone(self), hold, socket }, lost)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chorus_model::ConnectionId;
    use chorus_realtime::{Counters, Outbox, OutboxLimits};

    use super::*;
    use crate::dialect::Native;
    use crate::dialect::crowd::{Crowd, UserLimits};

    fn holder(generation: i64) -> Holder {
        let crowd = Arc::new(Crowd::new(UserLimits::default()));
        let seat = Arc::new(crowd.seat(UserId(1), &Native, Duration::ZERO).unwrap());
        let outbox = Outbox::new(OutboxLimits::default(), Arc::new(Counters::default()));
        let id = ConnectionId(generation.cast_unsigned());
        let socket = Socket::new("/", id, Arc::new(outbox), Arc::default());
        Holder { user: UserId(1), socket, seat, hold: Hold { pid: "p".into(), generation } }
    }

    fn generation(holder: Option<Holder>) -> Option<i64> {
        holder.map(|holder| holder.hold.generation)
    }

    #[test]
    fn of_two_who_come_at_once_the_later_holds_whoever_is_noted_first() {
        for order in [[1, 2], [2, 1]] {
            let recalls = Arc::new(Recalls::default());
            let [(_first, none), (_second, lost)] =
                order.map(|number| recalls.hold(holder(number)));
            assert!(none.is_none());
            assert_eq!(generation(lost), Some(1));
            assert_eq!(generation(recalls.take("p", UserId(1))), Some(2));
        }
    }

    #[test]
    fn what_ends_is_lost_unless_its_client_was_put_out() {
        let recalls = Arc::new(Recalls::default());
        let ended = |holder: Holder, take: bool| {
            let (recall, _) = recalls.hold(holder);
            if take {
                assert!(recalls.take("p", UserId(2)).is_none(), "it is somebody else's");
                assert!(recalls.take("p", UserId(1)).is_some());
            }
            drop(recall);
            assert!(recalls.take("p", UserId(1)).is_none(), "nobody holds it");
            recalls.next().unwrap().pop().unwrap().1
        };
        assert_eq!(ended(holder(1), false), Ended::Lost);
        let put_out = holder(2);
        put_out.socket.disconnect();
        assert_eq!(ended(put_out, false), Ended::ForGood);
        let taken = holder(3);
        taken.socket.disconnect();
        assert_eq!(ended(taken, true), Ended::Lost, "whoever took it decides");
    }
}
