//! What clients of the Project Manager app hear: ids as numbers, times in UTC with an offset.

use chorus_collab::live::RoomName;
use chorus_model::event::Rooms;
use chorus_model::project::ProjectChanges;
use chorus_model::signal::SignalBody;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, CustomEvent, Event, Notice, Notification, Priority, Project, ProjectStatus, Room, Signal,
    Target, Task, TaskStatus, Timestamp, UserRef,
};
use chorus_realtime::{Deliveries, Delivery, Frame};
use serde_json::{Map, Value, json};
use smallvec::smallvec;

use super::chat;
use crate::dialect::{Frames, Reply, To, Wire};

/// Something for one person: no room, no sender.
pub(super) fn envelope(wire: &Wire<'_>, kind: &str, content: &Value, at: Timestamp) -> Frame {
    wire.event(kind, &json!({ "type": kind, "data": content, "timestamp": at.with_offset() }))
}

pub(super) fn reply(wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
    // The client reads a fixed number of frames after each command, in this order.
    match reply {
        Reply::JoinedNamed(name) => {
            let joined = in_own_words(wire, "joined_room", "Joined room", to);
            smallvec![joined, seen(wire, "user_joined", name.as_str(), to.user, to.now)]
        }
        Reply::LeftNamed { name, was_there } => {
            let left = in_own_words(wire, "left_room", "Left room", to);
            let seen = was_there.then(|| seen(wire, "user_left", name.as_str(), to.user, to.now));
            std::iter::once(left).chain(seen).collect()
        }
        Reply::Resumed(resumed) => {
            let mut told = json!({ "cursor": resumed.cursor });
            if let Some(reason) = resumed.reset {
                told["reset"] = json!(reason);
            }
            if !resumed.refused.is_empty() {
                told["refused"] = resumed.refused.iter().map(RoomName::as_str).collect();
            }
            smallvec![envelope(wire, "resumed", &told, to.now)]
        }
        Reply::Pong => {
            let pong = json!({ "timestamp": to.now.with_offset() });
            smallvec![envelope(wire, "pong", &pong, to.now)]
        }
        Reply::Done
        | Reply::Entered
        | Reply::Ran(_)
        | Reply::Joined { .. }
        | Reply::Left(_)
        | Reply::Online(_) => Frames::new(),
    }
}

/// The room in a text for the caller: as he wrote it, without quotes.
pub(super) fn room_as_written(to: &To<'_>) -> String {
    serde_json::from_str(&to.echo.written).unwrap_or_else(|_| to.echo.written.to_string())
}

/// The word for an event, if the app has one.
pub(super) fn word(event: &Event) -> Option<&'static str> {
    Some(match &event.body {
        Body::TaskCreated { .. } => "task.created",
        Body::TaskUpdated { .. } => "task.updated",
        Body::TaskStatusChanged { .. } => "task.status_changed",
        Body::TaskAssigned { .. } => "task.assigned",
        Body::TaskDeleted { .. } => "task.deleted",
        Body::ProjectUpdated { project, changes } => project_updated(project, changes).0,
        Body::ProjectDeleted { .. } => "project.archived",
        Body::MessageCreated { .. } | Body::MessageUpdated { .. } | Body::MessageDeleted { .. } => {
            chat::word(&event.body)?
        }
        Body::NotificationCreated { notification } => notified(notification).0,
        _ => return None,
    })
}

