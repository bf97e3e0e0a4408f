//! Messages, what answers them, and the signs under them.

use std::collections::HashSet;

use chorus_model::text::{MessageText, Rule, Username};
use chorus_model::{Body, ChannelRef, Emoji, Invalid, Message, MessageId, Notice, UserId};
use chorus_storage::NewMessage as Row;

use super::{NewMessage, visible_channel};
use crate::access::Action;
use crate::command::Answer;
use crate::doing::{Doing, expect_version, hide};
use crate::fault::{Fault, Noun};

/// Signs under one message.
const MOST_REACTIONS: u64 = 1_000;
/// People whom one message can name.
const MOST_MENTIONS: usize = 20;
/// Characters of a message that a notification repeats.
const CONTEXT: usize = 200;

pub(super) fn post(doing: &mut Doing<'_, '_>, new: &NewMessage) -> Result<Answer, Fault> {
    let (channel, _) = visible_channel(doing.tx, &doing.user, new.channel)?;
    doing.permit(channel.project_id, Action::Comment)?;
    if let Some(parent) = new.parent
        && doing.tx.message(parent)?.is_none_or(|parent| parent.channel_id != new.channel)
    {
        return Err(Invalid::new("parent_id", Rule::Unknown("a message of the channel")).into());
    }
    let message = doing.tx.insert_message(&Row {
        channel_id: new.channel,
        author_id: doing.user.id,
        parent_id: new.parent,
        content: new.content.as_str().to_owned(),
        metadata: new.metadata.clone(),
    })?;
    let (channel, spoken) = (channel.to_ref(), new.spoken);
    let told = Body::MessageCreated { message: message.clone(), channel: channel.clone(), spoken };
    doing.append(told)?;
    mention(doing, &message, &channel)?;
    Ok(Answer::Message(message))
}

pub(super) fn edit(
    doing: &mut Doing<'_, '_>,
    id: MessageId,
    content: &MessageText,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let (old, channel) = visible_message(doing, id)?;
    doing.permit(channel.project_id, Action::EditComment { author: old.author_id })?;
    expect_version(if_version, old.version)?;
    if old.content == content.as_str() {
        return Ok(Answer::Message(old));
    }
    let new = Message { content: content.as_str().to_owned(), is_edited: true, ..old };
    let message = doing.tx.update_message(&new)?;
    doing.append(Body::MessageUpdated { message: message.clone(), channel })?;
    Ok(Answer::Message(message))
}

pub(super) fn delete(doing: &mut Doing<'_, '_>, id: MessageId) -> Result<Answer, Fault> {
    let (message, channel) = visible_message(doing, id)?;
    let action = Action::DeleteMessage { author: message.author_id };
    doing.permit(channel.project_id, action)?;
    doing.tx.delete_message(id)?;
    doing.append(Body::MessageDeleted { message, channel })?;
    Ok(Answer::Deleted)
}

pub(super) fn react(
    doing: &mut Doing<'_, '_>,
    id: MessageId,
    emoji: &Emoji,
    on: bool,
) -> Result<Answer, Fault> {
    let (message, channel) = visible_message(doing, id)?;
    doing.permit(channel.project_id, Action::Comment)?;
    let user = doing.user.id;
    let there = message
        .reactions
        .iter()
        .any(|one| one.emoji == emoji.as_str() && one.users.contains(&user));
    if there == on {
        return Ok(Answer::Message(message));
    }
    let emoji = emoji.as_str().to_owned();
    let message_id = id;
    let told = if on {
        if doing.tx.reaction_count(id)? >= MOST_REACTIONS {
            let full = Rule::Form("one of at most 1000 signs under a message");
            return Err(Invalid::new("emoji", full).into());
        }
        doing.tx.insert_reaction(id, &emoji, user)?;
        Body::ReactionAdded { message_id, emoji, channel }
    } else {
        doing.tx.delete_reaction(id, &emoji, user)?;
        Body::ReactionRemoved { message_id, emoji, channel }
    };
    doing.append(told)?;
    let message = doing.tx.message(id)?.ok_or(Fault::NotFound(Noun::Message))?;
    Ok(Answer::Message(message))
}

/// The message and its channel, if the actor may see them.
fn visible_message(doing: &Doing<'_, '_>, id: MessageId) -> Result<(Message, ChannelRef), Fault> {
    let missing = Fault::NotFound(Noun::Message);
    let message = doing.tx.message(id)?.ok_or(missing.clone())?;
    let found = visible_channel(doing.tx, &doing.user, message.channel_id);
    let (channel, _) = hide(found, missing)?;
    Ok((message, channel.to_ref()))
}

/// Notifies those whom a message names, as far as they may read it.
fn mention(
    doing: &mut Doing<'_, '_>,
    message: &Message,
    channel: &ChannelRef,
) -> Result<(), Fault> {
    let mut named = HashSet::new();
    for name in names(&message.content).take(MOST_MENTIONS) {
        let Some(user) = reader(doing, &name, channel)? else { continue };
        if !named.insert(user) {
            continue;
        }
        let notice = Notice::Mentioned {
            channel: channel.clone(),
            message_id: message.id,
            context: message.content.chars().take(CONTEXT).collect(),
        };
        doing.notify(Some(user), channel.project_id, &notice)?;
    }
    Ok(())
}

/// Whom a name stands for, if he may read the channel. (That he may see the project is asked when
/// he is notified.)
fn reader(
    doing: &Doing<'_, '_>,
    name: &str,
    channel: &ChannelRef,
) -> Result<Option<UserId>, Fault> {
    let Some(user) = doing.tx.user_by_username(name)? else { return Ok(None) };
    if channel.is_private && doing.tx.channel_member(channel.id, user.id)?.is_none() {
        return Ok(None);
    }
    Ok(Some(user.id))
}

/// What stands behind an `@` at the beginning of a word, folded.
fn names(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().filter_map(|word| {
        let word = word.trim_start_matches(['(', '[', '"', '\'']);
        let name = word.strip_prefix('@')?.trim_end_matches(|c: char| !c.is_alphanumeric());
        (!name.is_empty()).then(|| Username::fold(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_an_at() {
        let found: Vec<_> = names("@Ann and (@bob), mail c@example.org @ @dora's @e.f!").collect();
        assert_eq!(found, ["ann", "bob", "dora's", "e.f"]);
    }
}
