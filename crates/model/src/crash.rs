//! Named points at which a test may end the process, or panic, to show that nothing is lost there.
//!
//! Without the feature `crash-points` the call is nothing at all.

#[cfg(feature = "crash-points")]
use std::sync::OnceLock;
#[cfg(feature = "crash-points")]
use std::sync::atomic::{AtomicU64, Ordering};

/// In the middle of a command: a row is changed and its event appended, and more may follow.
pub const IN_COMMAND: &str = "in-command";
/// After the transaction is on disk, before anybody was told.
pub const AFTER_COMMIT: &str = "after-commit";
/// After the publisher has the events, before the callers have their answers.
pub const BEFORE_ANSWER: &str = "before-answer";
/// When some of the hearers of a batch have it and some have not.
pub const IN_FAN_OUT: &str = "in-fan-out";

/// Aborts the process if `CHORUS_CRASH_AT` is `name:n` and this is the `n`th passage; panics if
/// `CHORUS_PANIC_AT` is.
#[cfg(feature = "crash-points")]
pub fn point(name: &str) {
    static CRASH: Wanted = Wanted::new("CHORUS_CRASH_AT");
    static PANIC: Wanted = Wanted::new("CHORUS_PANIC_AT");

    if CRASH.is_here(name) {
        std::process::abort();
    }
    assert!(!PANIC.is_here(name), "a test asked for a panic {name}");
}

/// A passage that a variable of the environment asks for.
#[cfg(feature = "crash-points")]
struct Wanted {
    variable: &'static str,
    asked: OnceLock<Option<(String, u64)>>,
    passed: AtomicU64,
}

#[cfg(feature = "crash-points")]
impl Wanted {
    const fn new(variable: &'static str) -> Self {
        Self { variable, asked: OnceLock::new(), passed: AtomicU64::new(0) }
    }

    #[expect(clippy::disallowed_methods, reason = "exists in crash tests only")]
    fn is_here(&self, name: &str) -> bool {
        let asked = self.asked.get_or_init(|| {
            let value = std::env::var(self.variable).ok()?;
            let (name, n) = value.split_once(':')?;
            Some((name.to_owned(), n.parse().ok()?))
        });
        asked.as_ref().is_some_and(|(wanted, n)| {
            wanted == name && self.passed.fetch_add(1, Ordering::Relaxed) + 1 == *n
        })
    }
}

/// Does nothing: the feature `crash-points` is off.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn point(_name: &str) {}
