//! Clients of raw sockets, which say `resume` with the cursor of what they heard last.

use serde_json::{Value, json};

use super::{Read, TOLD, Told, Way, place, word};
use crate::target::in_query;

/// What differs between the dialects of raw sockets.
pub(super) struct RawWords {
    name: &'static str,
    path: &'static str,
    hears: &'static [&'static str],
    /// JSON pointers (RFC 6901) to where a word may stand.
    words: &'static [&'static str],
}

pub(super) const NATIVE: RawWords = RawWords {
    name: "native",
    path: "/api/v1/ws/native",
    hears: TOLD,
    words: &["/data/payload/comment/body", "/data/payload/task/title"],
};

pub(super) const ENVELOPE: RawWords = RawWords {
    name: "envelope",
    path: "/api/v1/ws/connect",
    hears: &["task.created", "task.updated"],
    words: &["/data/title", "/data/changes/title"],
};

/// The id under which a client comes back.
const RESUME: u64 = 1;

/// A client of a raw socket that says `resume`.
pub(super) struct Raw {
    words: &'static RawWords,
    rooms: Vec<String>,
    cursor: Option<String>,
}

impl Raw {
    pub(super) fn new(words: &'static RawWords, projects: &[u64]) -> Self {
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

    fn path(&mut self, token: &str) -> String {
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
