//! Rooms and delivery. Plain state without locks: the publisher owns it.
//!
//! A room keeps its members grouped by frame key, so that delivery walks only the groups that
//! have a word for what happened, and encodes once per group. Each connection keeps where it
//! stands in each of its rooms, so that leaving is a swap, whatever the size of the room.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{ConnectionId, Event, ProjectId, Room, Signal, SyncId, UserId};
use smallvec::SmallVec;

use crate::connection::Connection;
use crate::frame::{Encoder, Frame, FrameKey};
use crate::outbox::{Outbox, PushOutcome};

/// Local delivery.
#[derive(Debug, Default)]
pub struct Hub {
    attached: HashMap<ConnectionId, Attached>,
    users: HashMap<UserId, Sockets>,
    rooms: HashMap<Room, Members>,
    /// How many connections have each key; few keys, so a short list.
    keys: Vec<(FrameKey, usize)>,
    /// The outboxes that wait for a flush, each once.
    dirty: Vec<Arc<Outbox>>,
    deliveries: u64,
}

/// How a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Frames queued.
    pub frames: u64,
}

#[derive(Debug)]
struct Attached {
    connection: Arc<Connection>,
    /// Where it is, and at which place of its group.
    places: SmallVec<[(Room, usize); 2]>,
}

#[derive(Debug, Default)]
struct Sockets {
    connections: SmallVec<[ConnectionId; 2]>,
    /// The last event that changed what this user may see.
    rights_changed: SyncId,
}

#[derive(Debug, Default)]
struct Members {
    groups: SmallVec<[(FrameKey, Vec<Arc<Connection>>); 1]>,
}

impl Hub {
    /// Makes a connection known when events up to `at` were announced. It is in no room yet.
    ///
    /// What changed its user's rights before was not noted, because nobody knew the user: rights
    /// that were read before `at` do not hold.
    pub fn attach(&mut self, connection: Arc<Connection>, at: SyncId) {
        let user = self.users.entry(connection.user.id).or_default();
        user.connections.push(connection.id);
        user.rights_changed = user.rights_changed.max(at);
        match self.keys.iter_mut().find(|(key, _)| *key == connection.key) {
            Some((_, count)) => *count += 1,
            None => self.keys.push((connection.key, 1)),
        }
        self.attached.insert(connection.id, Attached { connection, places: SmallVec::new() });
    }

    /// Forgets a connection. Returns it with the rooms it was in; `None` if it is not known.
    pub fn detach(&mut self, id: ConnectionId) -> Option<(Arc<Connection>, Rooms)> {
        let rooms = self.rooms_of(id);
        for room in &rooms {
            self.leave(id, *room);
        }
        let Attached { connection, .. } = self.attached.remove(&id)?;
        if let Entry::Occupied(mut user) = self.users.entry(connection.user.id) {
            user.get_mut().connections.retain(|other| *other != id);
            if user.get().connections.is_empty() {
                user.remove();
            }
        }
        if let Some(at) = self.keys.iter().position(|(key, _)| *key == connection.key) {
            self.keys[at].1 -= 1;
            if self.keys[at].1 == 0 {
                self.keys.swap_remove(at);
            }
        }
        Some((connection, rooms))
    }

    /// Puts a connection into a room. Returns whether it was not there before.
    pub fn join(&mut self, id: ConnectionId, room: Room) -> bool {
        let Some(attached) = self.attached.get_mut(&id) else {
            return false;
        };
        if attached.places.iter().any(|(other, _)| *other == room) {
            return false;
        }
        let group = self.rooms.entry(room).or_default().group(attached.connection.key);
        attached.places.push((room, group.len()));
        group.push(Arc::clone(&attached.connection));
        true
    }

    /// Takes a connection out of a room. Returns whether it was there.
    pub fn leave(&mut self, id: ConnectionId, room: Room) -> bool {
        let Some(attached) = self.attached.get_mut(&id) else {
            return false;
        };
        let Some(at) = attached.places.iter().position(|(other, _)| *other == room) else {
            return false;
        };
        let (_, place) = attached.places.swap_remove(at);
        let key = attached.connection.key;
        let Some(members) = self.rooms.get_mut(&room) else {
            return false;
        };
        let group = members.group(key);
        group.swap_remove(place);
        let moved = group.get(place).map(|connection| connection.id);
        if group.is_empty() {
            members.groups.retain(|(other, _)| *other != key);
            if members.groups.is_empty() {
                self.rooms.remove(&room);
            }
        }
        if let Some(moved) = moved.and_then(|moved| self.attached.get_mut(&moved))
            && let Some(entry) = moved.places.iter_mut().find(|(other, _)| *other == room)
        {
            entry.1 = place;
        }
        true
    }

    /// The connection of this id.
    pub fn connection(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        self.attached.get(&id).map(|attached| &attached.connection)
    }

    /// The rooms that a connection is in.
    pub fn rooms_of(&self, id: ConnectionId) -> Rooms {
        let places = self.attached.get(&id).map(|attached| attached.places.as_slice());
        places.unwrap_or_default().iter().map(|(room, _)| *room).collect()
    }

    /// The connections of a user.
    pub fn connections_of(&self, user: UserId) -> SmallVec<[ConnectionId; 2]> {
        self.users.get(&user).map(|user| user.connections.clone()).unwrap_or_default()
    }

