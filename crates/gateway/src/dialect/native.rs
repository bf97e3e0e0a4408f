//! `native`: our own language, over Socket.IO and over raw sockets. Its contract is in
//! `docs/protocol/native.md`. Events are the log's own, in the serde form of the model; commands
//! are those of REST, by name, answered with the entity and the cursor, or with the fault.

mod answer;
mod signals;

use std::borrow::Cow;

use chorus_collab::live::RoomName;
use chorus_collab::resume::MOST_ROOMS;
use chorus_collab::{Fault, Fields, IdempotencyKey, TokenRules, forms};
use chorus_model::text::Rule;
use chorus_model::{
    CustomEvent, Event, Invalid, ProjectId, Room, Signal, TaskId, Timestamp, UserRef,
};
use chorus_realtime::{Deliveries, Frame};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use smallvec::{SmallVec, smallvec};

use self::answer::{Outcome, answered, error_of};
use super::{Ask, Decoded, Dialect, Echo, Frames, Place, Refusal, Reply, To, Wire, shown};
use crate::engine::{Handshake, Said};

/// Our own language.
#[derive(Debug, Clone, Default)]
pub struct Native;

/// A message on a raw socket.
#[derive(Serialize)]
struct Message<'a, T: Serialize + ?Sized> {
    r#type: &'a str,
    data: &'a T,
}

/// A request on a raw socket.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    data: Map<String, Value>,
}

/// Bytes of a request's id, which is repeated in its answer.
const MAX_ID: usize = 64;

impl Dialect for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules::NATIVE
    }

    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        let (auth, query) = (shown::in_payload(payload), shown::in_query(handshake));
        auth.into_iter().chain(query).chain(shown::in_session(handshake)).collect()
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        let code = match fault {
            Fault::Unauthenticated(_) | Fault::Deactivated => 4401,
            Fault::TooManyConnections => 4429,
            _ => 4500,
        };
        Refusal::new(code, fault.to_string())
    }

    fn counts_unread(&self) -> bool {
        true
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, at: &Place<'_>) -> Frames {
        let welcome =
            json!({ "user": user, "cursor": at.cursor, "at": at.now, "unread": at.unread });
        smallvec![told(wire, "connected", &welcome)]
    }

    fn tells_head(&self) -> bool {
        true
    }

    fn head(&self, wire: &Wire<'_>, at: &Place<'_>) -> Option<Frame> {
        let head = json!({ "cursor": at.cursor, "at": at.now });
        Some(Frame::ephemeral(told(wire, "head", &head).bytes))
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        let object =
            args.first().map_or(Some(Map::new()), |raw| serde_json::from_str(raw.get()).ok());
        let echo = Echo { word: "", written: name.chars().take(MAX_ID).collect() };
        match object {
            Some(_) if name == "resume" => {
                Decoded::Refused(invalid("type", Rule::Form("said on a raw socket")), echo)
            }
            Some(object) => ask(name, &object, echo),
            None => Decoded::Refused(invalid("data", Rule::Type("an object")), echo),
        }
    }

    fn read(&self, said: Said<'_>) -> Decoded {
        let bytes = match said {
            Said::Text(text) => text.as_bytes(),
            Said::Binary(bytes) => bytes,
        };
        let nobody = || Echo { word: "", written: "null".into() };
        let Ok(request) = serde_json::from_slice::<Request<'_>>(bytes) else {
            let form = Rule::Form("a JSON object {type, id?, data?} with data an object");
            return Decoded::Refused(invalid("message", form), nobody());
        };
        let id = request.id.map_or("null", RawValue::get);
        if id.len() > MAX_ID {
            return Decoded::Refused(invalid("id", Rule::TooLong(MAX_ID)), nobody());
        }
        ask(&request.r#type, &request.data, Echo { word: "", written: id.into() })
    }

    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames {
        match wire {
            // There the acknowledgement says it.
            Wire::SocketIo { .. } => Frames::new(),
            _ if matches!(reply, Reply::Entered) => Frames::new(),
            _ => smallvec![answered(wire, to, Ok(reply))],
        }
    }

    fn acknowledgement(&self, _to: &To<'_>, outcome: Result<&Reply, &Fault>) -> Cow<'static, str> {
        serde_json::to_string(&[Outcome::of(outcome)]).unwrap_or_default().into()
    }

    fn acknowledges_faults(&self) -> bool {
        true
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        match wire {
            Wire::SocketIo { .. } => {
                let error = Outcome::of(Err(fault)).naming(&to.echo.written);
                smallvec![told(wire, "error", &error)]
            }
            _ => smallvec![answered(wire, to, Err(fault))],
        }
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, _now: Timestamp) -> Option<Frame> {
        let error = json!({ "ok": false, "error": { "code": "refused", "message": text } });
        Some(told(wire, "error", &error))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        let content = json!({ "room": room.to_string(), "error": error_of(why), "at": now });
        Some(told(wire, "unsubscribed", &content))
    }

    fn farewell(&self, why: &Fault) -> Cow<'static, str> {
        why.to_string().into()
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        Some(told(wire, event.body.kind(), event))
    }

    fn custom(
        &self,
        wire: &Wire<'_>,
        custom: &CustomEvent,
        event: Option<&Event>,
        at: Timestamp,
    ) -> Frame {
        match event {
            Some(event) => told(wire, "custom", event),
            None => {
                let CustomEvent { room, event, data } = custom;
                let passing = json!({ "room": room, "event": event, "data": data, "at": at });
                told(wire, "passing", &passing)
            }
        }
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        signals::told_of(wire, signal)
    }
}

