//! What a request has come to, as its answer says it: written as it is, because every command on
//! every socket is answered.

use chorus_collab::live::RoomName;
use chorus_collab::{Answer, Fault};
use chorus_model::Cursor;
use chorus_realtime::{Frame, Present};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::dialect::{Reply, To, Wire};

/// `{"ok":true,"data":…,"cursor":…}` or `{"ok":false,"error":{…}}`.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Entity(Entity<'a>),
    Other(Value),
}

/// What a command has made or changed; nothing if it is gone.
struct Entity<'a>(&'a Answer);

/// The answer on a raw socket.
#[derive(Serialize)]
struct Answered<'a> {
    r#type: &'static str,
    id: &'a RawValue,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

const DONE: Outcome<'static> =
    Outcome { ok: true, data: None, cursor: None, replayed: None, error: None, request: None };

impl<'a> Outcome<'a> {
    /// Of what was done, or why nothing was.
    pub(super) fn of(outcome: Result<&'a Reply, &Fault>) -> Self {
        match outcome {
            Ok(Reply::Ran(done)) => Self {
                data: Some(Content::Entity(Entity(&done.answer))),
                cursor: Some(&done.cursor),
                replayed: done.replayed.then_some(true),
                ..DONE
            },
            Ok(Reply::Online(present)) => Self::with(present.iter().map(there).collect()),
            Ok(Reply::Resumed(resumed)) => {
                let mut told = json!({});
                if let Some(reason) = resumed.reset {
                    told["reset"] = json!(reason);
                }
                if !resumed.refused.is_empty() {
                    told["refused"] = resumed.refused.iter().map(RoomName::as_str).collect();
                }
                Self { cursor: Some(&resumed.cursor), ..Self::with(told) }
            }
            Ok(Reply::JoinedNamed(name) | Reply::LeftNamed { name, .. }) => {
                Self::with(json!({ "room": name.as_str() }))
            }
            Ok(_) => DONE,
            Err(fault) => Self { ok: false, error: Some(error_of(fault)), ..DONE },
        }
    }

    /// With the name of the request, where nothing else tells which one it was.
    pub(super) fn naming(self, request: &'a str) -> Self {
        Self { request: Some(request), ..self }
    }

    fn with(data: Value) -> Self {
        Self { data: Some(Content::Other(data)), ..DONE }
    }
}

impl Serialize for Entity<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Answer::Project(project) => project.serialize(to),
            Answer::Member(member) => member.serialize(to),
            Answer::Task(task) => task.serialize(to),
            Answer::Comment(comment) => comment.serialize(to),
            Answer::Item(item) => item.serialize(to),
            Answer::Items(bulk) => bulk.serialize(to),
            Answer::Channel(channel) => channel.serialize(to),
            Answer::ChannelMember(member) => member.serialize(to),
            Answer::Message(message) => message.serialize(to),
            Answer::Marker(marker) => marker.serialize(to),
            Answer::Invitation(invitation) => invitation.serialize(to),
            Answer::Read(read) => json!({ "read": read }).serialize(to),
            // No client emits through this door, or changes many tasks at once.
            Answer::Deleted | Answer::Swallowed | Answer::Emitted(_) | Answer::Tasks(_) => {
                to.serialize_unit()
            }
        }
    }
}

/// The frame that answers a request on a raw socket.
pub(super) fn answered(wire: &Wire<'_>, to: &To<'_>, outcome: Result<&Reply, &Fault>) -> Frame {
    let id = serde_json::from_str(&to.echo.written).unwrap_or(RawValue::NULL);
    wire.event("reply", &Answered { r#type: "reply", id, outcome: Outcome::of(outcome) })
}

/// Why something was refused, or is over.
pub(super) fn error_of(fault: &Fault) -> Value {
    let mut error = json!({ "code": fault.code(), "message": fault.to_string() });
    if let Fault::Invalid(invalid) = fault {
        let fields = invalid.iter().map(|one| (one.field.to_string(), json!(one.rule.to_string())));
        error["fields"] = Value::Object(fields.collect());
    }
    error
}

fn there(present: &Present) -> Value {
    json!({
        "user": *present.user, "since": present.since, "last_activity": present.last_activity,
    })
}
