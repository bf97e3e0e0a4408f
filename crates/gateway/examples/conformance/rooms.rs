//! Who is where, and what is told there; with recovery also what was told lately, and who was lost.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chorus_gateway::engine::emit::{Values, emission};
use chorus_gateway::engine::recovery::Shown;
use chorus_gateway::engine::{Identity, Socket};
use chorus_model::{Clock, ConnectionId, Entropy};
use chorus_protocol::socketio::Offset;
use chorus_realtime::Frame;

use crate::system::{SystemClock, SystemEntropy};

/// Rooms that one client may be in, and bytes of a room's name: clients choose both.
const MAX_ROOMS: usize = 256;
const MAX_NAME: usize = 256;
/// Events that are kept, the bytes that their frames may have together, and clients.
const MAX_TOLD: usize = 4_096;
const MAX_BYTES: usize = 64 << 20;
const MAX_LOST: usize = 1_024;
/// How long a client may stay away.
const WINDOW: Duration = Duration::from_secs(120);

/// Every client with the rooms it is in. Each is in a room of its own, which its id names.
#[derive(Debug)]
pub(crate) struct Rooms {
    recovers: bool,
    clock: Arc<SystemClock>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    members: HashMap<ConnectionId, Member>,
    /// Those who may come back, by their pids.
    lost: HashMap<Box<str>, Lost>,
    told: VecDeque<Told>,
    bytes: usize,
    last: u64,
}

#[derive(Debug)]
struct Member {
    socket: Socket,
    rooms: BTreeSet<Box<str>>,
}

#[derive(Debug)]
struct Lost {
    sid: Box<str>,
    namespace: Box<str>,
    rooms: BTreeSet<Box<str>>,
    since: Duration,
}

/// An event that a namespace was told, or a room of it.
#[derive(Debug)]
struct Told {
    at: u64,
    namespace: Box<str>,
    room: Option<Box<str>>,
    frame: Frame,
}

impl Rooms {
    /// Nobody is anywhere. `recovers`: whether who was lost may come back.
    pub(crate) fn new(recovers: bool, clock: Arc<SystemClock>) -> Self {
        Self { recovers, clock, inside: Mutex::default() }
    }

    /// A client has come, anew or again: it is let in, and told what it has missed. Whether it has
    /// come again.
    pub(crate) fn enter(&self, socket: &Socket, sid: Box<str>, shown: &Shown) -> bool {
        let mut inside = self.inside();
        let back = inside.come_back(socket.namespace(), shown, self.clock.monotonic());
        let (identity, rooms, missed) = match back {
            Some((pid, lost, after)) => {
                let missed = inside.missed(&lost, after);
                (Identity { sid: lost.sid, pid: Some(pid) }, lost.rooms, Some(missed))
            }
            None => {
                let entropy: &dyn Entropy = &SystemEntropy;
                let pid = self.recovers.then(|| entropy.word(24).into());
                let rooms = BTreeSet::from([sid.clone()]);
                (Identity { sid, pid }, rooms, None)
            }
        };
        socket.identify(identity);
        let recovered = missed.is_some();
        socket.send(std::iter::once(socket.accept()).chain(missed.unwrap_or_default()));
        let member = Member { socket: socket.clone(), rooms };
        inside.members.insert(socket.connection(), member);
        recovered
    }

    /// A client is gone; `clean`: it said so.
    pub(crate) fn leave(&self, socket: &Socket, clean: bool) {
        let mut inside = self.inside();
        let Some(Member { socket, rooms }) = inside.members.remove(&socket.connection()) else {
            return;
        };
        let now = self.clock.monotonic();
        inside.lost.retain(|_, lost| now.saturating_sub(lost.since) < WINDOW);
        let room = inside.lost.len() < MAX_LOST;
        if let Some(pid) = socket.pid().filter(|_| !clean && room) {
            inside.lost.insert(pid.into(), Lost::of(&socket, rooms, now));
        }
    }

