//! Where events are heard, and whose permission reading them needs.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::id::{ChannelId, ProjectId, TaskId, UserId};
use crate::words::WorkspaceRole;

/// The rooms an event concerns. Most concern one or two.
pub type Rooms = SmallVec<[Room; 2]>;

/// What permission is checked against when an event is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Members of this project at that time.
    Project(ProjectId),
    /// Members of this private channel at that time.
    Channel(ChannelId),
    /// This user alone.
    User(UserId),
    /// Everyone with an account.
    Everyone,
}

/// A subject of an event, and at the same time where connections wait for it. Dialects turn
/// subjects into the rooms that they let hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// Everyone in a project.
    Project(ProjectId),
    /// Every connection of one user.
    User(UserId),
    /// Every connection.
    Everyone,
    /// Whoever has this role in the workspace and belongs to a project. Never in the log: found
    /// again as a part of the project.
    Role(ProjectId, WorkspaceRole),
    /// Whoever looks at a channel that everyone in the project may see.
    Channel(ProjectId, ChannelId),
    /// Whoever looks at a channel that is for its own members alone.
    Private(ProjectId, ChannelId),
    /// Whoever looks at a task of a project. Never in the log.
    Task(ProjectId, TaskId),
    /// Whoever used the same name, which stands for nothing that is stored. Never in the log.
    Named(u64),
}

impl Room {
    /// The room of a name that stands for nothing stored (FNV-1a, 64 bits). Whoever finds two
    /// names with one hash has found a room that anyone may enter by either.
    pub fn named(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self::Named(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    /// The room of a channel.
    pub fn of_channel(project: ProjectId, channel: ChannelId, is_private: bool) -> Self {
        if is_private { Self::Private(project, channel) } else { Self::Channel(project, channel) }
    }

    /// The project that one must belong to in order to be there.
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(project)
            | Self::Channel(project, _)
            | Self::Private(project, _)
            | Self::Task(project, _)
            | Self::Role(project, _) => Some(project),
            Self::User(_) | Self::Everyone | Self::Named(_) => None,
        }
    }
}

impl Scope {
    /// The project, if it is one.
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(project) => Some(project),
            Self::Channel(_) | Self::User(_) | Self::Everyone => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Everyone => f.write_str(EVERYONE),
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == EVERYONE {
            return Ok(Self::Everyone);
        }
        match split(text)? {
            ("project", id) => Ok(Self::Project(ProjectId(id))),
            ("channel", id) => Ok(Self::Channel(ChannelId(id))),
            ("user", id) => Ok(Self::User(UserId(id))),
            _ => Err(UnknownName),
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Everyone => f.write_str(EVERYONE),
            Self::Channel(_, id) | Self::Private(_, id) => write!(f, "channel:{id}"),
            Self::Role(id, role) => write!(f, "project:{id}:{}", role.as_str()),
            Self::Task(_, id) => write!(f, "task:{id}"),
            Self::Named(hash) => write!(f, "named:{hash:x}"),
        }
    }
}

impl FromStr for Room {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == EVERYONE {
            return Ok(Self::Everyone);
        }
        match split(text)? {
            ("project", id) => Ok(Self::Project(ProjectId(id))),
            ("user", id) => Ok(Self::User(UserId(id))),
            _ => Err(UnknownName),
        }
    }
}

/// What everyone is called.
const EVERYONE: &str = "everyone";

/// The text names no scope or room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a scope or room")]
pub struct UnknownName;

fn split(text: &str) -> Result<(&str, i64), UnknownName> {
    let (kind, id) = text.split_once(':').ok_or(UnknownName)?;
    Ok((kind, id.parse().map_err(|_| UnknownName)?))
}
