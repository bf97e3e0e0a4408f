//! `envelope`: the language of the Project Manager app, JSON envelopes on a raw socket. Its
//! contract is in `docs/protocol/envelope.md`; what its clients say is read in `ask`, what they
//! hear is written in `tell`.

mod ask;
mod chat;
mod tell;

use std::borrow::Cow;

use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, Pulse, TokenFault, TokenRules};
use chorus_model::{CustomEvent, Event, Room, Signal, Timestamp, UserRef};
use chorus_realtime::{Deliveries, Frame};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::{SmallVec, smallvec};

use super::audience::{Audiences, Hearer, Line};
use super::{Decoded, Dialect, Frames, Place, Refusal, Reply, To, UserLimits, Vitals, Wire, shown};
use crate::engine::{Handshake, Said};

/// The language of the Project Manager app.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// How clients are refused.
    pub refusals: Refusals,
    /// Who hears what.
    pub audiences: Audiences,
}

/// Who hears what, unless the configuration says otherwise.
pub const AUDIENCES: &[Line] = &[
    ("task.created", &[Hearer::Project]),
    ("task.updated", &[Hearer::Project]),
    ("task.status_changed", &[Hearer::Project]),
    ("task.assigned", &[Hearer::Project]),
    ("task.deleted", &[Hearer::Project]),
    ("message", &[Hearer::Channel]),
    ("message.new", &[Hearer::Channel]),
    ("message.edited", &[Hearer::Channel]),
    ("message.deleted", &[Hearer::Channel]),
    ("project.updated", &[Hearer::Project]),
    ("project.archived", &[Hearer::Project]),
    ("notification.new", &[Hearer::Recipient]),
    ("notification.task_assigned", &[Hearer::Recipient]),
    ("notification.mentioned", &[Hearer::Recipient]),
];

impl Default for Envelope {
    fn default() -> Self {
        Self { refusals: Refusals::Http, audiences: Audiences::new(AUDIENCES) }
    }
}

/// How clients are refused that show no good token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusals {
    /// 403 before the upgrade, the close code in its body.
    #[default]
    Http,
    /// The first within a minute, of a token or an address, by a close code, for which the socket
    /// is opened; the others by 403.
    Close,
}

impl Dialect for Envelope {
    fn name(&self) -> &'static str {
        "envelope"
    }

    fn health(&self, vitals: &Vitals) -> Option<Value> {
        Some(json!({
            "status": "ok",
            "service": "Project Manager API",
            "timestamp": vitals.now.with_offset(),
            "checks": {
                "database": vitals.database.map(database_checked),
                // What the app says where it runs without.
                "redis": {
                    "status": "degraded",
                    "message": "Redis unavailable: not used",
                    "response_time_ms": 0,
                },
            },
        }))
    }

    fn checks_database(&self) -> bool {
        true
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::Username, typed: true, issued: true }
    }

    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        _payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        shown::in_query(handshake).into_iter().chain(shown::in_session(handshake)).collect()
    }

    fn connections_per_user(&self, limits: &UserLimits) -> u32 {
        limits.raw_connections
    }

    fn opens_to_refuse(&self) -> bool {
        self.refusals == Refusals::Close
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let (code, reason): (_, Cow<'static, str>) = match fault {
            Fault::Unauthenticated(TokenFault::Missing) => (4401, "Missing token".into()),
            Fault::Unauthenticated(
                fault @ (TokenFault::Invalid
                | TokenFault::Expired
                | TokenFault::Revoked
                | TokenFault::WrongType),
            ) => (4401, format!("Authentication failed: 401: {fault}").into()),
            Fault::Unauthenticated(_) | Fault::Deactivated => (4401, fault.to_string().into()),
            Fault::TooManyConnections => (4429, "Too many connections".into()),
            _ => (4500, "Connection failed".into()),
        };
        Refusal::new(code, reason)
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, at: &Place<'_>) -> Frames {
        let welcome = json!({
            "message": "Connected successfully",
            "user_id": user.id,
            "username": user.username,
        });
        smallvec![tell::envelope(wire, "connected", &welcome, at.now)]
    }

    fn read(&self, said: Said<'_>) -> Decoded {
        ask::read(said)
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        tell::reply(wire, to, reply)
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        let text = fault_text(fault, &tell::room_as_written(to));
        self.complaint(wire, &text, to.now).into_iter().collect()
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, now: Timestamp) -> Option<Frame> {
        Some(tell::envelope(wire, "error", &json!({ "error": text }), now))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        self.complaint(wire, &fault_text(why, &room.to_string()), now)
    }

    fn farewell(&self, why: &Fault) -> Cow<'static, str> {
        why.to_string().into()
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        tell::word(event)
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        tell::event(wire, event)
    }

    fn companion(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        chat::companion(wire, event)
    }

    fn custom(
        &self,
        wire: &Wire<'_>,
        custom: &CustomEvent,
        _event: Option<&Event>,
        at: Timestamp,
    ) -> Frame {
        tell::custom(wire, custom, at)
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        tell::signal(wire, signal)
    }
}

/// What the app says of its database.
fn database_checked(pulse: Pulse) -> Value {
    let (status, message) = if pulse.beats {
        ("healthy", "Database connection OK")
    } else {
        ("unhealthy", "Database unavailable")
    };
    let took = u64::try_from(pulse.took.as_millis()).unwrap_or(u64::MAX);
    json!({ "status": status, "message": message, "response_time_ms": took })
}

fn fault_text(fault: &Fault, room: &str) -> String {
    match fault {
        Fault::NotThere => format!("Not a member of room {room}"),
        Fault::NotFound(_) | Fault::Forbidden => format!("Access denied to room {room}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
