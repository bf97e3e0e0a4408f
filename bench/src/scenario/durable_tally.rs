//! Follows every write from its request to its last delivery.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Instant;

use crate::histogram::Histogram;
use crate::tally::Faults;
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
    deliveries: u64,
    /// From each request to its answer.
    pub answered: Histogram,
    /// From each request to its last delivery.
    pub heard: Histogram,
}

struct Write {
    sent: Instant,
    is_answered: bool,
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
            deliveries: 0,
            answered: Histogram::default(),
            heard: Histogram::default(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_caller.iter().map(Vec::len).sum()
    }

    /// The state that a caller writes, in the words of REST.
    pub fn state(&self, caller: usize) -> &'static str {
        ROUND[self.by_caller[caller].len().saturating_sub(1) % ROUND.len()].0
    }

    /// A caller writes now: the state that comes next, in the words of REST.
    pub fn begin(&mut self, caller: usize) -> &'static str {
        let left = self.subscribers;
        self.by_caller[caller].push(Write { sent: Instant::now(), is_answered: false, left });
        self.under_way += 1;
        self.state(caller)
    }

    /// A caller has his answer.
    pub fn answer(&mut self, caller: usize) {
        if let Some(write) = self.by_caller[caller].last_mut() {
            write.is_answered = true;
            self.answered.record(write.sent.elapsed());
            self.under_way -= usize::from(write.left == 0);
        }
    }

    /// A subscriber heard something.
    pub fn hear(&mut self, subscriber: usize, at: Instant, text: &[u8]) {
        if !text.starts_with(EVENT) {
            return;
        }
        let task = wire::number_after("\"task_id\":", text).unwrap_or_default();
        let caller = usize::try_from(task.wrapping_sub(self.first_task)).unwrap_or(usize::MAX);
        let Some(writes) = self.by_caller.get_mut(caller) else { return };
        let number = self.next[subscriber][caller];
        self.next[subscriber][caller] += 1;
        self.deliveries += 1;
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
            self.heard.record(at.saturating_duration_since(write.sent));
            self.under_way -= usize::from(write.is_answered);
        }
    }

    /// Whether every write was answered, and heard by all.
    pub fn is_settled(&self) -> bool {
        self.under_way == 0
    }

    /// What was wrong. That subscribers heard the tasks' changes in several orders is one fault more.
    pub fn faults(&self) -> Faults {
        let due = (self.count() * self.subscribers) as u64;
        let orders = self.order.iter().map(DefaultHasher::finish);
        let same_order = orders.clone().all(|order| Some(order) == orders.clone().next());
        Faults {
            due,
            lost: due.saturating_sub(self.deliveries),
            out_of_order: self.out_of_order + u64::from(!same_order),
            doubled: self.deliveries.saturating_sub(due),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(task: u64, status: &str) -> String {
        format!(r#"42["task_status_changed",{{"new_status":"{status}","task_id":{task}}}]"#)
    }

    fn faults(heard: [&[(u64, &str)]; 2]) -> (u64, u64, bool) {
        let mut writes = Writes::new(&[5, 6], 2);
        for caller in [0, 0, 1] {
            assert_eq!(writes.begin(caller), writes.state(caller));
            writes.answer(caller);
        }
        for (subscriber, changes) in heard.iter().enumerate() {
            for (task, status) in *changes {
                writes.hear(subscriber, Instant::now(), change(*task, status).as_bytes());
            }
        }
        let faults = writes.faults();
        assert_eq!((faults.due, faults.doubled, writes.answered.total()), (6, 0, 3));
        (faults.lost, faults.out_of_order, writes.is_settled())
    }

    #[test]
    fn all_in_one_order_is_clean() {
        let all = [(5, "in_progress"), (6, "in_progress"), (5, "completed")];
        assert_eq!(faults([&all, &all]), (0, 0, true));
    }

    #[test]
    fn each_in_its_own_order_is_a_fault() {
        let one = [(5, "in_progress"), (6, "in_progress"), (5, "completed")];
        let two = [(6, "in_progress"), (5, "in_progress"), (5, "completed")];
        assert_eq!(faults([&one, &two]), (0, 1, true));
    }

    #[test]
    fn changed_places_and_losses_are_counted() {
        let right = [(5, "in_progress"), (5, "completed"), (6, "in_progress")];
        let swapped = [(5, "completed"), (5, "in_progress"), (6, "in_progress")];
        assert_eq!(faults([&right, &swapped]), (0, 2, false));
        assert_eq!(faults([&right, &right[..2]]), (1, 1, false));
    }
}
