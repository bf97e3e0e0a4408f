//! What completion offers: commands, and the rooms and tasks that were seen.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use serde_json::Value;

use super::command::{TASK_WORDS, WORDS};

/// Where events and answers name a task.
const TASK_IDS: &[&str] =
    &["/payload/task/id", "/data/task_id", "/data/id", "/task/id", "/task_id", "/taskId", "/id"];

/// Rooms and tasks that were seen, shared by the connection and the line that is edited.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    rooms: BTreeSet<String>,
    tasks: BTreeSet<u64>,
}

impl Known {
    /// Notes a room.
    pub(super) fn room(&self, room: String) {
        self.with(|seen| seen.rooms.insert(room));
    }

    /// Notes a task.
    pub(super) fn task(&self, task: u64) {
        self.with(|seen| seen.tasks.insert(task));
    }

    /// Notes the task that something is about, if it is about one.
    pub(super) fn note(&self, name: &str, told: &Value) {
        let number = |id: &Value| id.as_u64().or_else(|| id.as_str()?.parse().ok());
        let id = TASK_IDS.iter().find_map(|pointer| number(told.pointer(pointer)?));
        if let Some(id) = id.filter(|_| name.contains("task")) {
            self.task(id);
        }
    }

    /// Where the last word of a line begins, and what it may become.
    fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let before: Vec<&str> = line[..start].split_whitespace().collect();
        let all: Vec<String> = self.with(|seen| match before[..] {
            [] => owned(WORDS),
            ["join" | "leave" | "send"] => seen.rooms.iter().cloned().collect(),
            ["typing"] | ["task", "update" | "status" | "delete"] => {
                seen.tasks.iter().map(u64::to_string).collect()
            }
            ["typing", _] => owned(&["on", "off"]),
            ["task"] => owned(TASK_WORDS),
            ["who"] | ["task", "list" | "create"] => {
                let projects = seen.rooms.iter().filter_map(|room| room.strip_prefix("project:"));
                projects.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        });
        let fitting = all.into_iter().filter(|each| each.starts_with(&line[start..]));
        (start, fitting.collect())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

impl Completer for Known {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(&line[..pos]))
    }
}

impl Hinter for Known {
    type Hint = String;
}
impl Highlighter for Known {}
impl Validator for Known {}
impl Helper for Known {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_seen_is_offered_where_it_fits() {
        let known = Known::default();
        known.room("project:7".into());
        known.room("channel:a".into());
        known.note("task.created", &json!({"payload": {"task": {"id": 12}}}));
        known.note("presence", &json!({"id": 99}));
        for (line, expected) in [
            ("t", (0, vec!["typing", "task"])),
            ("join p", (5, vec!["project:7"])),
            ("send ", (5, vec!["channel:a", "project:7"])),
            ("task ", (5, TASK_WORDS.to_vec())),
            ("task status ", (12, vec!["12"])),
            ("typing 12 o", (10, vec!["on", "off"])),
            ("who ", (4, vec!["7"])),
            ("send project:7 t", (15, vec![])),
        ] {
            let (start, found) = known.candidates(line);
            assert_eq!((start, found), (expected.0, owned(&expected.1)), "{line:?}");
        }
    }
}
