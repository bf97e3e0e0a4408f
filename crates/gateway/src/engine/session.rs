//! What is kept of a session.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chorus_realtime::{CloseReason, Outbox};

use super::application::{Application, Handshake};
use super::polling::Polling;

/// One Engine.IO link, whatever carries it.
pub(crate) struct Session<A: Application> {
    /// Its id, also the credential of its polls.
    pub(crate) sid: Box<str>,
    /// What waits for its client.
    pub(crate) outbox: Arc<Outbox>,
    /// What is known of the request that began it.
    pub(crate) handshake: Arc<Handshake>,
    pub(crate) pulse: Pulse,
    /// Whether it is a WebSocket without Engine.IO.
    pub(crate) raw: bool,
    /// The close frame that the application ends a raw session with; absent in all others.
    pub(crate) farewell: Option<Arc<OnceLock<Bytes>>>,
    /// Whether it has been in a namespace.
    pub(crate) connected: AtomicBool,
    /// Present in sessions that began with polling.
    pub(crate) polling: OnceLock<Box<Polling<A>>>,
    ending: AtomicU8,
}

/// The state of a session's heartbeat. Times are ticks of the wheel.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// A ping was sent and not answered.
    pub(crate) waiting: AtomicBool,
    /// When the last ping was sent.
    pub(crate) pinged: AtomicU32,
    /// When the last pong came.
    pub(crate) heard: AtomicU32,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Ending {
    /// The transport closed.
    TransportClosed = 1,
    /// The transport failed.
    TransportError,
    /// No pong came in time.
    PingTimeout,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// The client said good-bye: an Engine.IO close, or on a raw socket a close frame.
    ClientClosed,
    /// What the client sent cannot be read.
    Malformed,
    /// A message was too large.
    TooLarge,
    /// The client kept sending beyond the rate.
    Flooded,
    /// The client read too slowly.
    Slow,
    /// Two polls at once, or a poll that was given up.
    PollConflict,
    /// The server shuts down.
    Shutdown,
    /// The application ended it.
    Ended,
}

impl<A: Application> Session<A> {
    pub(crate) fn new(
        sid: Box<str>,
        outbox: Arc<Outbox>,
        handshake: Arc<Handshake>,
        raw: bool,
    ) -> Self {
        Self {
            sid,
            raw,
            farewell: raw.then(Arc::default),
            outbox,
            handshake,
            pulse: Pulse::default(),
            connected: AtomicBool::new(false),
            polling: OnceLock::new(),
            ending: AtomicU8::new(0),
        }
    }

    /// Notes why the session ends; the first reason stands.
    pub(crate) fn end(&self, ending: Ending) {
        let first = |noted| (noted == 0).then_some(ending as u8);
        // A second reason is no news.
        self.ending.fetch_update(Ordering::AcqRel, Ordering::Acquire, first).ok();
    }

    /// Ends the session from outside its own task.
    pub(crate) fn take_away(&self, ending: Ending) {
        self.end(ending);
        self.outbox.close(CloseReason::Ended);
    }

    /// Why the session ended, if a reason was noted.
    pub(crate) fn ending(&self) -> Option<Ending> {
        use Ending::{
            ClientClosed, ConnectTimeout, Ended, Flooded, Malformed, PingTimeout, PollConflict,
            Shutdown, Slow, TooLarge, TransportClosed, TransportError,
        };
        let all = [
            TransportClosed,
            TransportError,
            PingTimeout,
            ConnectTimeout,
            ClientClosed,
            Malformed,
            TooLarge,
            Flooded,
            Slow,
            PollConflict,
            Shutdown,
            Ended,
        ];
        let noted = self.ending.load(Ordering::Acquire);
        all.into_iter().find(|ending| *ending as u8 == noted)
    }
}
