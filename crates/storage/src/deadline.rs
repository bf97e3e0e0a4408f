//! The time limit of what runs on a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chorus_model::Clock;
use rusqlite::Connection;

/// Engine instructions between two looks at the clock: some tens of microseconds.
const LOOK_EVERY: i32 = 1_000;

const NEVER: u64 = u64::MAX;

/// Interrupts the statements of one connection when their time is up.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    /// Microseconds of the monotonic clock.
    at: Arc<AtomicU64>,
}

impl Deadline {
    /// A deadline for `conn`, not yet set.
    pub(crate) fn install(conn: &mut Connection, clock: Arc<dyn Clock>) -> rusqlite::Result<Self> {
        let at = Arc::new(AtomicU64::new(NEVER));
        let (limit, time) = (Arc::clone(&at), Arc::clone(&clock));
        conn.progress_handler(
            LOOK_EVERY,
            Some(move || {
                let limit = limit.load(Ordering::Relaxed);
                limit != NEVER && micros(time.monotonic()) >= limit
            }),
        )?;
        Ok(Self { clock, at })
    }

    /// Runs `work`, whose statements are interrupted after `limit`.
    pub(crate) fn limit<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> T {
        let at = micros(self.clock.monotonic().saturating_add(limit));
        self.at.store(at, Ordering::Relaxed);
        let outcome = work();
        self.at.store(NEVER, Ordering::Relaxed);
        outcome
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(NEVER - 1)
}
