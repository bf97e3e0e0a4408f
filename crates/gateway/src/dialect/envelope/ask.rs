//! What clients of the Project Manager app say.

use chorus_collab::live::RoomName;
use chorus_collab::resume::MOST_ROOMS;
use chorus_model::text::MessageText;
use serde_json::{Map, Value};

use crate::dialect::{Ask, Decoded, Echo};
use crate::engine::Said;

/// What stands before the colon of a room's name.
const KINDS: [&str; 3] = ["channel", "project", "task"];
const MISSING: &str = "Room ID required";

pub(super) fn read(said: Said<'_>) -> Decoded {
    let text = match said {
        Said::Text(text) => text,
        Said::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => return wrong("Invalid JSON format"),
        },
    };
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return wrong("Invalid JSON format");
    };
    let Value::Object(message) = value else { return wrong("Invalid message format") };
    match message.get("type") {
        Some(Value::String(word)) => match &**word {
            "join_room" => join_room(&message),
            "leave_room" => leave_room(&message),
            "send_message" => send_message(&message),
            "resume" => resume(&message),
            "ping" => Decoded::Ask(Ask::Ping, Echo { word: "ping", written: "".into() }),
            other => Decoded::Wrong(format!("Unknown message type: {}", shortened(other))),
        },
        // The app's own server was written in Python, and its clients compare.
        None | Some(Value::Null) => wrong("Unknown message type: None"),
        Some(other) => {
            Decoded::Wrong(format!("Unknown message type: {}", shortened(&other.to_string())))
        }
    }
}

fn join_room(message: &Map<String, Value>) -> Decoded {
    match room(message, true) {
        Ok((name, written)) => ask(Ask::JoinNamed(name), "join_room", written),
        Err(text) => wrong(text),
    }
}

fn leave_room(message: &Map<String, Value>) -> Decoded {
    match room(message, false) {
        Ok((name, written)) => ask(Ask::LeaveNamed(name), "leave_room", written),
        Err(text) => wrong(text),
    }
}

/// `{"since": CURSOR, "rooms": [ROOM, …]}`, both as one likes.
fn resume(message: &Map<String, Value>) -> Decoded {
    let nothing = Map::new();
    let told = match message.get("data") {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(told)) => told,
        Some(_) => return wrong("data must be an object"),
    };
    let since = match told.get("since") {
        None | Some(Value::Null) => None,
        Some(Value::String(since)) => Some(since.clone()),
        Some(_) => return wrong("since must be a cursor"),
    };
    let rooms = match told.get("rooms") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(rooms)) if rooms.len() <= MOST_ROOMS => {
            rooms.iter().map(|written| named(written, true)).collect()
        }
        Some(_) => Err("rooms must be a list of at most 256 rooms"),
    };
    match rooms {
        Ok(rooms) => ask(Ask::Resume { since, rooms, whole: true }, "resume", &Value::Null),
        Err(text) => wrong(text),
    }
}

fn send_message(message: &Map<String, Value>) -> Decoded {
    let (name, written) = match room(message, false) {
        Ok(found) => found,
        Err(text) => return wrong(text),
    };
    let mut content = match message.get("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(_) => return wrong("data must be an object"),
    };
    let words = content.entry("content").or_insert_with(|| Value::from(""));
    if words.as_str().is_some_and(|text| text.chars().count() > MessageText::MAX) {
        let most = MessageText::MAX;
        return Decoded::Wrong(format!("content must be {most} characters or less"));
    }
    ask(Ask::Say(name, content), "send_message", written)
}

/// The room of a message, and how it was written. A number is the id of a channel: the app's
/// chat page sends it so. `strict`: the name must have the form of one.
fn room(message: &Map<String, Value>, strict: bool) -> Result<(RoomName, &Value), &'static str> {
    let written = message.get("room").ok_or(MISSING)?;
    Ok((named(written, strict)?, written))
}

fn named(written: &Value, strict: bool) -> Result<RoomName, &'static str> {
    let text = match written {
        Value::Number(number) => format!("channel:{number}"),
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::String(_) | Value::Null => return Err(MISSING),
        _ => return Err("Invalid room format"),
    };
    let (kind, id) = match text.split_once(':') {
        Some(parts) => parts,
        None if strict => return Err("Invalid room format"),
        // Nobody can be in such a room.
        None => (&*text, "-"),
    };
    if strict && !KINDS.contains(&kind) {
        return Err("Unsupported room type");
    }
    RoomName::new(kind, id).ok_or("Invalid room format")
}

fn ask(ask: Ask, word: &'static str, written: &Value) -> Decoded {
    Decoded::Ask(ask, Echo { word, written: written.to_string().into() })
}

fn wrong(text: &str) -> Decoded {
    Decoded::Wrong(text.to_owned())
}

/// What a stranger wrote is repeated only so far.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
