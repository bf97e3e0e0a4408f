//! The one small task of a WebSocket session: reads, finishes what others could not write, waits
//! for what the application does with a packet. Written as one poll function, because that keeps
//! an idle session's task at a few hundred bytes.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chorus_protocol::engineio;
use chorus_protocol::websocket::{self, Message, Reader, Violation};
use chorus_realtime::{CloseReason, Frame};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

use super::Engine;
use super::application::Application;
use super::dialogue::{Dialogue, Outcome, Step};
use super::link::SocketLink;
use super::plain::Said;
use super::session::{Ending, Session};

/// Bytes read at once, into one buffer per thread.
const SCRATCH: usize = 64 * 1024;
/// Reads before other sessions on this thread get a turn.
const TURN: usize = 16;
/// For how long, and for how many bytes, a closed socket is still read.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 8 << 20;

thread_local! {
    static SCRATCH_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// A session on a bare stream.
pub(crate) struct SocketTask<A: Application> {
    engine: Engine<A>,
    session: Arc<Session<A>>,
    link: Arc<SocketLink>,
    reader: Reader,
    dialogue: Dialogue<A>,
    busy: Option<BoxFuture<'static, Outcome<A>>>,
    /// How the peer closed, or why it is closed, if more is known than the ending says.
    code: Option<u16>,
    /// Whether the peer has closed: all it said is read, and it waits for the end of the stream.
    departed: bool,
    /// Whether messages are left in the reader because too many answers wait.
    held: bool,
    /// What the last ping carried that came while the socket was full.
    owed: Option<Box<[u8]>>,
}

impl<A: Application> SocketTask<A> {
    /// `reader` may hold what came with the request already; its rest is read first.
    pub(crate) fn new(
        engine: Engine<A>,
        session: Arc<Session<A>>,
        link: Arc<SocketLink>,
        reader: Reader,
        dialogue: Dialogue<A>,
    ) -> Self {
        Self {
            engine,
            session,
            link,
            reader,
            dialogue,
            busy: None,
            code: None,
            departed: false,
            held: false,
            owed: None,
        }
    }

    /// Nothing is read before `first` has ended.
    pub(crate) fn begin_with(&mut self, first: BoxFuture<'static, Outcome<A>>) {
        self.busy = Some(first);
    }

    /// Runs the session to its end, in a task of its own. `early`: bytes that came with the
    /// request.
    pub(crate) fn spawn(mut self, mut early: Vec<u8>) {
        let tracker = self.engine.parts.tracker.clone();
        // A block and not an `async fn`, whose arguments are kept twice; and what only few sessions
        // come to, or all only at their end, is boxed. This future is most of what an idle session
        // takes.
        tracker.spawn(async move {
            // Whatever happens, the hub must not keep a connection without a session.
            let whole = AssertUnwindSafe(async {
                // The reader may hold something too, from before an upgrade.
                let ended = match self.busy {
                    None => self.parse(&mut early),
                    Some(_) => Box::pin(self.after_first(&mut early)).await,
                };
                drop(early);
                match ended {
                    Some(ending) => ending,
                    None => poll_fn(|cx| self.poll(cx)).await,
                }
            });
            let ending = whole.catch_unwind().await;
            self.session.end(ending.unwrap_or(Ending::Panicked));
            Box::pin(self.finish()).await;
        });
    }

    async fn after_first(&mut self, early: &mut [u8]) -> Option<Ending> {
        if let Some(first) = &mut self.busy {
            let outcome = first.await;
            self.busy = None;
            self.dialogue.settle(&self.engine, &self.session, outcome);
        }
        self.parse(early)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        self.link.waker.register(cx.waker());
        if let Some(reason) = self.session.outbox.closed() {
            return Poll::Ready(ending_of(reason));
        }
        if self.session.outbox.is_blocked() && self.write_on(cx) {
            return Poll::Ready(Ending::TransportError);
        }
        if !self.session.outbox.is_blocked()
            && let Some(payload) = self.owed.take()
        {
            self.session.outbox.send(Frame::durable(websocket::pong_frame(&payload)));
        }
        for _ in 0..TURN {
            if let Some(busy) = &mut self.busy {
                let Poll::Ready(outcome) = busy.as_mut().poll(cx) else {
                    return Poll::Pending;
                };
                self.busy = None;
                self.dialogue.settle(&self.engine, &self.session, outcome);
                if let Some(ending) = self.parse(&mut []) {
                    return Poll::Ready(ending);
                }
                continue;
            }
            if self.session.outbox.is_crowded() {
                // Whoever does not read the answers is not asked for more questions; the task is
                // woken when the socket takes something.
                return Poll::Pending;
            }
            if std::mem::take(&mut self.held) {
                if let Some(ending) = self.parse(&mut []) {
                    return Poll::Ready(ending);
                }
                continue;
            }
            match self.link.stream.poll_read_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Ending::TransportError),
                Poll::Ready(Ok(())) => {
                    if let Some(ending) = self.read() {
                        return Poll::Ready(ending);
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what waits for the socket. True if the socket is broken.
    fn write_on(&self, cx: &mut Context<'_>) -> bool {
        loop {
            match self.link.stream.poll_write_ready(cx) {
                Poll::Pending => return false,
                Poll::Ready(Err(_)) => return true,
                Poll::Ready(Ok(())) if !self.session.outbox.resume() => return false,
                Poll::Ready(Ok(())) => {}
            }
        }
    }

    fn read(&mut self) -> Option<Ending> {
        SCRATCH_BUFFER.with_borrow_mut(|scratch| match self.link.try_read(scratch) {
            Ok(0) => Some(Ending::TransportClosed),
            Ok(read) => self.parse(&mut scratch[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => Some(Ending::TransportError),
        })
    }

    fn parse(&mut self, input: &mut [u8]) -> Option<Ending> {
        let Self { engine, session, reader, dialogue, busy, code, departed, held, owed, .. } = self;
        let mut ending = None;
        let mut visit = |message: Message<'_>| {
            let step = match message {
                Message::Text(text) if session.raw => dialogue.said(engine, Said::Text(text)),
                Message::Binary(bytes) if session.raw => dialogue.said(engine, Said::Binary(bytes)),
                Message::Text(text) => match engineio::Packet::decode_text(text) {
                    Ok(packet) => dialogue.packet(engine, session, packet),
                    Err(_) => Step::End(Ending::Malformed),
                },
                Message::Binary(bytes) => {
                    dialogue.packet(engine, session, engineio::Packet::Binary(bytes.into()))
                }
                // Of pings that are not answered yet, the last may be answered for all (RFC 6455,
                // section 5.5.3): however many come, one pong waits.
                Message::Ping(payload) if session.outbox.is_blocked() => {
                    *owed = Some(payload.into());
                    Step::Done
                }
                Message::Ping(payload) => {
                    session.outbox.send(Frame::durable(websocket::pong_frame(payload)));
                    Step::Done
                }
                Message::Pong(_) => {
                    if session.raw {
                        engine.hear(session);
                    }
                    Step::Done
                }
                Message::Close(said) => {
                    *code = said.map(|(code, _)| code);
                    *departed = true;
                    Step::End(departure(session.raw, *code))
                }
            };
            match step {
                Step::Done if session.outbox.is_crowded() => {
                    *held = true;
                    ControlFlow::Break(())
                }
                Step::Done => ControlFlow::Continue(()),
                Step::Busy(future) => {
                    *busy = Some(future);
                    ControlFlow::Break(())
                }
                Step::End(end) => {
                    ending = Some(end);
                    ControlFlow::Break(())
                }
            }
        };
        if let Err(violation) = reader.read(input, &mut visit) {
            self.code = Some(violation.close_code());
            let too_big = matches!(violation, Violation::TooBig);
            return Some(if too_big { Ending::TooLarge } else { Ending::Malformed });
        }
        ending
    }

    async fn finish(mut self) {
        let Self { engine, session, .. } = &self;
        engine.forget(session);
        let mut said = false;
        if let Some(code) = close_code(session.ending()).map(|code| self.code.unwrap_or(code))
            && !session.outbox.is_blocked()
        {
            // A last word, if the socket takes it.
            let farewell = session.farewell.as_ref().and_then(|farewell| farewell.get().cloned());
            let farewell = farewell.unwrap_or_else(|| websocket::close_frame(code, ""));
            said = self.link.stream.try_write(&farewell).is_ok();
        }
        session.outbox.close(CloseReason::Ended);
        // What the application was in the middle of happens, and is settled before the good-bye.
        // A future that panicked is not asked again.
        let panicked = session.ending() == Some(Ending::Panicked);
        if let Some(busy) = self.busy.take().filter(|_| !panicked) {
            let outcome = busy.await;
            self.dialogue.settle(&self.engine, &self.session, outcome);
        }
        tracing::debug!(sid = %self.session.sid, ending = ?self.session.ending(), "session ended");
        self.dialogue.end(&self.engine, self.session.ending()).await;
        if said && !self.departed {
            linger(&self.link.stream).await;
        }
    }
}

/// Reads on for a moment and forgets it: closing a socket with unread bytes resets it, and the
/// last word would be lost.
async fn linger(stream: &TcpStream) {
    let drain = async {
        let mut left = LINGER_BYTES;
        while left > 0 && stream.readable().await.is_ok() {
            match SCRATCH_BUFFER.with_borrow_mut(|scratch| stream.try_read(scratch)) {
                Ok(0) => return,
                Ok(read) => left = left.saturating_sub(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    // Whoever does not go by himself is let go.
    tokio::time::timeout(LINGER, drain).await.ok();
}

/// What a close frame means. On a raw socket there is no other good-bye; only a page that is left
/// or loaded anew says 1001 (RFC 6455, section 7.4.1), and may be back in a moment.
fn departure(raw: bool, code: Option<u16>) -> Ending {
    if raw && code != Some(1001) { Ending::ClientClosed } else { Ending::TransportClosed }
}

pub(crate) fn ending_of(reason: CloseReason) -> Ending {
    match reason {
        CloseReason::Slow => Ending::Slow,
        CloseReason::Broken => Ending::TransportError,
        CloseReason::Ended => Ending::Ended,
    }
}

/// How a close is told (RFC 6455, section 7.4.1); nothing is said to who left without a word.
fn close_code(ending: Option<Ending>) -> Option<u16> {
    match ending? {
        Ending::TransportError => None,
        Ending::TooLarge => Some(1009),
        Ending::Malformed => Some(1002),
        Ending::Slow | Ending::Flooded => Some(1008),
        Ending::Shutdown => Some(1001),
        Ending::Panicked => Some(1011),
        _ => Some(1000),
    }
}
