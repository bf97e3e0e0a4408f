//! `flux`: the language of Flux Studio's tasks. Its contract is in `docs/protocol/flux.md`; what
//! its clients say is read in `ask`, what they hear is written in `tell`, which fields of a task
//! they see in `task`, and of milestones in `milestone`.

mod ask;
mod milestone;
mod task;
mod tell;

use std::borrow::Cow;

use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, Noun, TokenFault, TokenRules};
use chorus_model::{Body, Event, ProjectId, Room, Signal, Timestamp, UserRef};
use chorus_realtime::{Deliveries, Frame, Present};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::{SmallVec, smallvec};

use super::audience::{Audiences, Hearer, Line};
use super::{Decoded, Dialect, Frames, Place, Refusal, Reply, To, Vitals, Wire, shown};
use crate::engine::Handshake;

/// The language of Flux Studio's tasks.
#[derive(Debug, Clone)]
pub struct Flux {
    /// Whether `<` in texts that people write is sent as `&lt;`: the app's pages put texts into
    /// the page as they come.
    pub escape: bool,
    /// Who hears what.
    pub audiences: Audiences,
}

/// Who hears what, unless the configuration says otherwise. A second word is heard by whoever
/// hears the first; `activity:new` is the first of milestones alone.
pub const AUDIENCES: &[Line] = &[
    ("task:created", &[Hearer::Project]),
    ("task:updated", &[Hearer::Project]),
    ("task:deleted", &[Hearer::Project]),
    ("activity:new", &[Hearer::Project]),
];

/// No token at all.
const NO_TOKEN: &str = "Authentication required";
/// A token that does not count, or not any more.
const BAD_TOKEN: &str = "Invalid or expired token";

impl Default for Flux {
    fn default() -> Self {
        Self { escape: true, audiences: Audiences::new(AUDIENCES) }
    }
}

impl Dialect for Flux {
    fn name(&self) -> &'static str {
        "flux"
    }

    fn namespaces(&self) -> &'static [&'static str] {
        // Clients in production take the path of their address for the namespace.
        &["/", "/api"]
    }

    fn health(&self, vitals: &Vitals) -> Option<Value> {
        Some(json!({
            "status": "ok",
            "service": "auth-service",
            "timestamp": vitals.now.iso_millis(),
            "uptime": vitals.up.as_secs_f64(),
            "database": { "usePostgres": false, "dualWriteEnabled": false },
        }))
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::IdClaim, typed: false, issued: false }
    }

    fn credentials<'a>(
        &self,
        _handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        shown::in_payload(payload).into_iter().collect()
    }

    fn asks_who(&self) -> bool {
        true
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let reason: Cow<'static, str> = match fault {
            Fault::TooManyConnections | Fault::Busy | Fault::Unavailable => {
                fault.to_string().into()
            }
            Fault::Unauthenticated(TokenFault::Missing) => NO_TOKEN.into(),
            _ => BAD_TOKEN.into(),
        };
        Refusal::new(0, reason)
    }

    fn welcome(&self, _wire: &Wire<'_>, _user: &UserRef, _at: &Place<'_>) -> Frames {
        Frames::new()
    }

    fn acknowledges(&self) -> bool {
        false
    }

    fn tells_strangers(&self) -> bool {
        true
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        ask::decode(name, args)
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        match reply {
            Reply::Joined { project, present } => {
                smallvec![self.arrived(wire, *project, present, to)]
            }
            _ => Frames::new(),
        }
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        self.complaint(wire, &fault_text(to.echo.word, fault), to.now).into_iter().collect()
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, _now: Timestamp) -> Option<Frame> {
        Some(wire.event("error", &json!({ "message": text })))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        let text = fault_text(ask::JOIN, why);
        matches!(room, Room::Project(_)).then(|| self.complaint(wire, &text, now))?
    }

    fn farewell(&self, _why: &Fault) -> Cow<'static, str> {
        BAD_TOKEN.into()
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        match &event.body {
            Body::TaskCreated { .. } => Some("task:created"),
            Body::TaskUpdated { .. }
            | Body::TaskStatusChanged { lead: true, .. }
            | Body::TaskAssigned { lead: true, .. } => Some("task:updated"),
            Body::TaskDeleted { .. } => Some("task:deleted"),
            body => milestone::has_line(body).then_some(tell::LINE),
        }
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        self.tell(wire, event)
    }

    fn companion(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        self.activity(wire, event)
    }

    fn lists_present(&self) -> bool {
        true
    }

    fn list(&self, wire: &Wire<'_>, project: ProjectId, present: &[Present]) -> Option<Frame> {
        Some(self.presence(wire, project, present.iter().map(|one| (&*one.user, one.since))))
    }

    fn signal(&self, _wire: &Wire<'_>, _signal: &Signal) -> Deliveries {
        // Who comes and goes is told by whole lists; there are no words for the rest.
        Deliveries::new()
    }
}

/// The text for a fault, by the word that met it.
fn fault_text(word: &str, fault: &Fault) -> Cow<'static, str> {
    let fixed = match (word, fault) {
        (_, Fault::Deactivated | Fault::Unauthenticated(_) | Fault::NotFound(Noun::User)) => {
            BAD_TOKEN
        }
        (_, Fault::NotFound(Noun::Project)) => "Project not found",
        (_, Fault::NotFound(_)) => "Task not found",
        (_, Fault::Forbidden) => "Access denied to project",
        (ask::JOIN, Fault::Busy | Fault::Unavailable | Fault::Internal) => "Error joining project",
        (_, other) => return other.to_string().into(),
    };
    fixed.into()
}

#[cfg(test)]
mod tests;
