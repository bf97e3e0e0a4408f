//! What is asked of channels and messages, over REST and in the native protocol.

use chorus_collab::chat::{ChannelPatch, NewChannel, NewMessage};
use chorus_model::text::MessageText;
use chorus_model::{
    Channel, ChannelId, ChannelMember, Emoji, Message, MessageId, ReadMarker, UserId,
};
use serde_json::{Value, json};

use super::native::{Request, both, command, if_version};
use super::schemas::{Schemas, list, object, read, written};

/// A new channel of the project in the path: `project_id` is not read.
pub(crate) fn new_channel_here(schemas: &mut Schemas) -> Value {
    schemas.without::<NewChannel>("NewChannelHere", "project_id")
}

/// A new message of the channel in the path: `channel_id` is not read.
pub(crate) fn new_message_here(schemas: &mut Schemas) -> Value {
    schemas.without::<NewMessage>("NewMessageHere", "channel_id")
}

/// The form of a changed message.
pub(crate) fn content(schemas: &mut Schemas) -> Value {
    schemas.named("ContentForm", |s| object([("content", read::<MessageText>(s), true)]))
}

/// The form of a sign.
pub(crate) fn emoji(schemas: &mut Schemas) -> Value {
    schemas.named("EmojiForm", |s| object([("emoji", read::<Emoji>(s), true)]))
}

/// The form of a new member of a private channel.
pub(crate) fn channel_member(schemas: &mut Schemas) -> Value {
    schemas.named("ChannelMemberForm", |s| object([("user_id", read::<UserId>(s), true)]))
}

/// The form that says how far somebody has read.
pub(crate) fn read_form(schemas: &mut Schemas) -> Value {
    schemas.named("ReadUptoForm", |s| object([upto(s)]))
}

/// How far somebody has read several channels.
pub(crate) fn read_markers(schemas: &mut Schemas) -> Value {
    list::<ReadMarker>(schemas)
}

fn upto(schemas: &mut Schemas) -> (&'static str, Value, bool) {
    let id = read::<Option<MessageId>>(schemas);
    ("message_id", json!({ "anyOf": [id], "description": "Without it all is read." }), false)
}

fn channel(schemas: &mut Schemas) -> (&'static str, Value, bool) {
    ("channel_id", read::<ChannelId>(schemas), true)
}

fn message(schemas: &mut Schemas) -> (&'static str, Value, bool) {
    ("message_id", read::<MessageId>(schemas), true)
}

fn member(schemas: &mut Schemas) -> Value {
    let user = ("user_id", read::<UserId>(schemas), true);
    object([channel(schemas), user])
}

fn sign(schemas: &mut Schemas) -> Value {
    let message = message(schemas);
    both(emoji(schemas), [message])
}

/// The commands of the native protocol.
pub(super) fn requests() -> Vec<Request> {
    let nothing = |_: &mut Schemas| json!({ "type": "null" });
    vec![
        command("channel.create", read::<NewChannel>, written::<Channel>),
        command(
            "channel.update",
            |s| both(read::<ChannelPatch>(s), [channel(s), if_version()]),
            written::<Channel>,
        ),
        command("channel.delete", |s| object([channel(s)]), nothing),
        command("channel.add", member, written::<ChannelMember>),
        command("channel.remove", member, nothing),
        command("channel.read", |s| object([channel(s), upto(s)]), written::<ReadMarker>),
        command("message.create", read::<NewMessage>, written::<Message>),
        command(
            "message.update",
            |s| both(content(s), [message(s), if_version()]),
            written::<Message>,
        ),
        command("message.delete", |s| object([message(s)]), nothing),
        command("reaction.add", sign, written::<Message>),
        command("reaction.remove", sign, written::<Message>),
    ]
}
