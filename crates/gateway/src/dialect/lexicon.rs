//! The frames of every event in every dialect: what the hub asks for.

use std::sync::Arc;

use chorus_collab::{Fault, Noun};
use chorus_model::event::Rooms;
use chorus_model::{
    Body, Cursor, CustomEvent, Epoch, Event, Room, Signal, Timestamp, Whole, WorkspaceRole,
};
use chorus_protocol::socketio::Offset;
use chorus_realtime::{Deliveries, Encoder, Enters, Frame, FrameKey, Loss, Present, Wanted};

use super::wholes::Wholes;
use super::{Dialect, Wire};

/// The dialects that this server speaks.
#[derive(Debug)]
pub struct Lexicon {
    dialects: Vec<Entry>,
    /// The epoch of the cursors that events are told with.
    epoch: Option<Epoch>,
    /// What some events are told with.
    wholes: Wholes,
}

#[derive(Debug)]
struct Entry {
    dialect: Arc<dyn Dialect>,
    /// The namespaces in which it is spoken: its own on every listener, then those of its own
    /// listeners.
    namespaces: Vec<String>,
}

/// Bits of a key that number the namespace.
const NAMESPACE_BITS: u16 = 4;
/// The number of raw sockets, which have no namespace, behind all that have one.
const RAW: u16 = (1 << NAMESPACE_BITS) - 1;
/// The bit of those who are told where in the log an event is.
const WITH_CURSOR: u16 = 1 << NAMESPACE_BITS;
/// The bit of those who know offsets, and are not to take anything else for one.
const KNOWS_OFFSETS: u16 = WITH_CURSOR << 1;
/// Where the number of the dialect begins.
const DIALECT: u16 = NAMESPACE_BITS + 2;

impl Lexicon {
    /// A lexicon of these dialects.
    pub fn new(dialects: Vec<Arc<dyn Dialect>>) -> Self {
        let entry = |dialect: Arc<dyn Dialect>| {
            let own = dialect.namespaces().iter().map(ToString::to_string);
            let everywhere = format!("/{}", dialect.name());
            let namespaces = std::iter::once(everywhere).chain(own).take(RAW.into()).collect();
            Entry { dialect, namespaces }
        };
        Self {
            dialects: dialects.into_iter().map(entry).collect(),
            epoch: None,
            wholes: Wholes::default(),
        }
    }

    /// The same for a log in this epoch: who asks for it is told where in the log an event is.
    #[must_use]
    pub fn in_epoch(self, epoch: Epoch) -> Self {
        Self { epoch: Some(epoch), ..self }
    }

    /// The dialect of this name.
    pub fn dialect(&self, name: &str) -> Option<&Arc<dyn Dialect>> {
        self.dialects.iter().map(|entry| &entry.dialect).find(|dialect| dialect.name() == name)
    }

