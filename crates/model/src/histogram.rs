//! How long things took, counted in buckets: two relaxed additions per observation, no lock and no
//! memory beyond what it was made with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of all buckets but the last, which has none: from what a change of memory
/// takes to what nobody waits for.
pub const BOUNDS: [Duration; 15] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// Durations by size. Written by one thread or many, read by any.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

/// What a histogram held when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distribution {
    counts: [u64; BUCKETS],
    sum: Duration,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What was counted so far. A duration that is counted at this moment may be in the buckets
    /// and not yet in the sum.
    pub fn read(&self) -> Distribution {
        Distribution {
            counts: std::array::from_fn(|at| self.counts[at].load(Ordering::Relaxed)),
            sum: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
        }
    }
}

impl Distribution {
    /// Each bucket's upper bound and how many durations were at most that long; the last has no
    /// bound.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS.into_iter().map(Some).chain([None]);
        bounds.zip(self.counts).scan(0, |below, (bound, count)| {
            *below += count;
            Some((bound, *below))
        })
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All durations together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        for (at, bound) in BOUNDS.into_iter().enumerate() {
            for (took, bucket) in [(bound, at), (bound + Duration::from_nanos(1), at + 1)] {
                let histogram = Histogram::default();
                histogram.observe(took);
                let found = histogram.read().counts.iter().position(|count| *count == 1);
                assert_eq!(found, Some(bucket), "{took:?}");
            }
        }
    }

    #[test]
    fn buckets_add_up() {
        let histogram = Histogram::default();
        let observed = [Duration::ZERO, Duration::from_micros(700), Duration::from_secs(9)];
        for took in observed {
            histogram.observe(took);
        }
        let read = histogram.read();
        assert_eq!((read.count(), read.sum()), (3, observed.iter().sum()));
        let at_most = |bound| read.cumulative().find(|(found, _)| *found == bound).unwrap().1;
        assert_eq!(at_most(Some(Duration::from_micros(50))), 1);
        assert_eq!(at_most(Some(Duration::from_micros(500))), 1);
        assert_eq!(at_most(Some(Duration::from_millis(1))), 2);
        assert_eq!(at_most(Some(Duration::from_millis(2_500))), 2);
        assert_eq!(at_most(None), 3);
    }

    #[test]
    fn threads_lose_nothing() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..10_000 {
                        histogram.observe(Duration::from_micros(n));
                    }
                });
            }
        });
        let read = histogram.read();
        assert_eq!(read.count(), 40_000);
        assert_eq!(read.sum(), Duration::from_micros(4 * (0..10_000).sum::<u64>()));
    }
}
