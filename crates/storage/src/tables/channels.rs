//! Channels. A deleted one stays in its row and is seen no more.

use chorus_model::{Channel, ChannelId, ProjectId, TaskId, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

/// A channel to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannel {
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// The task that it is about, if it is about one.
    pub task_id: Option<TaskId>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is for its own members alone.
    pub is_private: bool,
    /// Who makes it.
    pub creator_id: UserId,
}

/// Which channels, of those that somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of this task.
    pub task: Option<TaskId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select c.id, c.project_id, c.task_id, c.name, c.description, c.is_private,
                    c.creator_id, c.version, c.created_at, c.updated_at
             from channels c join projects p on p.id = c.project_id
             left join tasks t on t.id = c.task_id
             where c.deleted_at is null and p.deleted_at is null and t.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The channel with this id, if neither it nor what it belongs to was deleted.
    pub fn channel(&self, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        self.one(select!("and c.id = ?1"), [id.0], channel)
    }

    /// The channels that pass `filter` and that `user` may see, by id: of his projects, or, if he
    /// `sees_all`, of every project, the private ones that he is a member of and all others.
    pub fn channels(
        &self,
        user: UserId,
        sees_all: bool,
        filter: ChannelFilter,
        page: Page,
    ) -> Result<Vec<Channel>, StoreError> {
        self.many(
            select!(
                "and (?1 is null or c.project_id = ?1) and (?2 is null or c.task_id = ?2)
                 and (?3 or exists (select 1 from memberships m where m.project_id = c.project_id
                                    and m.user_id = ?4 and m.to_id is null))
                 and (not c.is_private or exists (
                        select 1 from channel_members m where m.channel_id = c.id
                        and m.user_id = ?4 and m.to_id is null))
                 order by c.id limit ?5 offset ?6"
            ),
            (
                filter.project.map(|id| id.0),
                filter.task.map(|id| id.0),
                sees_all,
                user.0,
                page.limit(),
                page.offset(),
            ),
            channel,
        )
    }

    /// How many channels a project has, private ones included.
    pub fn channel_count(&self, project: ProjectId) -> Result<u64, StoreError> {
        let sql = "select count(*) from channels where project_id = ?1 and deleted_at is null";
        self.single(sql, [project.0], |row| row.get(0))
    }

    /// The channel, open to all in the project, that has this name there or at its task.
    pub fn channel_named(
        &self,
        project: ProjectId,
        task: Option<TaskId>,
        name: &str,
    ) -> Result<Option<ChannelId>, StoreError> {
        let sql = "select id from channels where project_id = ?1 and ifnull(task_id, 0) = ?2
                   and folded = ?3 and deleted_at is null and is_private = 0";
        let task = task.map_or(0, |id| id.0);
        self.one(sql, (project.0, task, name.to_lowercase()), |row| row.get(0).map(ChannelId))
    }
}

impl Tx<'_> {
    /// Makes a channel. Two that are open to all in one place cannot have one name:
    /// [`StoreError::Constraint`].
    pub fn insert_channel(&mut self, new: &NewChannel) -> Result<Channel, StoreError> {
        let id = self.single(
            "insert into channels (project_id, task_id, name, folded, description, is_private,
                                   creator_id, created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) returning id",
            (
                new.project_id.0,
                new.task_id.map(|id| id.0),
                &new.name,
                new.name.to_lowercase(),
                &new.description,
                new.is_private,
                new.creator_id.0,
                self.now().micros(),
            ),
            |row| row.get(0).map(ChannelId),
        )?;
        self.channel(id)?.ok_or(StoreError::Missing)
    }

    /// Writes name and description of a channel. Returns it as it is now.
    pub fn update_channel(&mut self, channel: &Channel) -> Result<Channel, StoreError> {
        self.change(
            "update channels set name = ?2, folded = ?3, description = ?4, updated_at = ?5,
                    version = version + 1
             where id = ?1 and deleted_at is null",
            (
                channel.id.0,
                &channel.name,
                channel.name.to_lowercase(),
                &channel.description,
                self.now().micros(),
            ),
        )?;
        self.channel(channel.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes a channel, and with it from sight what was said there; whether it was there. Its
    /// memberships are closed separately.
    pub fn delete_channel(&mut self, id: ChannelId) -> Result<bool, StoreError> {
        let sql = "update channels set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

fn channel(row: &Row<'_>) -> rusqlite::Result<Channel> {
    let mut c = Columns::of(row);
    Ok(Channel {
        id: ChannelId(c.take()?),
        project_id: ProjectId(c.take()?),
        task_id: c.take::<Option<i64>>()?.map(TaskId),
        name: c.take()?,
        description: c.take()?,
        is_private: c.take()?,
        creator_id: UserId(c.take()?),
        version: c.take()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}
