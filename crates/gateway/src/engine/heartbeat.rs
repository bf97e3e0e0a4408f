//! One wheel for every timer of every session: no task and no timer per connection.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use chorus_realtime::Frame;

use super::Engine;
use super::application::Application;
use super::session::{Ending, Session};

/// What a session is woken for.
pub(crate) enum Alarm<A: Application> {
    /// To be pinged, or to be found silent.
    Pulse,
    /// To have entered a namespace by now.
    Connect,
    /// To hear what the application has to say now and then.
    Beat(Weak<A::Peer>),
    /// To be told that the time it was admitted for is over.
    Expiry(Weak<A::Peer>),
}

/// Slots of one tick each; what is due later than a turn stays in its slot until its turn comes.
pub(crate) struct Wheel<A: Application> {
    slots: Mutex<Vec<Vec<Entry<A>>>>,
    now: AtomicU32,
    tick: Duration,
    start: Duration,
}

struct Entry<A: Application> {
    due: u32,
    session: Weak<Session<A>>,
    alarm: Alarm<A>,
}

const SLOTS: usize = 64;
/// `2` as a WebSocket text frame (RFC 6455, section 5.2).
static PING: Bytes = Bytes::from_static(b"\x81\x012");
/// A ping without payload (RFC 6455, section 5.5.2).
static RAW_PING: Bytes = Bytes::from_static(b"\x89\x00");

impl<A: Application> Entry<A> {
    /// Whether there is nobody any more to be rung.
    fn is_idle(&self) -> bool {
        let gone = match &self.alarm {
            Alarm::Expiry(peer) | Alarm::Beat(peer) => peer.strong_count() == 0,
            Alarm::Pulse | Alarm::Connect => false,
        };
        gone || self.session.strong_count() == 0
    }
}

impl<A: Application> Wheel<A> {
    pub(crate) fn new(tick: Duration, start: Duration) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { slots: Mutex::new(slots), now: AtomicU32::new(0), tick, start }
    }

    /// The current tick.
    pub(crate) fn now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    /// Rings for `session` at `time`, or at the first tick after it.
    pub(crate) fn set(&self, session: &Arc<Session<A>>, alarm: Alarm<A>, time: Duration) {
        // The hand may lag behind the clock, but what is set for a slot it has passed would wait
        // for a whole turn.
        let due = self.ticks(time.saturating_sub(self.start)).max(self.now().saturating_add(1));
        self.insert(Entry { due, session: Arc::downgrade(session), alarm });
    }

    /// The last tick that is not after `time`.
    pub(crate) fn tick_of(&self, time: Duration) -> u32 {
        let elapsed = time.saturating_sub(self.start).as_micros() / self.tick.as_micros().max(1);
        u32::try_from(elapsed).unwrap_or(u32::MAX)
    }

    /// `duration` in whole ticks, rounded up.
    pub(crate) fn ticks(&self, duration: Duration) -> u32 {
        u32::try_from(duration.as_micros().div_ceil(self.tick.as_micros().max(1)))
            .unwrap_or(u32::MAX / 2)
    }

    /// Moves to `time` and returns what became due.
    pub(crate) fn turn(&self, time: Duration) -> Vec<(Arc<Session<A>>, Alarm<A>)> {
        let target = self.tick_of(time);
        let mut rung = Vec::new();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let from = self.now();
        let steps = target.saturating_sub(from).min(u32::try_from(SLOTS).unwrap_or(u32::MAX));
        for step in 1..=steps {
            let slot = &mut slots[(target - steps + step) as usize % SLOTS];
            let due = slot.extract_if(.., |entry| entry.due <= target || entry.is_idle());
            rung.extend(due.filter_map(|entry| Some((entry.session.upgrade()?, entry.alarm))));
            if slot.is_empty() && slot.capacity() > SLOTS {
                *slot = Vec::new();
            }
        }
        self.now.store(target.max(from), Ordering::Relaxed);
        rung
    }

    fn insert(&self, entry: Entry<A>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots[entry.due as usize % SLOTS].push(entry);
    }
}

impl<A: Application> Engine<A> {
    /// The heartbeat of a new session: the first ping comes one interval from now.
    pub(crate) fn start_pulse(&self, session: &Arc<Session<A>>) {
        let Self { parts } = self;
        let now = parts.clock.monotonic();
        session.pulse.heard.store(parts.wheel.tick_of(now), Ordering::Relaxed);
        parts.wheel.set(
            session,
            Alarm::Pulse,
            now.saturating_add(parts.config.pulse(session.raw).0),
        );
        parts.wheel.set(session, Alarm::Connect, now.saturating_add(parts.config.connect_timeout));
    }

