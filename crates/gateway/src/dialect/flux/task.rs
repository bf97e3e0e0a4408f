//! What clients of Flux Studio see of a task, and which changes they see.

use chorus_model::task::TaskChanges;
use chorus_model::{Task, TaskStatus, Timestamp};
use serde_json::{Value, json};

use super::Flux;

impl Flux {
    /// A task as the app's REST interface has it.
    pub(super) fn task(&self, task: &Task) -> Value {
        json!({
            "id": task.id.to_string(),
            "title": self.text(&task.title),
            "description": self.text(task.description.as_deref().unwrap_or_default()),
            "status": status_word(task.status),
            "priority": task.priority,
            "assignedTo": task.assignee_id.map(|id| id.to_string()),
            "dueDate": task.due_date.map(Timestamp::iso_millis),
            "createdBy": task.creator_id.to_string(),
            "createdAt": task.created_at.iso_millis(),
            "updatedAt": task.updated_at.iso_millis(),
            "completedAt": task.completed_at.map(Timestamp::iso_millis),
        })
    }
}

/// What the pages show for each stored status; their words are fewer.
pub(super) fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Todo => "todo",
        TaskStatus::InProgress | TaskStatus::Blocked => "in_progress",
        TaskStatus::Review => "review",
        TaskStatus::Done | TaskStatus::Cancelled => "completed",
    }
}

/// The status before and after, if the pages show the difference.
fn shown_status(changes: &TaskChanges) -> Option<(&'static str, &'static str)> {
    let change = changes.status.as_ref()?;
    let (old, new) = (status_word(change.old), status_word(change.new));
    (old != new).then_some((old, new))
}

/// Whether the pages show any of these changes; otherwise they are not told.
pub(super) fn shows(changes: &TaskChanges) -> bool {
    let TaskChanges { title, description, priority, assignee, due_date, .. } = changes;
    title.is_some()
        || description.is_some()
        || priority.is_some()
        || assignee.is_some()
        || due_date.is_some()
        || shown_status(changes).is_some()
}

/// Whether the task is shown as completed now and was not before.
pub(super) fn completes(changes: &TaskChanges) -> bool {
    shown_status(changes).is_some_and(|(_, new)| new == status_word(TaskStatus::Done))
}

/// What the app's history keeps of a change: one field, and only of three.
pub(super) fn metadata(changes: &TaskChanges) -> Value {
    let kept = |field: &str, old: Value, new: Value| json!({ "field": field, "oldValue": old, "newValue": new });
    if let Some((old, new)) = shown_status(changes) {
        return kept("status", json!(old), json!(new));
    }
    if let Some(priority) = &changes.priority {
        return kept("priority", json!(priority.old), json!(priority.new));
    }
    if let Some(assignee) = &changes.assignee {
        let id = |user: &Option<chorus_model::UserRef>| {
            json!(user.as_ref().map(|user| user.id.to_string()))
        };
        return kept("assignedTo", id(&assignee.old), id(&assignee.new));
    }
    json!({})
}
