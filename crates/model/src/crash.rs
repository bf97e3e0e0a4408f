//! Named points at which a test may end the process, to show that nothing is lost there.
//!
//! Without the feature `crash-points` the call is nothing at all.

/// After the transaction is on disk, before anybody was told.
pub const AFTER_COMMIT: &str = "after-commit";
/// After the publisher has the events, before the callers have their answers.
pub const BEFORE_ANSWER: &str = "before-answer";
/// When some of the hearers of a batch have it and some have not.
pub const IN_FAN_OUT: &str = "in-fan-out";

/// Aborts the process if `CHORUS_CRASH_AT` is `name:n` and this is the `n`th passage.
#[cfg(feature = "crash-points")]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    #[expect(clippy::disallowed_methods, reason = "exists in crash tests only")]
    let wanted = WANTED.get_or_init(|| {
        let value = std::env::var("CHORUS_CRASH_AT").ok()?;
        let (name, n) = value.split_once(':')?;
        Some((name.to_owned(), n.parse().ok()?))
    });
    if let Some((wanted, n)) = wanted
        && wanted == name
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *n
    {
        std::process::abort();
    }
}

/// Does nothing: the feature `crash-points` is off.
#[cfg(not(feature = "crash-points"))]
#[inline]
pub fn point(_name: &str) {}
