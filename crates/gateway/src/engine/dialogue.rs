//! What one client says, in order: packets to the application, and its answers to what follows.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use chorus_protocol::engineio;
use chorus_protocol::socketio::{self, Assembly, Limits, Packet, Progress};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::Engine;
use super::addresses::Stranger;
use super::application::{Admitted, Application, Connecting, Incoming};
use super::bucket::Bucket;
use super::heartbeat::Alarm;
use super::plain::Said;
use super::session::{Ending, Session};
use super::socket::Socket;

/// The state of a conversation. Belongs to whoever reads the session.
pub(crate) struct Dialogue<A: Application> {
    /// Present in sessions without Socket.IO, and then nothing else is.
    plain: Option<Arc<A::Peer>>,
    spaces: SmallVec<[Space<A>; 1]>,
    assembly: Option<Box<Assembly>>,
    /// Attachments to come of an event that is not read.
    unread_attachments: usize,
    messages: Bucket,
    kibibytes: Bucket,
    unread: u32,
    /// Until somebody lets the client in.
    stranger: Option<Stranger>,
}

struct Space<A: Application> {
    socket: Socket,
    /// Absent until the application has admitted the client.
    peer: Option<Arc<A::Peer>>,
}

/// What a packet comes to.
pub(crate) enum Step<A: Application> {
    /// It is dealt with.
    Done,
    /// It takes a while; nothing more is read until then.
    Busy(BoxFuture<'static, Outcome<A>>),
    /// The session ends.
    End(Ending),
}

/// What a while has brought.
pub(crate) enum Outcome<A: Application> {
    /// An event was dealt with.
    Done,
    /// The application has answered a CONNECT.
    Answered(Socket, Option<Admitted<A::Peer>>),
    /// The application has let a plain session in, or not.
    Opened(Option<Admitted<A::Peer>>),
}

static LIMITS: Limits =
    Limits { max_attachments: 10, max_depth: 32, max_namespace_len: 256, max_args: 256 };

impl<A: Application> Dialogue<A> {
    pub(crate) fn new(engine: &Engine<A>, stranger: Stranger) -> Self {
        let now = engine.parts.clock.monotonic();
        let config = &engine.parts.config;
        Self {
            plain: None,
            spaces: SmallVec::new(),
            assembly: None,
            unread_attachments: 0,
            messages: Bucket::full(config.messages, now),
            kibibytes: Bucket::full(config.kibibytes, now),
            unread: 0,
            stranger: Some(stranger),
        }
    }

    /// An Engine.IO packet came.
    pub(crate) fn packet(
        &mut self,
        engine: &Engine<A>,
        session: &Arc<Session<A>>,
        packet: engineio::Packet<'_>,
    ) -> Step<A> {
        match packet {
            engineio::Packet::Pong(_) => {
                engine.hear(session);
                Step::Done
            }
            engineio::Packet::Message(text) if self.plain.is_some() => {
                self.said(engine, Said::Text(text))
            }
            engineio::Packet::Binary(bytes) if self.plain.is_some() => {
                self.said(engine, Said::Binary(&bytes))
            }
            engineio::Packet::Message(text) => self.message(engine, session, text),
            engineio::Packet::Binary(bytes) => self.attachment(engine, &bytes),
            engineio::Packet::Close => Step::End(Ending::ClientClosed),
            engineio::Packet::Open(_) => Step::End(Ending::Malformed),
            engineio::Packet::Ping(_) | engineio::Packet::Upgrade | engineio::Packet::Noop => {
                Step::Done
            }
        }
    }

    /// A message of a plain session came.
    pub(crate) fn said(&mut self, engine: &Engine<A>, said: Said<'_>) -> Step<A> {
        if !self.may_speak(engine, said.len()) {
            return self.shut_ears(engine);
        }
        let Some(peer) = &self.plain else { return Step::End(Ending::Malformed) };
        match engine.parts.application.message(peer, said) {
            Some(future) => Step::Busy(future.map(|()| Outcome::Done).boxed()),
            None => Step::Done,
        }
    }

    /// A future that a packet came to has ended.
    pub(crate) fn settle(
        &mut self,
        engine: &Engine<A>,
        session: &Arc<Session<A>>,
        outcome: Outcome<A>,
    ) {
        match outcome {
            Outcome::Done => {}
            Outcome::Opened(Some(admitted)) => {
                self.stranger = None;
                self.plain = Some(seat(engine, session, admitted));
            }
            Outcome::Opened(None) => {
                self.turned_away(engine);
                session.take_away(Ending::Ended);
            }
            Outcome::Answered(socket, admitted) => {
                let named = |space: &Space<A>| space.socket.namespace() == socket.namespace();
                let Some(at) = self.spaces.iter().position(named) else { return };
                match admitted {
                    Some(admitted) => {
                        self.stranger = None;
                        self.spaces[at].peer = Some(seat(engine, session, admitted));
                    }
                    None => {
                        self.turned_away(engine);
                        drop(self.spaces.swap_remove(at));
                    }
                }
            }
        }
    }

