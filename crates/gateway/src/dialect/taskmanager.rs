//! `taskmanager`: the language of the Task Manager app. Its contract is in
//! `docs/protocol/taskmanager.md`; what its clients say is read in `ask`, what they hear is
//! written in `tell`.

mod ask;
mod tell;

use std::borrow::Cow;

use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, Noun, TokenRules};
use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{Body, Event, Room, Signal, TaskStatus, Timestamp, UserRef, Word};
use chorus_realtime::{Deliveries, Delivery, Enters, Frame};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::{SmallVec, smallvec};

use super::audience::{Audiences, Hearer, Line};
use super::{Decoded, Dialect, Frames, Place, Refusal, Reply, To, Vitals, Wire, shown};
use crate::engine::Handshake;

/// The language of the Task Manager app.
#[derive(Debug, Clone)]
pub struct Taskmanager {
    /// Whether `<` in texts that people write is sent as `&lt;`: the app's pages put texts into
    /// the page as they come.
    pub escape: bool,
    /// Who hears what.
    pub audiences: Audiences,
}

/// Who hears what, unless the configuration says otherwise.
pub const AUDIENCES: &[Line] = &[
    ("task_created", &[Hearer::Project]),
    ("task_updated", &[Hearer::Project]),
    ("task_status_changed", &[Hearer::Project]),
    ("task_deleted", &[Hearer::Project]),
    ("comment_added", &[Hearer::Project]),
    ("project_updated", &[Hearer::Project]),
    ("notification", &[Hearer::Recipient]),
];

impl Default for Taskmanager {
    fn default() -> Self {
        Self { escape: true, audiences: Audiences::new(AUDIENCES) }
    }
}

impl Dialect for Taskmanager {
    fn name(&self) -> &'static str {
        "taskmanager"
    }

    fn health(&self, _vitals: &Vitals) -> Option<Value> {
        let message = "Task Manager API is running";
        Some(json!({ "status": "healthy", "message": message, "websocket_enabled": true }))
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::Id, typed: false, issued: false }
    }

    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        _payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        let query = shown::in_query(handshake).map(unwrap_token).filter(|token| !token.is_empty());
        query.into_iter().chain(shown::in_session(handshake)).collect()
    }

    fn enters(&self) -> Enters {
        Enters::Projects
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let reason: Cow<'static, str> = match fault {
            Fault::TooManyConnections | Fault::Busy | Fault::Unavailable => {
                fault.to_string().into()
            }
            _ => "Connection rejected by server".into(),
        };
        Refusal::new(0, reason)
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, at: &Place<'_>) -> Frames {
        let welcome = json!({
            "message": "Successfully connected to real-time updates",
            "user_id": user.id,
            "timestamp": at.now.naive(),
        });
        smallvec![wire.event("connected", &welcome)]
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        ask::decode(name, args)
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        self.tell_caller(wire, to.echo, reply, to.now).into_iter().collect()
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        let Some(text) = fault_text(to.echo.word, fault) else { return Frames::new() };
        self.complaint(wire, &text, to.now).into_iter().collect()
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, _now: Timestamp) -> Option<Frame> {
        Some(wire.event("error", &json!({ "message": self.text(text) })))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        let text = fault_text("join_project", why)?;
        matches!(room, Room::Project(_)).then(|| self.complaint(wire, &text, now))?
    }

    fn farewell(&self, _why: &Fault) -> Cow<'static, str> {
        "Authentication required".into()
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        Some(match &event.body {
            Body::TaskCreated { .. } => "task_created",
            Body::TaskStatusChanged { changes, .. } if changes.is_status_only() => {
                "task_status_changed"
            }
            Body::TaskUpdated { .. }
            | Body::TaskStatusChanged { lead: true, .. }
            | Body::TaskAssigned { lead: true, .. } => "task_updated",
            Body::TaskDeleted { .. } => "task_deleted",
            Body::CommentCreated { task: Some(_), .. } => "comment_added",
            Body::ProjectUpdated { .. } => "project_updated",
            Body::NotificationCreated { .. } => "notification",
            _ => return None,
        })
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        self.tell(wire, event)
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        let projects = |rooms: &[Room]| -> Rooms {
            let is_project = |room: &Room| matches!(room, Room::Project(_));
            rooms.iter().copied().filter(is_project).collect()
        };
        let (rooms, unless, except) = match &signal.body {
            SignalBody::Typing { task, .. } => {
                (smallvec![Room::Project(task.project_id)], Rooms::new(), signal.cause)
            }
            SignalBody::Presence { rooms, elsewhere, .. } => {
                (projects(rooms), projects(elsewhere), None)
            }
            SignalBody::Relay { .. } | SignalBody::Upload(_) => return Deliveries::new(),
        };
        let Some(frame) = self.tell_signal(wire, signal) else { return Deliveries::new() };
        if rooms.is_empty() {
            return Deliveries::new();
        }
        smallvec![Delivery { rooms, unless, except, frame }]
    }
}

/// What the pages show for each stored status; their words are fewer.
fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Todo => "pending",
        TaskStatus::InProgress | TaskStatus::Review | TaskStatus::Blocked => "in_progress",
        TaskStatus::Done => "completed",
        TaskStatus::Cancelled => "cancelled",
    }
}

/// The words that clients may use for a status.
const STATUS_WORDS: &[&str] = &["pending", "in_progress", "completed", "cancelled"];

fn status_of(word: &str) -> Option<Word<TaskStatus>> {
    match word {
        "pending" => Some(Word::exact(TaskStatus::Todo)),
        "in_progress" => {
            let also = [TaskStatus::Review, TaskStatus::Blocked];
            Some(Word::shown_for(TaskStatus::InProgress, &also))
        }
        "completed" => Some(Word::exact(TaskStatus::Done)),
        "cancelled" => Some(Word::exact(TaskStatus::Cancelled)),
        _ => None,
    }
}

/// Pages send the token as they find it in their storage: JSON-encoded, or the words that
/// JavaScript writes for nothing.
fn unwrap_token(token: Cow<'_, str>) -> Cow<'_, str> {
    let inner = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let token = inner.map(|inner| Cow::Owned(inner.to_owned())).unwrap_or(token);
    if matches!(&*token, "null" | "undefined") { Cow::Borrowed("") } else { token }
}

/// The text for a fault, by the word that met it; none where the app is silent.
fn fault_text(word: &str, fault: &Fault) -> Option<Cow<'static, str>> {
    let fixed = match (word, fault) {
        ("user_typing", _) => return None,
        ("join_project" | "get_online_users", Fault::NotFound(_) | Fault::Forbidden) => {
            "Access denied to project"
        }
        ("comment_added", Fault::NotFound(_)) => "Comment or task not found",
        ("project_updated", Fault::NotFound(Noun::Project)) => "Project not found",
        (_, Fault::NotFound(_)) => "Task not found",
        (_, Fault::Deactivated | Fault::Unauthenticated(_)) => "Authentication required",
        // In the app's own name for the field.
        (_, other) => return Some(other.to_string().replace("assignee_id", "assigned_to").into()),
    };
    Some(fixed.into())
}

#[cfg(test)]
mod tests;
