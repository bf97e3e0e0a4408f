//! Who belongs to which private channel, from which event to which, both ends included: as with
//! [projects](super::memberships), so that somebody who is taken out hears of it.

use chorus_model::{ChannelId, ChannelMember, ProjectId, SyncId, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, integer};
use crate::tx::Tx;

/// A stretch of the log during which somebody belonged to a private channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelInterval {
    /// Of which project.
    pub project: ProjectId,
    /// Which channel.
    pub channel: ChannelId,
    /// The first event.
    pub from: SyncId,
    /// The last event; none while it goes on.
    pub to: Option<SyncId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.channel_id, m.user_id, u.id, u.username, u.full_name, u.email, m.joined_at
             from channel_members m join users u on u.id = m.user_id
             where m.to_id is null and m.channel_id = ?1 ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// This person's place in this private channel, if there is one.
    pub fn channel_member(
        &self,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<ChannelMember>, StoreError> {
        self.one(select!("and m.user_id = ?2"), (channel.0, user.0), member)
    }

    /// All who belong to this private channel, in the order in which they joined.
    pub fn channel_members(&self, channel: ChannelId) -> Result<Vec<ChannelMember>, StoreError> {
        self.many(select!("order by m.joined_at, m.id"), [channel.0], member)
    }

    /// All private channels that this person ever belonged to, deleted ones included, oldest
    /// membership first.
    pub fn channel_intervals_of(&self, user: UserId) -> Result<Vec<ChannelInterval>, StoreError> {
        self.many(
            "select c.project_id, m.channel_id, m.from_id, m.to_id
             from channel_members m join channels c on c.id = m.channel_id
             where m.user_id = ?1 order by m.from_id, m.id",
            [user.0],
            |row| {
                let mut c = Columns::of(row);
                Ok(ChannelInterval {
                    project: ProjectId(c.take()?),
                    channel: ChannelId(c.take()?),
                    from: c.sync_id()?,
                    to: c.take::<Option<u64>>()?.map(SyncId),
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Begins a membership at the event `from`. Who belongs to the channel already must leave
    /// first: [`StoreError::Constraint`].
    pub fn open_channel_membership(
        &mut self,
        channel: ChannelId,
        user: UserId,
        from: SyncId,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into channel_members (channel_id, user_id, from_id, joined_at)
             values (?1, ?2, ?3, ?4)",
            (channel.0, user.0, integer(from), self.now().micros()),
        )?;
        Ok(())
    }

    /// Ends a membership with the event `to`, which still belongs to it; whether there was one.
    pub fn close_channel_membership(
        &mut self,
        channel: ChannelId,
        user: UserId,
        to: SyncId,
    ) -> Result<bool, StoreError> {
        let sql = "update channel_members set to_id = ?3
                   where channel_id = ?1 and user_id = ?2 and to_id is null";
        Ok(self.change(sql, (channel.0, user.0, integer(to)))? > 0)
    }

    /// Ends all memberships of a channel with the event `to`, as when it is deleted; how many.
    pub fn close_channel_memberships(
        &mut self,
        channel: ChannelId,
        to: SyncId,
    ) -> Result<usize, StoreError> {
        let sql = "update channel_members set to_id = ?2 where channel_id = ?1 and to_id is null";
        self.change(sql, (channel.0, integer(to)))
    }

    /// Ends the memberships of one person, or of everybody, in all private channels of a project
    /// with the event `to`, as when he leaves the project or it is deleted; how many.
    pub fn close_channel_memberships_around(
        &mut self,
        project: ProjectId,
        user: Option<UserId>,
        to: SyncId,
    ) -> Result<usize, StoreError> {
        self.change(
            "update channel_members set to_id = ?3
             where to_id is null and (?2 is null or user_id = ?2)
               and channel_id in (select id from channels where project_id = ?1)",
            (project.0, user.map(|id| id.0), integer(to)),
        )
    }
}

fn member(row: &Row<'_>) -> rusqlite::Result<ChannelMember> {
    let mut c = Columns::of(row);
    Ok(ChannelMember {
        channel_id: ChannelId(c.take()?),
        user_id: UserId(c.take()?),
        user: c.user_ref()?,
        joined_at: c.instant()?,
    })
}
