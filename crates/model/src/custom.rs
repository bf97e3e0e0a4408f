//! What other back ends tell in their own words.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::event::{Room, Scope, UnknownName};
use crate::id::{ProjectId, UserId};

/// An event of another back end: told as it is, to clients of every dialect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomEvent {
    /// Who hears it.
    #[schemars(with = "String")]
    pub room: Target,
    /// Its name.
    pub event: String,
    /// What it says: any JSON.
    pub data: Value,
}

/// Who hears a custom event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everyone in a project.
    Project(ProjectId),
    /// Every connection of one user.
    User(UserId),
    /// Every connection.
    Everyone,
    /// Whoever is in the room of this name, which stands for nothing stored. Cannot be kept.
    Named(String),
}

impl Target {
    /// The room.
    pub fn room(&self) -> Room {
        match self {
            Self::Project(id) => Room::Project(*id),
            Self::User(id) => Room::User(*id),
            Self::Everyone => Room::Everyone,
            Self::Named(name) => Room::named(name),
        }
    }

    /// Whose permission a reader needs, if it can be kept.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::Project(id) => Some(Scope::Project(*id)),
            Self::User(id) => Some(Scope::User(*id)),
            Self::Everyone => Some(Scope::Everyone),
            Self::Named(_) => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            stored => stored.room().fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = UnknownName;

    /// Reads `project:7`, `user:3`, `everyone`, or another name with a kind and an id.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.parse() {
            Ok(Room::Project(id)) => Ok(Self::Project(id)),
            Ok(Room::User(id)) => Ok(Self::User(id)),
            Ok(Room::Everyone) => Ok(Self::Everyone),
            _ => {
                let (kind, id) = text.split_once(':').ok_or(UnknownName)?;
                let stored = matches!(kind, "project" | "user" | "task");
                let fits = |part: &str| !part.is_empty() && part.len() <= 64;
                let named = !stored && fits(kind) && fits(id);
                named.then(|| Self::Named(text.to_owned())).ok_or(UnknownName)
            }
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in ["project:7", "user:3", "everyone", "channel:general"] {
            assert_eq!(name.parse::<Target>().unwrap().to_string(), name);
        }
        for wrong in ["", "project:x", "task:1", "lobby", ":1", "channel:"] {
            assert_eq!(wrong.parse::<Target>(), Err(UnknownName), "{wrong}");
        }
    }
}
