//! What clients of the Task Manager app say.

use chorus_collab::command::{Announced, ProjectPatch, TaskPatch};
use chorus_collab::fields::id_of;
use chorus_collab::{Command, Fault, Fields};
use chorus_model::text::{Description, Name, Rule, Title};
use chorus_model::{CommentId, Invalid, Priority, ProjectId, TaskId, UserId, Word};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{STATUS_WORDS, status_of};
use crate::dialect::{Ask, Decoded, Echo};

/// The app's own limits, narrower than the server's, in characters.
const TITLE: usize = 200;
const TASK_DESCRIPTION: usize = 2_000;
const PROJECT_DESCRIPTION: usize = 1_000;

pub(super) fn decode(name: &str, args: &[&RawValue]) -> Decoded {
    let read = || payload(args);
    match name {
        "join_project" => join_project(&read()),
        "leave_project" => leave_project(&read()),
        "task_created" => task_created(&read()),
        "task_updated" => task_updated(&read()),
        "task_status_changed" => task_status_changed(&read()),
        "task_deleted" => task_deleted(&read()),
        "comment_added" => comment_added(&read()),
        "project_updated" => project_updated(&read()),
        "user_typing" => user_typing(&read()),
        "get_online_users" => get_online_users(&read()),
        "ping" => Decoded::Ask(Ask::Ping, Echo { word: "ping", written: "".into() }),
        _ => Decoded::Unknown,
    }
}

fn join_project(object: &Map<String, Value>) -> Decoded {
    let Some(written) = given(object, "project_id") else {
        return wrong("Project ID required");
    };
    let Some(id) = id_of(written) else {
        return wrong("Access denied to project");
    };
    ask(Ask::Join(ProjectId(id)), "join_project", written)
}

fn leave_project(object: &Map<String, Value>) -> Decoded {
    let Some(written) = given(object, "project_id") else {
        return Decoded::Silent;
    };
    let Some(id) = id_of(written) else {
        return Decoded::Silent;
    };
    ask(Ask::Leave(ProjectId(id)), "leave_project", written)
}

fn task_created(object: &Map<String, Value>) -> Decoded {
    let (Some(task), Some(_)) = (given(object, "task_id"), given(object, "project_id")) else {
        return wrong("Task ID and Project ID required");
    };
    let Some(id) = id_of(task) else {
        return wrong("Task not found");
    };
    command(Command::AnnounceTask { task: TaskId(id) }, "task_created")
}

fn task_updated(object: &Map<String, Value>) -> Decoded {
    let Some(task) = given(object, "task_id") else {
        return wrong("Task ID required");
    };
    let Some(id) = id_of(task) else {
        return wrong("Task not found");
    };
    let changes = match changes(object) {
        Ok(changes) => changes,
        Err(text) => return wrong(text),
    };
    match task_patch(&changes) {
        Ok(patch) => command(
            Command::UpdateTask {
                task: TaskId(id),
                patch,
                if_version: None,
                announced: Some(Announced { old_status: None }),
            },
            "task_updated",
        ),
        Err(fault) => Decoded::Wrong(fault.to_string()),
    }
}

fn task_status_changed(object: &Map<String, Value>) -> Decoded {
    let (Some(task), Some(new)) = (given(object, "task_id"), given(object, "new_status")) else {
        return wrong("Task ID and new status required");
    };
    let Some(id) = id_of(task) else {
        return wrong("Task not found");
    };
    let Some(status) = new.as_str().and_then(status_of) else {
        return Decoded::Wrong(Invalid::new("new_status", Rule::OneOf(STATUS_WORDS)).to_string());
    };
    let old_status = match given(object, "old_status") {
        None => None,
        Some(old) => match old.as_str().and_then(status_of) {
            Some(word) => Some(word),
            // No task is shown that way: the claim is stale, whatever it is about.
            None => {
                return command(Command::AnnounceTask { task: TaskId(id) }, "task_status_changed");
            }
        },
    };
    command(
        Command::UpdateTask {
            task: TaskId(id),
            patch: TaskPatch { status: Some(status), ..TaskPatch::default() },
            if_version: None,
            announced: Some(Announced { old_status }),
        },
        "task_status_changed",
    )
}

fn task_deleted(object: &Map<String, Value>) -> Decoded {
    let (Some(task), Some(_)) = (given(object, "task_id"), given(object, "project_id")) else {
        return wrong("Task ID and Project ID required");
    };
    let Some(id) = id_of(task) else {
        return wrong("Task not found");
    };
    let delete = Command::DeleteTask { task: TaskId(id), if_version: None, announced: true };
    command(delete, "task_deleted")
}