    /// The names of all dialects.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.dialects.iter().map(|entry| entry.dialect.name())
    }

    /// What is spoken in `namespace` on a listener of the dialect `listener`, and the key of its
    /// frames. None if there is no such namespace.
    pub fn spoken(&self, listener: &str, namespace: &str) -> Option<(&Arc<dyn Dialect>, FrameKey)> {
        let place_in = |entry: &Entry| {
            let place = entry.namespaces.iter().position(|own| own == namespace)?;
            (place == 0 || entry.dialect.name() == listener).then_some(place)
        };
        let mut all = self.dialects.iter().enumerate();
        let (at, entry, place) = all.find_map(|(at, entry)| Some((at, entry, place_in(entry)?)))?;
        let key = u16::try_from((at << DIALECT) | place).ok()?;
        Some((&entry.dialect, FrameKey(key)))
    }

    /// The key of a dialect's frames on raw sockets.
    pub fn spoken_raw(&self, dialect: &str) -> Option<(&Arc<dyn Dialect>, FrameKey)> {
        let named = |entry: &Entry| entry.dialect.name() == dialect;
        let at = self.dialects.iter().position(named)?;
        let key = u16::try_from(at << DIALECT).ok()? | RAW;
        Some((&self.dialects[at].dialect, FrameKey(key)))
    }

    /// The key of the same frames, told with cursors.
    pub fn with_cursors(&self, key: FrameKey) -> FrameKey {
        FrameKey(key.0 | WITH_CURSOR)
    }

    /// The key of the same frames for clients over Socket.IO that can recover their connections:
    /// with cursors too, these are its offsets.
    pub fn for_recovery(&self, key: FrameKey) -> FrameKey {
        FrameKey(key.0 | KNOWS_OFFSETS)
    }

    /// What is told of an event as its cursor to who asked for that.
    fn cursor(&self, event: &Event, key: FrameKey) -> Option<String> {
        let asked = key.0 & WITH_CURSOR != 0;
        let epoch = self.epoch.clone().filter(|_| asked)?;
        Some(Cursor { epoch, id: event.sync_id }.to_string())
    }

    /// A dialect, and where its words are written that have no place in the log.
    fn of(&self, key: FrameKey) -> Option<(&dyn Dialect, Wire<'_>)> {
        let entry = self.dialects.get(usize::from(key.0 >> DIALECT))?;
        let knows = key.0 & KNOWS_OFFSETS != 0;
        let offset = if knows { Offset::Unplaced } else { Offset::Unknown };
        let wire = match entry.namespaces.get(usize::from(key.0 & RAW)) {
            Some(namespace) => Wire::SocketIo { namespace, offset },
            None => Wire::Raw,
        };
        Some((&*entry.dialect, wire))
    }
}

impl Encoder for Lexicon {
    fn audience(&self, event: &Event, key: FrameKey) -> Rooms {
        match (self.of(key), &event.body) {
            (Some((dialect, _)), Body::Custom(custom)) => hearers(dialect, custom),
            (Some((dialect, _)), _) => dialect.audience(event),
            (None, _) => Rooms::new(),
        }
    }

    fn frame(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let (dialect, wire) = self.of(key)?;
        let cursor = self.cursor(event, key);
        let wire = cursor.as_deref().map_or(wire, |cursor| wire.at(cursor));
        match &event.body {
            Body::Custom(custom) => Some(dialect.custom(&wire, custom, Some(event), event.at)),
            _ => match dialect.whole(event).zip(event.scope.project()) {
                Some((kind, project)) => {
                    let whole =
                        self.wholes.rendered(Wanted { project, kind }, event.sync_id, dialect);
                    dialect.encode_whole(&wire, event, &whole)
                }
                None => dialect.encode(&wire, event),
            },
        }
    }

    fn lacks(&self, event: &Event, key: FrameKey) -> Option<Wanted> {
        let (dialect, _) = self.of(key)?;
        let (kind, project) = dialect.whole(event).zip(event.scope.project())?;
        let wanted = Wanted { project, kind };
        (!self.wholes.has(wanted, event.sync_id)).then_some(wanted)
    }

    fn supply(&self, wanted: Wanted, whole: Whole) {
        self.wholes.keep(wanted, whole);
    }

    fn companion(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let (dialect, wire) = self.of(key)?;
        dialect.companion(&wire, event)
    }

    fn hearers(&self, custom: &CustomEvent, key: FrameKey) -> Rooms {
        self.of(key).map(|(dialect, _)| hearers(dialect, custom)).unwrap_or_default()
    }

    fn custom(&self, custom: &CustomEvent, at: Timestamp, key: FrameKey) -> Option<Frame> {
        let (dialect, wire) = self.of(key)?;
        Some(Frame::ephemeral(dialect.custom(&wire, custom, None, at).bytes))
    }

    fn put_out(&self, room: Room, why: Loss, at: Timestamp, key: FrameKey) -> Option<Frame> {
        let (dialect, wire) = self.of(key)?;
        let why = match why {
            Loss::Access => Fault::Forbidden,
            Loss::Project => Fault::NotFound(Noun::Project),
            Loss::Channel => Fault::NotFound(Noun::Channel),
        };
        dialect.put_out(&wire, room, &why, at)
    }

