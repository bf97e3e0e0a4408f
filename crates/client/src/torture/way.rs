//! How each kind of client comes back, and what it hears.

use serde_json::{Value, json};

use super::WORD;
use crate::target::in_query;

/// One kind of client that keeps its place: what it says, and what the server's messages mean to
/// it. It is given every message, so that it can hold whatever its protocol asks for.
pub(super) trait Way: Send {
    /// What the report calls it.
    fn name(&self) -> &'static str;

    /// Where its WebSocket is, with the token.
    fn path(&self, token: &str) -> String;

    /// The kinds of the log that it is told of.
    fn hears(&self) -> &'static [&'static str];

    /// Something that it says too often.
    fn chatter(&self) -> &'static str;

    /// What a message means.
    fn read(&mut self, text: &str) -> Read;
}

/// What a message means to a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It is to be answered by this.
    Say(String),
    /// The client is back after this place in the log, or else the reason why it cannot be.
    Came(Result<u64, String>),
    /// The server is in no state to let it come back.
    Refused(String),
    /// Something happened.
    Told(Told),
    /// Nothing.
    Nothing,
}

/// Something that a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its place in the log.
    pub place: u64,
    /// What was written there, if it can be read.
    pub word: Option<u64>,
}

/// Makes a client that hears these projects.
type Maker = fn(&[u64]) -> Box<dyn Way>;

/// Every kind of client.
pub(super) const WAYS: &[Maker] = &[
    |projects| Box::new(Raw::new(&NATIVE, projects)),
    |projects| Box::new(Raw::new(&ENVELOPE, projects)),
];

/// What differs between the dialects of raw sockets.
struct RawWords {
    name: &'static str,
    path: &'static str,
    hears: &'static [&'static str],
    /// JSON pointers (RFC 6901) to where a word may stand.
    words: &'static [&'static str],
}

const NATIVE: RawWords = RawWords {
    name: "native",
    path: "/api/v1/ws/native",
    hears: &["task.created", "task.updated", "comment.created"],
    words: &["/data/payload/comment/body", "/data/payload/task/title"],
};

const ENVELOPE: RawWords = RawWords {
    name: "envelope",
    path: "/api/v1/ws/connect",
    hears: &["task.created", "task.updated"],
    words: &["/data/title", "/data/changes/title"],
};

/// The id under which a client comes back.
const RESUME: u64 = 1;

/// A client of a raw socket that says `resume`.
struct Raw {
    words: &'static RawWords,
    rooms: Vec<String>,
    cursor: Option<String>,
}

impl Raw {
    fn new(words: &'static RawWords, projects: &[u64]) -> Self {
        let rooms = projects.iter().map(|project| format!("project:{project}")).collect();
        Self { words, rooms, cursor: None }
    }

    fn resume(&self) -> String {
        let mut asked = json!({"rooms": self.rooms});
        if let Some(cursor) = &self.cursor {
            asked["since"] = json!(cursor);
        }
        json!({"type": "resume", "id": RESUME, "data": asked}).to_string()
    }

    fn came(&mut self, message: &Value) -> Read {
        if let Some(refused) = message.get("error") {
            return Read::Refused(refused.to_string());
        }
        let told = message.get("cursor").or_else(|| message.pointer("/data/cursor"));
        let Some(cursor) = told.and_then(Value::as_str) else {
            return Read::Refused(format!("no cursor in {message}"));
        };
        let reset = message.pointer("/data/reset").and_then(Value::as_str);
        self.cursor.get_or_insert_with(|| cursor.to_owned());
        Read::Came(match (reset, place(cursor)) {
            (Some(reason), _) => Err(format!("reset after {cursor}: {reason}")),
            (None, Some(place)) => Ok(place),
            (None, None) => Err(format!("{cursor} has no place in the log")),
        })
    }

    fn told(&mut self, cursor: &str, message: &Value) -> Read {
        let Some(place) = place(cursor) else { return Read::Nothing };
        cursor.clone_into(self.cursor.get_or_insert_default());
        let text = self.words.words.iter().find_map(|at| message.pointer(at)?.as_str());
        Read::Told(Told { place, word: text.and_then(word) })
    }
}

