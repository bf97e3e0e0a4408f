//! Many clients in one thread: light, so that it is the server that is measured.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::event::Source;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::failure::{Failure, Trying as _};
use crate::guests::{Guests, Seat};
use crate::histogram::Histogram;
use crate::member::{Member, Memory};
use crate::way::Way;

/// Connections that are opened at once, where it is not the opening that is measured.
pub const OPENING: usize = 64;
/// Time for something to come while connections are opened.
const PATIENCE: Duration = Duration::from_secs(10);
/// When nothing comes for so long, all is said.
const SETTLED: Duration = Duration::from_millis(200);
/// Bytes read at once.
const SCRATCH: usize = 256 * 1024;
/// Tokens from here on belong to sources that are not of the crowd.
const FOREIGN: usize = 1 << 24;

/// Where a crowd goes in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The server.
    pub address: SocketAddr,
    /// Who may come in.
    pub guests: Rc<Guests>,
}

/// Clients that have connected and joined.
pub struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Option<Member>>,
    joined: usize,
    scratch: Vec<u8>,
    foreign: Vec<usize>,
    until: Instant,
    /// From the begin of each connection until it had joined.
    pub arrivals: Histogram,
}

/// Called with the number of a member, when a message was read, and its text.
pub type Hear<'a> = &'a mut dyn FnMut(usize, Instant, &[u8]);

impl Crowd {
    /// Nobody yet. All that is done with it must be over within `limit`.
    pub fn new(limit: Duration) -> Result<Self, Failure> {
        Ok(Self {
            poll: Poll::new().trying("watch sockets")?,
            events: Events::with_capacity(1024),
            members: Vec::new(),
            joined: 0,
            scratch: vec![0; SCRATCH],
            foreign: Vec::new(),
            until: Instant::now() + limit,
            arrivals: Histogram::default(),
        })
    }

    /// How many there are, or have been.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Connects one for each seat, so many at once, and waits until all have joined.
    pub fn fill(
        &mut self,
        door: &Door,
        way: Way,
        seats: impl IntoIterator<Item = Seat>,
        opening: usize,
    ) -> Result<(), Failure> {
        let (mut seats, mut left) = (seats.into_iter(), true);
        while left || self.joined < self.members.len() {
            while left && self.members.len() < self.joined + opening {
                match seats.next() {
                    Some(seat) => {
                        self.enter(door, way, seat, Memory::default())?;
                    }
                    None => left = false,
                }
            }
            if self.joined < self.members.len() {
                self.progress(&mut |_, _, _| {})?;
            }
        }
        Ok(())
    }

    /// Lets one begin to connect; its number.
    pub fn enter(
        &mut self,
        door: &Door,
        way: Way,
        seat: Seat,
        memory: Memory,
    ) -> Result<usize, Failure> {
        let index = self.members.len();
        let ticket = Rc::new(door.guests.ticket(seat).clone());
        let mut member = Member::connect(door.address, ticket, way, memory)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.register(&mut member.stream, Token(index), both).trying("watch a connection")?;
        self.members.push(Some(member));
        Ok(index)
    }

    /// Whether a member hears its room.
    pub fn has_joined(&self, member: usize) -> bool {
        self.members[member].as_ref().is_some_and(Member::has_joined)
    }

    /// How many hear their rooms.
    pub fn joined(&self) -> usize {
        self.joined
    }

    /// Sends messages of one member, in one piece.
    pub fn say<'a>(
        &mut self,
        member: usize,
        messages: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Failure> {
        let Some(member) = &mut self.members[member] else { return Ok(()) };
        messages.into_iter().for_each(|message| member.push(message));
        member.write()
    }

    /// Ends a member's link, without a word; what it keeps.
    pub fn leave(&mut self, member: usize) -> Memory {
        let Some(member) = self.members[member].take() else { return Memory::default() };
        self.joined -= usize::from(member.has_joined());
        member.into_memory()
    }

    /// Waits until something comes, and takes it; fails if nothing does.
    pub fn progress(&mut self, hear: Hear<'_>) -> Result<(), Failure> {
        if self.pump(PATIENCE, hear)? {
            return Ok(());
        }
        let (joined, size) = (self.joined, self.members.len());
        Err(Failure::Server(format!(
            "let {joined} of {size} connections in and then said nothing for {PATIENCE:?}"
        )))
    }

    /// Takes what comes until nothing comes any more.
    pub fn settle(&mut self, hear: Hear<'_>) -> Result<(), Failure> {
        while self.pump(SETTLED, hear)? {}
        Ok(())
    }

    /// Waits until something comes, and takes it. False if nothing came within `patience`.
    pub fn pump(&mut self, patience: Duration, hear: Hear<'_>) -> Result<bool, Failure> {
        let Self { poll, events, members, joined, scratch, foreign, until, arrivals } = self;
        if Instant::now() >= *until {
            return Err(Failure::Server("was not done in the time that it is given".into()));
        }
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
            let Some(member) = &mut members[index] else { continue };
            let before = member.has_joined();
            if event.is_writable() {
                member.write()?;
            }
            if event.is_readable() {
                member.read(scratch, &mut |at, text| hear(index, at, text))?;
            }
            if !before && member.has_joined() {
                *joined += 1;
                arrivals.record(member.began.elapsed());
            }
        }
        Ok(!events.is_empty())
    }

    /// Reads nothing more of what a member hears.
    pub fn stall(&mut self, member: usize) -> Result<(), Failure> {
        let Some(member) = &mut self.members[member] else { return Ok(()) };
        self.poll.registry().deregister(&mut member.stream).trying("stop watching a connection")
    }

    /// Reads on.
    pub fn go_on(&mut self, member: usize) -> Result<(), Failure> {
        let (token, both) = (Token(member), Interest::READABLE | Interest::WRITABLE);
        let Some(member) = &mut self.members[member] else { return Ok(()) };
        let registry = self.poll.registry();
        registry.register(&mut member.stream, token, both).trying("watch a connection")
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
}

/// A connection that never waits.
pub fn open(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = std::net::TcpStream::connect(address).trying(format!("connect to {address}"))?;
    stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).trying("set a socket")?;
    Ok(TcpStream::from_std(stream))
}
