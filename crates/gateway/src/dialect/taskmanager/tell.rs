//! What clients of the Task Manager app hear: ids as numbers, times in UTC without a zone.

use std::borrow::Cow;

use chorus_model::project::ProjectChanges;
use chorus_model::signal::SignalBody;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, Comment, Event, Notice, Notification, Project, Signal, Task, TaskRef, TaskStatus,
    Timestamp, UserRef,
};
use chorus_realtime::{Frame, Present};
use serde_json::{Map, Value, json};

use super::{Taskmanager, status_word};
use crate::dialect::{Echo, Reply, Wire};

impl Taskmanager {
    /// The one durable frame of an event; none where the app has no word for it.
    pub(super) fn tell(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        let (actor, at) = (&event.actor, event.at);
        match &event.body {
            Body::TaskCreated { task } => Some(wire.event(
                "task_created",
                &json!({
                    "task": self.created(task),
                    "created_by": self.person(actor),
                    "timestamp": at.naive(),
                }),
            )),
            Body::TaskUpdated { task, changes } => self.updated(wire, event, task, changes),
            Body::TaskStatusChanged { task, old, changes, .. } if changes.is_status_only() => {
                shows(*old, task.status).then(|| {
                    wire.event(
                        "task_status_changed",
                        &json!({
                            "task_id": task.id,
                            "old_status": status_word(*old),
                            "new_status": status_word(task.status),
                            "task_title": self.text(&task.title),
                            "changed_by": self.person(actor),
                            "timestamp": at.naive(),
                        }),
                    )
                })
            }
            Body::TaskStatusChanged { task, changes, lead: true, .. }
            | Body::TaskAssigned { task, changes, lead: true, .. } => {
                self.updated(wire, event, task, changes)
            }
            Body::TaskDeleted { task } => Some(wire.event(
                "task_deleted",
                &json!({
                    "task_id": task.id,
                    "task_title": self.text(&task.title),
                    "project_id": task.project_id,
                    "deleted_by": self.person(actor),
                    "timestamp": at.naive(),
                }),
            )),
            Body::CommentCreated { comment, task: Some(task), .. } => {
                Some(wire.event("comment_added", &self.commented(comment, task, at)))
            }
            Body::ProjectUpdated { project, changes } => {
                self.project_updated(wire, event, project, changes)
            }
            Body::NotificationCreated { notification } => {
                let told = self.notification(notification, at)?;
                Some(wire.event("notification", &told))
            }
            _ => None,
        }
    }

    pub(super) fn tell_signal(&self, wire: &Wire<'_>, signal: &Signal) -> Option<Frame> {
        let Signal { user, at, body, .. } = signal;
        let frame = match body {
            SignalBody::Typing { task, typing } => wire.event(
                "user_typing",
                &json!({
                    "user_id": user.id,
                    "username": self.text(&user.username),
                    "full_name": self.text(&user.full_name),
                    "task_id": task.id,
                    "is_typing": typing,
                    "timestamp": at.naive(),
                }),
            ),
            SignalBody::Presence { arrived: true, .. } => wire.event(
                "user_connected",
                &json!({
                    "user_id": user.id,
                    "username": self.text(&user.username),
                    "full_name": self.text(&user.full_name),
                    "timestamp": at.naive(),
                }),
            ),
            SignalBody::Relay { .. } | SignalBody::Upload(_) => return None,
            SignalBody::Presence { arrived: false, .. } => wire.event(
                "user_disconnected",
                &json!({
                    "user_id": user.id,
                    "username": self.text(&user.username),
                    "timestamp": at.naive(),
                }),
            ),
        };
        // Who came and went is not told again: only typing may be lost.
        let typing = matches!(body, SignalBody::Typing { .. });
        Some(if typing { Frame::ephemeral(frame.bytes) } else { frame })
    }

    pub(super) fn tell_caller(
        &self,
        wire: &Wire<'_>,
        echo: &Echo,
        reply: &Reply,
        now: Timestamp,
    ) -> Option<Frame> {
        let now = now.naive();
        match reply {
            Reply::Done
            | Reply::Entered
            | Reply::Resumed(_)
            | Reply::Ran(_)
            | Reply::JoinedNamed(_)
            | Reply::LeftNamed { .. } => None,
            Reply::Joined { project, .. } => Some(wire.event(
                "joined_project",
                &json!({
                    "project_id": as_written(&echo.written),
                    "room": format!("project_{project}"),
                    "timestamp": now,
                }),
            )),
            Reply::Left(_) => {
                let left = json!({ "project_id": as_written(&echo.written), "timestamp": now });
                Some(wire.event("left_project", &left))
            }
            Reply::Online(present) => Some(wire.event(
                "online_users",
                &json!({
                    "project_id": as_written(&echo.written),
                    "users": present.iter().map(|one| self.online(one)).collect::<Vec<_>>(),
                    "count": present.len(),
                    "timestamp": now,
                }),
            )),
            Reply::Pong => Some(wire.event("pong", &json!({ "timestamp": now }))),
        }
    }

