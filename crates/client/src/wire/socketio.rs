//! One Socket.IO namespace in one session.

use chorus_protocol::socketio::{self, Args, EncodeError, Limits, Packet};
use serde_json::{Value, json};

use super::Heard;
use super::engineio::Session;
use crate::dialect::{Say, TokenIn};
use crate::options::Transport;
use crate::target::in_query;
use crate::{Failure, Target};

/// A namespace that was joined.
pub(super) struct Link {
    session: Session,
    namespace: String,
}

impl Link {
    /// Opens a session and joins the namespace; a refusal is told in the server's words.
    pub(super) async fn open(
        target: &Target,
        transport: Transport,
        namespace: &str,
        (place, token): (TokenIn, &str),
    ) -> Result<Self, Failure> {
        let (query, auth) = match place {
            TokenIn::Query => (format!("&token={}", in_query(token)), None),
            TokenIn::Auth => (String::new(), Some(json!({"token": token}))),
        };
        let session = Session::open(target, transport, &query).await?;
        let mut link = Self { session, namespace: namespace.to_owned() };
        let mut packet = Vec::new();
        socketio::write_connect_request(&mut packet, namespace, auth.as_ref())
            .map_err(unwritten)?;
        link.send(packet).await?;
        link.joined().await?;
        Ok(link)
    }

    async fn joined(&mut self) -> Result<(), Failure> {
        let mut text = self.session.receive().await?;
        // Some servers refuse in two packets, of which clients see the first and the second says why.
        if matches!(decode(&text)?, Packet::Disconnect { ns } if ns == self.namespace) {
            text = self.session.receive().await?;
        }
        match decode(&text)? {
            Packet::Connect { ns, .. } if ns == self.namespace => Ok(()),
            Packet::ConnectError { payload, .. } => {
                let reason = payload.map_or("no reason was given", |payload| payload.get());
                let told: Value = serde_json::from_str(reason).unwrap_or(Value::Null);
                let message = told["message"].as_str().or_else(|| told.as_str());
                Err(Failure::Refused(message.unwrap_or(reason).to_owned()))
            }
            _ => Err(Failure::Protocol(format!("CONNECT was answered by {text}"))),
        }
    }

    /// Says something; `id` asks for an acknowledgement.
    pub(super) async fn say(&mut self, say: &Say, id: Option<u64>) -> Result<(), Failure> {
        let mut packet = Vec::new();
        socketio::write_event(&mut packet, &self.namespace, id, say.name)
            .arg(&say.argument)
            .finish()
            .map_err(unwritten)?;
        self.send(packet).await
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Result<Heard, Failure> {
        loop {
            let text = self.session.receive().await?;
            if let Some(heard) = self.heard(&text)? {
                return Ok(heard);
            }
        }
    }

    /// Leaves the namespace and ends the session.
    pub(super) async fn close(mut self) -> Vec<Heard> {
        let mut packet = Vec::new();
        socketio::write_disconnect(&mut packet, &self.namespace);
        // Whoever cannot be told has left already.
        self.send(packet).await.ok();
        let Self { session, namespace } = self;
        let texts = session.close().await;
        texts.iter().filter_map(|text| heard(text, &namespace).ok().flatten()).collect()
    }

    fn heard(&self, text: &str) -> Result<Option<Heard>, Failure> {
        heard(text, &self.namespace)
    }

    async fn send(&mut self, packet: Vec<u8>) -> Result<(), Failure> {
        let packet = String::from_utf8(packet)
            .map_err(|_| Failure::Protocol("a packet is not UTF-8".into()))?;
        self.session.send(packet).await
    }
}

/// What a message means to a client in `namespace`; nothing if it is for another one.
fn heard(text: &str, namespace: &str) -> Result<Option<Heard>, Failure> {
    Ok(match decode(text)? {
        Packet::Event { ns, args, .. } | Packet::BinaryEvent { ns, args, .. } => {
            let name = args.name().unwrap_or_default().to_owned();
            (ns == namespace).then(|| Heard::Event { name, told: argument(&args) })
        }
        Packet::Ack { ns, id, args } | Packet::BinaryAck { ns, id, args, .. } => {
            (ns == namespace).then(|| Heard::Answer { id, told: argument(&args) })
        }
        Packet::Disconnect { ns } if ns == namespace => {
            return Err(Failure::Lost("the server put the client out of the namespace".into()));
        }
        Packet::Disconnect { .. } | Packet::Connect { .. } | Packet::ConnectError { .. } => None,
    })
}

/// The first argument; `null` if there is none.
fn argument(args: &Args<'_>) -> Value {
    let first = args.items().first();
    first.and_then(|first| serde_json::from_str(first.get()).ok()).unwrap_or(Value::Null)
}

fn decode(text: &str) -> Result<Packet<'_>, Failure> {
    let limits = Limits { max_depth: 100, ..Limits::default() };
    Packet::decode(text, &limits).map_err(|error| Failure::Protocol(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritten(error: EncodeError) -> Failure {
    Failure::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_the_namespace_are_heard() {
        let event = |name: &str, told| Some(Heard::Event { name: name.into(), told });
        for (text, expected) in [
            (r#"2/a,["x",{"y":1},2]"#, event("x", json!({"y": 1}))),
            (r#"2/a,["x"]"#, event("x", Value::Null)),
            (r#"3/a,7[{"ok":true}]"#, Some(Heard::Answer { id: 7, told: json!({"ok": true}) })),
            ("3/a,8[]", Some(Heard::Answer { id: 8, told: Value::Null })),
            (r#"2["x"]"#, None),
            ("1/b,", None),
        ] {
            assert_eq!(heard(text, "/a").unwrap(), expected, "{text}");
        }
        assert!(matches!(heard("1/a,", "/a"), Err(Failure::Lost(_))));
        assert!(matches!(heard("9", "/a"), Err(Failure::Protocol(_))));
    }
}
