//! What the server says first.

use serde::Deserialize;
use serde_json::Value;

/// The handshake of a new session (Engine.IO protocol 4, "Handshake").
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// The session's id, which later requests carry.
    pub sid: &'a str,
    /// The transports the client may move to: `["websocket"]` or none.
    pub upgrades: &'a [&'a str],
    /// How long after the last pong the server sends the next ping, in milliseconds.
    pub ping_interval_ms: u64,
    /// How long the server waits for a pong, in milliseconds.
    pub ping_timeout_ms: u64,
    /// The largest message or payload the server takes, in bytes.
    pub max_payload: usize,
}

impl Handshake<'_> {
    /// The whole open packet: `0` and an object of exactly five keys.
    pub fn encode(&self) -> String {
        let upgrades: Vec<Value> = self.upgrades.iter().map(|name| Value::from(*name)).collect();
        format!(
            r#"0{{"sid":{},"upgrades":{},"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            Value::from(self.sid),
            Value::from(upgrades),
            self.ping_interval_ms,
            self.ping_timeout_ms,
            self.max_payload,
        )
    }
}

/// A handshake as a client reads it (Engine.IO protocol 4, "Handshake").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Opening {
    /// The session's id, which later requests carry.
    pub sid: String,
    /// How long after a pong the server sends the next ping, in milliseconds.
    #[serde(rename = "pingInterval")]
    pub ping_interval_ms: u64,
    /// How long the server waits for a pong, in milliseconds.
    #[serde(rename = "pingTimeout")]
    pub ping_timeout_ms: u64,
}

impl Opening {
    /// Reads the body of an open packet (without its `0`); keys that a client has no use for are
    /// ignored.
    pub fn decode(body: &str) -> Result<Self, OpeningError> {
        serde_json::from_str(body).map_err(OpeningError)
    }
}

/// The body of an open packet is no handshake. Always the server's fault.
#[derive(Debug, thiserror::Error)]
#[error("the open packet is no handshake: {0}")]
pub struct OpeningError(#[source] serde_json::Error);

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the protocol.
    const EXAMPLE: Handshake<'_> = Handshake {
        sid: "lv_VI97HAXpY6yYWAAAC",
        upgrades: &["websocket"],
        ping_interval_ms: 25_000,
        ping_timeout_ms: 20_000,
        max_payload: 1_000_000,
    };

    #[test]
    fn a_client_reads_what_a_server_writes() {
        let opening = Opening::decode(&EXAMPLE.encode()[1..]).unwrap();
        assert_eq!(
            opening,
            Opening {
                sid: "lv_VI97HAXpY6yYWAAAC".into(),
                ping_interval_ms: 25_000,
                ping_timeout_ms: 20_000,
            }
        );
        for wrong in ["", "{}", "[]", r#"{"sid":1,"pingInterval":1,"pingTimeout":1}"#] {
            assert!(Opening::decode(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_example_of_the_protocol_is_written() {
        assert_eq!(
            EXAMPLE.encode(),
            concat!(
                r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"#,
                r#""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
            )
        );
    }

    #[test]
    fn strings_are_escaped() {
        let handshake = Handshake {
            sid: "\"",
            upgrades: &[],
            ping_interval_ms: 1,
            ping_timeout_ms: 2,
            max_payload: 3,
        };
        let object: Value = serde_json::from_str(&handshake.encode()[1..]).unwrap();
        assert_eq!(object["sid"], "\"");
        assert_eq!(object["upgrades"], Value::Array(Vec::new()));
        assert_eq!(object.as_object().unwrap().len(), 5);
    }
}
