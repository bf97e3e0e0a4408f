//! What is known already of those who type and of the tasks that they type on, so that the database
//! is asked once and not for every word.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chorus_model::{ProjectId, TaskId, TaskRef};

/// The projects in which a connection has typed on a task that its user sees. Empty until somebody
/// types.
///
/// That he still sees it is for the publisher to say, who tells a signal only of a connection that
/// is in the project's room.
#[derive(Debug, Default)]
pub struct Lately {
    typed_in: Mutex<Vec<ProjectId>>,
}

/// Tasks on which somebody has typed.
#[derive(Debug, Default)]
pub(crate) struct Known {
    tasks: Mutex<Tasks>,
}

/// Those that were asked for since the young ones were last so many that they became the old ones,
/// and the old ones.
#[derive(Debug, Default)]
struct Tasks {
    young: HashMap<TaskId, TaskRef>,
    old: HashMap<TaskId, TaskRef>,
    /// How often tasks had been renamed when they were read
    /// ([`Tail::renamed`](chorus_realtime::Tail::renamed)).
    renamed: u64,
}

impl Lately {
    /// Projects that are known of one connection.
    const MOST: usize = 8;

    pub(super) fn knows(&self, project: ProjectId) -> bool {
        self.typed_in().contains(&project)
    }

    pub(super) fn note(&self, project: ProjectId) {
        let mut typed_in = self.typed_in();
        if !typed_in.contains(&project) {
            if typed_in.len() == Self::MOST {
                typed_in.remove(0);
            }
            typed_in.push(project);
        }
    }

    fn typed_in(&self) -> MutexGuard<'_, Vec<ProjectId>> {
        self.typed_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Young tasks at most, and old ones: with titles of usual length 1 MB each.
    const MOST: usize = 8192;

    /// A task that was read when tasks had been renamed so often.
    pub(super) fn get(&self, id: TaskId, renamed: u64) -> Option<TaskRef> {
        let mut tasks = self.read_at(renamed)?;
        if let Some(task) = tasks.young.get(&id) {
            return Some(task.clone());
        }
        let task = tasks.old.remove(&id)?;
        tasks.put(task.clone());
        Some(task)
    }

    /// Remembers a task that was read after tasks had been renamed so often.
    pub(super) fn put(&self, task: &TaskRef, renamed: u64) {
        if let Some(mut tasks) = self.read_at(renamed) {
            tasks.put(task.clone());
        }
    }

    /// What was read then; none if newer is known.
    fn read_at(&self, renamed: u64) -> Option<MutexGuard<'_, Tasks>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.renamed < renamed {
            *tasks = Tasks { renamed, ..Tasks::default() };
        }
        (tasks.renamed == renamed).then_some(tasks)
    }
}

impl Tasks {
    fn put(&mut self, task: TaskRef) {
        if self.young.len() == Known::MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(task.id, task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: i64) -> TaskRef {
        TaskRef { id: TaskId(id), project_id: ProjectId(1), title: format!("Task {id}") }
    }

    #[test]
    fn a_connection_is_known_in_the_last_few_projects() {
        let lately = Lately::default();
        for project in [1, 2, 2, 3, 4, 5, 6, 7, 8, 9] {
            lately.note(ProjectId(project));
        }
        assert!(!lately.knows(ProjectId(1)), "no more than so many");
        assert!((2..=9).all(|project| lately.knows(ProjectId(project))));
    }

    #[test]
    fn tasks_are_known_until_one_is_renamed() {
        let known = Known::default();
        known.put(&task(7), 5);
        assert_eq!(known.get(TaskId(7), 5), Some(task(7)));
        assert_eq!(known.get(TaskId(8), 5), None);
        assert_eq!(known.get(TaskId(7), 6), None);
        known.put(&task(7), 5);
        assert_eq!(known.get(TaskId(7), 6), None, "it was read before one was renamed");
        assert_eq!(known.get(TaskId(7), 5), None);
    }

    #[test]
    fn no_more_tasks_are_known_than_fit() {
        let known = Known::default();
        let most = i64::try_from(Known::MOST).unwrap();
        let asked_for = task(-1);
        known.put(&asked_for, 0);
        for id in 0..3 * most {
            known.put(&task(id), 0);
            assert_eq!(known.get(asked_for.id, 0).as_ref(), Some(&asked_for), "{id}");
        }
        assert_eq!(known.get(TaskId(0), 0), None);
        assert_eq!(known.get(TaskId(3 * most - 1), 0), Some(task(3 * most - 1)));
        let tasks = known.tasks.lock().unwrap();
        assert!(tasks.young.len().max(tasks.old.len()) <= Known::MOST);
    }
}
