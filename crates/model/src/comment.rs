//! Comments on tasks, on items, and on projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{CommentId, ItemId, ProjectId, TaskId, UserId};
use crate::user::UserRef;

/// A comment on a task, on an item, or, with neither, on the project itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The task it is on.
    pub task_id: Option<TaskId>,
    /// The item it is on.
    pub item_id: Option<ItemId>,
    /// The project, of the task or item if it is on one.
    pub project_id: ProjectId,
    /// The comment on the same that it answers; that one may have been deleted since.
    pub parent_id: Option<CommentId>,
    /// What it says, as written.
    pub body: String,
    /// Who wrote it.
    pub author_id: UserId,
    /// The author by name.
    pub author: UserRef,
    /// Whether it was changed after it was written.
    pub is_edited: bool,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a comment is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A task.
    Task(TaskId),
    /// A project, or an item of it.
    Project(ProjectId, Option<ItemId>),
}

impl Comment {
    /// What it is on.
    pub fn topic(&self) -> Topic {
        match self.task_id {
            Some(task) => Topic::Task(task),
            None => Topic::Project(self.project_id, self.item_id),
        }
    }
}
