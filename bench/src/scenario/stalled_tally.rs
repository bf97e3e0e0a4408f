//! Who heard which change, and how late.

use std::ops::Range;
use std::time::Duration;

use crate::scenario::stalled::due;

/// All deliveries of a run.
pub struct Deliveries {
    changes: u32,
    /// For each listener the changes in the order in which it heard them, each with how late.
    by_listener: Vec<Vec<(u32, Duration)>>,
    bytes: usize,
}

impl Deliveries {
    /// None yet.
    pub fn new(listeners: usize, changes: u32) -> Self {
        let none = Vec::with_capacity(changes as usize);
        Self { changes, by_listener: vec![none; listeners], bytes: 0 }
    }

    /// How many changes there are.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// A listener heard of a change so long after it was due.
    pub fn hear(&mut self, listener: usize, change: u32, late: Duration, bytes: usize) {
        self.bytes = bytes;
        self.by_listener[listener].push((change, late));
    }

    /// Bytes of the last message.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Deliveries that are due in the end.
    pub fn due(&self) -> u64 {
        self.by_listener.len() as u64 * u64::from(self.changes)
    }

    /// Whether everybody has heard as much as there is.
    pub fn are_all_heard(&self) -> bool {
        self.by_listener.iter().all(|heard| heard.len() >= self.changes as usize)
    }

    /// How much less a listener has heard than the first one.
    pub fn missed(&self, listener: usize) -> usize {
        self.by_listener[0].len().saturating_sub(self.by_listener[listener].len())
    }

    /// Whether each change was heard once by everybody, and all in one order.
    pub fn are_complete(&self) -> bool {
        let order = |heard: &Vec<(u32, Duration)>| -> Vec<u32> {
            heard.iter().map(|(change, _)| *change).collect()
        };
        let first = order(&self.by_listener[0]);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.into_iter().eq(0..self.changes)
            && self.by_listener.iter().all(|heard| order(heard) == first)
    }

    /// How late the others than one heard of the changes that were due in a part of the time.
    pub fn times(&self, except: usize, part: Range<Duration>) -> Vec<Duration> {
        let others = self.by_listener.iter().enumerate().filter(|(at, _)| *at != except);
        let all = others.flat_map(|(_, heard)| heard);
        all.filter(|(change, _)| part.contains(&due(*change))).map(|(_, late)| *late).collect()
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
                deliveries.hear(listener, *change, LATE * (listener as u32 + 1), 1);
            }
        }
        deliveries
    }

    #[test]
    fn complete_is_each_once_in_one_order() {
        assert!(deliveries([&[0, 2, 1], &[0, 2, 1]]).are_complete());
        for wrong in [[0, 1, 2], [0, 2, 2], [0, 2, 3]] {
            assert!(!deliveries([&[0, 2, 1], &wrong]).are_complete(), "{wrong:?}");
        }
        assert!(!deliveries([&[0, 2], &[0, 2]]).are_complete());
        assert!(!deliveries([&[0, 0, 1], &[0, 0, 1]]).are_complete());
    }

    #[test]
    fn who_stalls_has_missed_and_does_not_count() {
        let deliveries = deliveries([&[0, 1, 2], &[0]]);
        assert_eq!((deliveries.missed(1), deliveries.are_all_heard()), (2, false));
        let all = Duration::ZERO..Duration::MAX;
        assert_eq!(deliveries.times(1, all.clone()), [LATE; 3]);
        assert_eq!(deliveries.times(0, all), [LATE * 2]);
        assert_eq!(deliveries.times(1, due(1)..due(2)), [LATE]);
    }
}
