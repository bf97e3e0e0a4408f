//! What is kept of a session.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chorus_realtime::{CloseReason, Outbox};

use super::application::{Application, Handshake};
use super::polling::Polling;
use super::tally::Transport;

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
    /// Whether a WebSocket has taken over from the polls. Changed by the registry, which counts.
    pub(super) upgraded: AtomicBool,
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
    /// How much had left the outbox when it was last looked at, and has when the ping has.
    pub(crate) gone: AtomicU64,
    pub(crate) ping_end: AtomicU64,
}

impl Pulse {
    /// Whether the ping still waited behind other frames when this was asked last, and the client
    /// has read some of them since: it cannot have answered yet, and it is alive. `gone`: how much
    /// has left the outbox.
    pub(crate) fn waits_for_reader(&self, gone: u64) -> bool {
        let then = self.gone.swap(gone, Ordering::Relaxed);
        then < self.ping_end.load(Ordering::Relaxed) && gone > then
    }
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
    /// The client has stopped reading.
    Slow,
    /// Two polls at once, or a poll that was given up.
    PollConflict,
    /// The server shuts down.
    Shutdown,
    /// The application ended it.
    Ended,
    /// A mistake in the server: its task panicked.
    Panicked,
}

impl Ending {
    pub(crate) const ALL: [Self; 13] = [
        Self::TransportClosed,
        Self::TransportError,
        Self::PingTimeout,
        Self::ConnectTimeout,
        Self::ClientClosed,
        Self::Malformed,
        Self::TooLarge,
        Self::Flooded,
        Self::Slow,
        Self::PollConflict,
        Self::Shutdown,
        Self::Ended,
        Self::Panicked,
    ];

    /// What figures call them.
    pub(crate) const WORDS: [&'static str; Self::ALL.len()] = {
        let mut words = [""; Self::ALL.len()];
        let mut at = 0;
        while at < words.len() {
            words[at] = Self::ALL[at].word();
            at += 1;
        }
        words
    };

    /// What figures call it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::TransportClosed => "transport_closed",
            Self::TransportError => "transport_error",
            Self::PingTimeout => "ping_timeout",
            Self::ConnectTimeout => "connect_timeout",
            Self::ClientClosed => "client_closed",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Flooded => "flooded",
            Self::Slow => "slow",
            Self::PollConflict => "poll_conflict",
            Self::Shutdown => "shutdown",
            Self::Ended => "ended",
            Self::Panicked => "panicked",
        }
    }
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
            upgraded: AtomicBool::new(false),
            ending: AtomicU8::new(0),
        }
    }

    /// What carries it.
    pub(super) fn transport(&self) -> Transport {
        if self.raw {
            Transport::Raw
        } else if self.polling.get().is_some() && !self.upgraded.load(Ordering::Relaxed) {
            Transport::Polling
        } else {
            Transport::WebSocket
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
        let noted = self.ending.load(Ordering::Acquire);
        Ending::ALL.into_iter().find(|ending| *ending as u8 == noted)
    }
}
