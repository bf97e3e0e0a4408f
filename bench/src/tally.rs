//! Counts deliveries, and whether they are in order, complete and single; and how long they took.

use std::time::Instant;

use crate::histogram::Histogram;
use crate::wire;

/// Most different numbers that the events of one stream carry: the number of an event is its place
/// modulo this.
pub const NUMBERS: u64 = 512;

/// What events are, and where their number stands.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// Before which nothing else can be.
    event: &'static [u8],
    label: &'static str,
}

const TYPING: Word = Word { event: b"42[\"user_typing\"", label: "\"task_id\":" };
/// In whatever dialect.
const SAID: Word = Word { event: b"", label: "\"place\":" };

/// A change of a task, in whatever dialect.
const TITLED: Word = Word { event: b"", label: "\"title\":\"change " };

/// Deliveries that were not as they must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// How many were due.
    pub due: u64,
    /// How many never came.
    pub lost: u64,
    /// How many came after later ones.
    pub out_of_order: u64,
    /// How many came again, or to who should not have heard them.
    pub doubled: u64,
}

impl Faults {
    /// Whether there are none.
    pub fn is_clean(self) -> bool {
        self.lost + self.out_of_order + self.doubled == 0
    }

    /// Those of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            due: self.due + other.due,
            lost: self.lost + other.lost,
            out_of_order: self.out_of_order + other.out_of_order,
            doubled: self.doubled + other.doubled,
        }
    }
}

/// What all listeners have heard. Events come in streams, one for each who speaks, each numbered
/// from 0 on; a listener is due to hear the streams of his own room alone.
#[derive(Debug)]
pub struct Tally {
    word: Word,
    first: u64,
    /// Numbers of one stream.
    numbers: u64,
    /// Streams of one room, and members of one.
    room: usize,
    heard: Vec<Heard>,
    said: Vec<Instant>,
    /// Deliveries, doubles not counted.
    pub deliveries: u64,
    /// Deliveries of events that were sent before one that had already come.
    pub out_of_order: u64,
    /// Deliveries of what had already come, or should not have.
    pub doubled: u64,
    /// Bytes of the newest delivery, without the frame's head.
    pub bytes: usize,
    /// From the moment in which an event was said until each who heard it had read it.
    pub latency: Histogram,
}

#[derive(Debug, Clone)]
struct Heard {
    /// The newest number.
    newest: u64,
    /// One bit for each number within half of all behind the newest.
    seen: [u64; (NUMBERS / 64) as usize],
}

/// Which event a message is.
struct Numbered {
    stream: usize,
    number: u64,
}

impl Tally {
    /// One who types about tasks from `first` on, heard by so many.
    pub fn new(first: u64, listeners: usize) -> Self {
        Self::with(TYPING, first, NUMBERS, [listeners, 1], listeners)
    }

    /// One who says numbered things, heard by so many.
    pub fn of_said(listeners: usize) -> Self {
        Self::with(SAID, 0, NUMBERS, [listeners, 1], listeners)
    }

    /// One who changes the title of a task to a numbered one, heard by so many.
    pub fn of_titles(listeners: usize) -> Self {
        Self::with(TITLED, 0, NUMBERS, [listeners, 1], listeners)
    }

    /// Members of rooms of this size who all type, each about so many tasks of his own, from
    /// `first` on.
    pub fn of_rooms(first: u64, numbers: u64, room: usize, members: usize) -> Self {
        Self::with(TYPING, first, numbers, [room, room], members)
    }

    fn with(word: Word, first: u64, numbers: u64, room: [usize; 2], listeners: usize) -> Self {
        let [members, streams] = room;
        let heard = Heard { newest: numbers - 1, seen: [0; (NUMBERS / 64) as usize] };
        let all_streams = listeners / members * streams;
        Self {
            word,
            first,
            numbers,
            room: streams,
            heard: vec![heard; listeners * streams],
            said: vec![Instant::now(); all_streams * numbers as usize],
            deliveries: 0,
            out_of_order: 0,
            doubled: 0,
            bytes: 0,
            latency: Histogram::default(),
        }
    }

    /// Most events of one stream that may be under way: beyond, old and new look alike.
    pub fn most_under_way(&self) -> u64 {
        self.numbers / 2
    }