    /// A text that people wrote.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.escape && text.contains('<') {
            Cow::Owned(text.replace('<', "&lt;"))
        } else {
            Cow::Borrowed(text)
        }
    }

    fn updated(
        &self,
        wire: &Wire<'_>,
        event: &Event,
        task: &Task,
        changes: &TaskChanges,
    ) -> Option<Frame> {
        let changes = self.task_changes(changes);
        if changes.is_empty() {
            // Fields that the app does not know.
            return None;
        }
        Some(wire.event(
            "task_updated",
            &json!({
                "task_id": task.id,
                "changes": changes,
                "task": {
                    "id": task.id,
                    "title": self.text(&task.title),
                    "description": self.optional(task.description.as_deref()),
                    "status": status_word(task.status),
                    "priority": task.priority,
                    "project_id": task.project_id,
                    "assigned_to": task.assignee_id,
                    "due_date": task.due_date.map(Timestamp::naive_short),
                    "updated_at": task.updated_at.naive(),
                },
                "updated_by": self.person(&event.actor),
                "timestamp": event.at.naive(),
            }),
        ))
    }

    fn task_changes(&self, changes: &TaskChanges) -> Map<String, Value> {
        let mut told = Map::new();
        let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
        if let Some(title) = &changes.title {
            tell("title", json!(self.text(&title.new)));
        }
        if let Some(description) = &changes.description {
            tell("description", json!(self.optional(description.new.as_deref())));
        }
        if let Some(status) = &changes.status
            && shows(status.old, status.new)
        {
            let (old, new) = (status_word(status.old), status_word(status.new));
            tell("status", json!({ "old": old, "new": new }));
        }
        if let Some(priority) = &changes.priority {
            tell("priority", json!(priority.new));
        }
        if let Some(assignee) = &changes.assignee {
            tell("assigned_to", json!(assignee.new.as_ref().map(|person| person.id)));
        }
        if let Some(due) = &changes.due_date {
            tell("due_date", json!(due.new.map(Timestamp::naive_short)));
        }
        told
    }

    fn project_updated(
        &self,
        wire: &Wire<'_>,
        event: &Event,
        project: &Project,
        changes: &ProjectChanges,
    ) -> Option<Frame> {
        let mut told = Map::new();
        if let Some(name) = &changes.name {
            told.insert("name".to_owned(), json!(self.text(&name.new)));
        }
        if let Some(description) = &changes.description {
            let description = self.optional(description.new.as_deref());
            told.insert("description".to_owned(), json!(description));
        }
        if told.is_empty() {
            return None;
        }
        Some(wire.event(
            "project_updated",
            &json!({
                "project_id": project.id,
                "changes": told,
                "project": {
                    "id": project.id,
                    "name": self.text(&project.name),
                    "description": self.optional(project.description.as_deref()),
                    // The app's projects have no status of their own.
                    "status": "active",
                    "updated_at": project.updated_at.naive(),
                },
                "updated_by": self.person(&event.actor),
                "timestamp": event.at.naive(),
            }),
        ))
    }

    fn notification(&self, notification: &Notification, at: Timestamp) -> Option<Value> {
        let who = self.text(&notification.actor.full_name);
        match &notification.notice {
            Notice::TaskStatusChanged { task, old, new } => shows(*old, *new).then(|| json!({
                "type": "task_status_changed",
                "message": format!(
                    "{who} changed status of \"{}\" to {}", self.text(&task.title), status_word(*new)
                ),
                "task_id": task.id,
                "timestamp": at.naive(),
            })),
            Notice::CommentAdded { task, comment_id } => Some(json!({
                "type": "comment_added",
                "message": format!("{who} commented on \"{}\"", self.text(&task.title)),
                "task_id": task.id,
                "comment_id": comment_id,
                "timestamp": at.naive(),
            })),
            // The app hears of the first by `task_updated` alone, and has neither channels nor
            // invitations.
            Notice::TaskAssigned { .. } | Notice::Mentioned { .. } | Notice::Invited { .. } => None,
        }
    }

    fn created(&self, task: &Task) -> Value {
        json!({
            "id": task.id,
            "title": self.text(&task.title),
            "description": self.optional(task.description.as_deref()),
            "status": status_word(task.status),
            "priority": task.priority,
            "project_id": task.project_id,
            "created_by": task.creator_id,
            "assigned_to": task.assignee_id,
            "due_date": task.due_date.map(Timestamp::naive_short),
            "created_at": task.created_at.naive(),
        })
    }

    fn commented(&self, comment: &Comment, task: &TaskRef, at: Timestamp) -> Value {
        json!({
            "comment": {
                "id": comment.id,
                "comment_text": self.text(&comment.body),
                "task_id": task.id,
                "user_id": comment.author_id,
                "author_name": self.text(&comment.author.full_name),
                "created_at": comment.created_at.naive(),
            },
            "task": {
                "id": task.id,
                "title": self.text(&task.title),
                "project_id": task.project_id,
            },
            "timestamp": at.naive(),
        })
    }

    fn person(&self, user: &UserRef) -> Value {
        json!({
            "id": user.id,
            "username": self.text(&user.username),
            "full_name": self.text(&user.full_name),
        })
    }

    fn online(&self, present: &Present) -> Value {
        json!({
            "user_id": present.user.id,
            "username": self.text(&present.user.username),
            "full_name": self.text(&present.user.full_name),
            "connected_at": present.since.naive(),
            "last_activity": present.last_activity.naive(),
        })
    }

    fn optional<'a>(&self, text: Option<&'a str>) -> Option<Cow<'a, str>> {
        text.map(|text| self.text(text))
    }
}

/// Whether the app's pages show a difference between two statuses; otherwise they are not told.
fn shows(old: TaskStatus, new: TaskStatus) -> bool {
    status_word(old) != status_word(new)
}

/// What a client wrote, as JSON again.
fn as_written(written: &str) -> Value {
    serde_json::from_str(written).unwrap_or_default()
}