/// The one durable frame of an event; none where the app has no word for it.
pub(super) fn event(wire: &Wire<'_>, event: &Event) -> Option<Frame> {
    let told = |kind: &str, project, content: Value| {
        let room = Room::Project(project).to_string();
        Some(in_room(wire, kind, &room, &event.actor, &content, event.at))
    };
    match &event.body {
        Body::TaskCreated { task } => told("task.created", task.project_id, created(task)),
        Body::TaskUpdated { task, changes } => {
            let content = json!({ "task_id": task.id, "changes": task_changes(changes) });
            told("task.updated", task.project_id, content)
        }
        Body::TaskStatusChanged { task, old, .. }
            if status_word(*old) != status_word(task.status) =>
        {
            let content = json!({
                "task_id": task.id,
                "old_status": status_word(*old),
                "new_status": status_word(task.status),
                "changed_by": event.actor.username,
            });
            told("task.status_changed", task.project_id, content)
        }
        Body::TaskAssigned { task, .. } => {
            let content = json!({
                "task_id": task.id,
                "assignee": task.assignee.as_ref().map(|person| &person.username),
                "title": task.title,
            });
            told("task.assigned", task.project_id, content)
        }
        Body::TaskDeleted { task } => {
            told("task.deleted", task.project_id, json!({ "task_id": task.id }))
        }
        Body::ProjectUpdated { project, changes } => {
            let (kind, content) = project_updated(project, changes);
            told(kind, project.id, content)
        }
        Body::ProjectDeleted { project } => {
            told("project.archived", project.id, json!({ "project_id": project.id }))
        }
        Body::MessageCreated { .. } | Body::MessageUpdated { .. } | Body::MessageDeleted { .. } => {
            chat::event(wire, event)
        }
        Body::NotificationCreated { notification } => {
            let (kind, content) = notified(notification);
            Some(envelope(wire, kind, &content, event.at))
        }
        _ => None,
    }
}

pub(super) fn signal(wire: &Wire<'_>, signal: &Signal) -> Deliveries {
    match &signal.body {
        // The app has no words for these.
        SignalBody::Typing { .. } | SignalBody::Upload(_) => Deliveries::new(),
        SignalBody::Presence { arrived, rooms, names, .. } => {
            let kind = if *arrived { "user_joined" } else { "user_left" };
            let name = |room: &Room| match names.iter().find(|named| named.room == *room) {
                Some(named) => named.name.to_string(),
                None => room.to_string(),
            };
            let delivery = |room: &Room| {
                let frame = seen(wire, kind, &name(room), &signal.user, signal.at);
                // Who caused it has read it in the reply.
                deliver(*room, signal.cause, frame)
            };
            rooms.iter().map(delivery).collect()
        }
        SignalBody::Relay { room, name, content } => {
            let mut content: Map<String, Value> = serde_json::from_str(content).unwrap_or_default();
            // Last, so that nobody speaks in another's name.
            content.insert("username".to_owned(), json!(signal.user.username));
            content.insert("user_id".to_owned(), json!(signal.user.id));
            let content = Value::Object(content);
            let frame = in_room(wire, "message", name, &signal.user, &content, signal.at);
            smallvec![deliver(*room, None, frame)]
        }
    }
}

fn deliver(room: Room, except: Option<chorus_model::ConnectionId>, frame: Frame) -> Delivery {
    Delivery { rooms: smallvec![room], unless: Rooms::new(), except, frame }
}

/// A custom event: in a room with the room's name, to one person or to everyone without.
pub(super) fn custom(wire: &Wire<'_>, custom: &CustomEvent, at: Timestamp) -> Frame {
    match &custom.room {
        Target::User(_) | Target::Everyone => envelope(wire, &custom.event, &custom.data, at),
        room => wire.event(
            &custom.event,
            &json!({
                "type": custom.event,
                "room": room,
                "data": custom.data,
                "timestamp": at.with_offset(),
            }),
        ),
    }
}

/// Something for everyone in a room.
pub(super) fn in_room(
    wire: &Wire<'_>,
    kind: &str,
    room: &str,
    sender: &UserRef,
    content: &Value,
    at: Timestamp,
) -> Frame {
    let told = json!({
        "type": kind,
        "data": content,
        "timestamp": at.with_offset(),
        "room": room,
        "sender": sender.username,
    });
    wire.event(kind, &told)
}

/// A reply that names the room as the caller wrote it.
fn in_own_words(wire: &Wire<'_>, kind: &str, what: &str, to: &To<'_>) -> Frame {
    let room: Value = serde_json::from_str(&to.echo.written).unwrap_or_default();
    let told = json!({
        "type": kind,
        "room": room,
        "data": { "message": format!("{what} {}", room_as_written(to)) },
        "timestamp": to.now.with_offset(),
    });
    wire.event(kind, &told)
}

