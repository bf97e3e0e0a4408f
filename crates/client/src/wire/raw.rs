//! One raw WebSocket, where every message is one JSON text.

use serde_json::{Map, Value, json};

use super::Heard;
use super::websocket::Socket;
use crate::dialect::{Raw, RawForm, Say};
use crate::target::in_query;
use crate::{Failure, Target};

/// A socket that was let in.
pub(super) struct Link {
    socket: Socket,
    form: RawForm,
}

impl Link {
    /// Opens the socket; a refusal is told in the server's words.
    pub(super) async fn open(target: &Target, raw: Raw, token: &str) -> Result<Self, Failure> {
        let path = format!("{}?token={}", raw.path, in_query(token));
        Ok(Self { socket: Socket::open(target, &path).await?, form: raw.form })
    }

    /// Says something; `id` asks for a reply.
    pub(super) async fn say(&mut self, say: &Say, id: Option<u64>) -> Result<(), Failure> {
        self.socket.send(written(say, id, self.form)).await
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Result<Heard, Failure> {
        let text = self.socket.receive().await?;
        Ok(heard(&text, self.form))
    }

    /// Says goodbye, and returns what comes before the server's own.
    pub(super) async fn close(self) -> Vec<Heard> {
        let texts = self.socket.close().await;
        texts.iter().map(|text| heard(text, self.form)).collect()
    }
}

fn written(say: &Say, id: Option<u64>, form: RawForm) -> String {
    let message = match form {
        RawForm::Replying => json!({"type": say.name, "id": id, "data": say.argument}),
        RawForm::Beside => {
            let mut message = say.argument.as_object().cloned().unwrap_or_default();
            message.insert("type".into(), say.name.into());
            message.into()
        }
    };
    message.to_string()
}

/// What a text means; one that is no message is shown as it came.
fn heard(text: &str, form: RawForm) -> Heard {
    let message: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let Some(name) = message.get("type").and_then(Value::as_str).map(str::to_owned) else {
        return Heard::Event { name: "(no message)".into(), told: text.into() };
    };
    let mut message = message;
    message.remove("type");
    match form {
        RawForm::Replying if name == "reply" => {
            let id = message.remove("id").and_then(|id| id.as_u64()).unwrap_or_default();
            Heard::Answer { id, told: message.into() }
        }
        RawForm::Replying => {
            Heard::Event { name, told: message.remove("data").unwrap_or_default() }
        }
        RawForm::Beside => Heard::Event { name, told: message.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_in_their_form() {
        let say = Say::acknowledged("ping", json!({"a": 1}));
        let written = |form| serde_json::from_str::<Value>(&written(&say, Some(3), form)).unwrap();
        assert_eq!(written(RawForm::Replying), json!({"type": "ping", "id": 3, "data": {"a": 1}}));
        assert_eq!(written(RawForm::Beside), json!({"type": "ping", "a": 1}));
    }

    #[test]
    fn messages_are_read_in_their_form() {
        let event = |name: &str, told| Heard::Event { name: name.into(), told };
        let reply = r#"{"type":"reply","id":3,"ok":true}"#;
        assert_eq!(
            heard(reply, RawForm::Replying),
            Heard::Answer { id: 3, told: json!({"ok": true}) }
        );
        let told = r#"{"type":"x","data":{"a":1},"room":"r"}"#;
        assert_eq!(heard(told, RawForm::Replying), event("x", json!({"a": 1})));
        assert_eq!(
            heard(told, RawForm::Beside),
            event("x", json!({"data": {"a": 1}, "room": "r"}))
        );
        assert_eq!(heard("hello", RawForm::Beside), event("(no message)", json!("hello")));
        assert_eq!(heard("[1]", RawForm::Replying), event("(no message)", json!("[1]")));
    }
}
