//! Channels and messages: what can be asked to happen, and how it is run.

mod channels;
mod messages;
mod queries;
mod reading;
mod speaking;

use chorus_model::text::{Description, MessageText, Name};
use chorus_model::{Channel, ChannelId, Emoji, MessageId, ProjectId, TaskId, User, UserId};
use chorus_storage::Reads;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access::{self, Action, Permit};
use crate::command::Answer;
use crate::doing::{Doing, hide};
use crate::fault::{Fault, Noun};

pub(crate) use reading::unread;
pub use reading::{Unread, UnreadChannel};
pub(crate) use speaking::check_metadata;

/// Channels that a project may have, private ones included.
pub const MOST_CHANNELS: u64 = 1_000;
/// Bytes of what a client says beside a message's text, as JSON.
pub const MAX_METADATA: usize = 16 * 1024;

/// A change of what people talk in, or of what was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "chat", rename_all = "snake_case")]
pub enum ChatCommand {
    /// Makes a channel; of a private one the caller is the first member.
    CreateChannel(NewChannel),
    /// Changes name or description of a channel.
    UpdateChannel {
        /// Which.
        channel: ChannelId,
        /// To what.
        patch: ChannelPatch,
        /// Only if it still has this version.
        if_version: Option<i64>,
    },
    /// Deletes a channel and all that was said there.
    DeleteChannel {
        /// Which.
        channel: ChannelId,
    },
    /// Takes somebody into a private channel.
    AddToChannel {
        /// Into which.
        channel: ChannelId,
        /// Whom.
        user: UserId,
    },
    /// Takes somebody out of a private channel.
    RemoveFromChannel {
        /// Out of which.
        channel: ChannelId,
        /// Whom.
        user: UserId,
    },
    /// Says something in a channel.
    PostMessage(NewMessage),
    /// Changes what a message says.
    EditMessage {
        /// Which.
        message: MessageId,
        /// To what.
        content: MessageText,
        /// Only if it still has this version.
        if_version: Option<i64>,
    },
    /// Deletes a message.
    DeleteMessage {
        /// Which.
        message: MessageId,
    },
    /// Leaves a sign under a message, or takes it back.
    React {
        /// Under which.
        message: MessageId,
        /// Which sign.
        emoji: Emoji,
        /// Whether it is to be there.
        on: bool,
    },
    /// Notes that the caller has read a channel.
    ReadChannel {
        /// Which.
        channel: ChannelId,
        /// Up to which message; none means all.
        upto: Option<MessageId>,
    },
}

impl ChatCommand {
    /// Whether it makes something.
    pub fn makes(&self) -> bool {
        matches!(self, Self::CreateChannel(_) | Self::AddToChannel { .. } | Self::PostMessage(_))
    }
}

/// A channel to make.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Channel`")]
pub struct NewChannel {
    #[schemars(rename = "project_id")]
    pub project: ProjectId,
    #[schemars(rename = "task_id")]
    pub task: Option<TaskId>,
    pub name: Name,
    pub description: Option<Description>,
    #[schemars(default)]
    pub is_private: bool,
}

/// New values of a channel's fields; absent ones stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Channel`")]
pub struct ChannelPatch {
    #[schemars(default, with = "Name")]
    pub name: Option<Name>,
    pub description: Option<Option<Description>>,
}

/// A message to say.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NewMessage {
    /// Where.
    #[schemars(rename = "channel_id")]
    pub channel: ChannelId,
    /// What it says.
    pub content: MessageText,
    /// What the client says beside the text, in its own words; at most 16 KiB.
    pub metadata: Option<Map<String, Value>>,
    /// The message of the same channel that it answers.
    #[schemars(rename = "parent_id")]
    pub parent: Option<MessageId>,
    /// Whether it was said to a room rather than stored by a command.
    #[schemars(skip)]
    pub spoken: bool,
}

pub(crate) fn apply(doing: &mut Doing<'_, '_>, command: &ChatCommand) -> Result<Answer, Fault> {
    match command {
        ChatCommand::CreateChannel(new) => channels::create(doing, new),
        ChatCommand::UpdateChannel { channel, patch, if_version } => {
            channels::update(doing, *channel, patch, *if_version)
        }
        ChatCommand::DeleteChannel { channel } => channels::delete(doing, *channel),
        ChatCommand::AddToChannel { channel, user } => channels::add(doing, *channel, *user),
        ChatCommand::RemoveFromChannel { channel, user } => {
            channels::remove(doing, *channel, *user)
        }
        ChatCommand::PostMessage(new) => messages::post(doing, new),
        ChatCommand::EditMessage { message, content, if_version } => {
            messages::edit(doing, *message, content, *if_version)
        }
        ChatCommand::DeleteMessage { message } => messages::delete(doing, *message),
        ChatCommand::React { message, emoji, on } => messages::react(doing, *message, emoji, *on),
        ChatCommand::ReadChannel { channel, upto } => reading::mark(doing, *channel, *upto),
    }
}

/// The channel, if `user` may see it, and what he may do there. A private one is for its members
/// alone: neither the owner of the project nor an admin of the workspace sees it otherwise.
pub(crate) fn visible_channel(
    reads: &Reads<'_>,
    user: &User,
    id: ChannelId,
) -> Result<(Channel, Permit), Fault> {
    let missing = Fault::NotFound(Noun::Channel);
    let channel = reads.channel(id)?.ok_or(missing.clone())?;
    let permit = access::permit(reads, user, channel.project_id, Action::Read);
    let permit = hide(permit, missing.clone())?;
    if channel.is_private && reads.channel_member(id, user.id)?.is_none() {
        return Err(missing);
    }
    Ok((channel, permit))
}
