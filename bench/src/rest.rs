//! A client of the REST interface, as small as the preparation of a workspace allows.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Trying as _};
use crate::http;

/// Requests that are sent before they are answered.
const AHEAD: u64 = 16;

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks one server, as one user.
#[derive(Debug, Clone)]
pub struct Rest {
    /// The server.
    pub address: SocketAddr,
    /// The access token of the user; empty for nobody.
    pub token: String,
}

impl Rest {
    /// The body of the answer to a request that must succeed.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        Ok(self.ask_often(method, path, body, 1)?.pop().unwrap_or_default())
    }

    /// The same, asked so often, in order, over one connection: a few are sent before the first is
    /// answered.
    pub fn ask_often(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        times: u64,
    ) -> Result<Vec<Value>, Failure> {
        let asked = format!("{method} {path}");
        let request = self.request(method, path, body, "keep-alive");
        let mut stream = connect(self.address).trying(&asked)?;
        let (mut bodies, mut bytes, mut sent) = (Vec::new(), Vec::new(), 0);
        while bodies.len() < times as usize {
            while sent < times && sent < bodies.len() as u64 + AHEAD {
                stream.write_all(request.as_bytes()).trying(&asked)?;
                sent += 1;
            }
            let mut piece = [0; 16 * 1024];
            let read = stream.read(&mut piece).trying(&asked)?;
            if read == 0 {
                return Err(Failure::Server(format!("did not answer {asked}")));
            }
            bytes.extend_from_slice(&piece[..read]);
            while let Some(answer) = http::first_answer(&bytes) {
                bytes.drain(..answer.end);
                bodies.push(taken(&asked, &answer)?);
            }
        }
        Ok(bodies)
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

/// A connection that waits for an answer, but not for ever.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn taken(asked: &str, answer: &http::Answer) -> Result<Value, Failure> {
    if !(200..300).contains(&answer.status) {
        let body = String::from_utf8_lossy(&answer.body);
        return Err(Failure::Server(format!("refused {asked} with {}: {body}", answer.status)));
    }
    let broken = |_| Failure::Server(format!("answered {asked} with something else than JSON"));
    match answer.body.as_slice() {
        [] => Ok(Value::Null),
        body => serde_json::from_slice(body).map_err(broken),
    }
}
