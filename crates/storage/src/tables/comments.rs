//! Comments. A deleted one stays in its row and is seen no more.

use chorus_model::{Comment, CommentId, ItemId, ProjectId, TaskId, Topic, UserId};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

/// A comment to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The project, of the task or item if it is on one.
    pub project_id: ProjectId,
    /// The task it is on.
    pub task_id: Option<TaskId>,
    /// The item it is on.
    pub item_id: Option<ItemId>,
    /// The comment that it answers.
    pub parent_id: Option<CommentId>,
    /// Who writes it.
    pub author_id: UserId,
    /// What it says.
    pub body: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select c.id, c.task_id, c.item_id, c.project_id, c.parent_id, c.body, c.author_id,
                    u.id, u.username, u.full_name, u.email, c.is_edited, c.version,
                    c.created_at, c.updated_at
             from comments c join users u on u.id = c.author_id
             join projects p on p.id = c.project_id left join tasks t on t.id = c.task_id
             left join items i on i.id = c.item_id left join items o on o.id = i.parent_id
             where c.deleted_at is null and p.deleted_at is null and t.deleted_at is null
               and i.deleted_at is null and o.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The comment with this id, if neither it nor what it belongs to was deleted.
    pub fn comment(&self, id: CommentId) -> Result<Option<Comment>, StoreError> {
        self.one(select!("and c.id = ?1"), [id.0], comment)
    }

    /// The comments on something, oldest first.
    pub fn comments_on(&self, topic: Topic, page: Page) -> Result<Vec<Comment>, StoreError> {
        match topic {
            Topic::Task(task) => self.many(
                select!("and c.task_id = ?1 order by c.id limit ?2 offset ?3"),
                (task.0, page.limit(), page.offset()),
                comment,
            ),
            Topic::Project(project, item) => self.many(
                select!(
                    "and c.project_id = ?1 and c.task_id is null and c.item_id is ?2
                     order by c.id limit ?3 offset ?4"
                ),
                (project.0, item.map(|id| id.0), page.limit(), page.offset()),
                comment,
            ),
        }
    }
}

impl Tx<'_> {
    /// Writes a comment.
    pub fn insert_comment(&mut self, new: &NewComment) -> Result<Comment, StoreError> {
        let id = self.single(
            "insert into comments (project_id, task_id, item_id, parent_id, author_id, body,
                                   created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) returning id",
            (
                new.project_id.0,
                new.task_id.map(|id| id.0),
                new.item_id.map(|id| id.0),
                new.parent_id.map(|id| id.0),
                new.author_id.0,
                &new.body,
                self.now().micros(),
            ),
            |row| row.get(0).map(CommentId),
        )?;
        self.comment(id)?.ok_or(StoreError::Missing)
    }

    /// Writes what a comment says and whether it was edited. Returns it as it is now.
    pub fn update_comment(&mut self, comment: &Comment) -> Result<Comment, StoreError> {
        self.change(
            "update comments set body = ?2, is_edited = ?3, updated_at = ?4,
                    version = version + 1
             where id = ?1 and deleted_at is null",
            (comment.id.0, &comment.body, comment.is_edited, self.now().micros()),
        )?;
        self.comment(comment.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes a comment; whether it was there. What answers it stays.
    pub fn delete_comment(&mut self, id: CommentId) -> Result<bool, StoreError> {
        let sql = "update comments set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

fn comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    let mut c = Columns::of(row);
    Ok(Comment {
        id: CommentId(c.take()?),
        task_id: c.take::<Option<i64>>()?.map(TaskId),
        item_id: c.take::<Option<i64>>()?.map(ItemId),
        project_id: ProjectId(c.take()?),
        parent_id: c.take::<Option<i64>>()?.map(CommentId),
        body: c.take()?,
        author_id: UserId(c.take()?),
        author: c.user_ref()?,
        is_edited: c.take()?,
        version: c.take()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}
