//! Who enters and leaves which rooms, and what the others hear of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{ConnectionId, Room, Signal, SyncId, Timestamp, UserId, UserRef};

use super::{GRACE, Publisher};
use crate::connection::Connection;
use crate::counters;
use crate::mutation::{self, Mutation};
use crate::orders::{NotJoined, Rewind, Showing};
use crate::presence::Present;
use crate::presence::roster::Places;

/// Rooms that one connection may be in: more than anybody has projects, and few enough to be
/// walked while others wait.
pub const MOST_ROOMS: usize = 1_000;
/// Of these, rooms whose names stand for nothing stored.
const MOST_NAMED: usize = 32;

impl Publisher {
    pub(super) fn may_join(
        &self,
        id: ConnectionId,
        rooms: &[Room],
        at: SyncId,
    ) -> Result<(), NotJoined> {
        // Behind the place that the rights were read at, they say nothing yet.
        if at > self.published || !self.hub.rights_hold(id, rooms, at) {
            counters::count(&self.counters.stale_joins);
            return Err(NotJoined::Stale);
        }
        let named = |rooms: &[Room]| rooms.iter().filter(|r| matches!(r, Room::Named(_))).count();
        let there = self.hub.rooms_of(id);
        let more = rooms.iter().filter(|room| !there.contains(room)).copied().collect::<Rooms>();
        if there.len() + more.len() > MOST_ROOMS || named(&there) + named(&more) > MOST_NAMED {
            return Err(NotJoined::TooMany);
        }
        Ok(())
    }

    pub(super) fn enter(&mut self, id: ConnectionId, rooms: &[Room], since: Timestamp) {
        let Some(user) = self.user_of(id) else { return };
        let mut arrived = Places::new();
        for room in rooms {
            if self.hub.join(id, *room) && counts(*room) && self.roster.enter(&user, *room, since) {
                arrived.push(*room);
            }
        }
        self.tell_presence(&user, Some(id), true, arrived);
    }

    pub(super) fn exit(
        &mut self,
        id: ConnectionId,
        rooms: &[Room],
        grace: Option<Duration>,
    ) -> bool {
        let Some(user) = self.user_of(id) else { return false };
        let left: Rooms = rooms.iter().copied().filter(|room| self.hub.leave(id, *room)).collect();
        self.absent(&user, &left, grace);
        !left.is_empty()
    }

    pub(super) fn detach(&mut self, id: ConnectionId, clean: bool) {
        let now = self.clock.monotonic();
        if let Some((connection, rooms, missed)) = self.hub.detach(id) {
            let grace = (!clean).then(|| now + GRACE);
            if connection.may_return && !clean {
                self.hub.stay_away(&connection, rooms.clone(), missed, now);
            }
            self.absent(&connection.user.get(), &rooms, grace);
        }
    }

    /// A connection that goes on with an earlier one is told who came and went meanwhile.
    pub(super) fn come_back(&mut self, id: ConnectionId, rooms: &[Room], rewind: &Rewind) {
        let (Some(before), Some(connection)) = (rewind.before, self.hub.connection(id)) else {
            return;
        };
        let lists = self.encoder.lists_present(connection.key());
        let listed: Vec<Room> =
            rooms.iter().copied().filter(|room| lists && counts(*room)).collect();
        self.hub.come_back(id, before, &listed);
    }

    pub(super) fn absent(&mut self, user: &Arc<UserRef>, rooms: &[Room], grace: Option<Duration>) {
        let mut gone = Places::new();
        if mutation::made(Mutation::Ghost) {
            return;
        }
        for room in rooms {
            if self.roster.leave(user.id, *room, grace) {
                gone.push(*room);
            }
        }
        self.tell_presence(user, None, false, gone);
    }

    pub(super) fn expire(&mut self) {
        for (user, rooms) in self.roster.expire(self.clock.monotonic()) {
            self.tell_presence(&user, None, false, rooms);
        }
    }

