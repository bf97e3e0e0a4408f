//! What clients of the SkyBuild Pro app hear: ids of people and projects as texts, of tasks,
//! comments and notifications as numbers, times in RFC 3339.

use chorus_model::signal::SignalBody;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, Comment, Event, ItemRef, Notice, Notification, ProjectId, Room, Signal, TaskStatus,
    Timestamp, UserId,
};
use chorus_realtime::{Deliveries, Delivery, Frame};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use smallvec::smallvec;

use super::{boq, priority_word, status_word};
use crate::dialect::{Echo, Frames, Reply, Wire};

/// People whom somebody who enters is told to be there, at most: fewer than may wait for one
/// session, and more than a team has.
const MOST_TOLD: usize = 500;

/// What is told of an event that there is a word for; none where the app would show no difference.
pub(super) fn event(event: &Event) -> Option<Value> {
    match &event.body {
        Body::TaskUpdated { task, changes }
        | Body::TaskStatusChanged { task, changes, .. }
        | Body::TaskAssigned { task, changes, .. } => {
            let updates = updates(changes);
            (!updates.is_empty()).then(|| {
                json!({
                    "project_id": task.project_id.to_string(),
                    "task_id": task.id,
                    "updates": updates,
                    "updated_by": event.actor.id.to_string(),
                })
            })
        }
        Body::CommentCreated { comment, item, .. }
        | Body::CommentUpdated { comment, item, .. }
        | Body::CommentDeleted { comment, item, .. } => {
            let (word, id) = context(comment, item.as_ref())?;
            Some(json!({
                "project_id": comment.project_id.to_string(),
                "comment_id": comment.id,
                "comment": commented(comment, word, &id),
            }))
        }
        Body::NotificationCreated { notification } => notified(notification),
        Body::ItemUpdated(change) => boq::updated(change, event),
        Body::ItemsUpdated(change) => Some(boq::many_updated(change, event)),
        _ => None,
    }
}

/// Who came and who went: projects are all that the app has rooms for.
pub(super) fn signal(wire: &Wire<'_>, signal: &Signal) -> Deliveries {
    let SignalBody::Presence { arrived, rooms, .. } = &signal.body else {
        return Deliveries::new();
    };
    let word = if *arrived { "user:joined" } else { "user:left" };
    let tell = |room: &Room| {
        let Room::Project(project) = *room else { return None };
        let frame = wire.event(word, &present(signal.user.id, project));
        let rooms = smallvec![*room];
        Some(Delivery { rooms, unless: smallvec![], except: signal.cause, frame })
    };
    rooms.iter().filter_map(tell).collect()
}

pub(super) fn caller(wire: &Wire<'_>, echo: &Echo, reply: &Reply) -> Frames {
    match reply {
        Reply::Joined { project, present: there } => {
            let message = format!("Joined project {project}");
            let joined = Joined { project_id: as_written(&echo.written), message };
            // The app forgets whom it knew when it hears the first, so the others follow it.
            let there = there.iter().take(MOST_TOLD).map(|one| {
                let frame = wire.event("user:joined", &present(one.user.id, *project));
                Frame::ephemeral(frame.bytes)
            });
            std::iter::once(wire.event("joined_project", &joined)).chain(there).collect()
        }
        Reply::Pong => {
            smallvec![wire.event("pong", &Pong { timestamp: as_written(&echo.written) })]
        }
        _ => Frames::new(),
    }
}

#[derive(Serialize)]
struct Joined<'a> {
    project_id: Option<&'a RawValue>,
    message: String,
}

/// Whatever the client asked with.
#[derive(Serialize)]
struct Pong<'a> {
    timestamp: Option<&'a RawValue>,
}

fn present(user: UserId, project: ProjectId) -> Value {
    json!({ "user_id": user.to_string(), "project_id": project.to_string() })
}

/// The new values of what changed, as far as the app knows it.
fn updates(changes: &TaskChanges) -> Map<String, Value> {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    if let Some(title) = &changes.title {
        tell("title", json!(title.new));
    }
    if let Some(description) = &changes.description {
        tell("description", json!(description.new));
    }
    if let Some(status) = &changes.status
        && shows(status.old, status.new)
    {
        tell("status", json!(status_word(status.new)));
    }
    if let Some(priority) = &changes.priority {
        tell("priority", json!(priority_word(priority.new)));
    }
    if let Some(assignee) = &changes.assignee {
        tell("assignee_id", json!(assignee.new.as_ref().map(|person| person.id.to_string())));
    }
    if let Some(due) = &changes.due_date {
        let (old, new) = (due.old.map(Timestamp::day), due.new.map(Timestamp::day));
        if old != new {
            tell("due_date", json!(new));
        }
    }
    if let Some(start) = &changes.start_date {
        let (old, new) = (start.old.map(Timestamp::day), start.new.map(Timestamp::day));
        if old != new {
            tell("start_date", json!(new));
        }
    }
    if let Some(task_type) = &changes.task_type {
        tell("type", json!(task_type.new));
    }
    if let Some(labels) = &changes.labels {
        tell("labels", json!(labels.new));
    }
    if let Some(position) = &changes.position {
        tell("position", json!(position.new));
    }
    told
}

/// What the app says that a comment is on; none if it knows no such thing.
fn context(comment: &Comment, item: Option<&ItemRef>) -> Option<(&'static str, String)> {
    Some(match (comment.task_id, item) {
        (Some(task), _) => ("task", task.to_string()),
        (None, Some(item)) if boq::is_of_bill(item.kind) => ("boq", item.id.to_string()),
        (None, Some(_)) => return None,
        (None, None) => ("project", comment.project_id.to_string()),
    })
}

fn commented(comment: &Comment, context: &str, id: &str) -> Value {
    json!({
        "id": comment.id,
        "project_id": comment.project_id.to_string(),
        "context_type": context,
        "context_id": id,
        "body": comment.body,
        "author_id": comment.author_id.to_string(),
        "parent_id": comment.parent_id,
        "created_at": comment.created_at,
        "updated_at": comment.is_edited.then_some(comment.updated_at),
        "author": {
            "id": comment.author.id.to_string(),
            "email": comment.author.email,
            "full_name": comment.author.full_name,
        },
    })
}

fn notified(notification: &Notification) -> Option<Value> {
    let who = &notification.actor.full_name;
    let message = match &notification.notice {
        Notice::TaskAssigned { task } => format!("{who} assigned \"{}\" to you", task.title),
        Notice::TaskStatusChanged { task, old, new } => {
            if !shows(*old, *new) {
                return None;
            }
            format!("{who} moved \"{}\" to {}", task.title, status_word(*new))
        }
        Notice::CommentAdded { task, .. } => format!("{who} commented on \"{}\"", task.title),
        Notice::Mentioned { channel, .. } => format!("{who} mentioned you in #{}", channel.name),
        Notice::Invited { invitation } => {
            format!("{who} invited you to \"{}\"", invitation.project_name)
        }
    };
    Some(json!({ "id": notification.id, "message": message, "type": "info" }))
}

/// Whether the app shows a difference between two statuses; otherwise they are not told.
fn shows(old: TaskStatus, new: TaskStatus) -> bool {
    status_word(old) != status_word(new)
}

/// What a client wrote, as it wrote it.
fn as_written(written: &str) -> Option<&RawValue> {
    serde_json::from_str(written).ok()
}
