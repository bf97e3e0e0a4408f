//! What clients of Flux Studio hear: ids as texts, times as `toISOString` writes them.

use std::borrow::Cow;

use chorus_model::{Body, Event, ProjectId, Task, Timestamp, UserRef};
use chorus_realtime::{Frame, Present};
use serde_json::{Value, json};

use super::{Flux, milestone, task};
use crate::dialect::{To, Wire};

/// The word for a line of a project's history.
pub(super) const LINE: &str = "activity:new";

/// A line of a project's history.
pub(super) struct Line<'a> {
    /// What sort of thing it is about.
    pub entity: &'static str,
    /// That thing's id.
    pub id: String,
    /// Its title, as written.
    pub title: &'a str,
    /// What happened to it.
    pub what: &'static str,
    /// What the app keeps of that.
    pub metadata: Value,
}

impl Flux {
    /// The one durable frame of an event; none where the app has no word for it.
    pub(super) fn tell(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        let changed = |name: &str, task: &Task| {
            let told = json!({
                "projectId": task.project_id.to_string(),
                "task": self.task(task),
                "userId": event.actor.id.to_string(),
                "userName": self.name(&event.actor),
                "timestamp": event.at.iso_millis(),
            });
            Some(wire.event(name, &told))
        };
        match &event.body {
            Body::TaskCreated { task } => changed("task:created", task),
            Body::TaskUpdated { task, changes }
            | Body::TaskStatusChanged { task, changes, lead: true, .. }
            | Body::TaskAssigned { task, changes, lead: true, .. }
                if task::shows(changes) =>
            {
                changed("task:updated", task)
            }
            Body::TaskDeleted { task } => Some(wire.event(
                "task:deleted",
                &json!({
                    "projectId": task.project_id.to_string(),
                    "taskId": task.id.to_string(),
                    "userId": event.actor.id.to_string(),
                    "userName": self.name(&event.actor),
                    "timestamp": event.at.iso_millis(),
                }),
            )),
            body => milestone::line(body).map(|line| self.line(wire, event, line)),
        }
    }

    /// The line for the project's history that goes before what is told of a task.
    pub(super) fn activity(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        let (task, what, metadata) = match &event.body {
            Body::TaskCreated { task } => {
                let made = json!({
                    "status": task::status_word(task.status),
                    "priority": task.priority,
                });
                (task, "created", made)
            }
            Body::TaskUpdated { task, changes }
            | Body::TaskStatusChanged { task, changes, lead: true, .. }
            | Body::TaskAssigned { task, changes, lead: true, .. }
                if task::shows(changes) =>
            {
                let what = if task::completes(changes) { "completed" } else { "updated" };
                (task, what, task::metadata(changes))
            }
            Body::TaskDeleted { task } => (task, "deleted", json!({})),
            _ => return None,
        };
        let (id, title) = (task.id.to_string(), &*task.title);
        Some(self.line(wire, event, Line { entity: "task", id, title, what, metadata }))
    }

    /// A line for the project's history.
    fn line(&self, wire: &Wire<'_>, event: &Event, line: Line<'_>) -> Frame {
        let Line { entity, id, title, what, metadata } = line;
        let title = self.text(title);
        let told = json!({
            "type": format!("{entity}.{what}"),
            "userId": event.actor.id.to_string(),
            "userName": self.name(&event.actor),
            "userEmail": event.actor.email.as_deref().map(|email| self.text(email)),
            "userAvatar": null,
            "entityType": entity,
            "entityId": id,
            "entityTitle": title,
            "action": format!("{what} {entity} \"{title}\""),
            "metadata": metadata,
        });
        wire.event(LINE, &told)
    }

    /// The list that whoever joins hears: those who were there, and himself.
    pub(super) fn arrived(
        &self,
        wire: &Wire<'_>,
        project: ProjectId,
        before: &[Present],
        to: &To<'_>,
    ) -> Frame {
        let joins = before.iter().all(|one| one.user.id != to.user.id);
        let joiner = joins.then_some((to.user, to.now));
        let before = before.iter().map(|one| (&*one.user, one.since));
        self.presence(wire, project, before.chain(joiner))
    }

    /// A list of who is in a project, and since when.
    pub(super) fn presence<'a>(
        &self,
        wire: &Wire<'_>,
        project: ProjectId,
        present: impl Iterator<Item = (&'a UserRef, Timestamp)>,
    ) -> Frame {
        let entry = |(user, since): (&UserRef, Timestamp)| -> Value {
            json!({
                "id": user.id.to_string(),
                "name": self.name(user),
                "joinedAt": since.iso_millis(),
            })
        };
        let users: Vec<Value> = present.map(entry).collect();
        let list = json!({ "projectId": project.to_string(), "users": users });
        wire.event("presence:update", &list)
    }

    /// A text that people wrote.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.escape && text.contains('<') {
            Cow::Owned(text.replace('<', "&lt;"))
        } else {
            Cow::Borrowed(text)
        }
    }

    /// The name that is stored for somebody, never one that a client gives.
    fn name<'a>(&self, user: &'a UserRef) -> Cow<'a, str> {
        self.text(&user.full_name)
    }
}