    pub(super) fn tell_presence(
        &mut self,
        user: &Arc<UserRef>,
        cause: Option<ConnectionId>,
        arrived: bool,
        rooms: Places,
    ) {
        let untold = !arrived && mutation::made(Mutation::DepartureUntold);
        if rooms.is_empty() || untold {
            return;
        }
        for room in &rooms {
            self.list_later(*room, cause);
        }
        let mut elsewhere = self.roster.places_of(user.id);
        elsewhere.retain(|room| !rooms.contains(room));
        let names = self.names.of(&rooms);
        if !arrived {
            self.names.forget(&rooms, |room| self.roster.present(room).next().is_some());
        }
        self.tell(&Signal {
            user: UserRef::clone(user),
            at: self.clock.now(),
            cause,
            body: SignalBody::Presence { arrived, rooms, names, elsewhere },
        });
    }

    /// Somebody came or went: who hears lists is told now, or as soon as the room may be told
    /// again.
    pub(super) fn list_later(&mut self, room: Room, cause: Option<ConnectionId>) {
        let now = self.clock.monotonic();
        if self.hub.wants_lists(room, &*self.encoder) && self.lists.changed(room, cause, now) {
            self.list(room, cause);
        }
    }

    /// Tells the lists that are due.
    pub(super) fn tell_lists(&mut self) {
        for (room, knows) in self.lists.due(self.clock.monotonic()) {
            self.list(room, knows);
        }
    }

    fn list(&mut self, room: Room, except: Option<ConnectionId>) {
        let present = self.present(&[room]);
        let tally = self.hub.list(room, &present, except, &*self.encoder);
        self.count_signal(tally);
    }

    /// Who is in rooms, and told to whoever asked.
    pub(super) fn show_asker(
        &mut self,
        asker: Option<(ConnectionId, Showing)>,
        rooms: &[Room],
    ) -> Vec<Present> {
        let (id, showing) = asker.unzip();
        let present = self.show(id, rooms);
        if let (Some(id), Some(showing)) = (id, showing)
            && self.hub.connection(id).is_some()
        {
            self.hub.greet(id, showing(&present));
        }
        present
    }

    /// Who is in rooms, for somebody who is told of later changes as of this answer.
    pub(super) fn show(&mut self, to: Option<ConnectionId>, rooms: &[Room]) -> Vec<Present> {
        let missed = to.and_then(|id| self.hub.missed_by(id));
        // Of several rooms together the answer does not say who is where.
        if let (Some(missed), [room]) = (missed, rooms) {
            missed.shown(*room);
        }
        self.present(rooms)
    }

    pub(super) fn present(&self, rooms: &[Room]) -> Vec<Present> {
        let mut by_user: HashMap<UserId, Present> = HashMap::new();
        for stay in rooms.iter().flat_map(|room| self.roster.present(*room)) {
            let present = by_user.entry(stay.user.id).or_insert_with(|| Present {
                user: Arc::clone(&stay.user),
                since: stay.since,
                last_activity: self.last_activity(stay.user.id).unwrap_or(stay.since),
            });
            present.since = present.since.min(stay.since);
        }
        let mut found: Vec<Present> = by_user.into_values().collect();
        found.sort_by_key(|present| (present.since, present.user.id));
        found
    }

    pub(super) fn last_activity(&self, user: UserId) -> Option<Timestamp> {
        let connections = self.hub.connections_of(user);
        let known = connections.iter().filter_map(|id| self.hub.connection(*id));
        known.map(|connection| connection.last_activity()).max()
    }

    pub(super) fn user_of(&self, id: ConnectionId) -> Option<Arc<UserRef>> {
        self.hub.connection(id).map(|connection: &Arc<Connection>| connection.user.get())
    }
}

/// Whether being in a room is being seen there: everyone is in his own.
fn counts(room: Room) -> bool {
    !matches!(room, Room::User(_) | Room::Role(..))
}
