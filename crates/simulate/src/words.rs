//! Four dialects in one plain script, made so that what a client reads can be checked.

use bytes::Bytes;
use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{Cursor, Epoch, Event, Room, Signal, SyncId, Timestamp, UserId, WorkspaceRole};
use chorus_realtime::{Deliveries, Delivery, Encoder, Enters, Frame, FrameKey, Loss, Present};
use smallvec::smallvec;

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// It enters rooms when it asks, and hears who comes and goes.
    Rooms,
    /// The same, but it hears lists of who is there.
    Lists,
    /// It enters its user's projects by itself.
    Projects,
    /// It enters the rooms of its user's role in them by itself.
    Roles,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rooms, Self::Lists, Self::Projects, Self::Roles];

    /// The key of its frames.
    pub fn key(self, cursors: bool) -> FrameKey {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        FrameKey(u16::try_from(at).unwrap_or(0) * 2 + u16::from(cursors))
    }

    /// What it enters by itself.
    pub fn enters(self) -> Enters {
        match self {
            Self::Rooms | Self::Lists => Enters::Nothing,
            Self::Projects => Enters::Projects,
            Self::Roles => Enters::Roles,
        }
    }

    /// Whether it enters rooms by hand, and is told when it is put out.
    pub fn by_hand(self) -> bool {
        self.enters() == Enters::Nothing
    }

    /// Whether an event is told in two words.
    pub fn in_two_words(self, event: SyncId) -> bool {
        self == Self::Projects && event.0.is_multiple_of(3)
    }

    fn of(key: FrameKey) -> Self {
        Self::ALL[usize::from(key.0 / 2) % 4]
    }

    /// The rooms in which it hears an event.
    pub fn audience(self, event: &Event) -> Rooms {
        let mut rooms = event.body.rooms();
        let project = event.body.scope().project();
        if let (Self::Roles, Some(project)) = (self, project) {
            rooms.retain(|room| !matches!(room, Room::Project(_)));
            let roles = [WorkspaceRole::User, WorkspaceRole::Admin];
            rooms.extend(roles.map(|role| Room::Role(project, role)));
        }
        if let (true, Some(task)) = (self.by_hand(), event.body.task()) {
            rooms.push(Room::Task(task.project_id, task.id));
        }
        rooms
    }
}

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An event, with its cursor if the client has asked for cursors.
    Event(SyncId, Option<Epoch>),
    /// The first of two words for an event.
    Before(SyncId),
    /// The answer to a question of this number, and who is there.
    Granted(u64, Vec<UserId>),
    /// Somebody came to a room, or left it.
    Presence(bool, UserId, String),
    /// Who is in a room.
    List(String, Vec<UserId>),
    /// The client was put out of a room.
    PutOut(String),
    /// Something that nobody keeps.
    Passing,
    /// The connection was ended.
    Bye,
}

impl Said {
    /// Reads a line; none if it is not one of ours.
    pub fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let id = |text: &str| text.parse().ok().map(SyncId);
        let user = |text: &str| text.parse().ok().map(UserId);
        let users = |text: &str| -> Option<Vec<UserId>> {
            text.split(',').filter(|one| !one.is_empty()).map(user).collect()
        };
        Some(match *words.as_slice() {
            ["e", at] => Self::Event(id(at)?, None),
            ["e", at, epoch] => Self::Event(id(at)?, Some(Epoch::new(epoch)?)),
            ["c", at] => Self::Before(id(at)?),
            ["g", tag, there] => Self::Granted(tag.parse().ok()?, users(there)?),
            ["+", who, room] => Self::Presence(true, user(who)?, room.to_owned()),
            ["-", who, room] => Self::Presence(false, user(who)?, room.to_owned()),
            ["l", room, there] => Self::List(room.to_owned(), users(there)?),
            ["x", room] => Self::PutOut(room.to_owned()),
            ["~"] => Self::Passing,
            ["bye"] => Self::Bye,
            _ => return None,
        })
    }
}

/// A frame that must arrive.
pub fn line(text: &str) -> Frame {
    Frame::durable(Bytes::from(format!("{text}\n")))
}

/// Who is there, in one word.
pub fn users(present: &[Present]) -> String {
    let ids: Vec<String> = present.iter().map(|one| one.user.id.to_string()).collect();
    ids.join(",")
}

/// The frames of all four.
#[derive(Debug)]
pub struct Words {
    /// The epoch of the cursors.
    pub epoch: Epoch,
}

impl Words {
    /// The cursor of an event.
    pub fn cursor(&self, id: SyncId) -> Cursor {
        Cursor { epoch: self.epoch.clone(), id }
    }
}

impl Encoder for Words {
    fn audience(&self, event: &Event, key: FrameKey) -> Rooms {
        Dialect::of(key).audience(event)
    }

    fn frame(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let id = event.sync_id;
        let cursors = key.0 % 2 == 1;
        Some(line(&if cursors {
            format!("e {id} {}", self.epoch.as_str())
        } else {
            format!("e {id}")
        }))
    }

    fn companion(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let id = event.sync_id;
        Dialect::of(key).in_two_words(id).then(|| line(&format!("c {id}")))
    }

    fn signal(&self, signal: &Signal, key: FrameKey) -> Deliveries {
        let deliver = |room: Room, frame: Frame| Delivery {
            rooms: smallvec![room],
            unless: Rooms::new(),
            except: signal.cause,
            frame,
        };
        match &signal.body {
            SignalBody::Presence { arrived, rooms, .. } if Dialect::of(key) != Dialect::Lists => {
                let sign = if *arrived { '+' } else { '-' };
                let told = |room: &Room| line(&format!("{sign} {} {room}", signal.user.id));
                rooms.iter().map(|room| deliver(*room, told(room))).collect()
            }
            SignalBody::Relay { room, .. } => {
                smallvec![deliver(*room, Frame::ephemeral(Bytes::from_static(b"~\n")))]
            }
            SignalBody::Presence { .. } | SignalBody::Typing { .. } | SignalBody::Upload(_) => {
                Deliveries::new()
            }
        }
    }

    fn put_out(&self, room: Room, _: Loss, _: Timestamp, key: FrameKey) -> Option<Frame> {
        Dialect::of(key).by_hand().then(|| line(&format!("x {room}")))
    }

    fn lists_present(&self, key: FrameKey) -> bool {
        Dialect::of(key) == Dialect::Lists
    }

    fn list(&self, room: Room, present: &[Present], key: FrameKey) -> Option<Frame> {
        self.lists_present(key).then(|| line(&format!("l {room} {}", users(present))))
    }
}
