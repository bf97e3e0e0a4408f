//! What rooms are called that stand for nothing stored, for as long as somebody is there.

use std::collections::HashMap;
use std::sync::Arc;

use chorus_model::Room;
use chorus_model::signal::Named;

/// The names by the hash that the hub knows the rooms by.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: HashMap<u64, Arc<str>>,
}

impl Names {
    /// Rooms that have no entity are called so.
    pub(crate) fn note(&mut self, labels: Vec<(Room, Arc<str>)>) {
        for (room, label) in labels {
            if let Room::Named(hash) = room {
                self.names.entry(hash).or_insert(label);
            }
        }
    }

    /// What these rooms are called, as far as they have no entity.
    pub(crate) fn of(&self, rooms: &[Room]) -> Vec<Named> {
        let named = |room: &Room| {
            let Room::Named(hash) = room else { return None };
            Some(Named { room: *room, name: Arc::clone(self.names.get(hash)?) })
        };
        rooms.iter().filter_map(named).collect()
    }

    /// Forgets the names of those of `rooms` that are not in use any more.
    pub(crate) fn forget(&mut self, rooms: &[Room], in_use: impl Fn(Room) -> bool) {
        for room in rooms {
            if let Room::Named(hash) = room
                && !in_use(*room)
            {
                self.names.remove(hash);
            }
        }
    }
}
