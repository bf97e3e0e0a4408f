//! Who heard which change, and how late.

use std::ops::Range;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::scenario::slow_reader::due;
use crate::tally::Faults;

/// All deliveries of a run.
pub struct Deliveries {
    changes: u32,
    /// For each listener the changes in the order in which it heard them, each with how late.
    by_listener: Vec<Vec<(u32, Duration)>>,
}

impl Deliveries {
    /// None yet.
    pub fn new(listeners: usize, changes: u32) -> Self {
        let none = Vec::with_capacity(changes as usize);
        Self { changes, by_listener: vec![none; listeners] }
    }

    /// How many changes there are.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// A listener heard of a change so long after it was due.
    pub fn hear(&mut self, listener: usize, change: u32, late: Duration) {
        if change < self.changes {
            self.by_listener[listener].push((change, late));
        }
    }

    /// Whether everybody has heard as much as there is.
    pub fn are_all_heard(&self) -> bool {
        self.by_listener.iter().all(|heard| heard.len() >= self.changes as usize)
    }

    /// How much less a listener has heard than the first one.
    pub fn missed(&self, listener: usize) -> usize {
        self.by_listener[0].len().saturating_sub(self.by_listener[listener].len())
    }

    /// What was wrong: each must hear every change once, and all in one order, which is that in
    /// which the first one heard them.
    pub fn faults(&self) -> Faults {
        let changes = self.changes as usize;
        let mut place = vec![0; changes];
        for (at, (change, _)) in self.by_listener[0].iter().enumerate() {
            place[*change as usize] = at;
        }
        let due = (changes * self.by_listener.len()) as u64;
        let mut faults = Faults { due, ..Faults::default() };
        for heard in &self.by_listener {
            let (mut seen, mut newest) = (vec![false; changes], 0);
            for (change, _) in heard {
                let change = *change as usize;
                if std::mem::replace(&mut seen[change], true) {
                    faults.doubled += 1;
                } else if place[change] < newest {
                    faults.out_of_order += 1;
                } else {
                    newest = place[change];
                }
            }
            faults.lost += seen.iter().filter(|seen| !**seen).count() as u64;
        }
        faults
    }

    /// How late the others than one heard of the changes that were due in a part of the time.
    pub fn times(&self, except: usize, part: Range<Duration>) -> Histogram {
        let mut times = Histogram::default();
        let others = self.by_listener.iter().enumerate().filter(|(at, _)| *at != except);
        for (change, late) in others.flat_map(|(_, heard)| heard) {
            if part.contains(&due(*change)) {
                times.record(*late);
            }
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_millis(3);

    fn deliveries(heard: [&[u32]; 2]) -> Deliveries {
        let mut deliveries = Deliveries::new(2, 3);
        for (listener, changes) in heard.iter().enumerate() {
            for change in *changes {
                deliveries.hear(listener, *change, LATE * (listener as u32 + 1));
            }
        }
        deliveries
    }

    fn faults(heard: [&[u32]; 2]) -> [u64; 3] {
        let Faults { due, lost, out_of_order, doubled } = deliveries(heard).faults();
        assert_eq!(due, 6);
        [lost, out_of_order, doubled]
    }

    #[test]
    fn each_must_hear_all_once_in_the_order_of_the_first() {
        assert_eq!(faults([&[0, 2, 1], &[0, 2, 1]]), [0, 0, 0]);
        assert_eq!(faults([&[0, 2, 1], &[0, 1, 2]]), [0, 1, 0]);
        assert_eq!(faults([&[0, 2, 1], &[0, 2, 2, 1]]), [0, 0, 1]);
        assert_eq!(faults([&[0, 2, 1], &[0, 2]]), [1, 0, 0]);
        assert_eq!(faults([&[0, 2], &[0, 2]]), [2, 0, 0]);
    }

    #[test]
    fn who_stalls_has_missed_and_does_not_count() {
        let deliveries = deliveries([&[0, 1, 2], &[0]]);
        assert_eq!((deliveries.missed(1), deliveries.are_all_heard()), (2, false));
        let all = Duration::ZERO..Duration::MAX;
        assert_eq!(deliveries.times(1, all.clone()).total(), 3);
        assert_eq!(deliveries.times(0, all).longest(), LATE * 2);
        assert_eq!(deliveries.times(1, due(1)..due(2)).total(), 1);
    }
}
