//! `skybuild`: the language of the SkyBuild Pro app. Its contract is in
//! `docs/protocol/skybuild.md`; what its clients say is read in `ask`, what they hear is written
//! in `tell`, and of bills of quantities in `boq`.

mod ask;
mod boq;
mod tell;

use std::borrow::Cow;

use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, TokenFault, TokenRules};
use chorus_model::{Body, Event, Priority, Room, Signal, TaskStatus, Timestamp, UserRef};
use chorus_realtime::{Deliveries, Frame};
use serde_json::json;
use serde_json::value::RawValue;
use smallvec::{SmallVec, smallvec};

use super::audience::{Audiences, Hearer, Line};
use super::{Decoded, Dialect, Frames, Place, Refusal, Reply, To, Wire};
use crate::engine::Handshake;

/// The language of the SkyBuild Pro app.
#[derive(Debug, Clone)]
pub struct Skybuild {
    /// Who hears what.
    pub audiences: Audiences,
}

/// Who hears what, unless the configuration says otherwise.
pub const AUDIENCES: &[Line] = &[
    ("boq:item:updated", &[Hearer::Project]),
    ("boq:bulk:updated", &[Hearer::Project]),
    ("task:updated", &[Hearer::Project]),
    ("comment:created", &[Hearer::Project]),
    ("comment:updated", &[Hearer::Project]),
    ("comment:deleted", &[Hearer::Project]),
    ("notification:new", &[Hearer::Recipient]),
];

impl Default for Skybuild {
    fn default() -> Self {
        Self { audiences: Audiences::new(AUDIENCES) }
    }
}

impl Dialect for Skybuild {
    fn name(&self) -> &'static str {
        "skybuild"
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::Id, typed: false, issued: false }
    }

    fn credentials<'a>(
        &self,
        _handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        payload.and_then(ask::token).map(Cow::Owned).into_iter().collect()
    }

    fn asks_who(&self) -> bool {
        true
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let reason: Cow<'static, str> = match fault {
            Fault::Unauthenticated(TokenFault::Missing) => "Authentication required".into(),
            // The app takes its own two texts for the end of the user's session.
            Fault::TooManyConnections | Fault::Busy | Fault::Unavailable => {
                fault.to_string().into()
            }
            _ => "Authentication failed".into(),
        };
        Refusal::new(0, reason)
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, _at: &Place<'_>) -> Frames {
        let welcome = json!({
            "user_id": user.id.to_string(),
            "message": "Successfully connected to real-time server",
        });
        smallvec![wire.event("connected", &welcome)]
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        ask::decode(name, args)
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        tell::caller(wire, to.echo, reply)
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        self.complaint(wire, &fault_text(fault), to.now).into_iter().collect()
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, _now: Timestamp) -> Option<Frame> {
        Some(wire.event("error", &json!({ "message": text })))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        matches!(room, Room::Project(_)).then(|| self.complaint(wire, &fault_text(why), now))?
    }

    fn farewell(&self, _why: &Fault) -> Cow<'static, str> {
        NOT_AUTHENTICATED.into()
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        Some(match &event.body {
            Body::TaskUpdated { .. }
            | Body::TaskStatusChanged { lead: true, .. }
            | Body::TaskAssigned { lead: true, .. } => "task:updated",
            Body::CommentCreated { .. } => "comment:created",
            Body::CommentUpdated { .. } => "comment:updated",
            Body::CommentDeleted { .. } => "comment:deleted",
            Body::NotificationCreated { .. } => "notification:new",
            Body::ItemUpdated(change) if boq::is_of_bill(change.item.kind()) => "boq:item:updated",
            Body::ItemsUpdated(change) if boq::is_of_bill(change.kind) => "boq:bulk:updated",
            _ => return None,
        })
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        let word = self.word(event)?;
        tell::event(event).map(|told| wire.event(word, &told))
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        tell::signal(wire, signal)
    }
}

/// What the app says to a socket that nobody stands behind.
const NOT_AUTHENTICATED: &str = "Not authenticated";
/// What it says of a project that the caller may not see.
const NO_ACCESS: &str = "Access denied to project";

/// What the app shows for each stored status; its words are fewer.
fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Todo => "todo",
        TaskStatus::InProgress | TaskStatus::Review => "in_progress",
        TaskStatus::Blocked => "blocked",
        TaskStatus::Done | TaskStatus::Cancelled => "done",
    }
}

fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "urgent",
        other => other.as_str(),
    }
}

fn fault_text(fault: &Fault) -> Cow<'static, str> {
    match fault {
        Fault::NotFound(_) | Fault::Forbidden => NO_ACCESS.into(),
        Fault::Deactivated | Fault::Unauthenticated(_) => NOT_AUTHENTICATED.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
