//! One who changes one task again and again over REST, and never waits.

use std::io::{ErrorKind, Read as _, Write as _};

use mio::net::TcpStream;
use serde_json::Value;

use crate::crowd::{self, Crowd};
use crate::failure::{Failure, Trying as _};
use crate::http;
use crate::rest::Rest;

/// A caller with a connection of his own.
pub struct Caller {
    rest: Rest,
    task: u64,
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Caller {
    /// One whose answers the crowd watches for, under this number.
    pub fn new(owner: &Rest, task: u64, number: usize, crowd: &mut Crowd) -> Result<Self, Failure> {
        let mut stream = crowd::open(owner.address)?;
        crowd.watch(&mut stream, number)?;
        Ok(Self { rest: owner.clone(), task, stream, answer: Vec::new() })
    }

    /// A request is far smaller than what a socket takes at once.
    pub fn ask(&mut self, change: &Value) -> Result<(), Failure> {
        let path = format!("/tasks/{}", self.task);
        let request = self.rest.request("PATCH", &path, change, "keep-alive");
        self.stream.write_all(request.as_bytes()).trying("send a request")
    }

    /// Whether the answer is there whole: then whether the change was made. A server that is short
    /// of time says 503, and has made nothing; any other refusal is a failure.
    pub fn take_answer(&mut self) -> Result<Option<bool>, Failure> {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(Failure::Server("closed a caller's connection".into())),
                Ok(read) => self.answer.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).trying("read an answer"),
            }
        }
        let Some(answer) = http::first_answer(&self.answer) else { return Ok(None) };
        if !matches!(answer.status, 200 | 503) {
            let answer = String::from_utf8_lossy(&self.answer);
            return Err(Failure::Server(format!("refused a write: {answer}")));
        }
        self.answer.drain(..answer.end);
        Ok(Some(answer.status == 200))
    }
}
