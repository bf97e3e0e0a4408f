//! Who is where.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chorus_gateway::engine::Socket;
use chorus_model::ConnectionId;
use chorus_realtime::Frame;

/// Rooms that one client may be in, and bytes of a room's name: clients choose both.
const MAX_ROOMS: usize = 256;
const MAX_NAME: usize = 256;

/// Every client with the rooms it is in. Each is in a room of its own, which its id names.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    members: Mutex<HashMap<ConnectionId, Member>>,
}

#[derive(Debug)]
struct Member {
    socket: Socket,
    rooms: BTreeSet<Box<str>>,
}

impl Rooms {
    /// A client has come.
    pub(crate) fn enter(&self, socket: &Socket) {
        let rooms = BTreeSet::from([socket.id().into()]);
        let member = Member { socket: socket.clone(), rooms };
        self.members().insert(socket.connection(), member);
    }

    /// A client is gone.
    pub(crate) fn leave(&self, socket: &Socket) {
        self.members().remove(&socket.connection());
    }

    /// Puts a client into a room. False if it is in too many, or the name is too long.
    pub(crate) fn join(&self, socket: &Socket, room: &str) -> bool {
        let mut members = self.members();
        let Some(member) = members.get_mut(&socket.connection()) else { return false };
        if room.len() > MAX_NAME || member.rooms.len() >= MAX_ROOMS {
            return false;
        }
        member.rooms.insert(room.into());
        true
    }

    /// The rooms of a client, sorted.
    pub(crate) fn of(&self, socket: &Socket) -> Vec<Box<str>> {
        let members = self.members();
        let member = members.get(&socket.connection());
        member.map(|member| member.rooms.iter().cloned().collect()).unwrap_or_default()
    }

    /// Sends a frame to all clients of a namespace, or to those of them who are in a room.
    pub(crate) fn send(&self, namespace: &str, room: Option<&str>, frame: &Frame) {
        for member in self.members().values() {
            let here = member.socket.namespace() == namespace;
            if here && room.is_none_or(|room| member.rooms.contains(room)) {
                member.socket.send([frame.clone()]);
            }
        }
    }

    fn members(&self) -> MutexGuard<'_, HashMap<ConnectionId, Member>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
