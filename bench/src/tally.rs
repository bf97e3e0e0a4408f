//! Counts deliveries, and whether they are in order, complete and single.

use crate::wire;

/// Different numbers that events carry: the number of an event is its place modulo this.
pub const NUMBERS: u64 = 512;
/// Most events that may be under way: beyond half of the numbers, old and new look alike.
pub const MOST_UNDER_WAY: u64 = NUMBERS / 2;

/// The event that is counted.
const EVENT: &[u8] = b"42[\"user_typing\"";

/// What all listeners have heard of one run of events, numbered from 0.
#[derive(Debug)]
pub struct Tally {
    first_task: u64,
    heard: Vec<Heard>,
    /// Deliveries, doubles not counted.
    pub deliveries: u64,
    /// Deliveries of events that were sent before one that had already come.
    pub out_of_order: u64,
    /// Deliveries of what had already come.
    pub doubled: u64,
    /// Bytes of the newest delivery, without the frame's head.
    pub bytes: usize,
}

#[derive(Debug, Clone)]
struct Heard {
    /// The newest number.
    newest: u64,
    /// One bit for each number within half of all behind the newest.
    seen: [u64; (NUMBERS / 64) as usize],
}

impl Tally {
    /// Nothing was heard yet by this many.
    pub fn new(first_task: u64, listeners: usize) -> Self {
        let heard = Heard { newest: NUMBERS - 1, seen: [0; (NUMBERS / 64) as usize] };
        let heard = vec![heard; listeners];
        Self { first_task, heard, deliveries: 0, out_of_order: 0, doubled: 0, bytes: 0 }
    }

    /// The text that a sender says as the event at `place`.
    pub fn said(&self, place: u64) -> String {
        let task = self.first_task + place % NUMBERS;
        format!(r#"42["user_typing",{{"task_id":{task},"is_typing":true}}]"#)
    }

    /// Counts a message. What is no event of this run is passed over.
    pub fn hear(&mut self, listener: usize, text: &[u8]) {
        if !text.starts_with(EVENT) {
            return;
        }
        let Some(task) = wire::number_after("\"task_id\":", text) else { return };
        let number = task.wrapping_sub(self.first_task) % NUMBERS;
        self.bytes = text.len();
        match self.heard[listener].take(number) {
            Place::Ahead => self.deliveries += 1,
            Place::Behind => {
                self.deliveries += 1;
                self.out_of_order += 1;
            }
            Place::Again => self.doubled += 1,
        }
    }
}

enum Place {
    Ahead,
    Behind,
    Again,
}

impl Heard {
    fn take(&mut self, number: u64) -> Place {
        let ahead = (number + NUMBERS - self.newest) % NUMBERS;
        if (1..=MOST_UNDER_WAY).contains(&ahead) {
            for step in 1..=ahead {
                self.forget((self.newest + step + MOST_UNDER_WAY) % NUMBERS);
            }
            self.newest = number;
        } else if self.has(number) {
            return Place::Again;
        }
        self.seen[(number / 64) as usize] |= 1 << (number % 64);
        if self.newest == number { Place::Ahead } else { Place::Behind }
    }

    fn has(&self, number: u64) -> bool {
        self.seen[(number / 64) as usize] & 1 << (number % 64) != 0
    }

    fn forget(&mut self, number: u64) {
        self.seen[(number / 64) as usize] &= !(1 << (number % 64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(places: impl IntoIterator<Item = u64>) -> (u64, u64, u64) {
        let mut tally = Tally::new(77, 1);
        for place in places {
            let text = tally.said(place);
            tally.hear(0, text.as_bytes());
        }
        (tally.deliveries, tally.out_of_order, tally.doubled)
    }

    #[test]
    fn a_long_run_in_order_is_clean() {
        assert_eq!(heard(0..10 * NUMBERS), (10 * NUMBERS, 0, 0));
    }

    #[test]
    fn a_pair_that_changed_places_is_one_fault() {
        assert_eq!(heard([0, 2, 1, 3]), (4, 1, 0));
        assert_eq!(heard((0..600).chain([601, 600, 602])), (603, 1, 0));
    }

    #[test]
    fn a_gap_is_only_missing() {
        assert_eq!(heard([0, 1, 5, 6]), (4, 0, 0));
        assert_eq!(heard((0..400).chain(600..1000)), (800, 0, 0));
    }

    #[test]
    fn what_comes_twice_is_doubled_at_any_distance_under_way() {
        assert_eq!(heard([0, 1, 1, 2]), (3, 0, 1));
        assert_eq!(heard((0..600).chain([500])), (600, 0, 1));
    }

    #[test]
    fn other_events_do_not_count() {
        let mut tally = Tally::new(1, 1);
        tally.hear(0, br#"42["user_connected",{"task_id":1}]"#);
        tally.hear(0, br#"42["user_typing",{"is_typing":true}]"#);
        assert_eq!(tally.deliveries, 0);
    }
}
