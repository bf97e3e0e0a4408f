//! Engine.IO 4 and Socket.IO 5 sessions over WebSocket and long-polling.
//!
//! In reading order:
//!
//! * [`application`] – what is built on the engine: the [`Application`] trait and what it is given;
//! * [`config`] – intervals and limits, each with its default and what happens at it;
//! * [`http`] – the HTTP entry: handshakes, polls, posts, upgrades, and their refusals;
//! * `upgrade` – from an HTTP request to a bare TCP stream;
//! * `websocket` – the one small task of a WebSocket session;
//! * `polling` – sessions that come and go with requests, and their upgrade;
//! * [`plain`] – sessions without Socket.IO, over Engine.IO or over nothing;
//! * [`socket`], [`emit`] – a client in a namespace, and what is said to it; `questions` – what it was
//!   asked;
//! * `dialogue` – packets of one session, in order, to the application;
//! * `session`, `registry` – what is kept of a session, and of all; [`tally`] – what is counted;
//! * `heartbeat` – one wheel for all timers;
//! * [`recovery`] – who is told offsets, and what a client shows that comes back;
//! * `link` – how an outbox writes to a socket or a poll;
//! * `addresses`, `bucket` – what one address may do; how much of something is allowed.

mod addresses;
pub mod application;
pub(crate) mod bucket;
pub mod config;
mod dialogue;
pub mod emit;
mod heartbeat;
pub mod http;
mod link;
pub mod plain;
mod polling;
mod questions;
pub mod recovery;
mod registry;
mod session;
pub mod socket;
pub mod tally;
mod upgrade;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chorus_model::{Clock, ConnectionId, Entropy};
use chorus_realtime::Counters;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use addresses::AddressLimits;
pub use application::{Application, Connecting, Handshake, Incoming};
pub use bucket::Pace;
pub use config::Config;
pub use emit::Values;
pub use plain::{Plain, Said};
pub use session::Ending;
pub use socket::{Identity, Socket};
pub use tally::{Tally, Transports};

use addresses::Addresses;
use heartbeat::Wheel;
use registry::Registry;
use session::Session;

/// The engine of one server: all its sessions, whatever the listener. Cheap to clone.
pub struct Engine<A: Application> {
    parts: Arc<Parts<A>>,
}

/// What an engine is made of.
pub(crate) struct Parts<A: Application> {
    pub(crate) application: Arc<A>,
    pub(crate) config: Config,
    pub(crate) sessions: Registry<A>,
    pub(crate) wheel: Wheel<A>,
    pub(crate) tracker: TaskTracker,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) tally: Tally,
    pub(crate) addresses: Arc<Addresses>,
    /// No session begins any more.
    pub(crate) closing: AtomicBool,
    next_connection: AtomicU64,
}

/// What an engine needs of its surroundings.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where every task of the engine is spawned.
    pub tracker: TaskTracker,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for session ids.
    pub entropy: Arc<dyn Entropy>,
    /// Where dropped frames and closed sessions are counted.
    pub counters: Arc<Counters>,
}

impl<A: Application> Engine<A> {
    /// An engine without sessions.
    pub fn new(application: Arc<A>, config: Config, surroundings: Surroundings) -> Self {
        let Surroundings { tracker, clock, entropy, counters } = surroundings;
        let wheel = Wheel::new(config.tick, clock.monotonic());
        let next_connection = AtomicU64::new(entropy.number() << 40);
        let sessions = Registry::default();
        Self {
            parts: Arc::new(Parts {
                application,
                config,
                sessions,
                wheel,
                tracker,
                clock,
                entropy,
                counters,
                tally: Tally::default(),
                addresses: Arc::default(),
                closing: AtomicBool::new(false),
                next_connection,
            }),
        }
    }

    /// Turns the wheel of heartbeats and deadlines until told to stop.
    pub async fn turn_wheel(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(self.parts.config.tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {
                    for (session, alarm) in self.parts.wheel.turn(self.parts.clock.monotonic()) {
                        self.ring(&session, alarm);
                    }
                }
            }
        }
    }

    /// Ends every session, with what waits for it already flushed as far as goes.
    pub fn close_all(&self) {
        self.parts.closing.store(true, Ordering::Release);
        for session in self.parts.sessions.all() {
            session.outbox.flush();
            session.take_away(Ending::Shutdown);
        }
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> usize {
        self.parts.sessions.len()
    }

    /// Sessions that are open and that nobody has let in yet.
    pub fn strangers(&self) -> u32 {
        self.parts.addresses.strangers()
    }

    /// The application that it serves.
    pub fn application(&self) -> &Arc<A> {
        &self.parts.application
    }

    /// What was counted.
    pub fn tally(&self) -> &Tally {
        &self.parts.tally
    }

    /// Sessions that are open, by what carries them.
    pub fn transports(&self) -> Transports {
        self.parts.sessions.transports()
    }

    /// Forgets a session that has ended, and counts why.
    pub(crate) fn forget(&self, session: &Session<A>) {
        if self.parts.sessions.remove(&session.sid)
            && let Some(ending) = session.ending()
        {
            self.parts.tally.ended(ending);
        }
    }

    fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.parts.next_connection.fetch_add(1, Ordering::Relaxed))
    }
}

impl<A: Application> Clone for Engine<A> {
    fn clone(&self) -> Self {
        Self { parts: Arc::clone(&self.parts) }
    }
}

impl<A: Application> std::fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}
