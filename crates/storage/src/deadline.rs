//! The time limit of what runs on a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chorus_model::Clock;
use rusqlite::Connection;

/// Engine instructions between two looks at the clock: some tens of microseconds.
const LOOK_EVERY: i32 = 1_000;

const NEVER: u64 = u64::MAX;

/// How much longer than its limit something may take that does not use the CPU meanwhile: on a
/// machine that is short of it nobody is cut off for having waited for his turn.
const PATIENCE: u32 = 10;

/// Interrupts the statements of one connection when their time is up.
#[derive(Debug)]
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    limit: Arc<Limit>,
}

/// Microseconds at which work is interrupted.
#[derive(Debug)]
struct Limit {
    /// Of the CPU time of the thread.
    worked: AtomicU64,
    /// Of the monotonic clock.
    passed: AtomicU64,
}

impl Deadline {
    /// A deadline for `conn`, not yet set. It belongs to the thread that uses the connection.
    pub(crate) fn install(conn: &mut Connection, clock: Arc<dyn Clock>) -> rusqlite::Result<Self> {
        let (worked, passed) = (AtomicU64::new(NEVER), AtomicU64::new(NEVER));
        let limit = Arc::new(Limit { worked, passed });
        let (set, time) = (Arc::clone(&limit), Arc::clone(&clock));
        conn.progress_handler(LOOK_EVERY, Some(move || set.is_over(&*time)))?;
        Ok(Self { clock, limit })
    }

    /// Runs `work`, whose statements are interrupted when it has used the CPU for `limit`, or has
    /// taken [`PATIENCE`] times as long.
    pub(crate) fn limit<T>(&self, limit: Duration, work: impl FnOnce() -> T) -> T {
        self.limit.set(
            micros(self.clock.worked().saturating_add(limit)),
            micros(self.clock.monotonic().saturating_add(limit * PATIENCE)),
        );
        let outcome = work();
        self.limit.set(NEVER, NEVER);
        outcome
    }
}

impl Limit {
    fn set(&self, worked: u64, passed: u64) {
        self.worked.store(worked, Ordering::Relaxed);
        self.passed.store(passed, Ordering::Relaxed);
    }

    fn is_over(&self, time: &dyn Clock) -> bool {
        let (worked, passed) =
            (self.worked.load(Ordering::Relaxed), self.passed.load(Ordering::Relaxed));
        passed != NEVER && (micros(time.worked()) >= worked || micros(time.monotonic()) >= passed)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chorus_model::Timestamp;

    use super::*;

    /// What is worked, and what has passed.
    #[derive(Debug, Default)]
    struct Hands(Mutex<[Duration; 2]>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }

        fn monotonic(&self) -> Duration {
            self.0.lock().unwrap()[1]
        }

        fn worked(&self) -> Duration {
            self.0.lock().unwrap()[0]
        }
    }

    #[test]
    fn who_waits_for_his_turn_has_more_time_than_who_works() {
        let hands = Arc::new(Hands::default());
        let mut conn = Connection::open_in_memory().unwrap();
        let deadline = Deadline::install(&mut conn, Arc::clone(&hands) as Arc<dyn Clock>).unwrap();
        let ends = |worked, passed| {
            deadline.limit(Duration::from_millis(50), || {
                let mut hands = hands.0.lock().unwrap();
                hands[0] += Duration::from_millis(worked);
                hands[1] += Duration::from_millis(passed);
                drop(hands);
                let sql = "with recursive n(x) as (select 1 union all select x + 1 from n
                           where x < 10000) select count(*) from n";
                conn.query_row(sql, [], |row| row.get::<_, i64>(0)).is_err()
            })
        };
        assert_eq!([ends(49, 499), ends(50, 60), ends(1, 500)], [false, true, true]);
        assert!(!ends(0, 0), "each has its own time");
    }
}
