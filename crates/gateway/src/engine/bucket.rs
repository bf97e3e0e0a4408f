//! A token bucket: 16 bytes per session.

use std::time::Duration;

/// How many more messages a session may send.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Tokens left, in thousandths.
    level: u32,
    /// When the level was right, in milliseconds of the monotonic clock.
    at: u64,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(burst: u32, now: Duration) -> Self {
        Self { level: burst.saturating_mul(1000), at: millis(now) }
    }

    /// Takes one token, refilling at `rate` per second up to `burst`. False if there is none.
    pub(crate) fn take(&mut self, rate: u32, burst: u32, now: Duration) -> bool {
        let now = millis(now);
        let gained = now.saturating_sub(self.at).saturating_mul(u64::from(rate));
        self.at = now;
        let level = u64::from(self.level).saturating_add(gained);
        self.level = u32::try_from(level).unwrap_or(u32::MAX).min(burst.saturating_mul(1000));
        if self.level < 1000 {
            return false;
        }
        self.level -= 1000;
        true
    }

    /// Whether at least half of the burst is free again.
    pub(crate) fn is_calm(&self, burst: u32) -> bool {
        self.level >= burst.saturating_mul(500)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let at = Duration::from_millis;
        let mut bucket = Bucket::full(3, at(0));
        let taken = |bucket: &mut Bucket, now| (0..10).filter(|_| bucket.take(2, 3, now)).count();
        assert_eq!(taken(&mut bucket, at(0)), 3);
        assert_eq!(taken(&mut bucket, at(499)), 0);
        assert!(!bucket.is_calm(3));
        assert_eq!(taken(&mut bucket, at(1000)), 2);
        assert!(bucket.take(2, 3, at(2500)) && bucket.is_calm(3));
        assert_eq!(taken(&mut bucket, at(60_000)), 3, "never more than the burst");
    }
}
