//! The pure state of presence: counts of connections per user and room, and the grace after a
//! lost one. No timers, no messages: time comes in as an argument.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chorus_model::{Room, Timestamp, UserId, UserRef};
use smallvec::SmallVec;

/// Rooms of one person.
pub type Places = SmallVec<[Room; 2]>;

/// Who is present where.
#[derive(Debug, Default)]
pub struct Roster {
    stays: HashMap<Room, HashMap<UserId, Stay>>,
    places: HashMap<UserId, Places>,
    /// Stays whose last connection was lost, by the end of their grace.
    leaving: BTreeSet<(Duration, UserId, Room)>,
}

/// One person's presence in one room.
#[derive(Debug, Clone)]
pub struct Stay {
    /// Who.
    pub user: Arc<UserRef>,
    /// Since when without a break.
    pub since: Timestamp,
    connections: u32,
    grace: Option<Duration>,
}

impl Roster {
    /// A connection of `user` entered `room`. Returns whether the person was not there before.
    pub fn enter(&mut self, user: &Arc<UserRef>, room: Room, now: Timestamp) -> bool {
        let stays = self.stays.entry(room).or_default();
        if let Some(stay) = stays.get_mut(&user.id) {
            stay.connections += 1;
            if let Some(grace) = stay.grace.take() {
                self.leaving.remove(&(grace, user.id, room));
            }
            return false;
        }
        let stay = Stay { user: Arc::clone(user), since: now, connections: 1, grace: None };
        stays.insert(user.id, stay);
        self.places.entry(user.id).or_default().push(room);
        true
    }

    /// A connection of `user` left `room`: for good, or lost and expected back until `grace`.
    /// Returns whether the person is gone now.
    pub fn leave(&mut self, user: UserId, room: Room, grace: Option<Duration>) -> bool {
        let Some(stay) = self.stays.get_mut(&room).and_then(|stays| stays.get_mut(&user)) else {
            return false;
        };
        stay.connections = stay.connections.saturating_sub(1);
        if stay.connections > 0 {
            return false;
        }
        if let Some(grace) = grace {
            stay.grace = Some(grace);
            self.leaving.insert((grace, user, room));
            return false;
        }
        self.remove(user, room);
        true
    }

    /// Ends the stays whose grace is over at `now`: the persons and what they left.
    pub fn expire(&mut self, now: Duration) -> Vec<(Arc<UserRef>, Places)> {
        let mut gone: Vec<(Arc<UserRef>, Places)> = Vec::new();
        while let Some(&(grace, user, room)) = self.leaving.first() {
            if grace > now {
                break;
            }
            self.leaving.pop_first();
            let Some(stay) = self.remove(user, room) else {
                continue;
            };
            match gone.iter_mut().find(|(other, _)| other.id == user) {
                Some((_, rooms)) => rooms.push(room),
                None => gone.push((stay.user, SmallVec::from_slice(&[room]))),
            }
        }
        gone
    }

    /// When the next grace is over.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.leaving.first().map(|(grace, ..)| *grace)
    }

    /// The person is called so from now on. Returns where somebody is shown by another name.
    pub fn rename(&mut self, user: &Arc<UserRef>) -> Places {
        let mut places = self.places_of(user.id);
        places.retain(|room| {
            let stays = self.stays.get_mut(room);
            let stay = stays.and_then(|stays| stays.get_mut(&user.id));
            stay.is_some_and(|stay| std::mem::replace(&mut stay.user, Arc::clone(user)) != *user)
        });
        places
    }

    /// Where `user` is.
    pub fn places_of(&self, user: UserId) -> Places {
        self.places.get(&user).cloned().unwrap_or_default()
    }

    /// Who is in `room`, in no particular order.
    pub fn present(&self, room: Room) -> impl Iterator<Item = &Stay> {
        self.stays.get(&room).into_iter().flat_map(HashMap::values)
    }

    fn remove(&mut self, user: UserId, room: Room) -> Option<Stay> {
        let stays = self.stays.get_mut(&room)?;
        let stay = stays.remove(&user)?;
        if stays.is_empty() {
            self.stays.remove(&room);
        }
        if let Some(grace) = stay.grace {
            self.leaving.remove(&(grace, user, room));
        }
        if let Some(places) = self.places.get_mut(&user) {
            places.retain(|other| *other != room);
            if places.is_empty() {
                self.places.remove(&user);
            }
        }
        Some(stay)
    }
}

#[cfg(test)]
mod tests;
