//! The plain lower bound: a server that does nothing but call `send()` once per listener with a
//! finished frame. It knows no one, checks nothing, keeps nothing, sends no heartbeats, and gives
//! up when a socket is full.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::wire;

const LISTENER: Token = Token(usize::MAX - 1);
/// Bytes read at once.
const SCRATCH: usize = 64 * 1024;

struct Client {
    stream: TcpStream,
    rest: Vec<u8>,
    upgraded: bool,
    joined: bool,
}

/// Serves until the process is ended.
pub fn serve() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on http://{}", listener.local_addr()?);
    let (mut events, mut scratch) = (Events::with_capacity(1024), vec![0; SCRATCH]);
    let mut clients: Vec<Option<Client>> = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&poll, &listener, &mut clients)?;
            } else {
                read(&mut clients, event.token().0, &mut scratch)?;
            }
        }
    }
}

fn accept(
    poll: &Poll,
    listener: &TcpListener,
    clients: &mut Vec<Option<Client>>,
) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        poll.registry().register(&mut stream, Token(clients.len()), Interest::READABLE)?;
        clients.push(Some(Client { stream, rest: Vec::new(), upgraded: false, joined: false }));
    }
}

fn read(clients: &mut [Option<Client>], index: usize, scratch: &mut [u8]) -> io::Result<()> {
    loop {
        let Some(client) = &mut clients[index] else { return Ok(()) };
        match client.stream.read(scratch) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Ok(0) | Err(_) => {
                clients[index] = None;
                return Ok(());
            }
            Ok(read) => {
                client.rest.extend_from_slice(&scratch[..read]);
                let mut input = std::mem::take(&mut client.rest);
                let taken = take(clients, index, &mut input)?;
                input.drain(..taken);
                if let Some(client) = clients[index].as_mut().filter(|_| !input.is_empty()) {
                    client.rest = input;
                }
            }
        }
    }
}

/// Answers what is whole; returns how much that was.
fn take(clients: &mut [Option<Client>], index: usize, input: &mut [u8]) -> io::Result<usize> {
    let Some(client) = &mut clients[index] else { return Ok(input.len()) };
    let mut at = 0;
    if !client.upgraded {
        let Some(end) = wire::head_end(input) else { return Ok(0) };
        client.upgrade()?;
        at = end;
    }
    while let Some(frame) = wire::first_frame(&input[at..]) {
        let payload = &mut input[at + frame.start..at + frame.end];
        if let Some(key) = frame.key {
            wire::unmask(payload, key);
        }
        if payload == b"40" {
            if let Some(client) = &mut clients[index] {
                client.join()?;
            }
        } else if let Some(task) = wire::number_after("\"task_id\":", payload) {
            tell(clients, index, task)?;
        }
        at += frame.end;
    }
    Ok(at)
}

/// What all this is about.
fn tell(clients: &mut [Option<Client>], sender: usize, task: u64) -> io::Result<()> {
    let told = format!(
        r#"42["user_typing",{{"full_name":"Somebody who types, and types, and types, and never comes to an end","is_typing":true,"task_id":{task},"timestamp":"2026-01-01T00:00:00.000000","user_id":1,"username":"bench-0"}}]"#
    );
    let mut frame = Vec::new();
    wire::push_bare(&told, &mut frame);
    for (index, client) in clients.iter_mut().enumerate() {
        if let Some(client) = client.as_mut().filter(|client| client.joined && index != sender) {
            client.send(&frame)?;
        }
    }
    Ok(())
}

impl Client {
    fn upgrade(&mut self) -> io::Result<()> {
        self.upgraded = true;
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

    fn join(&mut self) -> io::Result<()> {
        self.joined = true;
        let mut answer = Vec::new();
        wire::push_bare(r#"40{"sid":"floor"}"#, &mut answer);
        wire::push_bare(r#"42["connected",{"message":"welcome"}]"#, &mut answer);
        self.send(&answer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.stream.write(bytes)? {
            sent if sent == bytes.len() => Ok(()),
            _ => Err(io::Error::new(ErrorKind::WouldBlock, "a socket is full")),
        }
    }
}
