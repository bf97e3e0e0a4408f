//! `envelope`: the language of the Project Manager app, JSON envelopes on a raw socket. Its
//! contract is in `docs/protocol/envelope.md`; what its clients say is read in `ask`, what they
//! hear is written in `tell`.

mod ask;
mod tell;

use std::borrow::Cow;

use chorus_collab::tokens::Subject;
use chorus_collab::{Fault, TokenFault, TokenRules};
use chorus_model::event::Rooms;
use chorus_model::{Body, Event, Room, Signal, Timestamp, UserRef};
use chorus_protocol::engineio::OpenQuery;
use chorus_realtime::{Deliveries, Frame};
use serde_json::json;
use serde_json::value::RawValue;
use smallvec::{SmallVec, smallvec};

use super::{Decoded, Dialect, Frames, Place, Refusal, Reply, To, Wire};
use crate::engine::{Handshake, Said};

/// The language of the Project Manager app.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Raw connections that one user may have.
    pub connections_per_user: u32,
}

impl Default for Envelope {
    fn default() -> Self {
        Self { connections_per_user: 5 }
    }
}

impl Dialect for Envelope {
    fn name(&self) -> &'static str {
        "envelope"
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules { subject: Subject::Username, typed: true, issued: true }
    }

    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        _payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        let query = OpenQuery::parse(&handshake.query).ok();
        let token = query.and_then(|query| query.get("token"));
        let session = handshake.cookie("access_token").map(Cow::Borrowed);
        token.into_iter().chain(session).filter(|token| !token.is_empty()).collect()
    }

    fn auto_joins(&self) -> bool {
        false
    }

    fn connections_per_user(&self) -> u32 {
        self.connections_per_user
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let (code, reason) = match fault {
            Fault::Unauthenticated(TokenFault::Missing) => (4401, "Missing token".into()),
            Fault::Unauthenticated(
                fault @ (TokenFault::Invalid | TokenFault::Expired | TokenFault::WrongType),
            ) => (4401, format!("Authentication failed: 401: {fault}").into()),
            Fault::Unauthenticated(fault) => (4401, fault.to_string().into()),
            Fault::TooManyConnections => (4429, "Too many connections".into()),
            _ => (4500, "Connection failed".into()),
        };
        Refusal { code, reason }
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
        let room = tell::room_as_written(to);
        let text = match fault {
            Fault::NotThere => format!("Not a member of room {room}"),
            Fault::NotFound(_) | Fault::Forbidden => format!("Access denied to room {room}"),
            other => other.to_string(),
        };
        smallvec![self.complaint(wire, &text, to.now)]
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, now: Timestamp) -> Frame {
        tell::envelope(wire, "error", &json!({ "error": text }), now)
    }

    fn expiry(&self) -> &'static str {
        "Token expired"
    }

    fn audience(&self, event: &Event) -> Rooms {
        match &event.body {
            Body::TaskCreated { task }
            | Body::TaskUpdated { task, .. }
            | Body::TaskStatusChanged { task, .. }
            | Body::TaskAssigned { task, .. }
            | Body::TaskDeleted { task } => smallvec![Room::Project(task.project_id)],
            Body::ProjectUpdated { project, .. } | Body::ProjectDeleted { project } => {
                smallvec![Room::Project(project.id)]
            }
            Body::NotificationCreated { notification } => {
                smallvec![Room::User(notification.user_id)]
            }
            _ => Rooms::new(),
        }
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        tell::event(wire, event)
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        tell::signal(wire, signal)
    }
}

#[cfg(test)]
mod tests;
