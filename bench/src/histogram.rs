//! Times in buckets of 3 %: as many as one likes, in a few kilobytes.

use std::time::Duration;

/// Buckets for each doubling: the error is half of one in so many.
const PER_OCTAVE: u64 = 32;
const OCTAVE_BITS: u32 = PER_OCTAVE.ilog2();

/// How often which time was seen.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, time: Duration) {
        let index = index(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
        self.longest = self.longest.max(time);
    }

    /// Counts all of another.
    pub fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
    }

    /// How many were counted.
    #[cfg(test)]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The longest of all.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The time within which this share of all is; nothing of nothing.
    pub fn within(&self, share: f64) -> Option<Duration> {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        if rank == self.total {
            return Some(self.longest);
        }
        let mut seen = 0;
        let index = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(Duration::from_nanos(middle(index)).min(self.longest))
    }

    /// The same in milliseconds.
    pub fn millis_within(&self, share: f64) -> Option<f64> {
        self.within(share).map(|time| time.as_secs_f64() * 1e3)
    }
}

fn index(nanos: u64) -> usize {
    if nanos < PER_OCTAVE {
        return nanos as usize;
    }
    let octave = nanos.ilog2() - OCTAVE_BITS;
    let place = (nanos >> octave) - PER_OCTAVE;
    ((u64::from(octave) + 1) * PER_OCTAVE + place) as usize
}

/// The middle of a bucket, in nanoseconds.
fn middle(index: usize) -> u64 {
    let index = index as u64;
    if index < PER_OCTAVE {
        return index;
    }
    let octave = index / PER_OCTAVE - 1;
    let low = (index % PER_OCTAVE + PER_OCTAVE) << octave;
    low + (1 << octave) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_near_the_middle_of_its_bucket() {
        for nanos in (0..64).flat_map(|bits| [0u64, 1, 7].map(|more| (1u64 << bits) + more)) {
            let found = middle(index(nanos));
            let error = found.abs_diff(nanos) as f64 / nanos as f64;
            assert!(error < 0.017, "{nanos} became {found}");
        }
    }

    #[test]
    fn later_times_have_later_buckets() {
        let indexes: Vec<usize> = (0..5000).map(index).collect();
        assert!(indexes.is_sorted());
        assert_eq!(indexes[..33], (0..33).collect::<Vec<_>>());
    }

    #[test]
    fn shares_are_of_all_that_was_counted() {
        let mut one = Histogram::default();
        assert_eq!(one.within(0.5), None);
        (1..=100).for_each(|millis| one.record(Duration::from_millis(millis)));
        let mut two = Histogram::default();
        two.add(&one);
        two.add(&one);
        assert_eq!(two.total(), 200);
        assert_eq!(two.within(1.0), Some(Duration::from_millis(100)), "all is the longest");
        for (share, millis) in [(0.5, 50.0), (0.99, 99.0), (0.0, 1.0)] {
            let within = two.millis_within(share).unwrap();
            assert!((within / millis - 1.0).abs() < 0.02, "{within} for {share}");
        }
    }
}
