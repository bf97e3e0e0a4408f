//! The plain lower bound: a server that does nothing but call `send()` once per listener with a
//! finished frame. It knows no one, checks nothing, keeps nothing, and gives up when a socket is
//! full. It asks for heartbeats, but does not miss an answer.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::wire;

const LISTENER: Token = Token(usize::MAX - 1);
/// Connections that may wait to be accepted.
const WAITING: i32 = 4096;
/// Between two heartbeats of a connection.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// Bytes read at once.
const SCRATCH: usize = 64 * 1024;

struct Client {
    stream: TcpStream,
    rest: Vec<u8>,
    /// What the path of its request names; it is joined when the client has connected.
    room: Option<String>,
}

/// All of them, and who is where.
#[derive(Default)]
struct Floor {
    clients: Vec<Option<Client>>,
    rooms: HashMap<String, Vec<usize>>,
    /// Whose heartbeat is due when.
    heartbeats: VecDeque<(Instant, usize)>,
}

/// Serves until the process is ended.
pub fn serve() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    // Whoever does not fit in comes again after a second, and a lower bound must not measure that.
    // The library listens with room for 128; to listen again only makes room.
    rustix::net::listen(&listener, WAITING)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on http://{}", listener.local_addr()?);
    let (mut events, mut scratch) = (Events::with_capacity(1024), vec![0; SCRATCH]);
    let mut floor = Floor::default();
    loop {
        let next = floor.heartbeats.front().map(|(due, _)| *due);
        let wait = next.map(|due| due.saturating_duration_since(Instant::now()));
        poll.poll(&mut events, wait)?;
        floor.beat()?;
        for event in &events {
            if event.token() == LISTENER {
                floor.accept(&poll, &listener)?;
            } else {
                floor.read(event.token().0, &mut scratch)?;
            }
        }
    }
}

impl Floor {
    fn accept(&mut self, poll: &Poll, listener: &TcpListener) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.clients.len());
            poll.registry().register(&mut stream, token, Interest::READABLE)?;
            self.clients.push(Some(Client { stream, rest: Vec::new(), room: None }));
        }
    }

    fn read(&mut self, index: usize, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            let Some(client) = &mut self.clients[index] else { return Ok(()) };
            match client.stream.read(scratch) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Ok(0) | Err(_) => {
                    self.clients[index] = None;
                    return Ok(());
                }
                Ok(read) => {
                    client.rest.extend_from_slice(&scratch[..read]);
                    let mut input = std::mem::take(&mut client.rest);
                    let taken = self.take(index, &mut input)?;
                    input.drain(..taken);
                    if let Some(client) = self.clients[index].as_mut().filter(|_| !input.is_empty())
                    {
                        client.rest = input;
                    }
                }
            }
        }
    }

    /// Answers what is whole; returns how much that was.
    fn take(&mut self, index: usize, input: &mut [u8]) -> io::Result<usize> {
        let Some(client) = &mut self.clients[index] else { return Ok(input.len()) };
        let mut at = 0;
        if client.room.is_none() {
            let Some(end) = wire::head_end(input) else { return Ok(0) };
            client.upgrade(&input[..end])?;
            at = end;
        }
        while let Some(frame) = wire::first_frame(&input[at..]) {
            let payload = &mut input[at + frame.start..at + frame.end];
            if let Some(key) = frame.key {
                wire::unmask(payload, key);
            }
            if payload == b"40" {
                self.join(index)?;
            } else if payload.starts_with(b"42[\"say\"") {
                self.tell(index, &String::from_utf8_lossy(payload))?;
            } else if let Some(task) = wire::number_after("\"task_id\":", payload) {
                self.tell(index, &typing(task))?;
            }
            at += frame.end;
        }
        Ok(at)
    }

    fn join(&mut self, index: usize) -> io::Result<()> {
        let Some(client) = &mut self.clients[index] else { return Ok(()) };
        let room = client.room.clone().unwrap_or_default();
        let mut answer = Vec::new();
        wire::push_bare(r#"40{"sid":"floor"}"#, &mut answer);
        wire::push_bare(r#"42["connected",{"message":"welcome"}]"#, &mut answer);
        client.send(&answer)?;
        self.rooms.entry(room).or_default().push(index);
        self.heartbeats.push_back((Instant::now() + HEARTBEAT, index));
        Ok(())
    }

    /// Asks those whose time it is.
    fn beat(&mut self) -> io::Result<()> {
        while let Some((_, index)) = self.heartbeats.pop_front_if(|(due, _)| *due <= Instant::now())
        {
            if let Some(client) = &mut self.clients[index] {
                client.send(b"\x81\x012")?;
                self.heartbeats.push_back((Instant::now() + HEARTBEAT, index));
            }
        }
        Ok(())
    }

    /// What all this is about.
    fn tell(&mut self, sender: usize, told: &str) -> io::Result<()> {
        let Some(client) = &self.clients[sender] else { return Ok(()) };
        let room = client.room.as_deref().unwrap_or_default();
        let Some(members) = self.rooms.get(room) else { return Ok(()) };
        let mut frame = Vec::new();
        wire::push_bare(told, &mut frame);
        for index in members.iter().filter(|index| **index != sender) {
            if let Some(client) = &mut self.clients[*index] {
                client.send(&frame)?;
            }
        }
        Ok(())
    }
}

/// The event that is told, whoever tells it.
pub fn typing(task: u64) -> String {
    format!(
        r#"42["user_typing",{{"full_name":"Somebody who types, and types, and types, and never comes to an end","is_typing":true,"task_id":{task},"timestamp":"2026-01-01T00:00:00.000000","user_id":1,"username":"bench-0"}}]"#
    )
}

impl Client {
    fn upgrade(&mut self, head: &[u8]) -> io::Result<()> {
        let head = String::from_utf8_lossy(head);
        let room = head.split_once("&room=").map_or("", |(_, rest)| rest);
        self.room = Some(room.split(['&', ' ']).next().unwrap_or_default().to_owned());
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            wire::ACCEPT
        )
        .into_bytes();
        let open = r#"0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        wire::push_bare(open, &mut answer);
        self.send(&answer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.stream.write(bytes)? {
            sent if sent == bytes.len() => Ok(()),
            _ => Err(io::Error::new(ErrorKind::WouldBlock, "a socket is full")),
        }
    }
}