fn seen(wire: &Wire<'_>, kind: &str, room: &str, user: &UserRef, at: Timestamp) -> Frame {
    let who = json!({ "username": user.username, "user_id": user.id });
    in_room(wire, kind, room, user, &who, at)
}

fn created(task: &Task) -> Value {
    json!({
        "task_id": task.id,
        "title": task.title,
        "status": status_word(task.status),
        "priority": priority_word(task.priority),
        "assignee": task.assignee.as_ref().map(|person| &person.username),
        "creator": task.creator.username,
    })
}

/// The fields that have no word of their own, with their new values.
fn task_changes(changes: &TaskChanges) -> Map<String, Value> {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    };
    let TaskChanges { title, description, priority, due_date, .. } = changes;
    tell("title", title.as_ref().map(|change| json!(change.new)));
    tell("description", description.as_ref().map(|change| json!(change.new)));
    tell("priority", priority.as_ref().map(|change| json!(priority_word(change.new))));
    tell("due_date", due_date.as_ref().map(|change| json!(change.new.map(Timestamp::with_offset))));
    tell("estimated_hours", changes.estimated_hours.as_ref().map(|change| json!(change.new)));
    let start_date = changes.start_date.as_ref();
    tell("start_date", start_date.map(|change| json!(change.new.map(Timestamp::with_offset))));
    tell("type", changes.task_type.as_ref().map(|change| json!(change.new)));
    tell("labels", changes.labels.as_ref().map(|change| json!(change.new)));
    tell("depends_on", changes.depends_on.as_ref().map(|change| json!(change.new)));
    tell("category", changes.category.as_ref().map(|change| json!(change.new)));
    tell("position", changes.position.as_ref().map(|change| json!(change.new)));
    told
}

fn project_updated(project: &Project, changes: &ProjectChanges) -> (&'static str, Value) {
    if changes.status.as_ref().is_some_and(|status| status.new == ProjectStatus::Archived) {
        return ("project.archived", json!({ "project_id": project.id }));
    }
    let day = |at: Option<Timestamp>| json!(at.map(Timestamp::day));
    let changed = [
        ("name", changes.name.as_ref().map(|change| json!(change.new))),
        ("description", changes.description.as_ref().map(|change| json!(change.new))),
        ("status", changes.status.as_ref().map(|change| json!(change.new))),
        ("start_date", changes.start_date.as_ref().map(|change| day(change.new))),
        ("end_date", changes.end_date.as_ref().map(|change| day(change.new))),
    ];
    let told: Map<String, Value> =
        changed.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    ("project.updated", json!({ "project_id": project.id, "changes": told }))
}

fn notified(notification: &Notification) -> (&'static str, Value) {
    let who = &notification.actor.full_name;
    let new = |title: &str, message: String, project| {
        let link = format!("/project/{project}");
        let told =
            json!({ "title": title, "message": message, "link": link, "priority": "normal" });
        ("notification.new", told)
    };
    match &notification.notice {
        Notice::TaskAssigned { task } => (
            "notification.task_assigned",
            json!({
                "task_id": task.id,
                "task_title": task.title,
                "assigned_by": notification.actor.username,
                "project_id": task.project_id,
            }),
        ),
        Notice::TaskStatusChanged { task, new: status, .. } => {
            let status = status_word(*status);
            let message = format!("{who} changed \"{}\" to {status}", task.title);
            new("Task status changed", message, task.project_id)
        }
        Notice::CommentAdded { task, .. } => {
            let message = format!("{who} commented on \"{}\"", task.title);
            new("New comment", message, task.project_id)
        }
        Notice::Invited { invitation } => {
            let message = format!("{who} invited you to \"{}\"", invitation.project_name);
            new("New invitation", message, invitation.project_id)
        }
        Notice::Mentioned { channel, context, .. } => (
            "notification.mentioned",
            json!({
                "mentioned_by": notification.actor.username,
                "context": context,
                "link": format!("/project/{}/channel/{}", channel.project_id, channel.id),
            }),
        ),
    }
}

fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Blocked => "in_progress",
        TaskStatus::Cancelled => "archived",
        other => other.as_str(),
    }
}

fn priority_word(priority: Priority) -> &'static str {
    if priority == Priority::Critical { "urgent" } else { priority.as_str() }
}