fn comment_added(object: &Map<String, Value>) -> Decoded {
    let (Some(comment), Some(task)) = (given(object, "comment_id"), given(object, "task_id"))
    else {
        return wrong("Comment ID and Task ID required");
    };
    let (Some(comment), Some(task)) = (id_of(comment), id_of(task)) else {
        return wrong("Comment or task not found");
    };
    let announce = Command::AnnounceComment { task: TaskId(task), comment: CommentId(comment) };
    command(announce, "comment_added")
}

fn project_updated(object: &Map<String, Value>) -> Decoded {
    let Some(project) = given(object, "project_id") else {
        return wrong("Project ID required");
    };
    let Some(id) = id_of(project) else {
        return wrong("Project not found");
    };
    let changes = match changes(object) {
        Ok(changes) => changes,
        Err(text) => return wrong(text),
    };
    match project_patch(&changes) {
        Ok(patch) => command(
            Command::UpdateProject {
                project: ProjectId(id),
                patch,
                if_version: None,
                announced: true,
            },
            "project_updated",
        ),
        Err(fault) => Decoded::Wrong(fault.to_string()),
    }
}

fn user_typing(object: &Map<String, Value>) -> Decoded {
    let Some(written) = given(object, "task_id") else {
        return Decoded::Silent;
    };
    let Some(id) = id_of(written) else {
        return Decoded::Silent;
    };
    let typing = object.get("is_typing").and_then(Value::as_bool).unwrap_or(false);
    ask(Ask::Typing { task: TaskId(id), typing }, "user_typing", written)
}

fn get_online_users(object: &Map<String, Value>) -> Decoded {
    let project = match object.get("project_id") {
        // The pages ask so on every load, before they know their project.
        Some(null @ Value::Null) => return ask(Ask::Online(None), "get_online_users", null),
        _ => given(object, "project_id"),
    };
    let Some(written) = project else {
        return wrong("Project ID required");
    };
    let Some(id) = id_of(written) else {
        return wrong("Access denied to project");
    };
    ask(Ask::Online(Some(ProjectId(id))), "get_online_users", written)
}

fn task_patch(changes: &Map<String, Value>) -> Result<TaskPatch, Fault> {
    let mut fields = Fields::new(changes);
    let patch = TaskPatch {
        title: fields.text("title", |name, text| within(text, name, TITLE, Title::parse)),
        description: fields.nullable_text("description", |name, text| {
            within(text, name, TASK_DESCRIPTION, Description::parse)
        }),
        status: fields.word("status", |word| status_of(word).ok_or(Rule::OneOf(STATUS_WORDS))),
        priority: fields.word("priority", |word| Priority::parse(word).map(Word::exact)),
        assignee: fields.nullable_id("assigned_to").map(|id| id.map(UserId)),
        due_date: fields.nullable_instant("due_date"),
        ..TaskPatch::default()
    };
    fields.finish()?;
    Ok(patch)
}

fn project_patch(changes: &Map<String, Value>) -> Result<ProjectPatch, Fault> {
    let mut fields = Fields::new(changes);
    let patch = ProjectPatch {
        name: fields.text("name", Name::parse),
        description: fields.nullable_text("description", |name, text| {
            within(text, name, PROJECT_DESCRIPTION, Description::parse)
        }),
        ..ProjectPatch::default()
    };
    fields.finish()?;
    Ok(patch)
}

fn within<T>(
    text: &str,
    name: &'static str,
    most: usize,
    parse: impl FnOnce(&'static str, &str) -> Result<T, Invalid>,
) -> Result<T, Invalid> {
    if text.trim().chars().count() > most {
        return Err(Invalid::new(name, Rule::TooLong(most)));
    }
    parse(name, text)
}

/// The `changes` of an update, with `{"old": …, "new": …}` taken for its new value.
fn changes(object: &Map<String, Value>) -> Result<Map<String, Value>, &'static str> {
    let Some(given) = given(object, "changes") else {
        return Ok(Map::new());
    };
    let Value::Object(given) = given else {
        return Err("changes must be an object");
    };
    let new = |value: &Value| match value {
        Value::Object(pair) if pair.contains_key("new") => pair["new"].clone(),
        other => other.clone(),
    };
    Ok(given.iter().map(|(name, value)| (name.clone(), new(value))).collect())
}

/// The one argument, if it is an object: anything else is an object without fields.
fn payload(args: &[&RawValue]) -> Map<String, Value> {
    let first = args.first().map(|raw| raw.get()).unwrap_or_default();
    serde_json::from_str(first).unwrap_or_default()
}

/// A field that says something: the app takes null, false, 0 and "" for missing.
fn given<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => true,
    })
}

fn ask(ask: Ask, word: &'static str, written: &Value) -> Decoded {
    Decoded::Ask(ask, Echo { word, written: written.to_string().into() })
}

fn command(command: Command, word: &'static str) -> Decoded {
    Decoded::Ask(Ask::Command(Box::new(command), None), Echo { word, written: "".into() })
}

fn wrong(text: &str) -> Decoded {
    Decoded::Wrong(text.to_owned())
}
