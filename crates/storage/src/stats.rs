//! What is counted, and whether the store is fit for work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Fault, StoreError};

/// Counts since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions that were committed.
    pub commits: u64,
    /// Commands that were answered, in whatever way.
    pub commands: u64,
    /// Events that were committed.
    pub events: u64,
    /// Commands turned away because the writer's queue was full.
    pub writes_turned_away: u64,
    /// Queries turned away because the readers' queue was full.
    pub reads_turned_away: u64,
    /// Commands that were cut off at their time limit.
    pub too_slow: u64,
    /// Commands that panicked.
    pub panicked: u64,
    /// Commands that could not be kept because the database failed.
    pub unavailable: u64,
    /// Transactions that were lost as a whole; their commands were tried again one by one.
    pub lost_batches: u64,
    /// Commits whose events found the queue to the publisher full: it reads them from the log.
    pub not_handed_over: u64,
    /// Checkpoints that were made.
    pub checkpoints: u64,
}

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// The live counters behind [`Stats`].
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)+
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    commits, commands, events, writes_turned_away, reads_turned_away, too_slow, panicked,
    unavailable, lost_batches, not_handed_over, checkpoints,
}

/// A number that rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// Whether the store is fit for work. A full or failing disk can recover: the next commit shows
/// it. A damaged file cannot.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failing: AtomicBool,
    corrupt: AtomicBool,
}

impl Health {
    pub(crate) fn is_ready(&self) -> bool {
        !self.failing.load(Ordering::Relaxed) && !self.corrupt.load(Ordering::Relaxed)
    }

    /// Whether a commit would make it fit again.
    pub(crate) fn may_recover(&self) -> bool {
        self.failing.load(Ordering::Relaxed) && !self.corrupt.load(Ordering::Relaxed)
    }

    /// Notes what a write met.
    pub(crate) fn note(&self, fault: Fault) {
        match fault {
            Fault::Full | Fault::Io => self.failing.store(true, Ordering::Relaxed),
            Fault::Corrupt => self.corrupt.store(true, Ordering::Relaxed),
            Fault::TooSlow | Fault::Busy | Fault::Lost => {}
        }
    }

    /// Notes what a query met. Only damage counts: the recovery from anything else would show
    /// itself in a commit, which may never come.
    pub(crate) fn note_read(&self, error: &StoreError) {
        if matches!(error, StoreError::Corrupt(_)) {
            self.note(Fault::Corrupt);
        }
    }

    pub(crate) fn note_commit(&self) {
        self.failing.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_from_all_but_damage() {
        let health = Health::default();
        health.note(Fault::TooSlow);
        assert!(health.is_ready());
        for fault in [Fault::Full, Fault::Io] {
            health.note(fault);
            assert!(!health.is_ready() && health.may_recover());
            health.note_commit();
            assert!(health.is_ready() && !health.may_recover());
        }
        health.note(Fault::Full);
        health.note(Fault::Corrupt);
        assert!(!health.may_recover());
        health.note_commit();
        assert!(!health.is_ready());
    }
}