    /// A client that nobody has let in is refused, which its address may have so often.
    fn turned_away(&self, engine: &Engine<A>) {
        if let Some(stranger) = &self.stranger {
            engine.refused(stranger);
        }
    }

    /// The session has ended: tells the application of every namespace it was still in.
    pub(crate) async fn end(self, engine: &Engine<A>, ending: Option<Ending>) {
        if let Some(peer) = self.plain {
            let clean = ending == Some(Ending::ClientClosed);
            engine.parts.application.disconnected(peer, clean).await;
        }
        for space in self.spaces {
            if let Some(peer) = space.peer
                && space.socket.leave()
            {
                engine.parts.application.disconnected(peer, false).await;
            }
        }
    }

    fn message(&mut self, engine: &Engine<A>, session: &Arc<Session<A>>, text: &str) -> Step<A> {
        if self.assembly.is_some() {
            return Step::End(Ending::Malformed);
        }
        if !self.may_speak(engine, text.len()) {
            self.unread_attachments = attachments_of(text);
            return self.shut_ears(engine);
        }
        let Ok(packet) = Packet::decode(text, &LIMITS) else {
            return Step::End(Ending::Malformed);
        };
        match packet {
            Packet::Connect { ns, payload } => self.connect(engine, session, ns, payload),
            Packet::Disconnect { ns } => self.disconnect(engine, ns),
            Packet::Event { ns, ack, args } => {
                self.event(engine, ns, Incoming { args, ack, attachments: Vec::new() }, false)
            }
            Packet::BinaryEvent { attachments, .. } | Packet::BinaryAck { attachments, .. } => {
                self.begin_binary(engine, text, attachments)
            }
            Packet::Ack { ns, id, args } => self.event(
                engine,
                ns,
                Incoming { args, ack: Some(id), attachments: Vec::new() },
                true,
            ),
            Packet::ConnectError { .. } => Step::End(Ending::Malformed),
        }
    }

    fn connect(
        &mut self,
        engine: &Engine<A>,
        session: &Arc<Session<A>>,
        namespace: &str,
        payload: Option<&RawValue>,
    ) -> Step<A> {
        let parts = &engine.parts;
        self.spaces.retain(|space| !space.socket.is_gone());
        let known = self.spaces.iter().any(|space| space.socket.namespace() == namespace);
        if known || self.spaces.len() >= parts.config.namespaces {
            return Step::End(Ending::Malformed);
        }
        let socket = Socket::new(
            namespace,
            engine.next_connection(),
            Arc::clone(&session.outbox),
            Arc::clone(&session.handshake),
        );
        if !parts.application.serves(session.handshake.listener, namespace) {
            socket.refuse("Invalid namespace");
            self.turned_away(engine);
            return Step::Done;
        }
        self.spaces.push(Space { socket: socket.clone(), peer: None });
        let connecting = Connecting { socket: socket.clone(), sid: engine.new_sid(), payload };
        let answer = parts.application.connect(connecting);
        Step::Busy(answer.map(|admitted| Outcome::Answered(socket, admitted)).boxed())
    }

    fn disconnect(&mut self, engine: &Engine<A>, namespace: &str) -> Step<A> {
        let at = self.spaces.iter().position(|space| space.socket.namespace() == namespace);
        let Some(Space { socket, peer: Some(peer) }) = at.map(|at| self.spaces.swap_remove(at))
        else {
            return Step::Done;
        };
        if !socket.leave() {
            return Step::Done;
        }
        let farewell = engine.parts.application.disconnected(peer, true);
        Step::Busy(farewell.map(|()| Outcome::Done).boxed())
    }

