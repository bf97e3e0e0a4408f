//! Channels: where people of a project talk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::Scope;
use crate::id::{ChannelId, MessageId, ProjectId, TaskId, UserId};
use crate::room::Room;
use crate::task::Change;
use crate::user::UserRef;

/// A place to talk: of a project, or of one of its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// The task that it is about, if it is about one.
    pub task_id: Option<TaskId>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is for its own members alone, for good: what was said among few stays there.
    pub is_private: bool,
    /// Who made it.
    pub creator_id: UserId,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Channel {
    /// Where connections wait for what is said in it.
    pub fn room(&self) -> Room {
        Room::of_channel(self.project_id, self.id, self.is_private)
    }

    /// Whose permission a reader needs.
    pub fn scope(&self) -> Scope {
        if self.is_private { Scope::Channel(self.id) } else { Scope::Project(self.project_id) }
    }

    /// How other events name this channel.
    pub fn to_ref(&self) -> ChannelRef {
        let Self { id, project_id, is_private, .. } = *self;
        ChannelRef { id, project_id, name: self.name.clone(), is_private }
    }
}

/// A channel as another event names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelRef {
    /// Which channel.
    pub id: ChannelId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Its name at that time.
    pub name: String,
    /// Whether it is for its own members alone.
    pub is_private: bool,
}

impl ChannelRef {
    /// Where connections wait for what is said in it.
    pub fn room(&self) -> Room {
        Room::of_channel(self.project_id, self.id, self.is_private)
    }

    /// Whose permission a reader needs.
    pub fn scope(&self) -> Scope {
        if self.is_private { Scope::Channel(self.id) } else { Scope::Project(self.project_id) }
    }
}

/// Somebody's place in a private channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelMember {
    /// In which channel.
    pub channel_id: ChannelId,
    /// Who.
    pub user_id: UserId,
    /// The person by name.
    pub user: UserRef,
    /// Since when.
    pub joined_at: Timestamp,
}

/// What one command changed of a channel: old and new of each field that differs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Channel`")]
pub struct ChannelChanges {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<String>>>,
}

/// How far one person has read a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadMarker {
    /// Which channel.
    pub channel_id: ChannelId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Who reads.
    pub user_id: UserId,
    /// The last message that was read; none if nothing was.
    pub last_read_id: Option<MessageId>,
    /// How many messages of others came after it. Not counted beyond 1,000.
    pub unread: u64,
}
