//! What the tests of the dialects have in common: people, a task, an event, and both ends of a
//! frame.

use chorus_model::event::Scope;
use chorus_model::{
    Body, Event, Priority, ProjectId, SyncId, Task, TaskId, TaskStatus, Timestamp, UserId, UserRef,
};
use chorus_protocol::socketio::Offset;
use chorus_realtime::Frame;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Decoded, Dialect, Wire};

pub(super) const WIRE: Wire<'_> = Wire::SocketIo { namespace: "/", offset: Offset::Unknown };
/// When the task was made.
pub(super) const MADE: &str = "2026-11-20T10:28:53.637207Z";
/// When the event happened.
pub(super) const HAPPENED: &str = "2026-11-20T10:28:55.034831Z";

pub(super) fn raw(json: &str) -> Box<RawValue> {
    serde_json::from_str(json).unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// What a dialect makes of an event of a client.
pub(super) fn decode(dialect: &impl Dialect, name: &str, arguments: &[&str]) -> Decoded {
    let arguments: Vec<_> = arguments.iter().map(|json| raw(json)).collect();
    let arguments: Vec<&RawValue> = arguments.iter().map(|raw| &**raw).collect();
    dialect.decode(name, &arguments)
}

/// The event in a frame of Socket.IO: its name and argument.
pub(super) fn said(frame: &Frame) -> (String, Value) {
    let (_, payload) = chorus_protocol::websocket::split(&frame.bytes).unwrap();
    let text = std::str::from_utf8(&payload).unwrap().strip_prefix("42").unwrap();
    serde_json::from_str(text).unwrap()
}

pub(super) fn person(id: i64, name: &str) -> UserRef {
    let full_name = format!("{name} Smith");
    UserRef { id: UserId(id), username: name.to_owned(), full_name, email: None }
}

/// A task of alice's in project 7 for carol, with a title that is markup.
pub(super) fn task() -> Task {
    Task {
        id: TaskId(1),
        project_id: ProjectId(7),
        title: "<b>T1".into(),
        description: None,
        status: TaskStatus::Blocked,
        priority: Priority::Critical,
        assignee_id: Some(UserId(3)),
        assignee: Some(person(3, "carol")),
        creator_id: UserId(1),
        creator: person(1, "alice"),
        due_date: None,
        estimated_hours: None,
        category: None,
        position: 1.0,
        version: 1,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
        created_at: at(MADE),
        updated_at: at(MADE),
    }
}

/// Something that bob did in project 7.
pub(super) fn event(body: Body) -> Event {
    Event {
        sync_id: SyncId(1),
        scope: Scope::Project(ProjectId(7)),
        actor: person(2, "bob"),
        origin: None,
        at: at(HAPPENED),
        body,
    }
}
