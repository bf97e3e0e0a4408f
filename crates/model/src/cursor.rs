//! Places in the log: the sync id of an event, and the cursor that a client holds.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An event's place in the log: 1, 2, 3 … without holes, in commit order. 0 is before all.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct SyncId(pub u64);

impl SyncId {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for SyncId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a stretch of history that was not rewritten. Random, never a counter: a restored
/// backup would hand out the same number again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// Longest name that is accepted.
    pub const MAX_LEN: usize = 16;

    /// An epoch of this name; `None` unless it is 1 to 16 ASCII letters and digits.
    pub fn new(name: &str) -> Option<Self> {
        let valid = (1..=Self::MAX_LEN).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric());
        valid.then(|| Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Epoch and sync id: all a client must keep to resume. Opaque to clients; on the wire
/// `"<epoch>-<id>"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9]{1,16}-[0-9]{1,20}$"))]
pub struct Cursor {
    /// The epoch in which `id` was handed out.
    pub epoch: Epoch,
    /// The last event seen.
    pub id: SyncId,
}

/// The text is not a cursor. Callers treat it like a cursor that is out of reach: a reset, not a
/// failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (epoch, id) = text.split_once('-').ok_or(NotACursor)?;
        let canonical = !id.is_empty()
            && id.len() <= 20
            && id.bytes().all(|b| b.is_ascii_digit())
            && (id == "0" || !id.starts_with('0'));
        let id = id.parse().ok().filter(|_| canonical).ok_or(NotACursor)?;
        Ok(Self { epoch: Epoch::new(epoch).ok_or(NotACursor)?, id: SyncId(id) })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.0, self.id)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let cursor: Cursor = "k3x9-42".parse().unwrap();
        assert_eq!((cursor.epoch.as_str(), cursor.id), ("k3x9", SyncId(42)));
        assert_eq!(cursor.to_string(), "k3x9-42");
    }

    #[test]
    fn refuses_anything_else() {
        for text in [
            "",
            "42",
            "-42",
            "k3-",
            "k3--1",
            "k3-042",
            "k 3-4",
            "k3-1-2",
            "k3-99999999999999999999",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }
}
