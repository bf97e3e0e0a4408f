//! Clients of Socket.IO that recover their connection, as the stock client of JavaScript does: by
//! the secret that CONNECT gave them, and the offset behind the arguments of what they heard last.

use serde_json::{Value, json};

use super::{Read, TOLD, Told, Way, place, word};

/// Where the native dialect is spoken on every listener.
const NAMESPACE: &str = "/native,";

/// A client of the native dialect over a WebSocket from the beginning.
pub(super) struct SocketIo {
    rooms: Vec<String>,
    /// How many rooms it has asked for, once in its life.
    asked: usize,
    token: String,
    /// The id and the secret of its connection.
    known: Option<(String, String)>,
    offset: Option<String>,
}

impl SocketIo {
    pub(super) fn new(projects: &[u64]) -> Self {
        let rooms = projects.iter().map(|project| format!("project:{project}")).collect();
        Self { rooms, asked: 0, token: String::new(), known: None, offset: None }
    }

    fn connect(&self) -> String {
        let mut shown = json!({"token": self.token, "recovery": "1"});
        if let (Some((_, pid)), Some(offset)) = (&self.known, &self.offset) {
            (shown["pid"], shown["offset"]) = (json!(pid), json!(offset));
        }
        format!("40{NAMESPACE}{shown}")
    }

    fn connected(&mut self, answer: &Value) -> Read {
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let before = self.known.replace((text("sid"), text("pid")));
        match before {
            None => Read::Nothing,
            Some((sid, _)) if sid == text("sid") => self.came(),
            Some((sid, _)) => Read::Came(Err(format!("{sid} was begun anew"))),
        }
    }

    fn came(&self) -> Read {
        let offset = self.offset.as_deref().unwrap_or_default();
        Read::Came(place(offset).ok_or_else(|| format!("{offset:?} has no place in the log")))
    }

    /// Asks for the next room, or is there.
    fn next_room(&mut self) -> Read {
        let Some(room) = self.rooms.get(self.asked) else { return self.came() };
        self.asked += 1;
        let asked = json!(["subscribe", {"room": room}]);
        Read::Say(format!("42{NAMESPACE}{}{asked}", self.asked))
    }

    fn event(&mut self, arguments: &Value) -> Read {
        let name = arguments[0].as_str().unwrap_or_default();
        let last = arguments.as_array().and_then(|all| all.last()).and_then(Value::as_str);
        let offset = last.and_then(|last| Some((last, place(last)?)));
        if let Some((offset, _)) = offset {
            self.offset = Some(offset.to_owned());
        }
        match offset {
            _ if name == "connected" && self.asked == 0 => self.next_room(),
            Some((_, place)) if self.hears().contains(&name) => {
                let told = &arguments[1]["payload"];
                let texts = [&told["comment"]["body"], &told["task"]["title"]];
                let text = texts.iter().find_map(|text| text.as_str());
                Read::Told(Told { place, word: text.and_then(word) })
            }
            _ => Read::Nothing,
        }
    }
}

impl Way for SocketIo {
    fn name(&self) -> &'static str {
        "Socket.IO"
    }

    fn path(&mut self, token: &str) -> String {
        token.clone_into(&mut self.token);
        "/socket.io/?EIO=4&transport=websocket".into()
    }

    fn hears(&self) -> &'static [&'static str] {
        TOLD
    }

    fn chatter(&self) -> &'static str {
        r#"42/native,["ping",{}]"#
    }

    fn read(&mut self, text: &str) -> Read {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let in_namespace = |kind: &str| text.strip_prefix(kind)?.strip_prefix(NAMESPACE);
        if text == "2" {
            Read::Say("3".into())
        } else if text.starts_with('0') {
            Read::Say(self.connect())
        } else if let Some(answer) = in_namespace("40") {
            self.connected(&json(answer))
        } else if let Some(event) = in_namespace("42") {
            self.event(&json(event))
        } else if in_namespace("43").is_some_and(|answer| answer.contains(r#""ok":true"#)) {
            self.next_room()
        } else if let Some(refusal) = in_namespace("43").or_else(|| in_namespace("44")) {
            Read::Refused(refusal.to_owned())
        } else {
            Read::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to a text.
    fn said(way: &mut SocketIo, text: &str) -> String {
        match way.read(text) {
            Read::Say(said) => said,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// A client that has come, and heard the event at place 5.
    fn come() -> SocketIo {
        let mut way = SocketIo::new(&[7, 8]);
        way.path("t");
        assert_eq!(said(&mut way, "0{}"), r#"40/native,{"recovery":"1","token":"t"}"#);
        assert_eq!(way.read(r#"40/native,{"sid":"s","pid":"p"}"#), Read::Nothing);
        let room = |n, id| format!(r#"42/native,{n}["subscribe",{{"room":"project:{id}"}}]"#);
        assert_eq!(said(&mut way, r#"42/native,["connected",{},"e-4"]"#), room(1, 7));
        assert_eq!(said(&mut way, r#"43/native,1[{"ok":true}]"#), room(2, 8));
        assert_eq!(way.read(r#"43/native,2[{"ok":true}]"#), Read::Came(Ok(4)));
        let made = r#"42/native,["task.created",{"payload":{"task":{"title":"word 12"}}},"e-5"]"#;
        assert_eq!(way.read(made), Read::Told(Told { place: 5, word: Some(12) }));
        way
    }

    #[test]
    fn they_come_back_where_they_were() {
        let mut way = come();
        way.path("t");
        let shown = r#"40/native,{"offset":"e-5","pid":"p","recovery":"1","token":"t"}"#;
        assert_eq!(said(&mut way, "0{}"), shown);
        assert_eq!(way.read(r#"40/native,{"sid":"s","pid":"q"}"#), Read::Came(Ok(5)));
        assert_eq!(way.read(r#"42/native,["connected",{}]"#), Read::Nothing);
        assert_eq!(said(&mut way, "2"), "3");
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let mut way = come();
        let anew = way.read(r#"40/native,{"sid":"other","pid":"q"}"#);
        assert!(matches!(anew, Read::Came(Err(_))), "{anew:?}");
        let refused = way.read(r#"44/native,{"message":"Too many connections"}"#);
        assert!(matches!(refused, Read::Refused(_)), "{refused:?}");
    }
}
