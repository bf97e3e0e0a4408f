//! Projects. A deleted one stays in its row and is seen no more.

use chorus_model::{Project, ProjectId, ProjectStatus, Timestamp, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

/// A project to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: ProjectStatus,
    /// Who owns it. The owner's membership is opened separately.
    pub owner_id: UserId,
    /// When it begins.
    pub start_date: Option<Timestamp>,
    /// When it ends.
    pub end_date: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select p.id, p.name, p.description, p.status, p.owner_id,
                    o.id, o.username, o.full_name, o.email, p.start_date, p.end_date,
                    p.is_archived, p.version, p.created_at, p.updated_at
             from projects p join users o on o.id = p.owner_id ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The project with this id, if it was not deleted.
    pub fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        self.one(select!("where p.id = ?1 and p.deleted_at is null"), [id.0], project)
    }

    /// The projects that this person belongs to, by id.
    pub fn projects_of(&self, user: UserId, page: Page) -> Result<Vec<Project>, StoreError> {
        self.many(
            select!(
                "join memberships m on m.project_id = p.id and m.to_id is null
                 where m.user_id = ?1 and p.deleted_at is null
                 order by p.id limit ?2 offset ?3"
            ),
            (user.0, page.limit(), page.offset()),
            project,
        )
    }

    /// All projects, by id.
    pub fn all_projects(&self, page: Page) -> Result<Vec<Project>, StoreError> {
        self.many(
            select!("where p.deleted_at is null order by p.id limit ?1 offset ?2"),
            (page.limit(), page.offset()),
            project,
        )
    }
}

impl Tx<'_> {
    /// Makes a project.
    pub fn insert_project(&mut self, new: &NewProject) -> Result<Project, StoreError> {
        let id = self.single(
            "insert into projects (name, description, status, owner_id, start_date, end_date,
                                   is_archived, created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?3 = 'archived', ?7, ?7) returning id",
            (
                &new.name,
                &new.description,
                new.status.as_str(),
                new.owner_id.0,
                new.start_date.map(Timestamp::micros),
                new.end_date.map(Timestamp::micros),
                self.now().micros(),
            ),
            |row| row.get(0).map(ProjectId),
        )?;
        self.project(id)?.ok_or(StoreError::Missing)
    }

    /// Writes all that can change of a project. Returns it as it is now.
    pub fn update_project(&mut self, project: &Project) -> Result<Project, StoreError> {
        self.change(
            "update projects set name = ?2, description = ?3, status = ?4, owner_id = ?5,
                    start_date = ?6, end_date = ?7, is_archived = ?8, updated_at = ?9,
                    version = version + 1
             where id = ?1 and deleted_at is null",
            (
                project.id.0,
                &project.name,
                &project.description,
                project.status.as_str(),
                project.owner_id.0,
                project.start_date.map(Timestamp::micros),
                project.end_date.map(Timestamp::micros),
                project.is_archived,
                self.now().micros(),
            ),
        )?;
        self.project(project.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes a project, and with it from sight its tasks and their comments; whether it was
    /// there. Its memberships are closed separately.
    pub fn delete_project(&mut self, id: ProjectId) -> Result<bool, StoreError> {
        let sql = "update projects set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

fn project(row: &Row<'_>) -> rusqlite::Result<Project> {
    let mut c = Columns::of(row);
    Ok(Project {
        id: ProjectId(c.take()?),
        name: c.take()?,
        description: c.take()?,
        status: c.word(ProjectStatus::parse)?,
        owner_id: UserId(c.take()?),
        owner: c.user_ref()?,
        start_date: c.maybe_instant()?,
        end_date: c.maybe_instant()?,
        is_archived: c.take()?,
        version: c.take()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}
