//! Who belongs to which project, as what, from which event to which.
//!
//! Both ends are included, so that somebody who leaves hears of it; a change of role ends one
//! interval and begins the next at the same event.

use chorus_model::{Member, ProjectId, ProjectRole, SyncId, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, integer};
use crate::tx::Tx;

/// A stretch of the log during which somebody had a role in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// In which project.
    pub project: ProjectId,
    /// As what.
    pub role: ProjectRole,
    /// The first event.
    pub from: SyncId,
    /// The last event; none while it goes on.
    pub to: Option<SyncId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.project_id, m.user_id, u.id, u.username, u.full_name, u.email, m.role,
                    m.joined_at
             from memberships m join users u on u.id = m.user_id
             join projects p on p.id = m.project_id
             where m.to_id is null and p.deleted_at is null and m.project_id = ?1 ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// What this person may do in this project, if he belongs to it and it was not deleted.
    pub fn role_in(
        &self,
        project: ProjectId,
        user: UserId,
    ) -> Result<Option<ProjectRole>, StoreError> {
        self.one(
            "select m.role from memberships m join projects p on p.id = m.project_id
             where m.project_id = ?1 and m.user_id = ?2 and m.to_id is null
               and p.deleted_at is null",
            (project.0, user.0),
            |row| Columns::of(row).word(ProjectRole::parse),
        )
    }

    /// This person's place in this project, if there is one and it was not deleted.
    pub fn member(&self, project: ProjectId, user: UserId) -> Result<Option<Member>, StoreError> {
        self.one(select!("and m.user_id = ?2"), (project.0, user.0), member)
    }

    /// All who belong to this project, in the order in which they joined.
    pub fn members(&self, project: ProjectId) -> Result<Vec<Member>, StoreError> {
        self.many(select!("order by m.joined_at, m.user_id"), [project.0], member)
    }

    /// The projects that this person belongs to, and as what.
    pub fn memberships_of(
        &self,
        user: UserId,
    ) -> Result<Vec<(ProjectId, ProjectRole)>, StoreError> {
        self.many(
            "select m.project_id, m.role from memberships m join projects p on p.id = m.project_id
             where m.user_id = ?1 and m.to_id is null and p.deleted_at is null
             order by m.project_id",
            [user.0],
            |row| {
                let mut c = Columns::of(row);
                Ok((ProjectId(c.take()?), c.word(ProjectRole::parse)?))
            },
        )
    }

    /// All that this person ever belonged to, deleted projects included, oldest first.
    pub fn intervals_of(&self, user: UserId) -> Result<Vec<Interval>, StoreError> {
        self.many(
            "select project_id, role, from_id, to_id from memberships where user_id = ?1
             order by from_id, id",
            [user.0],
            |row| {
                let mut c = Columns::of(row);
                Ok(Interval {
                    project: ProjectId(c.take()?),
                    role: c.word(ProjectRole::parse)?,
                    from: c.sync_id()?,
                    to: c.take::<Option<u64>>()?.map(SyncId),
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Begins a membership at the event `from`. Where another of the same person in the same
    /// project ends at that event, this is a change of role: the day of joining stays.
    ///
    /// Who belongs to the project already must leave first: [`StoreError::Constraint`].
    pub fn open_membership(
        &mut self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
        from: SyncId,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into memberships (project_id, user_id, role, from_id, joined_at)
             values (?1, ?2, ?3, ?4, coalesce(
               (select joined_at from memberships
                where project_id = ?1 and user_id = ?2 and to_id = ?4 order by id desc limit 1),
               ?5))",
            (project.0, user.0, role.as_str(), integer(from), self.now().micros()),
        )?;
        Ok(())
    }

    /// Ends a membership with the event `to`, which still belongs to it; whether there was one.
    pub fn close_membership(
        &mut self,
        project: ProjectId,
        user: UserId,
        to: SyncId,
    ) -> Result<bool, StoreError> {
        let sql = "update memberships set to_id = ?3
                   where project_id = ?1 and user_id = ?2 and to_id is null";
        Ok(self.change(sql, (project.0, user.0, integer(to)))? > 0)
    }

    /// Ends all memberships of a project with the event `to`, as when it is deleted; how many.
    pub fn close_memberships(
        &mut self,
        project: ProjectId,
        to: SyncId,
    ) -> Result<usize, StoreError> {
        let sql = "update memberships set to_id = ?2 where project_id = ?1 and to_id is null";
        self.change(sql, (project.0, integer(to)))
    }
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    let mut c = Columns::of(row);
    Ok(Member {
        project_id: ProjectId(c.take()?),
        user_id: UserId(c.take()?),
        user: c.user_ref()?,
        role: c.word(ProjectRole::parse)?,
        joined_at: c.instant()?,
    })
}
