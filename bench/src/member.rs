//! One client: bytes in, messages out, over a WebSocket or by long-polling.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use mio::net::TcpStream;

use crate::failure::{Failure, Trying as _};
use crate::guests::Ticket;
use crate::nats::{self, Said};
use crate::polling::Polling;
use crate::way::{Meaning, Stage, Way};
use crate::{wire, workspace};

/// Called with the time at which a message was read, and its text.
pub type Hear<'a> = &'a mut dyn FnMut(Instant, &[u8]);

/// A client that has connected, or is about to.
pub struct Member {
    /// Its socket.
    pub stream: TcpStream,
    /// How far it is.
    pub stage: Stage,
    /// When it began to connect.
    pub began: Instant,
    way: Way,
    ticket: Rc<Ticket>,
    /// A part of a frame or of an answer.
    rest: Vec<u8>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
    polling: Option<Polling>,
    memory: Memory,
}

/// What a client that recovers keeps of its connection.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pid: String,
    offset: String,
}

impl Memory {
    fn payload(&self) -> Option<String> {
        let Self { pid, offset } = self;
        (!offset.is_empty()).then(|| format!(r#"{{"pid":"{pid}","offset":"{offset}"}}"#))
    }
}

impl Member {
    /// Begins to connect.
    pub fn connect(
        address: SocketAddr,
        ticket: Rc<Ticket>,
        way: Way,
        memory: Memory,
    ) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).trying(format!("connect to {address}"))?;
        stream.set_nodelay(true).trying("set a socket")?;
        let path = way.path(&ticket);
        let (unsent, polling, stage) = match way {
            Way::Polling => {
                let mut polling = Polling::new(address, path);
                (polling.next_request(), Some(polling), Stage::Opening)
            }
            // The server speaks first.
            Way::Nats => (Vec::new(), None, Stage::Opening),
            _ => (wire::upgrade_request(address, &path), None, Stage::Upgrading),
        };
        let (rest, began) = (Vec::new(), Instant::now());
        Ok(Self { stream, stage, began, way, ticket, rest, unsent, polling, memory })
    }

    /// Whether it hears its room.
    pub fn has_joined(&self) -> bool {
        self.stage == Stage::Joined
    }

    /// What it keeps when its link is lost.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// Puts a message behind what is unsent.
    pub fn push(&mut self, text: &str) {
        match &mut self.polling {
            Some(polling) => {
                polling.push(text);
                self.unsent.extend(polling.next_request());
            }
            None if self.way == Way::Nats => {
                self.unsent.extend(nats::publish(&self.ticket.room, text));
            }
            None => wire::push_masked(wire::TEXT, text.as_bytes(), &mut self.unsent),
        }
    }

