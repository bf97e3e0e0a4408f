//! Sessions that come and go with requests, and their upgrade to a socket.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chorus_protocol::engineio::{self, payload};
use chorus_protocol::websocket::{self, Message, Opcode, Reader};
use chorus_realtime::Link;
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

use super::Engine;
use super::application::Application;
use super::dialogue::{Dialogue, Outcome, Step};
use super::emit::packets_of;
use super::link::{PollLink, SocketLink};
use super::session::{Ending, Session};
use super::websocket::{SocketTask, ending_of};

/// How long a poll that arrives in the middle of an upgrade is held before it is answered with
/// nothing: the client may send it and the end of the upgrade at once, on two connections.
const UPGRADE_HOLD: Duration = Duration::from_millis(100);
/// How a second socket of a session is closed (RFC 6455, section 7.4.1): a normal end.
const SECOND_SOCKET: u16 = 1000;
/// Packets in one posted body.
const MAX_PACKETS: usize = 1024;

/// What a session needs while it is polled.
pub(crate) struct Polling<A: Application> {
    pub(crate) link: Arc<PollLink>,
    state: Mutex<State>,
    first: Mutex<Option<BoxFuture<'static, Outcome<A>>>>,
    /// Taken away when the session is upgraded or ends.
    dialogue: tokio::sync::Mutex<Option<Dialogue<A>>>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    held: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Polled,
    /// A socket is there and has said nothing yet; polls go on, a second socket is refused.
    Claimed,
    /// The socket has asked to take over; nothing more is given to polls.
    Probing,
    Upgraded,
}

/// The answer to a poll or post.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 with this payload.
    Payload(Vec<u8>),
    /// 200 `ok`: the body was read.
    Taken,
    /// 400: there is no such session, or it ends because of this request.
    Bad,
}

impl<A: Application> Polling<A> {
    /// `first`: what is waited for before anything that the client says.
    pub(crate) fn new(
        dialogue: Dialogue<A>,
        first: Option<BoxFuture<'static, Outcome<A>>>,
    ) -> Self {
        Self {
            first: Mutex::new(first),
            link: Arc::default(),
            state: Mutex::default(),
            dialogue: tokio::sync::Mutex::new(Some(dialogue)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on from one phase to the next. False if it was in another.
    fn step(&self, from: Phase, to: Phase) -> bool {
        let mut state = self.state();
        let free = state.phase == from;
        if free {
            state.phase = to;
        }
        free
    }
}

/// A poll that waits. If its request is dropped, the client has gone away, and its session ends.
struct Held<'a, A: Application> {
    session: &'a Session<A>,
    polling: &'a Polling<A>,
    answered: bool,
}

impl<A: Application> Drop for Held<'_, A> {
    fn drop(&mut self) {
        // In this order, so that no other poll slips in between.
        if !self.answered {
            self.session.take_away(Ending::PollConflict);
        }
        self.polling.state().held = false;
    }
}

impl<A: Application> Engine<A> {
    /// Watches a polled session until it is upgraded or ends.
    pub(crate) async fn watch_polled(self, session: Arc<Session<A>>) {
        let Some(polling) = session.polling.get() else {
            return;
        };
        let first = polling.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(first) = first {
            let mut dialogue = polling.dialogue.lock().await;
            let outcome = first.await;
            if let Some(dialogue) = dialogue.as_mut() {
                dialogue.settle(&self, &session, outcome);
            }
        }
        while session.outbox.closed().is_none() {
            if polling.state().phase == Phase::Upgraded {
                return;
            }
            polling.link.task.notified().await;
        }
        if polling.state().phase == Phase::Upgraded {
            return;
        }
        session.end(session.outbox.closed().map_or(Ending::TransportClosed, ending_of));
        self.forget(&session);
        tracing::debug!(sid = %session.sid, ending = ?session.ending(), "session ended");
        let dialogue = polling.dialogue.lock().await.take();
        if let Some(dialogue) = dialogue {
            dialogue.end(&self, session.ending()).await;
        }
    }

    /// GET: what waits for the client, or the next that comes.
    pub(crate) async fn poll(&self, session: &Session<A>) -> Answer {
        let Some(polling) = session.polling.get() else {
            return Answer::Bad;
        };
        let arrived_in = {
            let mut state = polling.state();
            match (state.phase, state.held) {
                (Phase::Upgraded, _) => return Answer::Bad,
                // Its end was told to the poll that was held then, if any was.
                _ if session.outbox.closed().is_some() => return Answer::Bad,
                (_, true) => {
                    drop(state);
                    session.take_away(Ending::PollConflict);
                    return Answer::Bad;
                }
                (phase, false) => {
                    state.held = true;
                    phase
                }
            }
        };
        let mut held = Held { session, polling, answered: false };
        let answer = self.hold(session, polling, arrived_in).await;
        held.answered = true;
        answer
    }

    async fn hold(&self, session: &Session<A>, polling: &Polling<A>, arrived_in: Phase) -> Answer {
        loop {
            let phase = polling.state().phase;
            match phase {
                Phase::Upgraded => return Answer::Bad,
                Phase::Polled | Phase::Claimed if !session.outbox.is_empty() => {
                    let frames = session.outbox.take(self.parts.config.max_payload);
                    return Answer::Payload(to_payload(&frames));
                }
                Phase::Probing if arrived_in != Phase::Probing => return noop(),
                Phase::Polled | Phase::Claimed | Phase::Probing => {}
            }
            if session.outbox.closed().is_some() {
                return match session.ending() {
                    Some(Ending::ClientClosed) => noop(),
                    Some(Ending::PollConflict) => Answer::Payload(engineio::CLOSE.into()),
                    _ => Answer::Bad,
                };
            }
            let changed = polling.link.poll.notified();
            if phase == Phase::Probing {
                if tokio::time::timeout(UPGRADE_HOLD, changed).await.is_err() {
                    return noop();
                }
            } else {
                changed.await;
            }
        }
    }

