//! What is counted, for status pages and metrics. Relaxed atomics: figures, not decisions.

use std::sync::atomic::{AtomicU64, Ordering};

use chorus_model::Histogram;

macro_rules! counters {
    ($(#[$doc:meta])+ $name:ident { $($(#[$fdoc:meta])+ $field:ident),+ $(,)? }) => {
        $(#[$doc])+
        #[derive(Debug, Default)]
        pub struct $name {
            $($(#[$fdoc])+ pub $field: AtomicU64,)+
        }

        impl $name {
            /// Every figure with its name.
            pub fn read(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($field), self.$field.load(Ordering::Relaxed))),+]
            }
        }
    };
}

counters! {
    /// Only ever rising.
    Counters {
        /// Events announced.
        events,
        /// Frames put into outboxes for events.
        deliveries,
        /// Frames put into outboxes for signals.
        signal_deliveries,
        /// Ephemeral frames dropped because an outbox was full.
        ephemeral_dropped,
        /// Times that a connection left live delivery because its outbox was full.
        fell_behind,
        /// Events told from the tail or the log to connections that were behind.
        replayed,
        /// Times that the log was read for a connection that was behind, because the tail did not
        /// reach back so far.
        catch_up_reads,
        /// Frames of signals that were not told to connections that were behind.
        signals_withheld,
        /// Sessions closed because their client had stopped reading.
        slow_closed,
        /// Signals refused because the publisher's queue was full.
        signals_refused,
        /// Other orders that waited because the publisher's queue was full.
        orders_delayed,
        /// Times the publisher read the log because events had not been handed to it.
        log_reads,
        /// Joins answered "read again", because a membership changed meanwhile.
        stale_joins,
    }
}

counters! {
    /// Rising and falling.
    Gauges {
        /// Connections attached.
        connections,
        /// Distinct users with a connection.
        users,
        /// Rooms with a member.
        rooms,
        /// Rooms of projects with a member.
        projects,
        /// The last sync id announced.
        published,
        /// Connections that are served from the log.
        behind,
    }
}

/// How long announcing took, once per commit that has events.
#[derive(Debug, Default)]
pub struct Timings {
    /// From the publisher's taking a commit to its frames being written, or left to sessions whose
    /// sockets are full.
    pub fan_out: Histogram,
    /// The same from the moment when the commit was on disk.
    pub end_to_end: Histogram,
}

/// A counter for each word of a closed vocabulary: what it has no word for is counted under the
/// last.
#[derive(Debug)]
pub struct ByWord {
    words: &'static [&'static str],
    counts: Box<[AtomicU64]>,
}

impl ByWord {
    /// Counters that stand at zero.
    pub fn new(words: &'static [&'static str]) -> Self {
        Self { words, counts: words.iter().map(|_| AtomicU64::new(0)).collect() }
    }

    /// Counts one.
    pub fn count(&self, word: &str) {
        let at = self.words.iter().position(|known| *known == word);
        if let Some(counter) = at.map_or(self.counts.last(), |at| self.counts.get(at)) {
            count(counter);
        }
    }

    /// Every word and how often it was counted.
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        let counts = self.counts.iter().map(|counter| counter.load(Ordering::Relaxed));
        self.words.iter().copied().zip(counts).collect()
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    add(counter, 1);
}

/// Adds `n`.
pub fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_word_is_counted_under_the_last() {
        let counted = ByWord::new(&["lost", "found", "other"]);
        for word in ["found", "stolen", "found", ""] {
            counted.count(word);
        }
        assert_eq!(counted.read(), [("lost", 0), ("found", 2), ("other", 2)]);
    }
}
