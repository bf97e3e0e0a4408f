//! Whether connections come so fast that they had better be accepted in batches.

use std::time::Duration;

/// Connections within a second that make a rush.
const MANY: u32 = 100;
const SECOND: Duration = Duration::from_secs(1);

/// Counts connections second by second. A rush begins in the middle of one, and lasts as long as
/// each whole one brings so many.
#[derive(Debug, Default)]
pub(crate) struct Rush {
    since: Duration,
    come: u32,
    before: u32,
}

impl Rush {
    /// A connection comes.
    pub(crate) fn note(&mut self, now: Duration) {
        self.turn(now);
        self.come = self.come.saturating_add(1);
    }

    /// Whether there is one.
    pub(crate) fn lasts(&mut self, now: Duration) -> bool {
        self.turn(now);
        self.come >= MANY || self.before >= MANY
    }

    fn turn(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.since);
        if passed >= SECOND {
            self.before = if passed < 2 * SECOND { self.come } else { 0 };
            self.come = 0;
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether there is a rush after `count` connections within the second that begins at `from`.
    fn after(rush: &mut Rush, count: u32, from: u64) -> bool {
        for n in 0..count {
            rush.note(Duration::from_secs(from) + SECOND * n / count);
        }
        rush.lasts(Duration::from_millis(from * 1000 + 999))
    }

    #[test]
    fn begins_with_many_and_ends_with_a_second_of_few() {
        let mut rush = Rush::default();
        assert!(!after(&mut rush, MANY - 1, 10));
        assert!(after(&mut rush, MANY, 11), "as many as that");
        assert!(after(&mut rush, MANY, 12));
        assert!(after(&mut rush, 1, 13), "the second before had many");
        assert!(!after(&mut rush, 1, 14));
    }

    #[test]
    fn is_over_when_nobody_has_come_for_a_while() {
        let mut rush = Rush::default();
        assert!(after(&mut rush, 4 * MANY, 10));
        assert!(!rush.lasts(Duration::from_secs(100)));
        assert!(!after(&mut rush, MANY - 1, 100));
    }
}