    /// The number that the event of a stream at `place` carries. It is said now.
    pub fn begin(&mut self, stream: usize, place: u64) -> u64 {
        let index = stream as u64 * self.numbers + place % self.numbers;
        self.said[index as usize] = Instant::now();
        self.first + index
    }

    /// The text that who types says.
    pub fn typed(&mut self, stream: usize, place: u64) -> String {
        let task = self.begin(stream, place);
        format!(r#"42["user_typing",{{"task_id":{task},"is_typing":true}}]"#)
    }

    /// Counts a message; whose stream it is of. What is no event of this run is passed over.
    pub fn hear(&mut self, listener: usize, at: Instant, text: &[u8]) -> Option<usize> {
        if !text.starts_with(self.word.event) {
            return None;
        }
        let found = wire::number_after(self.word.label, text)?;
        let Numbered { stream, number } = self.numbered(found)?;
        self.bytes = text.len();
        // With one stream all listeners are in its room.
        if self.room > 1 && stream / self.room != listener / self.room {
            self.doubled += 1;
            return None;
        }
        let index = listener * self.room + stream % self.room;
        match self.heard[index].take(number, self.numbers) {
            Place::Ahead => {}
            Place::Behind => self.out_of_order += 1,
            Place::Again => {
                self.doubled += 1;
                return None;
            }
        }
        self.deliveries += 1;
        let said = self.said[stream * self.numbers as usize + number as usize];
        self.latency.record(at.saturating_duration_since(said));
        Some(stream)
    }

    fn numbered(&self, found: u64) -> Option<Numbered> {
        let index = found.checked_sub(self.first)?;
        let stream = usize::try_from(index / self.numbers).ok()?;
        (index < self.said.len() as u64)
            .then_some(Numbered { stream, number: index % self.numbers })
    }

    /// What was wrong, if so many deliveries were due.
    pub fn faults(&self, due: u64) -> Faults {
        Faults {
            due,
            lost: due.saturating_sub(self.deliveries),
            out_of_order: self.out_of_order,
            doubled: self.doubled,
        }
    }
}

enum Place {
    Ahead,
    Behind,
    Again,
}

impl Heard {
    fn take(&mut self, number: u64, numbers: u64) -> Place {
        let ahead = (number + numbers - self.newest) % numbers;
        if (1..=numbers / 2).contains(&ahead) {
            for step in 1..=ahead {
                self.forget((self.newest + step + numbers / 2) % numbers);
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
            let text = tally.typed(0, place);
            tally.hear(0, Instant::now(), text.as_bytes());
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
        let now = Instant::now();
        tally.hear(0, now, br#"42["user_connected",{"task_id":1}]"#);
        tally.hear(0, now, br#"42["user_typing",{"is_typing":true}]"#);
        tally.hear(0, now, br#"42["user_typing",{"task_id":0}]"#);
        tally.hear(0, now, br#"42["user_typing",{"task_id":513}]"#);
        assert_eq!((tally.deliveries, tally.doubled), (0, 0));
    }

    #[test]
    fn rooms_have_streams_of_their_own() {
        // Two rooms of two, eight numbers each.
        let mut tally = Tally::of_rooms(100, 8, 2, 4);
        let now = Instant::now();
        for place in 0..20 {
            for (stream, listener) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
                let text = tally.typed(stream, place);
                assert_eq!(tally.hear(listener, now, text.as_bytes()), Some(stream));
            }
        }
        assert_eq!(tally.faults(80), Faults { due: 80, ..Faults::default() });
        let text = tally.typed(0, 20);
        assert_eq!(tally.hear(2, now, text.as_bytes()), None, "not of this room");
        assert_eq!(tally.faults(81), Faults { due: 81, lost: 1, out_of_order: 0, doubled: 1 });
    }

    #[test]
    fn latency_is_from_saying_to_reading() {
        let mut tally = Tally::of_said(2);
        let place = tally.begin(0, 3);
        let at = Instant::now() + std::time::Duration::from_millis(40);
        tally.hear(1, at, format!(r#"{{"data":{{"place":{place}}}}}"#).as_bytes());
        assert_eq!((tally.deliveries, tally.latency.total()), (1, 1));
        assert!(tally.latency.longest() >= std::time::Duration::from_millis(40));
    }
}
