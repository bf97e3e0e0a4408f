//! Connection state recovery (Socket.IO 4.6): who is told offsets, and what a client shows that
//! comes back.
//!
//! An offset is one more argument behind all others. JavaScript clients pass it over; others hand
//! it to handlers that do not expect it. Nothing in a first CONNECT tells the two apart, so that
//! what the handshake shows decides, unless somebody has said so: the operator, or the client by
//! `recovery=1` or `recovery=0` in its query or its `auth`.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{SEC_WEBSOCKET_EXTENSIONS, UPGRADE, USER_AGENT};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::application::Handshake;

/// Which clients are told offsets that do not say themselves whether they understand them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offer {
    /// Those whose handshake is one of browsers, or of `socket.io-client` in Node.
    #[default]
    Suited,
    /// All.
    Everyone,
    /// None.
    Nobody,
}

/// What a CONNECT says of an earlier connection. Whatever is no string counts as not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The secret that the earlier one was given.
    pub pid: Option<String>,
    /// Up to where its client has heard.
    pub offset: Option<String>,
    /// Whether the client wants offsets, if it says so.
    wanted: Option<bool>,
}

/// Most bytes of what a client shows; ours are shorter.
const LONGEST: usize = 128;
/// What browsers call themselves begins with this.
const BROWSER: &str = "Mozilla/";
/// What `socket.io-client` in Node calls itself over long-polling.
const NODE: &str = "node-XMLHttpRequest";

impl Shown {
    /// What is in the payload of a CONNECT.
    pub fn of(payload: Option<&RawValue>) -> Self {
        #[derive(Deserialize)]
        struct Payload<'a> {
            #[serde(borrow)]
            pid: Option<&'a RawValue>,
            #[serde(borrow)]
            offset: Option<&'a RawValue>,
            #[serde(borrow)]
            recovery: Option<&'a RawValue>,
        }
        let payload = payload.and_then(|raw| serde_json::from_str::<Payload<'_>>(raw.get()).ok());
        let Some(Payload { pid, offset, recovery }) = payload else { return Self::default() };
        let wanted = recovery.and_then(|raw| said(raw.get().trim_matches('"')));
        Self { pid: pid.and_then(string), offset: offset.and_then(string), wanted }
    }

    /// Whether the client is told offsets. One that shows a pid understands them.
    pub fn recovers(&self, handshake: &Handshake, offer: Offer) -> bool {
        let asked = || handshake.query.split('&').find_map(|pair| pair.strip_prefix("recovery="));
        let wanted = self.wanted.or_else(|| asked().and_then(said));
        wanted.unwrap_or(match offer {
            Offer::Suited => self.pid.is_some() || handshake.suits_recovery,
            Offer::Everyone => true,
            Offer::Nobody => false,
        })
    }
}

/// Whether a handshake is one of a client that passes over what it does not know. Over WebSocket,
/// clients in Dart offer compression too, but call themselves something.
pub(super) fn suits(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).map(|agent| agent.to_str().unwrap_or("?"));
    let known = agent.map(|agent| agent.starts_with(BROWSER) || agent == NODE);
    if !headers.contains_key(UPGRADE) {
        return known == Some(true);
    }
    let mut extensions = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
    let deflates = |value: &http::HeaderValue| {
        value.to_str().is_ok_and(|value| value.contains("permessage-deflate"))
    };
    known != Some(false) && extensions.any(deflates)
}

fn string(raw: &RawValue) -> Option<String> {
    let text = serde_json::from_str::<Cow<'_, str>>(raw.get()).ok()?;
    (text.len() <= LONGEST).then(|| text.into_owned())
}

fn said(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(payload: &str) -> Shown {
        Shown::of(Some(&RawValue::from_string(payload.into()).unwrap()))
    }

    fn suited(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        suits(&map)
    }

    #[test]
    fn only_strings_are_taken_for_what_a_client_was_given() {
        let (pid, offset) = (Some("p".to_owned()), Some("k3x9-7".to_owned()));
        let whole = shown(r#"{"token":"t","pid":"p","offset":"k3x9-7"}"#);
        assert_eq!(whole, Shown { pid: pid.clone(), offset, wanted: None });
        assert_eq!(shown(r#"{"pid":"p","offset":7}"#), Shown { pid, ..Shown::default() });
        let long = format!(r#"{{"pid":"{}"}}"#, "p".repeat(LONGEST + 1));
        for payload in [r#"{"pid":{"p":1}}"#, "[]", "7", r#""pid""#, "{}", &long] {
            assert_eq!(shown(payload), Shown::default(), "{payload}");
        }
        assert_eq!(Shown::of(None), Shown::default());
    }

    #[test]
    fn a_handshake_shows_who_passes_over_what_he_does_not_know() {
        const DEFLATE: (&str, &str) =
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits");
        const SOCKET: (&str, &str) = ("upgrade", "websocket");
        assert!(suited(&[SOCKET, DEFLATE]), "ws in Node");
        assert!(suited(&[SOCKET, DEFLATE, ("user-agent", "Mozilla/5.0 (X11)")]), "a browser");
        assert!(suited(&[("user-agent", "Mozilla/5.0 (X11)")]), "a browser, polling");
        assert!(suited(&[("user-agent", "node-XMLHttpRequest")]), "Node, polling");
        assert!(!suited(&[SOCKET]), "websocket-client in Python");
        assert!(!suited(&[SOCKET, DEFLATE, ("user-agent", "Dart/3.2 (dart:io)")]), "Dart");
        assert!(!suited(&[SOCKET, ("user-agent", "Python/3.13 aiohttp/3.9")]), "aiohttp");
        assert!(!suited(&[("user-agent", "python-requests/2.32")]) && !suited(&[]), "polling");
    }

    #[test]
    fn who_says_so_decides_before_the_operator_and_the_handshake() {
        let handshake = |query: &str, suits_recovery| Handshake {
            query: query.into(),
            suits_recovery,
            ..Handshake::default()
        };
        let (plain, node) = (handshake("EIO=4", false), handshake("EIO=4", true));
        let (nothing, pid) = (Shown::default(), shown(r#"{"pid":"p"}"#));
        assert!(nothing.recovers(&node, Offer::Suited) && pid.recovers(&plain, Offer::Suited));
        assert!(!nothing.recovers(&plain, Offer::Suited));
        assert!(nothing.recovers(&plain, Offer::Everyone) && !pid.recovers(&node, Offer::Nobody));
        for yes in [r#"{"recovery":1}"#, r#"{"recovery":"1"}"#, r#"{"recovery":true}"#] {
            assert!(shown(yes).recovers(&plain, Offer::Nobody), "{yes}");
        }
        assert!(!shown(r#"{"recovery":0}"#).recovers(&node, Offer::Everyone));
        assert!(nothing.recovers(&handshake("EIO=4&recovery=1", false), Offer::Suited));
        assert!(!nothing.recovers(&handshake("recovery=0&EIO=4", true), Offer::Suited));
    }
}
