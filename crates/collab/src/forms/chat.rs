//! The native form of commands on channels and messages.

use chorus_model::text::{Description, MessageText, Name, Rule};
use chorus_model::{ChannelId, Emoji, MessageId, ProjectId, TaskId, UserId};
use serde_json::{Map, Value};

use super::{Object, id, version};
use crate::chat::{ChannelPatch, ChatCommand, NewChannel, NewMessage, check_metadata};
use crate::command::Command;
use crate::fault::Fault;
use crate::fields::Fields;

/// The command of this name; none if there is no such command.
pub(super) fn command(name: &str, object: &Object) -> Option<Result<Command, Fault>> {
    let channel = || id(object, "channel_id").map(ChannelId);
    let message = || id(object, "message_id").map(MessageId);
    let user = || id(object, "user_id").map(UserId);
    let version = || version(object);
    let command = match name {
        "channel.create" => new_channel(object, None).map(ChatCommand::CreateChannel),
        "channel.update" => (|| {
            let (channel, patch) = (channel()?, channel_patch(object)?);
            Ok(ChatCommand::UpdateChannel { channel, patch, if_version: version()? })
        })(),
        "channel.delete" => channel().map(|channel| ChatCommand::DeleteChannel { channel }),
        "channel.add" => {
            (|| Ok(ChatCommand::AddToChannel { channel: channel()?, user: user()? }))()
        }
        "channel.remove" => {
            (|| Ok(ChatCommand::RemoveFromChannel { channel: channel()?, user: user()? }))()
        }
        "channel.read" => (|| {
            let channel = channel()?;
            Ok(ChatCommand::ReadChannel { channel, upto: upto(object)? })
        })(),
        "message.create" => new_message(object, None).map(ChatCommand::PostMessage),
        "message.update" => (|| {
            let (message, content) = (message()?, content(object)?);
            Ok(ChatCommand::EditMessage { message, content, if_version: version()? })
        })(),
        "message.delete" => message().map(|message| ChatCommand::DeleteMessage { message }),
        "reaction.add" | "reaction.remove" => (|| {
            let (message, emoji, on) = (message()?, emoji(object)?, name == "reaction.add");
            Ok(ChatCommand::React { message, emoji, on })
        })(),
        _ => return None,
    };
    Some(command.map(Command::Chat))
}

/// A channel to make in `project`, or in the one that the object names.
pub fn new_channel(object: &Object, project: Option<ProjectId>) -> Result<NewChannel, Fault> {
    let mut fields = Fields::new(object);
    let project = project.or_else(|| fields.required_id("project_id").map(ProjectId));
    let task = fields.nullable_id("task_id").flatten().map(TaskId);
    let name = fields.required("name", Name::parse);
    let description = fields.nullable_text("description", Description::parse).flatten();
    let is_private = fields.flag("is_private").unwrap_or(false);
    let (project, name) = fields.finish_with(project.zip(name))?;
    Ok(NewChannel { project, task, name, description, is_private })
}

/// New values of a channel's fields.
pub fn channel_patch(object: &Object) -> Result<ChannelPatch, Fault> {
    let mut fields = Fields::new(object);
    let name = fields.text("name", Name::parse);
    let description = fields.nullable_text("description", Description::parse);
    fields.finish().map(|()| ChannelPatch { name, description })
}

/// Whom to take into a private channel.
pub fn channel_member(object: &Object) -> Result<UserId, Fault> {
    id(object, "user_id").map(UserId)
}

/// A message to say in `channel`, or in the one that the object names.
pub fn new_message(object: &Object, channel: Option<ChannelId>) -> Result<NewMessage, Fault> {
    let mut fields = Fields::new(object);
    let channel = channel.or_else(|| fields.required_id("channel_id").map(ChannelId));
    let content = fields.required("content", MessageText::parse_some);
    let parent = fields.nullable_id("parent_id").flatten().map(MessageId);
    let metadata = metadata(object).map_err(|rule| fields.note("metadata", rule)).ok().flatten();
    let (channel, content) = fields.finish_with(channel.zip(content))?;
    Ok(NewMessage { channel, content, metadata, parent, spoken: false })
}

/// What a message says now.
pub fn content(object: &Object) -> Result<MessageText, Fault> {
    let mut fields = Fields::new(object);
    let content = fields.required("content", MessageText::parse_some);
    fields.finish_with(content)
}

/// Up to which message somebody has read; none means all.
pub fn upto(object: &Object) -> Result<Option<MessageId>, Fault> {
    let mut fields = Fields::new(object);
    let upto = fields.nullable_id("message_id").flatten().map(MessageId);
    fields.finish().map(|()| upto)
}

/// A sign.
pub fn emoji(object: &Object) -> Result<Emoji, Fault> {
    let mut fields = Fields::new(object);
    let emoji = fields.required("emoji", Emoji::parse);
    fields.finish_with(emoji)
}

fn metadata(object: &Object) -> Result<Option<Map<String, Value>>, Rule> {
    match object.get("metadata") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(metadata)) => {
            check_metadata(metadata).map_err(|invalid| invalid.rule)?;
            Ok(Some(metadata.clone()).filter(|metadata| !metadata.is_empty()))
        }
        Some(_) => Err(Rule::Type("an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<NewMessage, String> {
        let message = new_message(body.as_object().unwrap(), None);
        message.map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_message_is_kept_as_it_was_written() {
        let said = read(&json!({"channel_id": 7, "content": " a\n b ", "metadata": {}})).unwrap();
        assert_eq!((said.content.as_str(), said.metadata), (" a\n b ", None));
        let wrong = read(&json!({"content": " ", "metadata": [], "parent_id": "x"})).unwrap_err();
        assert_eq!(
            wrong,
            "channel_id is required; content is required; parent_id must be an id; \
             metadata must be an object"
        );
        let large = read(&json!({"channel_id": 7, "content": "x".repeat(10_001)})).unwrap_err();
        assert_eq!(large, "content must be 10000 characters or less");
    }
}
