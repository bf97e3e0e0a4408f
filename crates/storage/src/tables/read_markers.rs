//! How far people have read the channels that they see.

use chorus_model::{ChannelId, MessageId, ProjectId, ReadMarker, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select c.id, c.project_id, ?1, r.message_id,
                    (select count(*) from
                       (select 1 from messages m where m.channel_id = c.id
                          and m.deleted_at is null and m.id > ifnull(r.message_id, 0)
                          and m.author_id <> ?1 limit 1000))
             from channels c join projects p on p.id = c.project_id
             left join tasks t on t.id = c.task_id
             left join channel_reads r on r.user_id = ?1 and r.channel_id = c.id
             where c.deleted_at is null and p.deleted_at is null and t.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// How far `user` has read a channel.
    pub fn read_marker(
        &self,
        user: UserId,
        channel: ChannelId,
    ) -> Result<Option<ReadMarker>, StoreError> {
        self.one(select!("and c.id = ?2"), (user.0, channel.0), marker)
    }

    /// How far `user` has read the channels of his projects that he may see, by id.
    pub fn read_markers(&self, user: UserId, page: Page) -> Result<Vec<ReadMarker>, StoreError> {
        self.many(
            select!(
                "and c.project_id in (select project_id from memberships
                                      where user_id = ?1 and to_id is null)
                 and (not c.is_private or exists (
                        select 1 from channel_members m where m.channel_id = c.id
                        and m.user_id = ?1 and m.to_id is null))
                 order by c.id limit ?2 offset ?3"
            ),
            (user.0, page.limit(), page.offset()),
            marker,
        )
    }
}

impl Tx<'_> {
    /// Notes that `user` has read a channel up to `message`; whether that is farther than before.
    pub fn mark_channel_read(
        &mut self,
        user: UserId,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<bool, StoreError> {
        let changed = self.change(
            "insert into channel_reads (user_id, channel_id, message_id) values (?1, ?2, ?3)
             on conflict (user_id, channel_id) do update set message_id = excluded.message_id
             where excluded.message_id > message_id",
            (user.0, channel.0, message.0),
        )?;
        Ok(changed > 0)
    }
}

fn marker(row: &Row<'_>) -> rusqlite::Result<ReadMarker> {
    let mut c = Columns::of(row);
    Ok(ReadMarker {
        channel_id: ChannelId(c.take()?),
        project_id: ProjectId(c.take()?),
        user_id: UserId(c.take()?),
        last_read_id: c.take::<Option<i64>>()?.map(MessageId),
        unread: c.take()?,
    })
}