    /// The connections in a room.
    pub fn members(&self, room: Room) -> Vec<ConnectionId> {
        let groups = self.rooms.get(&room).map(|members| members.groups.as_slice());
        let groups = groups.unwrap_or_default().iter();
        groups.flat_map(|(_, group)| group.iter().map(|connection| connection.id)).collect()
    }

    /// The users with a connection in any room of a project.
    pub fn users_around(&self, project: ProjectId) -> BTreeSet<UserId> {
        let rooms = self.rooms.iter().filter(|(room, _)| room.project() == Some(project));
        let groups = rooms.flat_map(|(_, members)| &members.groups);
        groups.flat_map(|(_, group)| group.iter().map(|one| one.user.id)).collect()
    }

    /// Notes that event `at` changed what `user` may see.
    pub fn rights_changed(&mut self, user: UserId, at: SyncId) {
        if let Some(user) = self.users.get_mut(&user) {
            user.rights_changed = at;
        }
    }

    /// Whether a connection is in a room.
    pub fn is_in(&self, id: ConnectionId, room: Room) -> bool {
        self.is_in_any(id, &[room])
    }

    /// Whether rights that were read at `at` still hold for this connection.
    pub fn rights_hold(&self, id: ConnectionId, at: SyncId) -> bool {
        let user = self.attached.get(&id).map(|attached| attached.connection.user.id);
        let changed = user.and_then(|user| self.users.get(&user)).map(|user| user.rights_changed);
        changed.is_some_and(|changed| changed <= at)
    }

    /// Queues an event for everyone who hears it, each once.
    pub fn publish(&mut self, event: &Event, encoder: &dyn Encoder) -> Tally {
        self.deliveries += 1;
        let mut tally = Tally::default();
        for at in 0..self.keys.len() {
            let key = self.keys[at].0;
            let rooms = encoder.audience(event, key);
            if !rooms.iter().any(|room| self.has_group(*room, key)) {
                continue;
            }
            if let Some(frame) = encoder.frame(event, key) {
                tally.frames += self.deliver(&rooms, &[], key, &frame, None);
            }
        }
        tally
    }

    /// Queues a signal for everyone who hears it, each once per delivery.
    pub fn signal(&mut self, signal: &Signal, encoder: &dyn Encoder) -> Tally {
        let mut tally = Tally::default();
        for at in 0..self.keys.len() {
            let key = self.keys[at].0;
            for delivery in encoder.signal(signal, key) {
                self.deliveries += 1;
                tally.frames += self.deliver(
                    &delivery.rooms,
                    &delivery.unless,
                    key,
                    &delivery.frame,
                    delivery.except,
                );
            }
        }
        tally
    }

    /// Queues frames for one connection.
    pub fn greet(&mut self, id: ConnectionId, frames: impl IntoIterator<Item = Frame>) {
        let Some(attached) = self.attached.get(&id) else {
            return;
        };
        for frame in frames {
            if attached.connection.outbox.push(frame) == PushOutcome::First {
                self.dirty.push(Arc::clone(&attached.connection.outbox));
            }
        }
    }

    /// The outboxes that wait for a flush; the caller flushes them before it waits for more.
    pub fn take_dirty(&mut self) -> Vec<Arc<Outbox>> {
        std::mem::take(&mut self.dirty)
    }

    /// Connections, distinct users, rooms with a member.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.attached.len(), self.users.len(), self.rooms.len())
    }

    fn deliver(
        &mut self,
        rooms: &[Room],
        unless: &[Room],
        key: FrameKey,
        frame: &Frame,
        except: Option<ConnectionId>,
    ) -> u64 {
        let mut queued = 0;
        for room in rooms {
            let Some(group) = self.rooms.get(room).and_then(|members| members.peek(key)) else {
                continue;
            };
            for connection in group {
                let shut_out = || {
                    except == Some(connection.id)
                        || (!unless.is_empty() && self.is_in_any(connection.id, unless))
                };
                if !connection.first_time(self.deliveries) || shut_out() {
                    continue;
                }
                match connection.outbox.push(frame.clone()) {
                    PushOutcome::First => {
                        self.dirty.push(Arc::clone(&connection.outbox));
                        queued += 1;
                    }
                    PushOutcome::Queued => queued += 1,
                    PushOutcome::Dropped | PushOutcome::Closed => {}
                }
            }
        }
        queued
    }

    fn has_group(&self, room: Room, key: FrameKey) -> bool {
        self.rooms.get(&room).is_some_and(|members| members.peek(key).is_some())
    }

    fn is_in_any(&self, id: ConnectionId, rooms: &[Room]) -> bool {
        self.attached
            .get(&id)
            .is_some_and(|attached| attached.places.iter().any(|(room, _)| rooms.contains(room)))
    }
}

impl Members {
    fn peek(&self, key: FrameKey) -> Option<&Vec<Arc<Connection>>> {
        self.groups.iter().find(|(other, _)| *other == key).map(|(_, group)| group)
    }

    fn group(&mut self, key: FrameKey) -> &mut Vec<Arc<Connection>> {
        let at = self.groups.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
            self.groups.push((key, Vec::new()));
            self.groups.len() - 1
        });
        &mut self.groups[at].1
    }
}

#[cfg(test)]
mod tests;
