//! Tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{ProjectId, TaskId, UserId};
use crate::user::UserRef;
use crate::words::{Priority, TaskStatus, TaskType};

/// A task of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The project it belongs to, for good.
    pub project_id: ProjectId,
    /// What is to be done.
    pub title: String,
    /// In more words.
    pub description: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// How urgent it is.
    pub priority: Priority,
    /// Who is to do it.
    pub assignee_id: Option<UserId>,
    /// The assignee by name.
    pub assignee: Option<UserRef>,
    /// Who made it.
    pub creator_id: UserId,
    /// The creator by name.
    pub creator: UserRef,
    /// When it begins.
    #[serde(default)]
    pub start_date: Option<Timestamp>,
    /// When it is due.
    pub due_date: Option<Timestamp>,
    /// How many hours it should take.
    pub estimated_hours: Option<f64>,
    /// What sort of task it is, in the project's own words.
    pub category: Option<String>,
    /// What sort of thing it is.
    #[serde(default, rename = "type")]
    pub task_type: TaskType,
    /// Words that people have put on it, in their order.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Tasks of the same project that must be done before it, some of which may have been deleted
    /// since; none of them waits for it.
    #[serde(default)]
    pub depends_on: Vec<TaskId>,
    /// Where it stands among the tasks of its status; smaller is higher.
    pub position: f64,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// When its status became `done`; none while it is not.
    pub completed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Task {
    /// How other events name this task.
    pub fn to_ref(&self) -> TaskRef {
        TaskRef { id: self.id, project_id: self.project_id, title: self.title.clone() }
    }
}

/// A task as another event names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskRef {
    /// Which task.
    pub id: TaskId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Its title at that time.
    pub title: String,
}

/// The value of a field before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Change_of_{T}")]
pub struct Change<T> {
    /// Before.
    pub old: T,
    /// After.
    pub new: T,
}

impl<T: PartialEq + Clone> Change<T> {
    /// The change from `old` to `new`; none if they are the same.
    pub fn between(old: &T, new: &T) -> Option<Self> {
        (old != new).then(|| Self { old: old.clone(), new: new.clone() })
    }
}

/// What one command changed of a task: old and new of each field that differs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Task`")]
pub struct TaskChanges {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Change<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Change<TaskStatus>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Change<Priority>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Change<Option<UserRef>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Change<Option<Timestamp>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_hours: Option<Change<Option<f64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Change<Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Change<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Change<Option<Timestamp>>>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub task_type: Option<Change<TaskType>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Change<Vec<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Change<Vec<TaskId>>>,
}

impl TaskChanges {
    /// What differs between two states of one task.
    pub fn between(old: &Task, new: &Task) -> Self {
        Self {
            title: Change::between(&old.title, &new.title),
            description: Change::between(&old.description, &new.description),
            status: Change::between(&old.status, &new.status),
            priority: Change::between(&old.priority, &new.priority),
            assignee: (old.assignee_id != new.assignee_id)
                .then(|| Change { old: old.assignee.clone(), new: new.assignee.clone() }),
            due_date: Change::between(&old.due_date, &new.due_date),
            estimated_hours: Change::between(&old.estimated_hours, &new.estimated_hours),
            category: Change::between(&old.category, &new.category),
            position: Change::between(&old.position, &new.position),
            start_date: Change::between(&old.start_date, &new.start_date),
            task_type: Change::between(&old.task_type, &new.task_type),
            labels: Change::between(&old.labels, &new.labels),
            depends_on: Change::between(&old.depends_on, &new.depends_on),
        }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Whether anything but status and assignee differs: what `task.updated` tells.
    pub fn has_more_than_status_and_assignee(&self) -> bool {
        Self { status: None, assignee: None, ..self.clone() } != Self::default()
    }

    /// Whether the status is all that differs.
    pub fn is_status_only(&self) -> bool {
        self.status.is_some()
            && self.assignee.is_none()
            && !self.has_more_than_status_and_assignee()
    }
}
