//! Rooms and delivery. Plain state without locks: the publisher owns it.
//!
//! A room keeps its members grouped by frame key, so that delivery walks only the groups that
//! have a word for what happened, and encodes once per group. Each connection keeps where it
//! stands in each of its rooms, so that leaving is a swap, whatever the size of the room.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{
    ConnectionId, CustomEvent, Event, ProjectId, Room, Signal, SyncId, Timestamp, UserId,
    WorkspaceRole,
};
use smallvec::SmallVec;

use crate::catchup::{Behind, Missed, Word};
use crate::connection::Connection;
use crate::frame::{self, Delivery, Encoder, Frame, FrameKey, Loss};
use crate::made::Made;
use crate::outbox::{Drains, Outbox, PushOutcome};
use crate::presence::Present;

mod away;
mod behind;
mod delivery;

use away::Away;
pub(crate) use behind::Fed;
use delivery::Hearers;

/// Local delivery.
#[derive(Debug, Default)]
pub struct Hub {
    attached: HashMap<ConnectionId, Attached>,
    users: HashMap<UserId, Sockets>,
    rooms: HashMap<Room, Members>,
    /// How many of them are of projects.
    projects: usize,
    /// How many connections have each key; few keys, so a short list.
    keys: Vec<(FrameKey, usize)>,
    /// The outboxes that wait for a flush, each once.
    dirty: VecDeque<Arc<Outbox>>,
    deliveries: u64,
    /// The last event that deleted a project.
    project_deleted: SyncId,
    /// The last event that was published: whoever is not behind has it.
    at: SyncId,
    /// Connections that are served from the log.
    behind: HashMap<ConnectionId, Behind>,
    /// Connections that were lost and may come back.
    away: HashMap<ConnectionId, Away>,
    /// Questions that were asked for them.
    turns: u64,
    /// Those of them that can be served on.
    drains: Arc<Drains>,
    /// Frames for them.
    made: Arc<Made>,
}

/// How a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Frames queued.
    pub frames: u64,
    /// Connections that were passed over because they are behind, or are from now on.
    pub passed_over: u64,
    /// Connections that are behind from now on.
    pub fell_behind: u64,
}

#[derive(Debug)]
struct Attached {
    connection: Arc<Connection>,
    /// The role of its user in the workspace, as of the last event.
    role: WorkspaceRole,
    places: SmallVec<[Spot; 2]>,
}

/// Where a connection is.
#[derive(Debug, Clone, Copy)]
struct Spot {
    room: Room,
    /// At which place of its group.
    place: usize,
    /// It was told of every event there after this one, unless it is behind.
    from: SyncId,
}

