//! A token bucket: 16 bytes.

use std::time::Duration;

/// How much of something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Per second, for long.
    pub rate: u32,
    /// At once. At most 4 million.
    pub burst: u32,
}

/// How much more is allowed now.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Tokens left, in thousandths.
    level: u32,
    /// When the level was right, in milliseconds of the monotonic clock.
    at: u64,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(pace: Pace, now: Duration) -> Self {
        Self { level: thousandths(pace.burst), at: millis(now) }
    }

    /// Takes `tokens`; false, and nothing taken, if there are not so many.
    pub(crate) fn take(&mut self, tokens: u32, pace: Pace, now: Duration) -> bool {
        let enough = self.has(tokens, pace, now);
        if enough {
            self.level -= thousandths(tokens);
        }
        enough
    }

    /// Takes `tokens`, or as many as there are.
    pub(crate) fn drain(&mut self, tokens: u32, pace: Pace, now: Duration) {
        self.refill(pace, now);
        self.level = self.level.saturating_sub(thousandths(tokens));
    }

    /// Whether at least half of the burst is free again.
    pub(crate) fn is_calm(&self, pace: Pace) -> bool {
        self.level >= thousandths(pace.burst) / 2
    }

    /// Whether there are so many `tokens`; takes none.
    pub(crate) fn has(&mut self, tokens: u32, pace: Pace, now: Duration) -> bool {
        self.refill(pace, now);
        self.level >= thousandths(tokens)
    }

    fn refill(&mut self, pace: Pace, now: Duration) {
        let now = millis(now);
        let gained = now.saturating_sub(self.at).saturating_mul(u64::from(pace.rate));
        self.at = now;
        let level = u64::from(self.level).saturating_add(gained);
        self.level = u32::try_from(level).unwrap_or(u32::MAX).min(thousandths(pace.burst));
    }
}

fn thousandths(tokens: u32) -> u32 {
    tokens.saturating_mul(1000)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { rate: 2, burst: 3 };

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_then_the_rate() {
        let mut bucket = Bucket::full(PACE, at(0));
        let taken =
            |bucket: &mut Bucket, now| (0..10).filter(|_| bucket.take(1, PACE, now)).count();
        assert_eq!(taken(&mut bucket, at(0)), 3);
        assert_eq!(taken(&mut bucket, at(499)), 0);
        assert!(!bucket.is_calm(PACE));
        assert_eq!(taken(&mut bucket, at(1000)), 2);
        assert!(bucket.take(1, PACE, at(2500)) && bucket.is_calm(PACE));
        assert_eq!(taken(&mut bucket, at(60_000)), 3, "never more than the burst");
    }

    #[test]
    fn what_is_not_there_is_not_taken_in_part() {
        let mut bucket = Bucket::full(PACE, at(0));
        assert!(!bucket.take(4, PACE, at(0)) && bucket.take(3, PACE, at(0)));
        bucket.drain(7, PACE, at(500));
        assert!(!bucket.take(1, PACE, at(900)) && bucket.take(1, PACE, at(1000)));
        assert!(!bucket.has(3, PACE, at(1500)) && bucket.has(3, PACE, at(2500)));
    }
}