    fn event(
        &self,
        engine: &Engine<A>,
        namespace: &str,
        incoming: Incoming<'_>,
        answers: bool,
    ) -> Step<A> {
        let space = self.spaces.iter().find(|space| space.socket.namespace() == namespace);
        let Some(Space { socket, peer: Some(peer) }) = space else {
            return Step::End(Ending::Malformed);
        };
        if socket.is_gone() {
            // It was put out, and said this before it knew.
            return Step::Done;
        }
        let application = &engine.parts.application;
        let busy = if answers {
            if !incoming.ack.is_some_and(|id| socket.questions().close(id)) {
                // Nobody asked, or nobody waits any more.
                return Step::Done;
            }
            application.acknowledged(peer, incoming)
        } else {
            application.event(peer, incoming)
        };
        match busy {
            Some(future) => Step::Busy(future.map(|()| Outcome::Done).boxed()),
            None => Step::Done,
        }
    }

    fn begin_binary(&mut self, engine: &Engine<A>, text: &str, count: NonZeroUsize) -> Step<A> {
        let assembly = Assembly::begin(text, count, engine.parts.config.max_payload);
        self.assembly = Some(Box::new(assembly));
        Step::Done
    }

    fn attachment(&mut self, engine: &Engine<A>, bytes: &[u8]) -> Step<A> {
        let kibibytes = kibibytes(bytes.len());
        self.kibibytes.drain(
            kibibytes,
            engine.parts.config.kibibytes,
            engine.parts.clock.monotonic(),
        );
        let Some(assembly) = self.assembly.take() else {
            let unread = self.unread_attachments.checked_sub(1);
            self.unread_attachments = unread.unwrap_or(0);
            return unread.map_or(Step::End(Ending::Malformed), |_| Step::Done);
        };
        match assembly.attach(Bytes::copy_from_slice(bytes)) {
            Ok(Progress::Waiting(assembly)) => {
                self.assembly = Some(Box::new(assembly));
                Step::Done
            }
            Ok(Progress::Complete(assembled)) => match assembled.packet(&LIMITS) {
                Ok(Packet::BinaryEvent { ns, ack, args, .. }) => {
                    let attachments = assembled.attachments.clone();
                    self.event(engine, ns, Incoming { args, ack, attachments }, false)
                }
                Ok(Packet::BinaryAck { ns, id, args, .. }) => {
                    let attachments = assembled.attachments.clone();
                    self.event(engine, ns, Incoming { args, ack: Some(id), attachments }, true)
                }
                Ok(_) | Err(_) => Step::End(Ending::Malformed),
            },
            Err(socketio::AssemblyError::TooLarge { .. }) => Step::End(Ending::TooLarge),
        }
    }

    fn may_speak(&mut self, engine: &Engine<A>, bytes: usize) -> bool {
        let config = &engine.parts.config;
        let now: Duration = engine.parts.clock.monotonic();
        let may = self.messages.take(1, config.messages, now)
            && self.kibibytes.take(kibibytes(bytes), config.kibibytes, now);
        // Only a real pause ends a flood: a single token comes back every few milliseconds.
        let calm =
            self.messages.is_calm(config.messages) && self.kibibytes.is_calm(config.kibibytes);
        if may && calm {
            self.unread = 0;
        }
        may
    }

    fn shut_ears(&mut self, engine: &Engine<A>) -> Step<A> {
        if self.unread == 0 {
            let peers = self.spaces.iter().filter_map(|space| space.peer.as_ref());
            for peer in self.plain.iter().chain(peers) {
                engine.parts.application.flooded(peer);
            }
        }
        self.unread += 1;
        engine.parts.tally.passed_over();
        if self.unread > engine.parts.config.flood_tolerance {
            return Step::End(Ending::Flooded);
        }
        Step::Done
    }
}

/// How many binary messages belong to a packet that is not read.
fn attachments_of(text: &str) -> usize {
    let binary = text.starts_with(['5', '6']);
    match binary.then(|| Packet::decode(text, &LIMITS)) {
        Some(Ok(
            Packet::BinaryEvent { attachments, .. } | Packet::BinaryAck { attachments, .. },
        )) => attachments.get(),
        _ => 0,
    }
}

/// What a message costs of the bytes that a session may send.
fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1_024)).unwrap_or(u32::MAX)
}

/// Seats a client that was let in, for as long as it was.
fn seat<A: Application>(
    engine: &Engine<A>,
    session: &Arc<Session<A>>,
    admitted: Admitted<A::Peer>,
) -> Arc<A::Peer> {
    session.connected.store(true, Ordering::Release);
    let peer = Arc::new(admitted.peer);
    if admitted.beats {
        engine.beat_later(session, Arc::downgrade(&peer));
    }
    if let Some(delay) = admitted.expires_in {
        let time = engine.parts.clock.monotonic().saturating_add(delay);
        engine.parts.wheel.set(session, Alarm::Expiry(Arc::downgrade(&peer)), time);
    }
    peer
}