#[derive(Debug, Default)]
struct Sockets {
    connections: SmallVec<[ConnectionId; 2]>,
    /// The last event that changed what this user may see.
    rights_changed: SyncId,
    /// What this user belongs to.
    projects: HashSet<ProjectId>,
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
        self.count_key(connection.key());
        let (role, places) = (WorkspaceRole::User, SmallVec::new());
        self.attached.insert(connection.id, Attached { connection, role, places });
    }

    /// Forgets a connection. Returns it with the rooms it was in, and what it was not told; `None`
    /// if it is not known.
    pub fn detach(&mut self, id: ConnectionId) -> Option<(Arc<Connection>, Rooms, Missed)> {
        let rooms = self.rooms_of(id);
        let missed = self.forget_behind(id).map(|behind| behind.missed).unwrap_or_default();
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
        self.uncount_key(connection.key());
        Some((connection, rooms, missed))
    }

    /// Puts a connection into a room. Returns whether it was not there before.
    pub fn join(&mut self, id: ConnectionId, room: Room) -> bool {
        let Some(attached) = self.attached.get_mut(&id) else {
            return false;
        };
        if attached.is_in(room) {
            return false;
        }
        if matches!(room, Room::Project(_)) && !self.rooms.contains_key(&room) {
            self.projects += 1;
        }
        let group = self.rooms.entry(room).or_default().group(attached.connection.key());
        let from = self.behind.get_mut(&id).map_or(self.at, |behind| behind.enter(room, self.at));
        attached.places.push(Spot { room, place: group.len(), from });
        group.push(Arc::clone(&attached.connection));
        true
    }

    /// Takes a connection out of a room. Returns whether it was there.
    pub fn leave(&mut self, id: ConnectionId, room: Room) -> bool {
        let Some(attached) = self.attached.get_mut(&id) else {
            return false;
        };
        let Some(at) = attached.places.iter().position(|spot| spot.room == room) else {
            return false;
        };
        let Spot { place, .. } = attached.places.swap_remove(at);
        if let Some(behind) = self.behind.get_mut(&id) {
            behind.exit(room, self.at);
        }
        let key = attached.connection.key();
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
                if matches!(room, Room::Project(_)) {
                    self.projects -= 1;
                }
            }
        }
        if let Some(moved) = moved.and_then(|moved| self.attached.get_mut(&moved))
            && let Some(spot) = moved.places.iter_mut().find(|spot| spot.room == room)
        {
            spot.place = place;
        }
        true
    }

    /// The connection of this id.
    pub fn connection(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        self.attached.get(&id).map(|attached| &attached.connection)
    }

    /// The role in the workspace of a connection's user.
    pub fn role_of(&self, id: ConnectionId) -> WorkspaceRole {
        self.attached.get(&id).map_or(WorkspaceRole::User, |attached| attached.role)
    }

    /// Notes the role in the workspace of a connection's user.
    pub fn set_role(&mut self, id: ConnectionId, role: WorkspaceRole) {
        if let Some(attached) = self.attached.get_mut(&id) {
            attached.role = role;
        }
    }

    /// Notes the projects that a connection's user belongs to.
    pub fn set_projects(&mut self, id: ConnectionId, projects: Vec<ProjectId>) {
        let user = self.attached.get(&id).map(|attached| attached.connection.user.id);
        if let Some(user) = user.and_then(|user| self.users.get_mut(&user)) {
            user.projects = projects.into_iter().collect();
        }
    }

    /// Notes that a user belongs to a project, or no longer does.
    pub fn belongs(&mut self, user: UserId, project: ProjectId, belongs: bool) {
        let Some(user) = self.users.get_mut(&user) else { return };
        if belongs {
            user.projects.insert(project);
        } else {
            user.projects.remove(&project);
        }
    }

    /// The rooms that a connection is in.
    pub fn rooms_of(&self, id: ConnectionId) -> Rooms {
        let places = self.attached.get(&id).map(|attached| attached.places.as_slice());
        places.unwrap_or_default().iter().map(|spot| spot.room).collect()
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

    /// The keys that some connection has.
    pub(crate) fn keys(&self) -> impl Iterator<Item = FrameKey> {
        self.keys.iter().map(|(key, _)| *key)
    }

    /// The rooms of a project that somebody is in, in their order.
    pub fn rooms_around(&self, project: ProjectId) -> Rooms {
        let around = self.rooms.keys().filter(|room| room.project() == Some(project));
        let mut rooms: Rooms = around.copied().collect();
        rooms.sort_unstable();
        rooms
    }

    /// Notes that event `at` deleted a project: nobody belongs to it any more, and whoever was
    /// allowed into a project before may have been allowed into this one.
    pub fn project_deleted(&mut self, project: ProjectId, at: SyncId) {
        self.project_deleted = at;
        for user in self.users.values_mut() {
            user.projects.remove(&project);
        }
    }

    /// Whether a user belongs to a project.
    pub fn belongs_to(&self, user: UserId, project: ProjectId) -> bool {
        self.users.get(&user).is_some_and(|user| user.projects.contains(&project))
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

    /// Whether rights to enter these rooms that were read at `at` still hold for this connection.
    pub fn rights_hold(&self, id: ConnectionId, rooms: &[Room], at: SyncId) -> bool {
        if at < self.project_deleted && rooms.iter().any(|room| room.project().is_some()) {
            return false;
        }
        let user = self.attached.get(&id).map(|attached| attached.connection.user.id);
        let changed = user.and_then(|user| self.users.get(&user)).map(|user| user.rights_changed);
        changed.is_some_and(|changed| changed <= at)
    }

    /// Queues an event for everyone who hears it, each once. Who has no room for it is behind from
    /// now on.
    pub fn publish(&mut self, event: &Event, encoder: &dyn Encoder) -> Tally {
        let mut tally = Tally::default();
        for at in 0..self.keys.len() {
            let key = self.keys[at].0;
            let mut rooms = encoder.audience(event, key);
            rooms.retain(|room| self.may_hear(*room, event));
            if !rooms.iter().any(|room| self.has_group(*room, key)) {
                continue;
            }
            let frames = frame::told(encoder, event, key);
            tally += self.deliver(&Hearers::of(&rooms), key, &frames);
            if !self.behind.is_empty() {
                self.made.keep(event.sync_id, key, &frames);
            }
        }
        self.at = event.sync_id;
        tally
    }

    /// Queues a custom event that nobody keeps for everyone who hears it.
    pub fn emit(&mut self, custom: &CustomEvent, at: Timestamp, encoder: &dyn Encoder) -> Tally {
        let mut tally = Tally::default();
        for place in 0..self.keys.len() {
            let key = self.keys[place].0;
            let rooms = encoder.hearers(custom, key);
            if rooms.iter().any(|room| self.has_group(*room, key))
                && let Some(frame) = encoder.custom(custom, at, key)
            {
                tally += self.deliver(&Hearers::of(&rooms), key, &[frame]);
            }
        }
        tally
    }

    /// Queues a signal for everyone who hears it, each once per delivery. Those who are behind are
    /// told of presence when they have caught up, of anything else not at all.
    pub fn signal(&mut self, signal: &Signal, encoder: &dyn Encoder) -> Tally {
        let mut tally = Tally::default();
        for at in 0..self.keys.len() {
            let key = self.keys[at].0;
            for mut delivery in encoder.signal(signal, key) {
                // Whoever has no room for it is told later, and of the last state alone.
                delivery.frame.ephemeral &= !matches!(signal.body, SignalBody::Presence { .. });
                let Delivery { rooms, unless, except, frame } = &delivery;
                let hearers = Hearers { rooms, unless, except: *except };
                tally += self.deliver(&hearers, key, std::slice::from_ref(frame));
                // Of each for itself: who has no room for the second was told the first.
                self.note_presence(signal, key, rooms);
            }
        }
        tally
    }

    /// Whether anybody in a room hears lists of who is there.
    pub fn wants_lists(&self, room: Room, encoder: &dyn Encoder) -> bool {
        let groups = self.rooms.get(&room).map(|members| members.groups.as_slice());
        groups.unwrap_or_default().iter().any(|(key, _)| encoder.lists_present(*key))
    }

    /// Queues the list of who is in a room for everybody there who hears such lists.
    pub fn list(
        &mut self,
        room: Room,
        present: &[Present],
        except: Option<ConnectionId>,
        encoder: &dyn Encoder,
    ) -> Tally {
        let late = |behind: &mut Behind, _: &Frame| behind.missed.lists.extend([room]);
        self.tell(room, except, |key| encoder.list(room, present, key), late)
    }

    /// Queues for everybody in a room what it hears who is put out of there.
    pub fn put_out(&mut self, room: Room, why: Loss, at: Timestamp, encoder: &dyn Encoder) {
        let after = self.at;
        let late = |behind: &mut Behind, frame: &Frame| {
            behind.words.push_back(Word { after, room: Some(room), frame: frame.clone() });
        };
        self.tell(room, None, |key| encoder.put_out(room, why, at, key), late);
    }

    /// Queues a frame of each key for those in a room. `late` keeps it for those who are behind.
    fn tell(
        &mut self,
        room: Room,
        except: Option<ConnectionId>,
        frame: impl Fn(FrameKey) -> Option<Frame>,
        late: impl Fn(&mut Behind, &Frame),
    ) -> Tally {
        let mut tally = Tally::default();
        for at in 0..self.keys.len() {
            let key = self.keys[at].0;
            if self.has_group(room, key)
                && let Some(frame) = frame(key)
            {
                let hearers = Hearers { except, ..Hearers::of(std::slice::from_ref(&room)) };
                tally += self.deliver(&hearers, key, std::slice::from_ref(&frame));
                self.note_late(room, key, except, |behind| late(behind, &frame));
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
                self.dirty.push_back(Arc::clone(&attached.connection.outbox));
            }
        }
    }

    /// The outboxes that wait for a flush, each once, in the order in which they were told
    /// something; the caller flushes them before he waits for more. They keep the room of the
    /// longest such list: 8 bytes per outbox.
    pub fn dirty(&mut self) -> &mut VecDeque<Arc<Outbox>> {
        &mut self.dirty
    }

    /// Connections, distinct users, rooms with a member, and how many of these are of projects.
    pub fn sizes(&self) -> [usize; 4] {
        [self.attached.len(), self.users.len(), self.rooms.len(), self.projects]
    }

    /// Whether those in a room may hear an event there. A task may still be somebody's who does
    /// not belong to its project any more: it is not told in his own room.
    fn may_hear(&self, room: Room, event: &Event) -> bool {
        let (Room::User(user), Some(task)) = (room, event.body.task()) else { return true };
        let is_admin = |id: &ConnectionId| self.role_of(*id) == WorkspaceRole::Admin;
        self.users.get(&user).is_some_and(|user| {
            user.projects.contains(&task.project_id) || user.connections.iter().any(is_admin)
        })
    }

    fn has_group(&self, room: Room, key: FrameKey) -> bool {
        if room == Room::Everyone {
            return self.keys.iter().any(|(other, _)| *other == key);
        }
        self.rooms.get(&room).is_some_and(|members| members.peek(key).is_some())
    }

    fn is_in_any(&self, id: ConnectionId, rooms: &[Room]) -> bool {
        self.attached
            .get(&id)
            .is_some_and(|attached| attached.places.iter().any(|spot| rooms.contains(&spot.room)))
    }

    fn count_key(&mut self, key: FrameKey) {
        match self.keys.iter_mut().find(|(other, _)| *other == key) {
            Some((_, count)) => *count += 1,
            None => self.keys.push((key, 1)),
        }
    }

    fn uncount_key(&mut self, key: FrameKey) {
        if let Some(at) = self.keys.iter().position(|(other, _)| *other == key) {
            self.keys[at].1 -= 1;
            if self.keys[at].1 == 0 {
                self.keys.swap_remove(at);
            }
        }
    }
}

impl Attached {
    fn is_in(&self, room: Room) -> bool {
        self.places.iter().any(|spot| spot.room == room)
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
pub(crate) mod tests;