fn ask(name: &str, object: &Map<String, Value>, echo: Echo) -> Decoded {
    if let Some(command) = forms::command(name, object) {
        return match command
            .and_then(|command| Ok(Ask::Command(Box::new(command), mutation_id(object)?)))
        {
            Ok(asked) => Decoded::Ask(asked, echo),
            Err(fault) => Decoded::Refused(fault, echo),
        };
    }
    let asked = match name {
        "subscribe" => subscribe(object),
        "resume" => resume(object),
        "unsubscribe" => room(object).map(Ask::LeaveNamed),
        "typing" => typing(object),
        "who" => who(object),
        "ping" => Ok(Ask::Ping),
        _ => Err(invalid("type", Rule::Form("a command or request of the native protocol"))),
    };
    match asked {
        Ok(asked) => Decoded::Ask(asked, echo),
        Err(fault) => Decoded::Refused(fault, echo),
    }
}

/// The caller's own name for a command, under which it is done once.
fn mutation_id(object: &Map<String, Value>) -> Result<Option<IdempotencyKey>, Fault> {
    let mut fields = Fields::new(object);
    let key = fields.text("mutation_id", IdempotencyKey::parse);
    fields.finish().map(|()| key)
}

fn room(object: &Map<String, Value>) -> Result<RoomName, Fault> {
    let mut fields = Fields::new(object);
    let name = fields.required("room", room_name);
    fields.finish_with(name)
}

/// `project:7`, `task:12` or `channel:5`.
fn room_name(field: &'static str, text: &str) -> Result<RoomName, Invalid> {
    let form = || Invalid::new(field, Rule::Form("project:ID, task:ID or channel:ID"));
    let (kind, id) = text.split_once(':').ok_or_else(form)?;
    let stored =
        matches!(kind, "project" | "task" | "channel") && id.bytes().all(|b| b.is_ascii_digit());
    RoomName::stored(kind, id).filter(|_| stored).ok_or_else(form)
}

fn subscribe(object: &Map<String, Value>) -> Result<Ask, Fault> {
    let mut fields = Fields::new(object);
    let since = fields.text("since", |_, text| Ok(text.to_owned()));
    let name = fields.required("room", room_name);
    let name = fields.finish_with(name)?;
    Ok(match since {
        Some(_) => Ask::Resume { since, rooms: vec![name], whole: false },
        None => Ask::JoinNamed(name),
    })
}

fn resume(object: &Map<String, Value>) -> Result<Ask, Fault> {
    let mut fields = Fields::new(object);
    let since = fields.text("since", |_, text| Ok(text.to_owned()));
    let rooms = rooms(object).map_err(|rule| fields.note("rooms", rule)).ok();
    let rooms = fields.finish_with(rooms)?;
    Ok(Ask::Resume { since, rooms, whole: true })
}

fn rooms(object: &Map<String, Value>) -> Result<Vec<RoomName>, Rule> {
    let Some(rooms) = object.get("rooms") else { return Ok(Vec::new()) };
    let rooms = rooms.as_array().filter(|rooms| rooms.len() <= MOST_ROOMS);
    let name = |name: &Value| room_name("rooms", name.as_str()?).ok();
    let rooms = rooms.and_then(|rooms| rooms.iter().map(name).collect());
    rooms.ok_or(Rule::Type("a list of at most 256 rooms: project:ID, task:ID or channel:ID"))
}

/// Who is in a project; without one, in any of the caller's.
fn who(object: &Map<String, Value>) -> Result<Ask, Fault> {
    let mut fields = Fields::new(object);
    let project = fields.nullable_id("project_id").flatten().map(ProjectId);
    fields.finish().map(|()| Ask::Online(project))
}

fn typing(object: &Map<String, Value>) -> Result<Ask, Fault> {
    let mut fields = Fields::new(object);
    let task = fields.required_id("task_id").map(TaskId);
    let typing = match object.get("typing") {
        None => Some(true),
        Some(value) => value.as_bool(),
    };
    if typing.is_none() {
        fields.note("typing", Rule::Type("a boolean"));
    }
    let (task, typing) = fields.finish_with(task.zip(typing))?;
    Ok(Ask::Typing { task, typing })
}

fn told<T: Serialize + ?Sized>(wire: &Wire<'_>, kind: &str, content: &T) -> Frame {
    match wire {
        Wire::SocketIo { .. } => wire.event(kind, content),
        Wire::Raw | Wire::RawAt(_) => wire.event(kind, &Message { r#type: kind, data: content }),
    }
}

fn invalid(field: &'static str, rule: Rule) -> Fault {
    Invalid::new(field, rule).into()
}
