//! `prodsight`: the language of the ProdSight app. Its contract is in
//! `docs/protocol/prodsight.md`. Its clients change nothing over the socket: they listen, by the
//! role of their user in the workspace, and load anew over HTTP what they are told has changed.
//! Budgets, scripts, shots and assets are in `items`.

mod items;

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use chorus_collab::fields::id_of;
use chorus_collab::live::RoomName;
use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, TokenRules};
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, Event, Kind, Priority, ProjectId, Room, Signal, Task, TaskStatus, Timestamp, UserRef,
    Whole, WorkspaceRole,
};
use chorus_realtime::{Deliveries, Enters, Frame};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::{SmallVec, smallvec};

use super::audience::{Audiences, Hearer, Line};
use super::{Ask, Decoded, Dialect, Echo, Frames, Place, Refusal, Reply, To, Vitals, Wire, shown};
use crate::engine::Handshake;

/// The language of the ProdSight app.
#[derive(Debug, Clone)]
pub struct Prodsight {
    /// Who hears what.
    pub audiences: Audiences,
}

/// Who hears what, unless the configuration says otherwise.
pub const AUDIENCES: &[Line] = &[
    ("task_update", &[Hearer::Assignee, PRODUCER, DIRECTOR, MANAGER]),
    ("budget_update", &[PRODUCER, MANAGER]),
    ("script_update", &[PRODUCER, DIRECTOR, MANAGER, CREW, VFX]),
    ("vfx_update", &[PRODUCER, DIRECTOR, VFX]),
    (
        "asset_update",
        &[
            PRODUCER,
            DIRECTOR,
            MANAGER,
            CREW,
            VFX,
            Hearer::Role(WorkspaceRole::DistributionManager),
            Hearer::Role(WorkspaceRole::User),
            Hearer::Role(WorkspaceRole::Admin),
        ],
    ),
];

const PRODUCER: Hearer = Hearer::Role(WorkspaceRole::Producer);
const DIRECTOR: Hearer = Hearer::Role(WorkspaceRole::Director);
const MANAGER: Hearer = Hearer::Role(WorkspaceRole::ProductionManager);
const CREW: Hearer = Hearer::Role(WorkspaceRole::Crew);
const VFX: Hearer = Hearer::Role(WorkspaceRole::Vfx);

impl Default for Prodsight {
    fn default() -> Self {
        Self { audiences: Audiences::new(AUDIENCES) }
    }
}

impl Dialect for Prodsight {
    fn name(&self) -> &'static str {
        "prodsight"
    }

    fn health(&self, _vitals: &Vitals) -> Option<Value> {
        Some(json!({ "status": "healthy", "message": "Prodsight API is running" }))
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::Id, typed: false, issued: false }
    }

    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        let token = shown::in_payload(payload).or_else(|| shown::in_query(handshake)).map(bare);
        token.into_iter().filter(|token| !token.is_empty()).collect()
    }

    fn enters(&self) -> Enters {
        Enters::Roles
    }

    fn refusal(&self, _fault: &Fault) -> Refusal {
        // A client that hears only the `CONNECT_ERROR` tries again at once, without end.
        Refusal { hangs_up: true, ..Refusal::new(0, "Connection rejected by server") }
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, _at: &Place<'_>) -> Frames {
        let welcome = json!({
            "status": "connected",
            "user_id": user.id.to_string(),
            "message": "Successfully connected to ProdSight WebSocket",
        });
        smallvec![wire.event("connection_status", &welcome)]
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        match name {
            "join_project_room" => join(args),
            "leave_project_room" => leave(args),
            "ping" => Decoded::Ask(Ask::Ping, Echo::default()),
            _ => Decoded::Unknown,
        }
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        let room = || in_room(&to.echo.written);
        match reply {
            Reply::Joined { .. } => smallvec![wire.event("room_joined", &room())],
            Reply::LeftNamed { .. } => smallvec![wire.event("room_left", &room())],
            Reply::Pong => {
                smallvec![wire.event("pong", &json!({ "timestamp": seconds(to.now) }))]
            }
            Reply::Done
            | Reply::Entered
            | Reply::Resumed(_)
            | Reply::Ran(_)
            | Reply::Left(_)
            | Reply::JoinedNamed(_)
            | Reply::Online(_) => Frames::new(),
        }
    }

    fn fault(&self, _wire: &Wire<'_>, _to: &To<'_>, _fault: &Fault) -> Frames {
        Frames::new()
    }

    fn complaint(&self, _wire: &Wire<'_>, _text: &str, _now: Timestamp) -> Option<Frame> {
        None
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, _why: &Fault, _now: Timestamp) -> Option<Frame> {
        // Of the others the app has no word: they are entered by themselves.
        let Room::Project(project) = room else { return None };
        Some(wire.event("room_left", &in_room(project)))
    }

    fn farewell(&self, why: &Fault) -> Cow<'static, str> {
        why.to_string().into()
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        action(&event.body).map(|_| "task_update").or_else(|| items::word(&event.body))
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn whole(&self, event: &Event) -> Option<&'static Kind> {
        items::whole(&event.body)
    }

    fn render(&self, kind: &'static Kind, whole: &Whole) -> Value {
        items::render(kind, whole)
    }

    fn encode_whole(&self, wire: &Wire<'_>, event: &Event, whole: &RawValue) -> Option<Frame> {
        items::told_whole(wire, event, whole)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        if let Some(word) = items::word(&event.body) {
            return items::told(event).map(|told| wire.event(word, &told));
        }
        let (action, task) = action(&event.body)?;
        let update = json!({
            "action": action,
            "task": written(task),
            "timestamp": seconds(event.at),
        });
        Some(wire.event("task_update", &update))
    }

    fn signal(&self, _wire: &Wire<'_>, _signal: &Signal) -> Deliveries {
        // Nobody sees who is there or types.
        Deliveries::new()
    }
}

