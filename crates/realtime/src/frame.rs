//! Finished frames and who makes them.

use bytes::Bytes;
use chorus_model::event::Rooms;
use chorus_model::{
    ConnectionId, CustomEvent, Event, Kind, ProjectId, Room, Signal, Timestamp, Whole,
};
use smallvec::SmallVec;

use crate::presence::Present;

/// A finished wire frame, shared by everybody who gets it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Header and payload, ready to be written.
    pub bytes: Bytes,
    /// Whether it may be dropped when a queue is full.
    pub ephemeral: bool,
}

impl Frame {
    /// A frame that must arrive.
    pub fn durable(bytes: Bytes) -> Self {
        Self { bytes, ephemeral: false }
    }

    /// A frame that may be dropped.
    pub fn ephemeral(bytes: Bytes) -> Self {
        Self { bytes, ephemeral: true }
    }
}

/// What decides how an event is written for a connection: dialect, namespace, offset or not.
/// Only the [`Encoder`] knows what the bits mean; to the hub, equal keys share frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameKey(pub u16);

/// Turns facts into frames. Called by the publisher, at most once per fact and key, and only for
/// keys that some connection has.
pub trait Encoder: Send + Sync {
    /// The rooms whose members with this key hear the event; none where the dialect has no word
    /// for it. Must be among the event's own rooms, or rooms of roles in its project, because only
    /// those are found again at replay.
    fn audience(&self, event: &Event, key: FrameKey) -> Rooms;

    /// The event in this key's words. `None` is treated like an empty audience.
    fn frame(&self, event: &Event, key: FrameKey) -> Option<Frame>;

    /// What must be read before the event can be written for this key; none where that is nothing,
    /// or was [supplied](Self::supply) as of the event or later.
    fn lacks(&self, _event: &Event, _key: FrameKey) -> Option<Wanted> {
        None
    }

    /// What it lacked.
    fn supply(&self, _wanted: Wanted, _whole: Whole) {}

    /// A second word for the event, told just before the first.
    fn companion(&self, _event: &Event, _key: FrameKey) -> Option<Frame> {
        None
    }

    /// The signal in this key's words, and who hears it. Frames about presence count as durable,
    /// whatever they say of themselves.
    fn signal(&self, signal: &Signal, key: FrameKey) -> Deliveries;

    /// What those with this key hear who are taken out of a room; none where it has no word for
    /// that.
    fn put_out(&self, _room: Room, _why: Loss, _at: Timestamp, _key: FrameKey) -> Option<Frame> {
        None
    }

    /// The rooms whose members with this key hear a custom event that nobody keeps.
    fn hearers(&self, custom: &CustomEvent, _key: FrameKey) -> Rooms {
        Rooms::from_slice(&[custom.room.room()])
    }

    /// Such an event.
    fn custom(&self, _custom: &CustomEvent, _at: Timestamp, _key: FrameKey) -> Option<Frame> {
        None
    }

    /// Whether this key hears whole lists of who is in a room, whenever somebody came or went.
    fn lists_present(&self, _key: FrameKey) -> bool {
        false
    }

    /// Such a list.
    fn list(&self, _room: Room, _present: &[Present], _key: FrameKey) -> Option<Frame> {
        None
    }
}

/// All of a kind in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which project.
    pub project: ProjectId,
    /// Which kind.
    pub kind: &'static Kind,
}

/// Why somebody is taken out of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// He may no longer see the project.
    Access,
    /// The project was deleted.
    Project,
    /// The channel was deleted.
    Channel,
}

/// An event in one key's words: the second word first, if it has one. None if there is no word.
pub(crate) fn told(encoder: &dyn Encoder, event: &Event, key: FrameKey) -> Told {
    match encoder.frame(event, key) {
        Some(frame) => encoder.companion(event, key).into_iter().chain([frame]).collect(),
        None => Told::new(),
    }
}

/// The frames of one event, which are taken by an outbox together.
pub(crate) type Told = SmallVec<[Frame; 2]>;

/// What a signal comes to in one key: most are one frame to one room.
pub type Deliveries = SmallVec<[Delivery; 1]>;

/// One frame for the members of some rooms, each once.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Who hears it.
    pub rooms: Rooms,
    /// Members of these do not.
    pub unless: Rooms,
    /// Nor does this connection.
    pub except: Option<ConnectionId>,
    /// What they hear.
    pub frame: Frame,
}
