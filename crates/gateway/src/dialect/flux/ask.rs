//! What clients of Flux Studio say.

use chorus_collab::fields::id_of;
use chorus_collab::{Command, Fault, Noun};
use chorus_model::{ProjectId, TaskId};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dialect::{Ask, Decoded, Echo};

/// The one word that can fail for want of the server.
pub(super) const JOIN: &str = "join:project";

pub(super) fn decode(name: &str, args: &[&RawValue]) -> Decoded {
    let read = || payload(args);
    match name {
        JOIN => join(&read()),
        "leave:project" => leave(&read()),
        "task:created" => made(&read(), "task:created"),
        "task:updated" => made(&read(), "task:updated"),
        "task:deleted" => deleted(&read()),
        _ => Decoded::Unknown,
    }
}

/// Who joins is who shows the token: `userId` and `userName` are not read.
fn join(object: &Map<String, Value>) -> Decoded {
    match project(object) {
        Some(project) => ask(Ask::Join(project), JOIN),
        None => missing(Noun::Project, JOIN),
    }
}

fn leave(object: &Map<String, Value>) -> Decoded {
    project(object).map_or(Decoded::Silent, |project| ask(Ask::Leave(project), "leave:project"))
}

/// A claim that a task was made or changed over REST.
fn made(object: &Map<String, Value>, word: &'static str) -> Decoded {
    match object.get("task").and_then(|task| task.get("id")).and_then(id_of) {
        Some(id) => command(Command::AnnounceTask { task: TaskId(id) }, word),
        None => missing(Noun::Task, word),
    }
}

/// A claim that a task was deleted over REST.
fn deleted(object: &Map<String, Value>) -> Decoded {
    let word = "task:deleted";
    match object.get("taskId").and_then(id_of) {
        Some(id) => command(Command::AnnounceDeletion { task: TaskId(id) }, word),
        None => missing(Noun::Task, word),
    }
}

fn project(object: &Map<String, Value>) -> Option<ProjectId> {
    object.get("projectId").and_then(id_of).map(ProjectId)
}

/// The first argument, if it is an object: anything else is an object without fields.
fn payload(args: &[&RawValue]) -> Map<String, Value> {
    let first = args.first().map(|raw| raw.get()).unwrap_or_default();
    serde_json::from_str(first).unwrap_or_default()
}

fn command(command: Command, word: &'static str) -> Decoded {
    ask(Ask::Command(Box::new(command), None), word)
}

fn ask(ask: Ask, word: &'static str) -> Decoded {
    Decoded::Ask(ask, echo(word))
}

/// What is named by no id cannot be there.
fn missing(noun: Noun, word: &'static str) -> Decoded {
    Decoded::Refused(Fault::NotFound(noun), echo(word))
}

fn echo(word: &'static str) -> Echo {
    // Nothing is repeated: replies carry ids as they are stored.
    Echo { word, written: "".into() }
}
