//! Many WebSocket clients in one thread: light, so that it is the server that is measured.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::failure::{Failure, Trying as _};
use crate::wire;

/// Connections that are being opened at once.
const OPENING: usize = 64;
/// Time for something to come while connections are opened.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes read at once.
const SCRATCH: usize = 256 * 1024;
/// Tokens from here on belong to sources that are not of the crowd.
const FOREIGN: usize = 1 << 24;

/// Where a crowd goes in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The server.
    pub address: SocketAddr,
    /// The paths to connect to, one for each user; taken in turns.
    pub paths: Vec<String>,
    /// The first of the ids that events can be about; the next ones follow without a gap.
    pub first_task: u64,
}

/// Clients that have connected and joined.
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    joined: usize,
    scratch: Vec<u8>,
    foreign: Vec<usize>,
}

struct Member {
    stream: TcpStream,
    stage: Stage,
    /// A part of a frame.
    rest: Vec<u8>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for the answer to the upgrade.
    Upgrading,
    /// Waits for the Engine.IO handshake.
    Opening,
    /// Waits for the word that the room is joined.
    Joining,
    Joined,
}

/// Called with the number of a member, and the text of a message that it heard.
pub type Hear<'a> = &'a mut dyn FnMut(usize, &[u8]);

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self {
            poll: Poll::new().trying("watch sockets")?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            joined: 0,
            scratch: vec![0; SCRATCH],
            foreign: Vec::new(),
        })
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Connects until there are `size`, and waits until all have joined.
    pub fn grow(&mut self, door: &Door, size: usize) -> Result<(), Failure> {
        while self.joined < size {
            while self.members.len() < size && self.members.len() < self.joined + OPENING {
                self.connect(door)?;
            }
            if !self.pump(PATIENCE, &mut |_, _| {})? {
                return Err(Failure::Server(format!(
                    "let {} of {size} connections in and then said nothing for {PATIENCE:?}",
                    self.joined
                )));
            }
        }
        Ok(())
    }

    /// Sends messages of one member, in one piece.
    pub fn say<'a>(
        &mut self,
        member: usize,
        messages: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Failure> {
        let member = &mut self.members[member];
        for message in messages {
            wire::push_masked(message, &mut member.unsent);
        }
        member.write()
    }

    /// Waits until something comes, and takes it. False if nothing came within `patience`.
    pub fn pump(&mut self, patience: Duration, hear: Hear<'_>) -> Result<bool, Failure> {
        let Self { poll, events, members, joined, scratch, foreign } = self;
        match poll.poll(events, Some(patience)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            polled => polled.trying("wait for sockets")?,
        }
        for event in events.iter() {
            let index = event.token().0;
            if index >= FOREIGN {
                foreign.push(index - FOREIGN);
                continue;
            }
            let member = &mut members[index];
            let before = member.stage;
            if event.is_writable() && !member.unsent.is_empty() {
                member.write()?;
            }
            if event.is_readable() {
                member.read(scratch, &mut |text| hear(index, text))?;
            }
            *joined += usize::from(before != Stage::Joined && member.stage == Stage::Joined);
        }
        Ok(!events.is_empty())
    }

    /// Reads nothing more of what a member hears.
    pub fn stall(&mut self, member: usize) -> Result<(), Failure> {
        let stream = &mut self.members[member].stream;
        self.poll.registry().deregister(stream).trying("stop watching a connection")
    }

    /// Reads on.
    pub fn go_on(&mut self, member: usize) -> Result<(), Failure> {
        let (token, both) = (Token(member), Interest::READABLE | Interest::WRITABLE);
        let stream = &mut self.members[member].stream;
        self.poll.registry().register(stream, token, both).trying("watch a connection")
    }

    /// Watches something that is not of the crowd, under a number of its own.
    pub fn watch(&mut self, source: &mut impl Source, number: usize) -> Result<(), Failure> {
        let token = Token(FOREIGN + number);
        self.poll.registry().register(source, token, Interest::READABLE).trying("watch a socket")
    }

    /// The numbers of what is watched and became readable since the last call.
    pub fn take_foreign(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.foreign)
    }

    fn connect(&mut self, door: &Door) -> Result<(), Failure> {
        let index = self.members.len();
        let path = &door.paths[index % door.paths.len()];
        let mut stream = open(door.address)?;
        self.poll
            .registry()
            .register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)
            .trying("watch a connection")?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n",
            door.address,
            wire::NONCE
        );
        let unsent = request.into_bytes();
        let mut member = Member { stream, stage: Stage::Upgrading, rest: Vec::new(), unsent };
        member.write()?;
        self.members.push(member);
        Ok(())
    }
}

/// A connection that never waits.
pub fn open(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = std::net::TcpStream::connect(address).trying(format!("connect to {address}"))?;
    stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).trying("set a socket")?;
    Ok(TcpStream::from_std(stream))
}

impl Member {
    fn write(&mut self) -> Result<(), Failure> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).trying("write to the server"),
            }
        }
        Ok(())
    }

    fn read(&mut self, scratch: &mut [u8], hear: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err(Failure::Server("closed a connection".into())),
                Ok(read) => {
                    self.take(&scratch[..read], hear)?;
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

    fn take(&mut self, bytes: &[u8], hear: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        if self.rest.is_empty() {
            let taken = self.parse(bytes, hear)?;
            self.rest.extend_from_slice(&bytes[taken..]);
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend_from_slice(bytes);
            let taken = self.parse(&all, hear)?;
            all.drain(..taken);
            self.rest = all;
        }
        Ok(())
    }

    /// Takes what is whole; returns how much that was.
    fn parse(&mut self, bytes: &[u8], hear: &mut dyn FnMut(&[u8])) -> Result<usize, Failure> {
        let mut at = 0;
        if self.stage == Stage::Upgrading {
            let Some(end) = wire::head_end(bytes) else { return Ok(0) };
            upgraded(&bytes[..end])?;
            self.stage = Stage::Opening;
            at = end;
        }
        while let Some(frame) = wire::first_frame(&bytes[at..]) {
            let payload = &bytes[at + frame.start..at + frame.end];
            at += frame.end;
            if frame.opcode != wire::TEXT {
                return Err(Failure::Server(format!("sent a frame of kind {}", frame.opcode)));
            }
            self.message(payload, hear)?;
        }
        Ok(at)
    }

    fn message(&mut self, text: &[u8], hear: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        match (self.stage, text) {
            (_, b"2") => self.answer("3"),
            (Stage::Opening, [b'0', ..]) => {
                self.stage = Stage::Joining;
                self.answer("40")
            }
            (Stage::Joining, _) if text.starts_with(b"42[\"connected\"") => {
                self.stage = Stage::Joined;
                Ok(())
            }
            (_, [b'4', b'4', ..]) => {
                let text = String::from_utf8_lossy(text);
                Err(Failure::Server(format!("refused a connection: {text}")))
            }
            (Stage::Joined, _) => {
                hear(text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&mut self, text: &str) -> Result<(), Failure> {
        wire::push_masked(text, &mut self.unsent);
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