    /// A pong came.
    pub(crate) fn hear(&self, session: &Session<A>) {
        let now = self.parts.wheel.tick_of(self.parts.clock.monotonic());
        session.pulse.heard.store(now, Ordering::Relaxed);
        session.pulse.waiting.store(false, Ordering::Release);
    }

    pub(crate) fn ring(&self, session: &Arc<Session<A>>, alarm: Alarm<A>) {
        match alarm {
            Alarm::Pulse => self.pulse(session),
            Alarm::Connect => {
                if !session.connected.load(Ordering::Acquire) {
                    session.take_away(Ending::ConnectTimeout);
                }
            }
            Alarm::Beat(peer) => {
                if let Some(there) = peer.upgrade()
                    && session.outbox.closed().is_none()
                {
                    self.parts.application.beat(&there);
                    self.beat_later(session, peer);
                }
            }
            Alarm::Expiry(peer) => {
                if let Some(peer) = peer.upgrade() {
                    self.parts.tracker.spawn(self.parts.application.expired(peer));
                }
            }
        }
    }

    /// One interval from now the application may say something.
    pub(crate) fn beat_later(&self, session: &Arc<Session<A>>, peer: Weak<A::Peer>) {
        let interval = self.parts.config.pulse(session.raw).0;
        let time = self.parts.clock.monotonic().saturating_add(interval);
        self.parts.wheel.set(session, Alarm::Beat(peer), time);
    }

    fn pulse(&self, session: &Arc<Session<A>>) {
        let Self { parts } = self;
        let (interval, timeout) = parts.config.pulse(session.raw);
        let time = parts.clock.monotonic();
        let now = parts.wheel.tick_of(time);
        let pulse = &session.pulse;
        if session.outbox.closed().is_some() {
            return;
        }
        let (since, limit) = if pulse.waiting.load(Ordering::Acquire) {
            let pinged = pulse.pinged.load(Ordering::Relaxed);
            if now.saturating_sub(pinged) < parts.wheel.ticks(timeout) {
                (pinged, timeout)
            } else if pulse.waits_for_reader(session.outbox.gone()) {
                pulse.pinged.store(now, Ordering::Relaxed);
                (now, timeout)
            } else {
                return session.take_away(Ending::PingTimeout);
            }
        } else {
            let heard = pulse.heard.load(Ordering::Relaxed);
            if now.saturating_sub(heard) >= parts.wheel.ticks(interval) {
                pulse.pinged.store(now, Ordering::Relaxed);
                pulse.waiting.store(true, Ordering::Release);
                let ping = if session.raw { &RAW_PING } else { &PING };
                let waits = !session.outbox.is_empty();
                session.outbox.send(Frame::durable(ping.clone()));
                pulse.gone.store(session.outbox.gone(), Ordering::Relaxed);
                // Alone it is taken by the poll that is held, which says nothing of its reader.
                let end = if waits { session.outbox.end() } else { 0 };
                pulse.ping_end.store(end, Ordering::Relaxed);
                // An answer may come long before the time for it is over.
                (now, timeout.min(interval))
            } else {
                (heard, interval)
            }
        };
        let passed = parts.config.tick * now.saturating_sub(since);
        parts.wheel.set(session, Alarm::Pulse, time.saturating_add(limit.saturating_sub(passed)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::Pulse;
    use super::*;

    #[test]
    fn a_ping_that_waits_is_not_counted_against_who_reads() {
        let pulse = Pulse::default();
        let sent = |gone, end| {
            pulse.gone.store(gone, Ordering::Relaxed);
            pulse.ping_end.store(end, Ordering::Relaxed);
        };
        sent(100, 100);
        assert!(!pulse.waits_for_reader(100), "it left at once");
        sent(100, 0);
        assert!(!pulse.waits_for_reader(200), "nothing was before it");
        sent(100, 500);
        assert!(pulse.waits_for_reader(300), "some of what is before it was read");
        assert!(!pulse.waits_for_reader(300), "nothing more was");
        assert!(pulse.waits_for_reader(500), "it has left since");
        assert!(!pulse.waits_for_reader(900), "it left long ago");
    }
}