impl Way for Raw {
    fn name(&self) -> &'static str {
        self.words.name
    }

    fn path(&self, token: &str) -> String {
        format!("{}?token={}", self.words.path, in_query(token))
    }

    fn hears(&self) -> &'static [&'static str] {
        self.words.hears
    }

    fn chatter(&self) -> &'static str {
        r#"{"type":"ping","id":2}"#
    }

    fn read(&mut self, text: &str) -> Read {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
        let is_reply = kind == "reply" && message.get("id") == Some(&json!(RESUME));
        if kind == "connected" {
            return Read::Say(self.resume());
        }
        if kind == "resumed" || is_reply {
            return self.came(&message);
        }
        match message.get("cursor").and_then(Value::as_str) {
            Some(cursor) if self.words.hears.contains(&kind) => self.told(cursor, &message),
            _ => Read::Nothing,
        }
    }
}

/// The place in the log of a cursor, which is opaque to all other clients.
fn place(cursor: &str) -> Option<u64> {
    cursor.rsplit_once('-')?.1.parse().ok()
}

/// The number of a word in a text.
pub fn word(text: &str) -> Option<u64> {
    text.strip_prefix(WORD)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(place: u64, word: u64) -> Read {
        Read::Told(Told { place, word: Some(word) })
    }

    #[test]
    fn native_clients_come_back_where_they_were() {
        let mut way = Raw::new(&NATIVE, &[7]);
        let Read::Say(first) = way.read(r#"{"type":"connected","data":{}}"#) else { panic!() };
        assert_eq!(first, r#"{"data":{"rooms":["project:7"]},"id":1,"type":"resume"}"#);
        let came = r#"{"type":"reply","id":1,"ok":true,"data":{},"cursor":"e-4"}"#;
        assert_eq!(way.read(came), Read::Came(Ok(4)));
        let made = r#"{"type":"task.created","data":{"payload":{"task":{"title":"word 12"}}},"cursor":"e-5"}"#;
        assert_eq!(way.read(made), told(5, 12));
        let said = r#"{"type":"comment.created","data":{"payload":{"comment":{"body":"word 13"},"task":{"title":"word 12"}}},"cursor":"e-6"}"#;
        assert_eq!(way.read(said), told(6, 13));
        assert_eq!(way.read(r#"{"type":"head","data":{"cursor":"e-9"}}"#), Read::Nothing);
        assert_eq!(way.read(r#"{"type":"reply","id":2,"ok":true}"#), Read::Nothing);
        let Read::Say(again) = way.read(r#"{"type":"connected","data":{}}"#) else { panic!() };
        assert!(again.contains(r#""since":"e-6""#), "{again}");
    }

    #[test]
    fn envelope_clients_do_so_in_their_words() {
        let mut way = Raw::new(&ENVELOPE, &[7]);
        assert!(matches!(way.read(r#"{"type":"connected","data":{}}"#), Read::Say(_)));
        let came = r#"{"data":{"cursor":"e-4"},"type":"resumed"}"#;
        assert_eq!(way.read(came), Read::Came(Ok(4)));
        let changed = r#"{"data":{"changes":{"title":"word 3"},"task_id":1},"type":"task.updated","cursor":"e-5"}"#;
        assert_eq!(way.read(changed), told(5, 3));
        let other = r#"{"data":{"title":"a word"},"type":"task.created","cursor":"e-6"}"#;
        assert_eq!(way.read(other), Read::Told(Told { place: 6, word: None }));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let mut way = Raw::new(&NATIVE, &[7]);
        let reset =
            r#"{"type":"reply","id":1,"ok":true,"data":{"reset":"trimmed"},"cursor":"e-4"}"#;
        let Read::Came(Err(reason)) = way.read(reset) else { panic!() };
        assert!(reason.contains("trimmed"), "{reason}");
        let refused = r#"{"type":"reply","id":1,"ok":false,"error":{"code":"busy"}}"#;
        assert!(matches!(way.read(refused), Read::Refused(_)));
        assert_eq!(way.read("no JSON"), Read::Nothing);
    }
}
