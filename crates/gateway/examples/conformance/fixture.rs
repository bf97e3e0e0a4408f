//! What the test suite of `socket.io-client` expects of its server.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chorus_gateway::engine::emit::Values;
use chorus_gateway::engine::{Handshake, Incoming, Socket};
use chorus_model::Clock as _;
use chorus_protocol::engineio::OpenQuery;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::echo::{answer, json, say};
use crate::rooms::Rooms;
use crate::system::SystemClock;

/// What `getUtf8` is answered with, one event each.
const UTF8: [&str; 5] = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"];
/// Questions of one client that are remembered, as many as the engine waits for.
const MAX_QUESTIONS: usize = 64;

/// The handlers.
#[derive(Debug)]
pub(crate) struct Fixture {
    clock: Arc<SystemClock>,
}

/// What is kept of a client.
#[derive(Debug)]
pub(crate) struct Guest {
    auth: Box<RawValue>,
    /// `abuff1` has come.
    first_buffer: AtomicBool,
    /// The questions that `ack` led to.
    asked: Mutex<VecDeque<u64>>,
}

/// What a client has shown.
#[derive(Serialize)]
struct Shown<'a> {
    query: HashMap<String, String>,
    auth: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<HashMap<&'a str, &'a str>>,
}

/// The second argument of a right answer to `ack`.
#[derive(Deserialize)]
struct Tested {
    test: bool,
}

/// The argument of `jsonbuff`, apart from its bytes.
#[derive(Deserialize)]
struct Mixed<'a> {
    hello: &'a str,
    goodbye: &'a str,
}

impl Fixture {
    /// The handlers, which tell the time of this clock.
    pub(crate) fn new(clock: Arc<SystemClock>) -> Self {
        Self { clock }
    }

    /// Whether there is such a namespace.
    pub(crate) fn serves(namespace: &str) -> bool {
        matches!(namespace, "/foo" | "/abc" | "/no" | "/asd" | "/valid" | "/timeout_socket")
    }

    /// Why a client is not let in, if it is not.
    pub(crate) fn refusal(socket: &Socket) -> Option<&'static str> {
        match socket.namespace() {
            "/no" => Some("Auth failed (custom namespace)"),
            "/" if query(socket.handshake()).contains_key("fail") => {
                Some("Auth failed (main namespace)")
            }
            _ => None,
        }
    }

    /// A client has said something.
    pub(crate) fn hear(
        &self,
        rooms: &Rooms,
        guest: &Guest,
        socket: &Socket,
        incoming: &Incoming<'_>,
    ) {
        match (socket.namespace(), incoming.args.name().unwrap_or_default()) {
            ("/" | "/foo", "getId") => reply(socket, incoming, &json(socket.id())),
            ("/", name) => {
                self.tell(name, rooms, guest, socket, incoming);
                tell_bytes(name, rooms, guest, socket, incoming);
            }
            _ => {}
        }
    }

    fn tell(
        &self,
        name: &str,
        rooms: &Rooms,
        guest: &Guest,
        socket: &Socket,
        incoming: &Incoming<'_>,
    ) {
        match name {
            "hi" => rooms.emit(socket, "hi", Values::default()),
            "echo" => {
                let values = incoming.values();
                let items = values.items.get(..1).unwrap_or_default();
                answer(socket, incoming, Values { items, ..values });
            }
            "ack" => guest.remember(socket.ask("ack", Values::default())),
            "getAckDate" => reply(socket, incoming, &json(&self.clock.now())),
            "getDate" => say(rooms, socket, "takeDate", &json(&self.clock.now())),
            "getDateObj" => {
                let date = HashMap::from([("date", self.clock.now())]);
                say(rooms, socket, "takeDateObj", &json(&date));
            }
            "getUtf8" => UTF8.iter().for_each(|text| say(rooms, socket, "takeUtf8", &json(text))),
            "false" => say(rooms, socket, "false", &json(&false)),
            "getHandshake" => {
                let headers = &socket.handshake().headers;
                let headers = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
                let query = query(socket.handshake());
                let shown = Shown { query, auth: &guest.auth, headers: Some(headers) };
                reply(socket, incoming, &json(&shown));
            }
            _ => {}
        }
    }
}

impl Guest {
    /// A client that was let in.
    pub(crate) fn greeted(rooms: &Rooms, socket: &Socket, payload: Option<&RawValue>) -> Self {
        let nothing = json(&serde_json::Map::new());
        let auth = payload.unwrap_or(&nothing);
        if socket.namespace() == "/abc" {
            let shown = Shown { query: query(socket.handshake()), auth, headers: None };
            say(rooms, socket, "handshake", &json(&shown));
        }
        Self {
            auth: auth.to_owned(),
            first_buffer: AtomicBool::new(false),
            asked: Mutex::default(),
        }
    }

    /// A client has answered. False if the fixture did not ask.
    pub(crate) fn acknowledged(
        &self,
        rooms: &Rooms,
        socket: &Socket,
        incoming: &Incoming<'_>,
    ) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let at = asked.iter().position(|id| incoming.ack == Some(*id));
        let Some(at) = at else { return false };
        asked.remove(at);
        if let [first, second, ..] = incoming.args.items()
            && first.get() == "5"
            && serde_json::from_str(second.get()).is_ok_and(|second: Tested| second.test)
        {
            rooms.emit(socket, "got it", Values::default());
        }
        true
    }

    fn remember(&self, id: u64) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() == MAX_QUESTIONS {
            asked.pop_front();
        }
        asked.push_back(id);
    }
}

fn tell_bytes(name: &str, rooms: &Rooms, guest: &Guest, socket: &Socket, incoming: &Incoming<'_>) {
    let has_bytes = !incoming.attachments.is_empty();
    match name {
        "doge" => {
            let placeholder = json(&serde_json::json!({"_placeholder": true, "num": 0}));
            let attachments = [Bytes::from_static(b"asdfasdf")];
            rooms.emit(
                socket,
                "doge",
                Values { items: &[&placeholder], attachments: &attachments },
            );
        }
        "buffa" if has_bytes => rooms.emit(socket, "buffack", Values::default()),
        "jsonbuff" if has_bytes && is_mixed(incoming) => {
            rooms.emit(socket, "jsonbuff-ack", Values::default());
        }
        "abuff1" if has_bytes => guest.first_buffer.store(true, Ordering::Relaxed),
        "abuff2" if guest.first_buffer.load(Ordering::Relaxed) => {
            rooms.emit(socket, "abuff2-ack", Values::default());
        }
        _ => {}
    }
}

fn is_mixed(incoming: &Incoming<'_>) -> bool {
    let first = incoming.args.items().first();
    let mixed = first.and_then(|first| serde_json::from_str::<Mixed<'_>>(first.get()).ok());
    mixed.is_some_and(|mixed| mixed.hello == "lol" && mixed.goodbye == "gotcha")
}

fn reply(socket: &Socket, incoming: &Incoming<'_>, value: &RawValue) {
    answer(socket, incoming, Values { items: &[value], attachments: &[] });
}

fn query(handshake: &Handshake) -> HashMap<String, String> {
    let query = OpenQuery::parse(&handshake.query);
    // One that cannot be read got no handshake.
    query
        .map(|query| query.pairs().map(|(name, value)| (name.into(), value.into())).collect())
        .unwrap_or_default()
}
