//! The frames of every event in every dialect: what the hub asks for.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{Event, Signal};
use chorus_realtime::{Deliveries, Encoder, Frame, FrameKey};

use super::{Dialect, Wire};

/// The dialects that this server speaks.
#[derive(Debug)]
pub struct Lexicon {
    dialects: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    dialect: Arc<dyn Dialect>,
    /// The namespaces in which it is spoken: that of its listeners, and its own on every listener.
    namespaces: [String; 2],
}

/// Bits of a key that number the namespace.
const NAMESPACE_BITS: u16 = 4;
/// The place of raw sockets, which have no namespace.
const RAW: usize = 2;

impl Lexicon {
    /// A lexicon of these dialects.
    pub fn new(dialects: Vec<Arc<dyn Dialect>>) -> Self {
        let entry = |dialect: Arc<dyn Dialect>| {
            let namespaces = ["/".to_owned(), format!("/{}", dialect.name())];
            Entry { dialect, namespaces }
        };
        Self { dialects: dialects.into_iter().map(entry).collect() }
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
        let (at, entry) = self.dialects.iter().enumerate().find(|(_, entry)| {
            (namespace == "/" && entry.dialect.name() == listener)
                || (namespace != "/" && entry.namespaces.iter().any(|own| own == namespace))
        })?;
        let place = entry.namespaces.iter().position(|own| own == namespace)?;
        let key = u16::try_from((at << NAMESPACE_BITS) | place).ok()?;
        Some((&entry.dialect, FrameKey(key)))
    }

    /// The key of a dialect's frames on raw sockets.
    pub fn spoken_raw(&self, dialect: &str) -> Option<(&Arc<dyn Dialect>, FrameKey)> {
        let named = |entry: &Entry| entry.dialect.name() == dialect;
        let at = self.dialects.iter().position(named)?;
        let key = u16::try_from((at << NAMESPACE_BITS) | RAW).ok()?;
        Some((&self.dialects[at].dialect, FrameKey(key)))
    }

    fn of(&self, key: FrameKey) -> Option<(&dyn Dialect, Wire<'_>)> {
        let entry = self.dialects.get(usize::from(key.0 >> NAMESPACE_BITS))?;
        let place = usize::from(key.0 & ((1 << NAMESPACE_BITS) - 1));
        let wire = match entry.namespaces.get(place) {
            Some(namespace) => Wire::SocketIo { namespace },
            None => Wire::Raw,
        };
        Some((&*entry.dialect, wire))
    }
}

impl Encoder for Lexicon {
    fn audience(&self, event: &Event, key: FrameKey) -> Rooms {
        self.of(key).map(|(dialect, _)| dialect.audience(event)).unwrap_or_default()
    }

    fn frame(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let (dialect, wire) = self.of(key)?;
        dialect.encode(&wire, event)
    }

    fn signal(&self, signal: &Signal, key: FrameKey) -> Deliveries {
        self.of(key).map(|(dialect, wire)| dialect.signal(&wire, signal)).unwrap_or_default()
    }
}
