//! A client of the REST interface, as small as the preparation of a workspace allows.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::failure::{Failure, Trying as _};
use crate::wire;

/// Asks one server, as one user.
#[derive(Debug, Clone)]
pub struct Rest {
    /// The server.
    pub address: SocketAddr,
    /// The access token of the user; empty for nobody.
    pub token: String,
}

impl Rest {
    /// The body of a request that must succeed. One connection each.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let asked = format!("{method} {path}");
        let request = self.request(method, path, body, "close");
        let mut answer = Vec::new();
        TcpStream::connect(self.address)
            .and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_end(&mut answer)
            })
            .trying(&asked)?;
        let end = wire::head_end(&answer).unwrap_or(answer.len());
        let (head, body) = answer.split_at(end);
        if status(head).is_none_or(|status| !(200..300).contains(&status)) {
            let answer = String::from_utf8_lossy(&answer);
            return Err(Failure::Server(format!("refused {asked}: {answer}")));
        }
        let broken = |_| Failure::Server(format!("answered {asked} with something else than JSON"));
        if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body).map_err(broken) }
    }

    /// The bytes of a request.
    pub fn request(&self, method: &str, path: &str, body: &Value, connection: &str) -> String {
        let Self { address, token } = self;
        let body = body.to_string();
        let bearer = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {address}\r\nConnection: {connection}\r\n\
             {bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// The status of an answer.
pub fn status(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// The end of an answer with a length, if it is there whole.
pub fn answer_end(bytes: &[u8]) -> Option<usize> {
    let head = wire::head_end(bytes)?;
    let lower = bytes[..head].to_ascii_lowercase();
    let length = wire::number_after("content-length:", &lower).unwrap_or(0);
    let end = head + usize::try_from(length).ok()?;
    (end <= bytes.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1";
        assert_eq!(status(answer), Some(200));
        assert_eq!(answer_end(answer), Some(answer.len() - 8));
        assert_eq!(answer_end(&answer[..39]), None);
        assert_eq!(answer_end(b"HTTP/1.1 204 No Content\r\n"), None);
    }
}