    /// Puts a client into a room. False if it is in too many, or the name is too long.
    pub(crate) fn join(&self, socket: &Socket, room: &str) -> bool {
        let mut inside = self.inside();
        let Some(member) = inside.members.get_mut(&socket.connection()) else { return false };
        if room.len() > MAX_NAME || member.rooms.len() >= MAX_ROOMS {
            return false;
        }
        member.rooms.insert(room.into());
        true
    }

    /// The rooms of a client, sorted.
    pub(crate) fn of(&self, socket: &Socket) -> Vec<Box<str>> {
        let inside = self.inside();
        let member = inside.members.get(&socket.connection());
        member.map(|member| member.rooms.iter().cloned().collect()).unwrap_or_default()
    }

    /// Tells one client something.
    pub(crate) fn emit(&self, socket: &Socket, name: &str, values: Values<'_>) {
        self.tell(socket.namespace(), Some(socket.id()), name, values);
    }

    /// Tells all clients of a namespace something, or those of them who are in a room.
    pub(crate) fn tell(&self, namespace: &str, room: Option<&str>, name: &str, values: Values<'_>) {
        let mut inside = self.inside();
        let frame = if self.recovers {
            inside.last += 1;
            let offset = inside.last.to_string();
            let frame = emission(namespace, Offset::At(&offset), name, values);
            inside.keep(namespace, room, frame.clone());
            frame
        } else {
            emission(namespace, Offset::Unknown, name, values)
        };
        for member in inside.members.values() {
            let here = member.socket.namespace() == namespace;
            if here && room.is_none_or(|room| member.rooms.contains(room)) {
                member.socket.send([frame.clone()]);
            }
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// The earlier connection that a client shows, which is consumed by that, and after which event
    /// it goes on. One whose link is not known to be lost is taken from it.
    fn come_back(
        &mut self,
        namespace: &str,
        shown: &Shown,
        now: Duration,
    ) -> Option<(Box<str>, Lost, u64)> {
        let (pid, offset) = (shown.pid.as_deref()?, shown.offset.as_deref()?);
        let held = self.members.values().find(|member| member.socket.pid() == Some(pid));
        if let Some(connection) = held.map(|member| member.socket.connection())
            && let Some(Member { socket, rooms }) = self.members.remove(&connection)
        {
            socket.supersede();
            self.lost.insert(pid.into(), Lost::of(&socket, rooms, now));
        }
        let (pid, lost) = self.lost.remove_entry(pid)?;
        let after = offset.parse().ok()?;
        let oldest = self.told.front().map_or(self.last + 1, |told| told.at);
        let goes_on = *lost.namespace == *namespace
            && now.saturating_sub(lost.since) < WINDOW
            && (oldest..=self.last).contains(&after);
        goes_on.then_some((pid, lost, after))
    }

    fn missed(&self, lost: &Lost, after: u64) -> Vec<Frame> {
        let hears = |told: &&Told| {
            told.at > after
                && told.namespace == lost.namespace
                && told.room.as_ref().is_none_or(|room| lost.rooms.contains(room))
        };
        self.told.iter().filter(hears).map(|told| told.frame.clone()).collect()
    }

    fn keep(&mut self, namespace: &str, room: Option<&str>, frame: Frame) {
        self.bytes += frame.bytes.len();
        let (at, namespace, room) = (self.last, namespace.into(), room.map(Into::into));
        self.told.push_back(Told { at, namespace, room, frame });
        while self.told.len() > MAX_TOLD || self.bytes > MAX_BYTES {
            let Some(told) = self.told.pop_front() else { return };
            self.bytes -= told.frame.bytes.len();
        }
    }
}

impl Lost {
    fn of(socket: &Socket, rooms: BTreeSet<Box<str>>, since: Duration) -> Self {
        Self { sid: socket.id().into(), namespace: socket.namespace().into(), rooms, since }
    }
}
