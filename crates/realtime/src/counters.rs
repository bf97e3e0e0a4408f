//! What is counted, for status pages and metrics. Relaxed atomics: figures, not decisions.

use std::sync::atomic::{AtomicU64, Ordering};

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
        /// Sessions closed because their outbox was full of durable frames.
        slow_closed,
        /// Signals refused because the publisher's queue was full.
        signals_refused,
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
        /// The last sync id announced.
        published,
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
