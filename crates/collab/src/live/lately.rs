//! What a connection has typed on.

use std::sync::{Mutex, PoisonError};

use chorus_model::{TaskId, TaskRef};

/// The tasks that a connection typed on last, each with how often tasks had been renamed when it
/// was read ([`Tail::renamed`](chorus_realtime::Tail::renamed)). Empty until somebody types.
#[derive(Debug, Default)]
pub struct Lately {
    typed_on: Mutex<Vec<(TaskRef, u64)>>,
}

impl Lately {
    /// Tasks that are known of one connection.
    const MOST: usize = 8;

    pub(super) fn get(&self, id: TaskId, renamed: u64) -> Option<TaskRef> {
        let mut typed_on = self.typed_on.lock().unwrap_or_else(PoisonError::into_inner);
        typed_on.retain(|(_, read)| *read == renamed);
        typed_on.iter().find(|(task, _)| task.id == id).map(|(task, _)| task.clone())
    }

    pub(super) fn put(&self, task: TaskRef, renamed: u64) {
        let mut typed_on = self.typed_on.lock().unwrap_or_else(PoisonError::into_inner);
        if typed_on.len() == Self::MOST {
            typed_on.remove(0);
        }
        typed_on.push((task, renamed));
    }
}

#[cfg(test)]
mod tests {
    use chorus_model::ProjectId;

    use super::*;

    fn task(id: i64) -> TaskRef {
        TaskRef { id: TaskId(id), project_id: ProjectId(1), title: format!("Task {id}") }
    }

    #[test]
    fn the_last_few_are_known_until_one_is_renamed() {
        let lately = Lately::default();
        for id in 1..=9 {
            lately.put(task(id), 5);
        }
        assert_eq!(lately.get(TaskId(1), 5), None, "no more than so many");
        assert_eq!(lately.get(TaskId(2), 5), Some(task(2)));
        assert_eq!(lately.get(TaskId(9), 5), Some(task(9)));
        assert_eq!(lately.get(TaskId(9), 6), None);
        assert_eq!(lately.get(TaskId(9), 5), None, "what was read before is forgotten");
    }
}