    fn lists_present(&self, key: FrameKey) -> bool {
        self.of(key).is_some_and(|(dialect, _)| dialect.lists_present())
    }

    fn list(&self, room: Room, present: &[Present], key: FrameKey) -> Option<Frame> {
        let (Room::Project(project), Some((dialect, wire))) = (room, self.of(key)) else {
            return None;
        };
        dialect.list(&wire, project, present)
    }

    fn signal(&self, signal: &Signal, key: FrameKey) -> Deliveries {
        self.of(key).map(|(dialect, wire)| dialect.signal(&wire, signal)).unwrap_or_default()
    }
}

/// In which rooms of a dialect a custom event is heard: where a dialect enters rooms of roles,
/// everyone in a project is everyone of every role there.
fn hearers(dialect: &dyn Dialect, custom: &CustomEvent) -> Rooms {
    let room = custom.room.room();
    match room {
        Room::Project(project) if dialect.enters() == Enters::Roles => {
            let roles = WorkspaceRole::ALL.iter().map(|role| Room::Role(project, *role));
            std::iter::once(room).chain(roles).collect()
        }
        _ => Rooms::from_slice(&[room]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::dialect::{Envelope, Flux, Native, fixture};

    fn told(frame: &Frame) -> Value {
        let (_, payload) = chorus_protocol::websocket::split(&frame.bytes).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    #[test]
    fn raw_sockets_are_told_where_in_the_log_an_event_is() {
        let dialects: Vec<Arc<dyn Dialect>> = vec![Arc::new(Envelope::default()), Arc::new(Native)];
        let lexicon = Lexicon::new(dialects).in_epoch(Epoch::new("k3x9").unwrap());
        let event = fixture::event(Body::TaskDeleted { task: fixture::task() });
        for name in ["envelope", "native"] {
            let (_, plain) = lexicon.spoken_raw(name).unwrap();
            let key = lexicon.with_cursors(plain);
            assert_eq!(lexicon.with_cursors(key), key);
            let [plain, mut placed] =
                [plain, key].map(|key| told(&lexicon.frame(&event, key).unwrap()));
            let cursor = placed.as_object_mut().unwrap().remove("cursor").unwrap();
            assert_eq!(cursor, format!("k3x9-{}", event.sync_id));
            assert_eq!(placed, plain, "{name}");
        }
    }

    #[test]
    fn who_can_recover_is_told_offsets_and_nothing_that_looks_like_one() {
        let lexicon =
            Lexicon::new(vec![Arc::new(Flux::default())]).in_epoch(Epoch::new("k3x9").unwrap());
        let (_, plain) = lexicon.spoken("flux", "/").unwrap();
        let knows = lexicon.for_recovery(plain);
        let said = |key, data: &str| {
            let body = format!(r#"{{"event":"x","room":"project:7","data":{data}}}"#);
            let custom = serde_json::from_str::<CustomEvent>(&body).unwrap();
            let event = fixture::event(Body::Custom(custom));
            let frame = lexicon.frame(&event, key).unwrap();
            let (_, payload) = chorus_protocol::websocket::split(&frame.bytes).unwrap();
            String::from_utf8(payload.to_vec()).unwrap()
        };
        let placed = lexicon.with_cursors(knows);
        for (data, expected) in [("1", r#"42["x",1]"#), (r#""s""#, r#"42["x","s"]"#)] {
            assert_eq!(said(plain, data), expected);
        }
        for (data, expected) in [("1", r#"42["x",1]"#), (r#""s""#, r#"42["x","s",null]"#)] {
            assert_eq!(said(knows, data), expected);
        }
        for (data, expected) in
            [("1", r#"42["x",1,"k3x9-1"]"#), (r#""s""#, r#"42["x","s","k3x9-1"]"#)]
        {
            assert_eq!(said(placed, data), expected);
        }
    }
}
