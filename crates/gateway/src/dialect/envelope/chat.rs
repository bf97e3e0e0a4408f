//! What clients of the Project Manager app hear of channels: messages that are kept.

use chorus_model::{Body, ChannelRef, Event, Message};
use chorus_realtime::Frame;
use serde_json::{Map, Value, json};

use super::tell::in_room;
use crate::dialect::Wire;

/// The word for what became of a message.
pub(super) fn word(body: &Body) -> Option<&'static str> {
    Some(match body {
        Body::MessageCreated { spoken: true, .. } => "message",
        Body::MessageCreated { spoken: false, .. } => "message.new",
        Body::MessageUpdated { .. } => "message.edited",
        Body::MessageDeleted { .. } => "message.deleted",
        _ => return None,
    })
}

/// The one durable frame of it.
pub(super) fn event(wire: &Wire<'_>, event: &Event) -> Option<Frame> {
    let word = word(&event.body)?;
    let (channel, content) = match &event.body {
        Body::MessageCreated { message, channel, spoken: true } => {
            return Some(said(wire, event, message, channel));
        }
        Body::MessageCreated { message, channel, spoken: false } => (channel, created(message)),
        Body::MessageUpdated { message, channel } => {
            (channel, json!({ "message_id": message.id, "new_content": message.content }))
        }
        Body::MessageDeleted { message, channel } => (channel, json!({ "message_id": message.id })),
        _ => return None,
    };
    let room = channel.room().to_string();
    Some(in_room(wire, word, &room, &event.actor, &content, event.at))
}

/// The app's chat page shows what was posted over REST when it hears this word.
pub(super) fn companion(wire: &Wire<'_>, event: &Event) -> Option<Frame> {
    match &event.body {
        Body::MessageCreated { message, channel, spoken: false } => {
            Some(said(wire, event, message, channel))
        }
        _ => None,
    }
}

/// As a message that is relayed, and with the keys beside it that the chat page reads.
fn said(wire: &Wire<'_>, event: &Event, message: &Message, channel: &ChannelRef) -> Frame {
    let mut content = message.metadata.clone().unwrap_or_default();
    content.insert("content".to_owned(), json!(message.content));
    // Last, so that nobody speaks in another's name.
    content.insert("username".to_owned(), json!(message.author.username));
    content.insert("user_id".to_owned(), json!(message.author_id));
    let told = json!({
        "type": "message",
        "data": content,
        "timestamp": event.at.with_offset(),
        "room": channel.room().to_string(),
        "sender": message.author.username,
        "id": message.id,
        "channel_id": message.channel_id,
        "author_id": message.author_id,
        "author_name": message.author.full_name,
        "author_avatar": null,
        "content": message.content,
        "created_at": message.created_at.with_offset(),
        "attachments": attachments(message.metadata.as_ref()),
    });
    wire.event("message", &told)
}

fn created(message: &Message) -> Value {
    json!({
        "message_id": message.id,
        "channel_id": message.channel_id,
        "content": message.content,
        "author": message.author.username,
        "author_id": message.author_id,
        "parent_id": message.parent_id,
        "metadata": message.metadata,
        "created_at": message.created_at.with_offset(),
    })
}

fn attachments(metadata: Option<&Map<String, Value>>) -> Value {
    let given = metadata.and_then(|metadata| metadata.get("attachments"));
    given.filter(|given| given.is_array()).cloned().unwrap_or_else(|| json!([]))
}
