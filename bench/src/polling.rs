//! Long-polling (Engine.IO 4) over one connection that is kept: one request at a time, a POST when
//! something is to be said, else a GET that waits.

use std::net::SocketAddr;

use crate::failure::Failure;
use crate::http;

/// Separates the packets of a body.
const SEPARATOR: char = '\u{1e}';

/// A polling client's side.
#[derive(Debug)]
pub struct Polling {
    host: SocketAddr,
    path: String,
    /// Packets to be said.
    unsaid: String,
    under_way: Option<Request>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Get,
    Post,
}

impl Polling {
    /// Begins with a handshake on this path.
    pub fn new(host: SocketAddr, path: String) -> Self {
        Self { host, path, unsaid: String::new(), under_way: None }
    }

    /// Puts a packet behind what is to be said.
    pub fn push(&mut self, packet: &str) {
        if !self.unsaid.is_empty() {
            self.unsaid.push(SEPARATOR);
        }
        self.unsaid.push_str(packet);
    }

    /// The bytes of the next request; none while one is under way.
    pub fn next_request(&mut self) -> Vec<u8> {
        if self.under_way.is_some() {
            return Vec::new();
        }
        let Self { host, path, unsaid, .. } = self;
        if unsaid.is_empty() {
            self.under_way = Some(Request::Get);
            return format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
        }
        let body = std::mem::take(unsaid);
        self.under_way = Some(Request::Post);
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain;charset=UTF-8\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// The packets of the first answer, if it is there whole, and where it ends.
    pub fn answer(&mut self, bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Failure> {
        let Some(answer) = http::first_answer(bytes) else { return Ok(None) };
        if answer.status != 200 {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(Failure::Server(format!("answered a poll with {}: {body}", answer.status)));
        }
        let packets = match self.under_way.take() {
            // What answers a POST is no packet.
            Some(Request::Post) => Vec::new(),
            _ => answer.body,
        };
        if let Some(sid) = session(&packets).filter(|_| !self.path.contains("&sid=")) {
            self.path = format!("{}&sid={sid}", self.path);
        }
        Ok(Some((packets, answer.end)))
    }
}

/// The id of a session, of the packet that opens it.
fn session(packet: &[u8]) -> Option<String> {
    let open: serde_json::Value = serde_json::from_slice(packet.strip_prefix(b"0")?).ok()?;
    open["sid"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn says_before_it_waits_and_asks_one_thing_at_a_time() {
        let mut polling = Polling::new(SocketAddr::from(([127, 0, 0, 1], 1)), "/?EIO=4".into());
        assert!(polling.next_request().starts_with(b"GET /?EIO=4 HTTP"));
        assert!(polling.next_request().is_empty(), "one is under way");
        let opened = answer(r#"0{"sid":"abc"}"#);
        let (packets, end) = polling.answer(&opened).unwrap().unwrap();
        assert_eq!((packets.as_slice(), end), (br#"0{"sid":"abc"}"#.as_slice(), opened.len()));
        polling.push("40");
        polling.push("3");
        let post = String::from_utf8(polling.next_request()).unwrap();
        assert!(post.starts_with("POST /?EIO=4&sid=abc HTTP"), "{post}");
        assert!(post.ends_with("\r\n\r\n40\u{1e}3"), "{post}");
        assert_eq!(polling.answer(&answer("ok")).unwrap(), Some((Vec::new(), answer("ok").len())));
        assert!(polling.next_request().starts_with(b"GET /?EIO=4&sid=abc HTTP"));
        assert!(polling.answer(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