    /// Sends what the socket takes.
    pub fn write(&mut self) -> Result<(), Failure> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => {
                    self.unsent.drain(..written);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).trying("write to the server"),
            }
        }
        Ok(())
    }

    /// Reads what there is.
    pub fn read(&mut self, scratch: &mut [u8], hear: Hear<'_>) -> Result<(), Failure> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err(Failure::Server("closed a connection".into())),
                Ok(read) => {
                    self.take(&scratch[..read], Instant::now(), hear)?;
                    // A short read has emptied the socket (epoll(7)).
                    if read < scratch.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).trying("read from the server"),
            }
        }
    }

    fn take(&mut self, bytes: &[u8], at: Instant, hear: Hear<'_>) -> Result<(), Failure> {
        if self.rest.is_empty() {
            let taken = self.parse(bytes, at, hear)?;
            self.rest.extend_from_slice(&bytes[taken..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(bytes);
            let taken = self.parse(&all, at, hear)?;
            all.drain(..taken);
            self.rest = all;
        }
        Ok(())
    }

    /// Takes what is whole; returns how much that was.
    fn parse(&mut self, bytes: &[u8], at: Instant, hear: Hear<'_>) -> Result<usize, Failure> {
        if self.polling.is_some() {
            return self.parse_answers(bytes, at, hear);
        }
        if self.way == Way::Nats {
            return self.parse_lines(bytes, at, hear);
        }
        let mut start = 0;
        if self.stage == Stage::Upgrading {
            let Some(end) = wire::head_end(bytes) else { return Ok(0) };
            upgraded(&bytes[..end])?;
            self.stage = Stage::Opening;
            start = end;
        }
        while let Some(frame) = wire::first_frame(&bytes[start..]) {
            let payload = &bytes[start + frame.start..start + frame.end];
            start += frame.end;
            match frame.opcode {
                wire::TEXT => self.message(payload, at, hear)?,
                wire::PING => {
                    wire::push_masked(wire::PONG, payload, &mut self.unsent);
                    self.write()?;
                }
                other => return Err(Failure::Server(format!("sent a frame of kind {other}"))),
            }
        }
        Ok(start)
    }

    fn parse_answers(
        &mut self,
        bytes: &[u8],
        at: Instant,
        hear: Hear<'_>,
    ) -> Result<usize, Failure> {
        let mut start = 0;
        while let Some(polling) = &mut self.polling {
            let Some((messages, end)) = polling.answer(&bytes[start..])? else { break };
            start += end;
            for message in messages.split(|byte| *byte == 0x1e).filter(|text| !text.is_empty()) {
                self.message(message, at, hear)?;
            }
            if let Some(polling) = &mut self.polling {
                self.unsent.extend(polling.next_request());
            }
            self.write()?;
        }
        Ok(start)
    }

    fn parse_lines(&mut self, bytes: &[u8], at: Instant, hear: Hear<'_>) -> Result<usize, Failure> {
        let mut start = 0;
        while let Some((said, end)) = nats::first_said(&bytes[start..])? {
            match said {
                Said::Info => {
                    self.unsent.extend(nats::greeting(workspace::SECRET, &self.ticket));
                    self.write()?;
                }
                Said::Ping => {
                    self.unsent.extend_from_slice(b"PONG\r\n");
                    self.write()?;
                }
                Said::Pong => self.stage = Stage::Joined,
                Said::Message(text) => hear(at, text),
                Said::Fine => {}
            }
            start += end;
        }
        Ok(start)
    }

    fn message(&mut self, text: &[u8], at: Instant, hear: Hear<'_>) -> Result<(), Failure> {
        let recovers = self.way == Way::Recovering;
        let opens = recovers && self.stage == Stage::Opening;
        let kept = opens.then(|| self.memory.payload()).flatten();
        if recovers && self.stage == Stage::Joining && text.starts_with(b"40{") {
            self.memory.pid = text_after("\"pid\":\"", text).unwrap_or_default();
        }
        if recovers
            && text.starts_with(b"42")
            && let Some(offset) = last_text(text)
        {
            self.memory.offset = offset;
        }
        match self.way.read(self.stage, text, &self.ticket, kept.as_deref()) {
            Meaning::Answer(said) => self.answer(&said),
            Meaning::Forward(stage, said) => {
                self.stage = stage;
                said.map_or(Ok(()), |said| self.answer(&said))
            }
            Meaning::Told => {
                hear(at, text);
                Ok(())
            }
            Meaning::Refused => {
                let text = String::from_utf8_lossy(text);
                Err(Failure::Server(format!("refused a connection: {text}")))
            }
            Meaning::Nothing => Ok(()),
        }
    }

    fn answer(&mut self, text: &str) -> Result<(), Failure> {
        if let Some(polling) = &mut self.polling {
            // Sent when the request under way is answered.
            polling.push(text);
            return Ok(());
        }
        self.push(text);
        self.write()
    }
}

fn upgraded(head: &[u8]) -> Result<(), Failure> {
    let head = String::from_utf8_lossy(head);
    if head.starts_with("HTTP/1.1 101") && head.contains(wire::ACCEPT) {
        return Ok(());
    }
    Err(Failure::Server(format!("did not upgrade: {}", head.lines().next().unwrap_or_default())))
}

/// The text between a label and the next quote.
fn text_after(label: &str, text: &[u8]) -> Option<String> {
    let start = memchr::memmem::find(text, label.as_bytes())? + label.len();
    let length = text[start..].iter().position(|byte| *byte == b'"')?;
    Some(String::from_utf8_lossy(&text[start..start + length]).into_owned())
}

/// The last argument of an event, if it is a text behind another argument: the offset.
fn last_text(text: &[u8]) -> Option<String> {
    let inner = text.strip_suffix(b"\"]")?;
    let start = inner.iter().rposition(|byte| *byte == b'"')?;
    (inner.get(start.checked_sub(1)?) == Some(&b','))
        .then(|| String::from_utf8_lossy(&inner[start + 1..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_the_last_text_of_an_event() {
        assert_eq!(last_text(br#"42["say",{"a":"b"},"k3-17"]"#).as_deref(), Some("k3-17"));
        assert_eq!(last_text(br#"42["say",{"a":"b"}]"#), None);
        assert_eq!(last_text(br#"42["say"]"#), None);
        assert_eq!(text_after("\"pid\":\"", br#"40{"sid":"s","pid":"p"}"#).as_deref(), Some("p"));
    }

    #[test]
    fn only_who_heard_something_has_what_to_come_back_with() {
        assert_eq!(Memory { pid: "p".into(), offset: String::new() }.payload(), None);
        let memory = Memory { pid: "p".into(), offset: "o".into() };
        assert_eq!(memory.payload().as_deref(), Some(r#"{"pid":"p","offset":"o"}"#));
    }
}
