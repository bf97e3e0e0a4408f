//! Follows every write from its request to its last delivery.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use crate::scenario::durable::Durable;
use crate::wire;

/// The states that a task goes round: as REST writes them, and as subscribers hear them.
pub const ROUND: [(&str, &str); 4] = [
    ("in_progress", "in_progress"),
    ("done", "completed"),
    ("cancelled", "cancelled"),
    ("todo", "pending"),
];

const EVENT: &[u8] = b"42[\"task_status_changed\"";

/// All writes of a run, by caller.
pub struct Writes {
    first_task: u64,
    subscribers: usize,
    by_caller: Vec<Vec<Write>>,
    /// How many changes of each task each subscriber has heard.
    next: Vec<Vec<usize>>,
    /// Everything that each subscriber has heard, in its order.
    order: Vec<DefaultHasher>,
    under_way: usize,
    out_of_order: u64,
    heard: u64,
}

struct Write {
    sent: Instant,
    answered: Option<Instant>,
    heard: Option<Instant>,
    /// Who has not heard of it.
    left: usize,
}

impl Writes {
    /// None yet. The tasks' ids follow each other.
    pub fn new(tasks: &[u64], subscribers: usize) -> Self {
        Self {
            first_task: tasks.first().copied().unwrap_or_default(),
            subscribers,
            by_caller: tasks.iter().map(|_| Vec::new()).collect(),
            next: vec![vec![0; tasks.len()]; subscribers],
            order: vec![DefaultHasher::new(); subscribers],
            under_way: 0,
            out_of_order: 0,
            heard: 0,
        }
    }

    /// A caller writes now: the state that comes next, in the words of REST.
    pub fn begin(&mut self, caller: usize) -> &'static str {
        let writes = &mut self.by_caller[caller];
        let word = ROUND[writes.len() % ROUND.len()].0;
        let left = self.subscribers;
        writes.push(Write { sent: Instant::now(), answered: None, heard: None, left });
        self.under_way += 1;
        word
    }

    /// A caller has his answer.
    pub fn answer(&mut self, caller: usize) {
        if let Some(write) = self.by_caller[caller].last_mut() {
            write.answered = Some(Instant::now());
            self.under_way -= usize::from(write.heard.is_some());
        }
    }

    /// A subscriber heard something.
    pub fn hear(&mut self, subscriber: usize, text: &[u8]) {
        if !text.starts_with(EVENT) {
            return;
        }
        let task = wire::number_after("\"task_id\":", text).unwrap_or_default();
        let caller = usize::try_from(task.wrapping_sub(self.first_task)).unwrap_or(usize::MAX);
        let Some(writes) = self.by_caller.get_mut(caller) else { return };
        let number = self.next[subscriber][caller];
        self.next[subscriber][caller] += 1;
        self.heard += 1;
        (caller, number).hash(&mut self.order[subscriber]);
        let expected = format!("\"new_status\":\"{}\"", ROUND[number % ROUND.len()].1);
        let Some(write) = writes
            .get_mut(number)
            .filter(|_| memchr::memmem::find(text, expected.as_bytes()).is_some())
        else {
            self.out_of_order += 1;
            return;
        };
        write.left -= 1;
        if write.left == 0 {
            write.heard = Some(Instant::now());
            self.under_way -= usize::from(write.answered.is_some());
        }
    }

    /// Whether every write was answered, and heard by all.
    pub fn is_settled(&self) -> bool {
        self.under_way == 0
    }

    /// The figures.
    pub fn sum_up(&self, wall: Duration, cpu: Duration) -> Durable {
        let all = || self.by_caller.iter().flatten();
        let count = all().count();
        let due = (count * self.subscribers) as u64;
        let orders = self.order.iter().map(DefaultHasher::finish);
        let times = |end: fn(&Write) -> Option<Instant>| {
            parts(all().filter_map(|write| Some(end(write)?.duration_since(write.sent))).collect())
        };
        Durable {
            rate: count as f64 / wall.as_secs_f64(),
            answered: times(|write| write.answered),
            heard: times(|write| write.heard),
            cpu: cpu.div_f64(count.max(1) as f64),
            due,
            lost: due.saturating_sub(self.heard),
            out_of_order: self.out_of_order,
            same_order: orders.clone().all(|order| Some(order) == orders.clone().next()),
        }
    }
}

/// What half of them stay within, and what 99 of 100 do.
pub fn parts(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort_unstable();
    [50, 99].map(|percent| {
        let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(at).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(task: u64, status: &str) -> String {
        format!(r#"42["task_status_changed",{{"new_status":"{status}","task_id":{task}}}]"#)
    }

    fn sum_up(heard: [&[(u64, &str)]; 2]) -> (u64, u64, bool, bool) {
        let mut writes = Writes::new(&[5, 6], 2);
        for caller in [0, 0, 1] {
            writes.begin(caller);
            writes.answer(caller);
        }
        for (subscriber, changes) in heard.iter().enumerate() {
            for (task, status) in *changes {
                writes.hear(subscriber, change(*task, status).as_bytes());
            }
        }
        let durable = writes.sum_up(Duration::from_secs(1), Duration::ZERO);
        assert_eq!(durable.due, 6);
        (durable.lost, durable.out_of_order, durable.same_order, writes.is_settled())
    }

    #[test]
    fn all_in_one_order_is_clean() {
        let all = [(5, "in_progress"), (6, "in_progress"), (5, "completed")];
        assert_eq!(sum_up([&all, &all]), (0, 0, true, true));
    }

    #[test]
    fn each_in_its_own_order_is_noticed() {
        let one = [(5, "in_progress"), (6, "in_progress"), (5, "completed")];
        let two = [(6, "in_progress"), (5, "in_progress"), (5, "completed")];
        assert_eq!(sum_up([&one, &two]), (0, 0, false, true));
    }

    #[test]
    fn changed_places_and_losses_are_counted() {
        let right = [(5, "in_progress"), (5, "completed"), (6, "in_progress")];
        let swapped = [(5, "completed"), (5, "in_progress"), (6, "in_progress")];
        assert_eq!(sum_up([&right, &swapped]), (0, 2, true, false));
        assert_eq!(sum_up([&right, &right[..2]]), (1, 0, false, false));
    }

    #[test]
    fn parts_are_of_all_times() {
        let times = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(parts(times), [101, 199].map(Duration::from_millis));
        assert_eq!(parts(Vec::new()), [Duration::ZERO; 2]);
    }
}
