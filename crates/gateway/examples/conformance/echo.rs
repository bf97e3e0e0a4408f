//! The namespaces `/` and `/custom`: what comes is sent back.

use chorus_gateway::engine::emit::Values;
use chorus_gateway::engine::{Incoming, Socket};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::rooms::Rooms;

/// What `who` is answered with.
#[derive(Serialize)]
struct Identity<'a> {
    id: &'a str,
    recovered: bool,
    rooms: Vec<Box<str>>,
}

/// A client has connected with this payload: it is told so.
pub(crate) fn greet(rooms: &Rooms, socket: &Socket, payload: Option<&RawValue>) {
    let nothing = json(&serde_json::Map::new());
    say(rooms, socket, "auth", payload.unwrap_or(&nothing));
}

/// A client has said something.
pub(crate) fn hear(rooms: &Rooms, socket: &Socket, recovered: bool, incoming: &Incoming<'_>) {
    let values = incoming.values();
    match incoming.args.name().unwrap_or_default() {
        "message" => rooms.emit(socket, "message-back", values),
        "message-with-ack" => answer(socket, incoming, values),
        "broadcast" => rooms.tell(socket.namespace(), None, "broadcast", values),
        "panic" => panic!("the client wanted it"),
        "join" => join(socket, rooms, incoming),
        "to-room" => tell_room(socket, rooms, values),
        "emit-with-ack" => {
            socket.ask("emit-with-ack", values);
        }
        "who" => {
            let id = socket.id();
            let identity = json(&Identity { id, recovered, rooms: rooms.of(socket) });
            answer(socket, incoming, Values { items: &[&identity], attachments: &[] });
        }
        _ => {}
    }
}

/// A client has answered a question of [`hear`].
pub(crate) fn acknowledged(rooms: &Rooms, socket: &Socket, incoming: &Incoming<'_>) {
    rooms.emit(socket, "emit-with-ack", incoming.values());
}

/// Acknowledges, if the client wants it.
pub(crate) fn answer(socket: &Socket, incoming: &Incoming<'_>, values: Values<'_>) {
    if let Some(id) = incoming.ack {
        socket.answer(id, values);
    }
}

/// Sends an event with one argument.
pub(crate) fn say(rooms: &Rooms, socket: &Socket, name: &str, argument: &RawValue) {
    rooms.emit(socket, name, Values { items: &[argument], attachments: &[] });
}

/// A value as JSON; `null` if it has no such form.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn join(socket: &Socket, rooms: &Rooms, incoming: &Incoming<'_>) {
    let room = incoming.args.items().first().and_then(|room| text(room));
    if room.is_some_and(|room| rooms.join(socket, &room)) {
        answer(socket, incoming, Values::default());
    }
}

fn tell_room(socket: &Socket, rooms: &Rooms, values: Values<'_>) {
    let Some((room, items)) = values.items.split_first() else { return };
    let Some(room) = text(room) else { return };
    rooms.tell(socket.namespace(), Some(&room), "to-room", Values { items, ..values });
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