    /// POST: what the client says. Runs to its end even if the client gives the request up.
    pub(crate) async fn post(&self, session: &Arc<Session<A>>, body: Bytes) -> Answer {
        let (engine, reader) = (self.clone(), Arc::clone(session));
        let reading = self.parts.tracker.spawn(async move { engine.listen(&reader, &body).await });
        reading.await.unwrap_or_else(|_| {
            session.take_away(Ending::Panicked);
            Answer::Bad
        })
    }

    async fn listen(&self, session: &Arc<Session<A>>, body: &[u8]) -> Answer {
        let Some(polling) = session.polling.get() else {
            return Answer::Bad;
        };
        let mut dialogue = polling.dialogue.lock().await;
        let Some(dialogue) = dialogue.as_mut().filter(|_| session.outbox.closed().is_none()) else {
            return Answer::Bad;
        };
        let Ok(text) = std::str::from_utf8(body) else {
            session.take_away(Ending::Malformed);
            return Answer::Bad;
        };
        for packet in payload::split(text, MAX_PACKETS) {
            let step = match packet {
                Ok(packet) => dialogue.packet(self, session, packet),
                Err(_) => Step::End(Ending::Malformed),
            };
            match step {
                Step::Done => {}
                Step::Busy(future) => {
                    let outcome = future.await;
                    dialogue.settle(self, session, outcome);
                }
                Step::End(ending) => {
                    session.take_away(ending);
                    return match ending {
                        Ending::ClientClosed => Answer::Taken,
                        _ => Answer::Bad,
                    };
                }
            }
        }
        Answer::Taken
    }

    /// A WebSocket for a session that is polled: takes over if the client completes the upgrade
    /// in time, and is closed otherwise.
    pub(crate) async fn upgrade(self, session: Arc<Session<A>>, stream: TcpStream, early: Vec<u8>) {
        let Some(polling) = session.polling.get() else {
            return;
        };
        if !polling.step(Phase::Polled, Phase::Claimed) {
            // Another socket was here first. What it cannot take of the good-bye, it does without.
            stream.try_write(&websocket::close_frame(SECOND_SOCKET, "")).ok();
            return;
        }
        let mut reader = Reader::new(self.parts.config.max_payload);
        let probe = probe(polling, &stream, &mut reader, early);
        let completed = tokio::time::timeout(self.parts.config.upgrade_timeout, probe).await;
        if completed != Ok(true) {
            polling.state().phase = Phase::Polled;
            polling.link.poll.notify_one();
            return;
        }
        polling.state().phase = Phase::Upgraded;
        polling.link.wake();
        let Some(dialogue) = polling.dialogue.lock().await.take() else {
            return;
        };
        self.parts.sessions.upgraded(&session);
        let link = Arc::new(SocketLink::new(stream));
        session.outbox.attach(Arc::clone(&link) as Arc<dyn Link>);
        session.outbox.flush();
        SocketTask::new(self, Arc::clone(&session), link, reader, dialogue).spawn(Vec::new());
    }
}

/// Waits for `2probe`, answers `3probe`, and waits for `5`. False if the client says or does
/// anything else.
async fn probe<A: Application>(
    polling: &Polling<A>,
    stream: &TcpStream,
    reader: &mut Reader,
    early: Vec<u8>,
) -> bool {
    let mut buffer = early;
    loop {
        let mut verdict = None;
        let mut visit = |message: Message<'_>| {
            match message {
                Message::Text(engineio::PROBE_PING)
                    if polling.step(Phase::Claimed, Phase::Probing) =>
                {
                    let pong = websocket::text_frame(engineio::PROBE_PONG);
                    // An empty socket takes six bytes; if it does not, the client is gone.
                    if stream.try_write(&pong).is_err() {
                        verdict = Some(false);
                    }
                    polling.link.poll.notify_one();
                }
                Message::Text(engineio::UPGRADE) => {
                    verdict = Some(polling.state().phase == Phase::Probing);
                }
                _ => verdict = Some(false),
            }
            if verdict.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        if reader.read(&mut buffer, &mut visit).is_err() {
            return false;
        }
        if let Some(verdict) = verdict {
            return verdict;
        }
        if stream.readable().await.is_err() {
            return false;
        }
        buffer.resize(1024, 0);
        match stream.try_read(&mut buffer) {
            Ok(0) => return false,
            Ok(read) => buffer.truncate(read),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => buffer.clear(),
            Err(_) => return false,
        }
    }
}

fn noop() -> Answer {
    Answer::Payload(engineio::NOOP.into())
}

fn to_payload(frames: &[Bytes]) -> Vec<u8> {
    let mut payload = payload::Writer::new();
    for (opcode, packet) in frames.iter().cloned().flat_map(packets_of) {
        match opcode {
            Opcode::Binary => payload.push_binary(&packet),
            _ => payload.push_text(&packet),
        }
    }
    payload.into_vec()
}
