//! Messages. A deleted one stays in its row and is seen no more.

use chorus_model::{ChannelId, Message, MessageId, ProjectId, Reaction, UserId};
use rusqlite::Row;
use serde_json::{Map, Value};

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::{Columns, to_json};
use crate::tx::Tx;

/// A message to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The channel it is said in.
    pub channel_id: ChannelId,
    /// Who says it.
    pub author_id: UserId,
    /// The message that it answers.
    pub parent_id: Option<MessageId>,
    /// What it says.
    pub content: String,
    /// What its client says beside the text.
    pub metadata: Option<Map<String, Value>>,
}

/// Which messages of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageFilter {
    /// With smaller ids.
    pub before: Option<MessageId>,
    /// That answer this one.
    pub parent: Option<MessageId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.id, m.channel_id, c.project_id, m.content, m.metadata, m.author_id,
                    u.id, u.username, u.full_name, u.email, m.parent_id,
                    (select count(*) from messages r
                     where r.parent_id = m.id and r.deleted_at is null),
                    (select json_group_array(json_array(emoji, user_id)) from
                       (select emoji, user_id from reactions where message_id = m.id order by id)),
                    m.is_edited, m.version, m.created_at, m.updated_at
             from messages m join users u on u.id = m.author_id
             join channels c on c.id = m.channel_id join projects p on p.id = c.project_id
             left join tasks t on t.id = c.task_id
             where m.deleted_at is null and c.deleted_at is null and p.deleted_at is null
               and t.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The message with this id, if neither it nor what it belongs to was deleted.
    pub fn message(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.one(select!("and m.id = ?1"), [id.0], message)
    }

    /// What was said in a channel, newest first.
    pub fn messages_of(
        &self,
        channel: ChannelId,
        filter: MessageFilter,
        page: Page,
    ) -> Result<Vec<Message>, StoreError> {
        let before = filter.before.map_or(i64::MAX, |id| id.0);
        match filter.parent {
            Some(parent) => self.many(
                select!(
                    "and m.parent_id = ?1 and m.channel_id = ?2 and m.id < ?3
                     order by m.id desc limit ?4 offset ?5"
                ),
                (parent.0, channel.0, before, page.limit(), page.offset()),
                message,
            ),
            None => self.many(
                select!(
                    "and m.channel_id = ?1 and m.id < ?2 order by m.id desc limit ?3 offset ?4"
                ),
                (channel.0, before, page.limit(), page.offset()),
                message,
            ),
        }
    }

    /// The last message of a channel, at or before `upto`, as far as it was not deleted.
    pub fn last_message(
        &self,
        channel: ChannelId,
        upto: Option<MessageId>,
    ) -> Result<Option<MessageId>, StoreError> {
        let upto = upto.map_or(i64::MAX, |id| id.0);
        self.one(
            "select id from messages where channel_id = ?1 and deleted_at is null and id <= ?2
             order by id desc limit 1",
            (channel.0, upto),
            |row| row.get(0).map(MessageId),
        )
    }
}

impl Tx<'_> {
    /// Writes a message.
    pub fn insert_message(&mut self, new: &NewMessage) -> Result<Message, StoreError> {
        let metadata = new.metadata.as_ref().map(to_json).transpose()?;
        let id = self.single(
            "insert into messages (channel_id, author_id, parent_id, content, metadata,
                                   created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?6) returning id",
            (
                new.channel_id.0,
                new.author_id.0,
                new.parent_id.map(|id| id.0),
                &new.content,
                metadata,
                self.now().micros(),
            ),
            |row| row.get(0).map(MessageId),
        )?;
        self.message(id)?.ok_or(StoreError::Missing)
    }

    /// Writes what a message says and whether it was edited. Returns it as it is now.
    pub fn update_message(&mut self, message: &Message) -> Result<Message, StoreError> {
        self.change(
            "update messages set content = ?2, is_edited = ?3, updated_at = ?4,
                    version = version + 1
             where id = ?1 and deleted_at is null",
            (message.id.0, &message.content, message.is_edited, self.now().micros()),
        )?;
        self.message(message.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes a message; whether it was there. What answers it stays.
    pub fn delete_message(&mut self, id: MessageId) -> Result<bool, StoreError> {
        let sql = "update messages set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let mut c = Columns::of(row);
    Ok(Message {
        id: MessageId(c.take()?),
        channel_id: ChannelId(c.take()?),
        project_id: ProjectId(c.take()?),
        content: c.take()?,
        metadata: c.maybe_json()?,
        author_id: UserId(c.take()?),
        author: c.user_ref()?,
        parent_id: c.take::<Option<i64>>()?.map(MessageId),
        replies: c.take()?,
        reactions: grouped(c.json()?),
        is_edited: c.take()?,
        version: c.take()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}

/// Each sign once, with all who have left it.
fn grouped(left: Vec<(String, i64)>) -> Vec<Reaction> {
    let mut found: Vec<Reaction> = Vec::new();
    for (emoji, user) in left {
        match found.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.users.push(UserId(user)),
            None => found.push(Reaction { emoji, users: vec![UserId(user)] }),
        }
    }
    found
}
