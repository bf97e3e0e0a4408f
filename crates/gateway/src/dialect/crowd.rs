//! What one user may do, over all his connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chorus_model::UserId;

use super::Dialect;
use crate::engine::bucket::{Bucket, Pace};

/// Limits of users.
#[derive(Debug, Clone, Copy)]
pub struct UserLimits {
    /// What a user may ask for, over all his connections; more is answered `Too many requests`.
    pub requests: Pace,
    /// Connections over Socket.IO that a user may have in each dialect; one beyond is refused.
    pub connections: u32,
    /// The same of raw sockets of `envelope`.
    pub raw_connections: u32,
}

impl Default for UserLimits {
    fn default() -> Self {
        let requests = Pace { rate: 400, burst: 1_200 };
        Self { requests, connections: 64, raw_connections: 5 }
    }
}

/// Everybody who is connected.
#[derive(Debug)]
pub(super) struct Crowd {
    limits: UserLimits,
    people: Mutex<HashMap<UserId, Person>>,
}

#[derive(Debug)]
struct Person {
    /// How many connections there are in each dialect.
    seats: Vec<(&'static str, u32)>,
    requests: Bucket,
}

/// One of a user's connections; free again when it is given up or dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    user: UserId,
    dialect: &'static str,
    free: AtomicBool,
}

impl Crowd {
    pub(super) fn new(limits: UserLimits) -> Self {
        Self { limits, people: Mutex::default() }
    }

    /// A seat, if the user has one left.
    pub(super) fn seat(
        self: &Arc<Self>,
        user: UserId,
        dialect: &dyn Dialect,
        now: Duration,
    ) -> Option<Seat> {
        let name = dialect.name();
        let mut people = self.lock();
        let fresh = || Person {
            seats: Vec::with_capacity(1),
            requests: Bucket::full(self.limits.requests, now),
        };
        let person = people.entry(user).or_insert_with(fresh);
        match person.seats.iter_mut().find(|(dialect, _)| *dialect == name) {
            Some((_, taken)) if *taken >= dialect.connections_per_user(&self.limits) => None?,
            Some((_, taken)) => *taken += 1,
            None => person.seats.push((name, 1)),
        }
        drop(people);
        let free = AtomicBool::new(false);
        Some(Seat { crowd: Arc::clone(self), user, dialect: name, free })
    }

    /// How many connections each dialect has; none is told of that has none.
    pub(super) fn by_dialect(&self) -> HashMap<&'static str, u64> {
        let mut connections = HashMap::new();
        for (dialect, taken) in self.lock().values().flat_map(|person| &person.seats) {
            *connections.entry(*dialect).or_default() += u64::from(*taken);
        }
        connections
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whether the user may ask for something now.
    pub(super) fn may_ask(&self, now: Duration) -> bool {
        let pace = self.crowd.limits.requests;
        let mut people = self.crowd.lock();
        people.get_mut(&self.user).is_none_or(|person| person.requests.take(1, pace, now))
    }

    /// The connection does not count any more, whatever is left of it.
    pub(super) fn give_up(&self) {
        if self.free.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut people = self.crowd.lock();
        let Some(person) = people.get_mut(&self.user) else { return };
        for (dialect, taken) in &mut person.seats {
            if *dialect == self.dialect {
                *taken -= 1;
            }
        }
        person.seats.retain(|(_, taken)| *taken > 0);
        if person.seats.is_empty() {
            people.remove(&self.user);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Envelope, Native};

    const LIMITS: UserLimits =
        UserLimits { requests: Pace { rate: 1, burst: 2 }, connections: 2, raw_connections: 1 };

    #[test]
    fn seats_are_counted_by_dialect_and_given_back() {
        let crowd = Arc::new(Crowd::new(LIMITS));
        let (native, envelope) = (Native, Envelope::default());
        let seat = |dialect: &dyn Dialect| crowd.seat(UserId(1), dialect, Duration::ZERO);
        let (first, _second) = (seat(&native), seat(&native));
        assert!(seat(&native).is_none());
        let raw = seat(&envelope);
        assert!(seat(&envelope).is_none() && raw.is_some());
        assert_eq!(crowd.by_dialect(), HashMap::from([("native", 2), ("envelope", 1)]));
        drop(raw);
        assert!(seat(&envelope).is_some());
        let first = first.unwrap();
        first.give_up();
        let _third = seat(&native).unwrap();
        drop(first);
        assert!(seat(&native).is_none(), "a seat is given back once");
    }

    #[test]
    fn what_a_user_asks_for_is_counted_over_his_connections() {
        let crowd = Arc::new(Crowd::new(LIMITS));
        let seat = |user, at| crowd.seat(UserId(user), &Native, Duration::from_secs(at)).unwrap();
        let (one, other) = (seat(1, 0), seat(1, 0));
        assert!(one.may_ask(Duration::ZERO) && other.may_ask(Duration::ZERO));
        assert!(!one.may_ask(Duration::ZERO) && seat(2, 0).may_ask(Duration::ZERO));
        assert!(other.may_ask(Duration::from_secs(1)));
    }
}