fn join(args: &[&RawValue]) -> Decoded {
    let Some(id) = project(args) else { return Decoded::Silent };
    let Some(project) = id_of(&id) else { return Decoded::Silent };
    Decoded::Ask(Ask::Join(ProjectId(project)), echo(&id))
}

/// Leaving is answered also where there was nothing to leave.
fn leave(args: &[&RawValue]) -> Decoded {
    let Some(id) = project(args) else { return Decoded::Silent };
    let Some(room) = RoomName::new("project", &as_text(&id)) else { return Decoded::Silent };
    Decoded::Ask(Ask::LeaveNamed(room), echo(&id))
}

/// The project in the one argument; none where it counts as missing.
fn project(args: &[&RawValue]) -> Option<Value> {
    #[derive(Deserialize)]
    struct Named {
        project_id: Value,
    }
    let named: Named = serde_json::from_str(args.first()?.get()).ok()?;
    match &named.project_id {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        _ => false,
    }
    .then_some(named.project_id)
}

fn in_room(project: impl Display) -> Value {
    json!({ "room": format!("project_{project}") })
}

fn echo(id: &Value) -> Echo {
    Echo { word: "", written: as_text(id).into() }
}

fn as_text(id: &Value) -> Cow<'_, str> {
    id.as_str().map_or_else(|| id.to_string().into(), Cow::Borrowed)
}

fn bare(token: Cow<'_, str>) -> Cow<'_, str> {
    match token.strip_prefix("Bearer ") {
        Some(bare) => bare.to_owned().into(),
        None => token,
    }
}

/// What is told to have happened to a task, if it is told.
fn action(body: &Body) -> Option<(&'static str, &Task)> {
    match body {
        Body::TaskCreated { task } => Some(("created", task)),
        Body::TaskUpdated { task, changes }
        | Body::TaskStatusChanged { task, changes, .. }
        | Body::TaskAssigned { task, changes, .. }
            if body.leads() && shows(changes) =>
        {
            Some(("updated", task))
        }
        Body::TaskDeleted { task } => Some(("deleted", task)),
        _ => None,
    }
}

/// Whether a task is written differently now.
fn shows(changes: &TaskChanges) -> bool {
    let TaskChanges {
        title,
        description,
        status,
        priority,
        assignee,
        due_date,
        estimated_hours,
        category,
        // The app has none of these.
        position: _,
        start_date: _,
        task_type: _,
        labels: _,
        depends_on: _,
    } = changes;
    let day = |due: Option<Timestamp>| due.map(Timestamp::day);
    title.is_some()
        || description.is_some()
        || status.as_ref().is_some_and(|it| status_word(it.old) != status_word(it.new))
        || priority.as_ref().is_some_and(|it| priority_word(it.old) != priority_word(it.new))
        || assignee.is_some()
        || due_date.as_ref().is_some_and(|it| day(it.old) != day(it.new))
        || estimated_hours.is_some()
        || category.is_some()
}

/// The app's tasks have all their fields: what is not set is an empty text, or no hours.
fn written(task: &Task) -> Value {
    let assignee = task.assignee.as_ref();
    json!({
        "id": task.id.to_string(),
        "title": task.title,
        "description": task.description.as_deref().unwrap_or_default(),
        "status": status_word(task.status),
        "assignee": assignee.map(|person| &*person.full_name).unwrap_or_default(),
        "assigneeId": task.assignee_id.map(|id| id.to_string()).unwrap_or_default(),
        "dueDate": task.due_date.map(Timestamp::day).unwrap_or_default(),
        "priority": priority_word(task.priority),
        "category": task.category.as_deref().unwrap_or_default(),
        "estimatedHours": task.estimated_hours.unwrap_or_default(),
    })
}

/// What the app shows for each stored status; its words are fewer.
fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Todo => "todo",
        TaskStatus::InProgress | TaskStatus::Review | TaskStatus::Blocked => "in_progress",
        TaskStatus::Done | TaskStatus::Cancelled => "done",
    }
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Medium => "medium",
        Priority::High | Priority::Critical => "high",
    }
}

/// Seconds since 1970-01-01, with their fraction.
fn seconds(at: Timestamp) -> f64 {
    Duration::from_micros(u64::try_from(at.micros()).unwrap_or_default()).as_secs_f64()
}

#[cfg(test)]
mod tests;
