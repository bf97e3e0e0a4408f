//! Comments on tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{CommentId, ProjectId, TaskId, UserId};
use crate::user::UserRef;

/// A comment on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The task it is about.
    pub task_id: TaskId,
    /// That task's project.
    pub project_id: ProjectId,
    /// The comment on the same task that it answers; that one may have been deleted since.
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
