//! The language from both sides, without sockets: what is understood, and what is said.

use std::sync::Arc;

use chorus_collab::Command;
use chorus_model::task::{Change, TaskChanges};
use chorus_model::{ItemChange, Priority, Task, TaskId, TaskStatus, UserId};
use serde_json::Value;

use super::*;
use crate::dialect::fixture::{self, WIRE, at, said};
use crate::dialect::{Ask, Echo};

fn decode(name: &str, arguments: &[&str]) -> Decoded {
    fixture::decode(&Flux::default(), name, arguments)
}

fn person(id: i64, name: &str) -> UserRef {
    UserRef {
        id: UserId(id),
        username: name.to_lowercase(),
        full_name: format!("{name} <Smith>"),
        email: Some(format!("{name}@x")),
    }
}

fn task() -> Task {
    Task {
        priority: Priority::High,
        assignee: Some(person(3, "Carol")),
        creator: person(1, "Alice"),
        due_date: Timestamp::parse("2026-12-31T23:59:59"),
        estimated_hours: Some(2.0),
        updated_at: at("2026-11-20T10:28:54.000999Z"),
        ..fixture::task()
    }
}

fn event(body: Body) -> Event {
    Event { actor: person(2, "Bob"), ..fixture::event(body) }
}

/// What is told of an event: the second word and the first.
fn told(body: Body) -> Option<(Value, (String, Value))> {
    let (flux, event) = (Flux::default(), event(body));
    let companion = flux.companion(&WIRE, &event);
    let frame = flux.encode(&WIRE, &event);
    assert_eq!(companion.is_some(), frame.is_some(), "never one without the other");
    let (name, activity) = said(&companion?);
    assert_eq!(name, "activity:new");
    Some((activity, said(&frame?)))
}

fn updated(changes: TaskChanges) -> Option<(Value, (String, Value))> {
    told(Body::TaskUpdated { task: task(), changes })
}

fn change<T>(old: T, new: T) -> Change<T> {
    Change { old, new }
}

#[test]
fn claims_name_a_task_and_nothing_else_of_them_counts() {
    let made = r#"{"projectId":"nonsense","task":{"id":"12","title":7},"userId":"9"}"#;
    for name in ["task:created", "task:updated"] {
        let Decoded::Ask(Ask::Command(command, None), _) = decode(name, &[made]) else { panic!() };
        assert_eq!(*command, Command::AnnounceTask { task: TaskId(12) });
    }
    let gone = r#"{"taskId":12}"#;
    let Decoded::Ask(Ask::Command(command, None), _) = decode("task:deleted", &[gone]) else {
        panic!()
    };
    assert_eq!(*command, Command::AnnounceDeletion { task: TaskId(12) });
}

#[test]
fn what_names_nothing_is_not_found() {
    let odd = [
        "null",
        "7",
        "[]",
        "\"x\"",
        "{}",
        "{\"projectId\":{}}",
        "{\"projectId\":-1,\"taskId\":0}",
        "{\"projectId\":9223372036854775808,\"taskId\":1e300}",
        "{\"task\":[{\"id\":1}]}",
        "{\"projectId\":\"99999999999999999999\",\"task\":null,\"taskId\":\"temp-1\"}",
    ];
    let none = std::iter::once(&[][..]).chain(odd.iter().map(std::slice::from_ref));
    for arguments in none {
        for (name, noun) in [
            ("join:project", Noun::Project),
            ("task:created", Noun::Task),
            ("task:updated", Noun::Task),
            ("task:deleted", Noun::Task),
        ] {
            match decode(name, arguments) {
                Decoded::Refused(fault, _) => assert_eq!(fault, Fault::NotFound(noun)),
                other => panic!("{name} {arguments:?}: {other:?}"),
            }
        }
        assert!(matches!(decode("leave:project", arguments), Decoded::Silent), "{arguments:?}");
    }
    assert!(matches!(decode("task_created", &["{}"]), Decoded::Unknown));
}

#[test]
fn a_created_task_has_eleven_fields() {
    let (activity, (name, created)) = told(Body::TaskCreated { task: task() }).unwrap();
    assert_eq!(name, "task:created");
    let expected = json!({
        "projectId": "7",
        "task": {
            "id": "1", "title": "&lt;b>T1", "description": "", "status": "in_progress",
            "priority": "high", "assignedTo": "3", "dueDate": "2026-12-31T23:59:59.000Z",
            "createdBy": "1", "createdAt": "2026-11-20T10:28:53.637Z",
            "updatedAt": "2026-11-20T10:28:54.000Z", "completedAt": null,
        },
        "userId": "2", "userName": "Bob &lt;Smith>", "timestamp": "2026-11-20T10:28:55.034Z",
    });
    assert_eq!(created, expected);
    let expected = json!({
        "type": "task.created", "userId": "2", "userName": "Bob &lt;Smith>",
        "userEmail": "Bob@x", "userAvatar": null, "entityType": "task", "entityId": "1",
        "entityTitle": "&lt;b>T1", "action": "created task \"&lt;b>T1\"",
        "metadata": { "status": "in_progress", "priority": "high" },
    });
    assert_eq!(activity, expected);
}

#[test]
fn a_deleted_task_is_told_by_its_id() {
    let (activity, (name, deleted)) = told(Body::TaskDeleted { task: task() }).unwrap();
    assert_eq!(name, "task:deleted");
    let expected = json!({
        "projectId": "7", "taskId": "1", "userId": "2", "userName": "Bob &lt;Smith>",
        "timestamp": "2026-11-20T10:28:55.034Z",
    });
    assert_eq!(deleted, expected);
    assert_eq!((&activity["type"], &activity["metadata"]), (&json!("task.deleted"), &json!({})));
}

#[test]
fn the_history_keeps_one_field_of_three() {
    let none = TaskChanges::default;
    let status = |old, new| TaskChanges { status: Some(change(old, new)), ..none() };
    let of = |changes| {
        let (activity, (name, _)) = updated(changes).unwrap();
        assert_eq!(name, "task:updated");
        (activity["type"].clone(), activity["metadata"].clone())
    };
    let kept = |field, old, new| json!({ "field": field, "oldValue": old, "newValue": new });

    let title = TaskChanges { title: Some(change("T0".into(), "T1".into())), ..none() };
    assert_eq!(of(title), (json!("task.updated"), json!({})));
    let (kind, metadata) = of(status(TaskStatus::Todo, TaskStatus::Cancelled));
    assert_eq!(kind, "task.completed");
    assert_eq!(metadata, kept("status", json!("todo"), json!("completed")));
    assert_eq!(of(status(TaskStatus::Done, TaskStatus::Review)).0, "task.updated");
    let priority =
        TaskChanges { priority: Some(change(Priority::Low, Priority::Critical)), ..none() };
    assert_eq!(of(priority).1, kept("priority", json!("low"), json!("critical")));
    let assignee = TaskChanges { assignee: Some(change(None, Some(person(3, "Carol")))), ..none() };
    assert_eq!(of(assignee).1, kept("assignedTo", json!(null), json!("3")));
}

#[test]
fn what_is_shown_alike_is_not_told() {
    let status =
        |old, new| TaskChanges { status: Some(change(old, new)), ..TaskChanges::default() };
    assert_eq!(updated(status(TaskStatus::InProgress, TaskStatus::Blocked)), None);
    assert_eq!(updated(status(TaskStatus::Done, TaskStatus::Cancelled)), None);
    let place = TaskChanges { position: Some(change(1.0, 2.0)), ..TaskChanges::default() };
    assert_eq!(updated(place), None);
}

#[test]
fn one_command_is_told_once() {
    let changes = TaskChanges {
        status: Some(change(TaskStatus::Todo, TaskStatus::Review)),
        assignee: Some(change(None, Some(person(3, "Carol")))),
        ..TaskChanges::default()
    };
    let status = |lead| {
        let (task, changes) = (task(), changes.clone());
        told(Body::TaskStatusChanged { task, old: TaskStatus::Todo, changes, lead })
    };
    assert!(status(true).is_some());
    assert_eq!(status(false), None);
    let (task, changes) = (task(), changes.clone());
    assert_eq!(told(Body::TaskAssigned { task, old: None, changes, lead: false }), None);
}

/// What became of a milestone, of which this was changed.
fn milestone(kind: &str, status: &str, changes: &Value) -> Box<ItemChange> {
    let item = json!({
        "id": 5, "kind": kind, "project_id": 7, "parent_id": null, "position": 1.0, "version": 2,
        "creator_id": 1, "creator": person(1, "Alice"), "created_at": fixture::MADE,
        "updated_at": fixture::MADE, "title": "<b>Roof on", "status": status,
    });
    serde_json::from_value(json!({ "item": item, "changes": changes, "totals": {} })).unwrap()
}

#[test]
fn a_milestone_is_a_line_of_the_history() {
    let flux = Flux::default();
    let line = |body| {
        let event = event(body);
        assert!(flux.companion(&WIRE, &event).is_none(), "nothing goes before it");
        let (name, line) = said(&flux.encode(&WIRE, &event)?);
        assert_eq!((&*name, flux.word(&event)), ("activity:new", Some("activity:new")));
        Some(line)
    };
    let created = line(Body::ItemCreated(milestone("milestone", "todo", &json!({}))));
    let expected = json!({
        "type": "milestone.created", "userId": "2", "userName": "Bob &lt;Smith>",
        "userEmail": "Bob@x", "userAvatar": null, "entityType": "milestone", "entityId": "5",
        "entityTitle": "&lt;b>Roof on", "action": "created milestone \"&lt;b>Roof on\"",
        "metadata": { "status": "todo" },
    });
    assert_eq!(created, Some(expected));
    let updated = |status, changes| {
        let line = line(Body::ItemUpdated(milestone("milestone", status, &changes)))?;
        Some((line["type"].clone(), line["metadata"].clone()))
    };
    let status = |old, new| json!({ "status": { "old": old, "new": new } });
    let kept = |old, new| json!({ "field": "status", "oldValue": old, "newValue": new });
    let done = (json!("milestone.completed"), kept("in_progress", "completed"));
    assert_eq!(updated("done", status("in_progress", "done")), Some(done));
    let reopened = (json!("milestone.updated"), kept("completed", "todo"));
    assert_eq!(updated("todo", status("done", "todo")), Some(reopened));
    let due = json!({ "due_date": { "old": null, "new": "2026-12-31T00:00:00Z" } });
    assert_eq!(updated("done", due), Some((json!("milestone.updated"), json!({}))));
    assert_eq!(updated("todo", json!({ "position": { "old": 1.0, "new": 2.0 } })), None);
    assert_eq!(line(Body::ItemDeleted(milestone("milestone", "done", &json!({})))), None);
    let script = event(Body::ItemCreated(milestone("script", "todo", &json!({}))));
    assert!(flux.word(&script).is_none() && flux.encode(&WIRE, &script).is_none());
}

#[test]
fn who_joins_is_in_the_list_once() {
    let (flux, carol) = (Flux::default(), person(3, "Carol"));
    let echo = Echo::default();
    let to = To { user: &carol, echo: &echo, now: at("2026-11-20T10:00:02Z") };
    let there = |id, name: &str, since| Present {
        user: Arc::new(person(id, name)),
        since: at(since),
        last_activity: at(since),
    };
    let entry = |id, name, since| json!({ "id": id, "name": name, "joinedAt": since });
    let heard = |present: Vec<Present>| {
        let joined = Reply::Joined { project: ProjectId(7), present };
        let frames = flux.reply(&WIRE, &to, &joined);
        assert_eq!(frames.len(), 1);
        let (name, list) = said(&frames[0]);
        assert_eq!((&*name, &list["projectId"]), ("presence:update", &json!("7")));
        list["users"].clone()
    };
    let bob = entry("2", "Bob &lt;Smith>", "2026-11-20T10:00:00.000Z");
    let first = vec![there(2, "Bob", "2026-11-20T10:00:00Z")];
    let now = entry("3", "Carol &lt;Smith>", "2026-11-20T10:00:02.000Z");
    assert_eq!(heard(first.clone()), json!([bob, now]));
    let again = first.into_iter().chain([there(3, "Carol", "2026-11-20T10:00:01Z")]).collect();
    let since = entry("3", "Carol &lt;Smith>", "2026-11-20T10:00:01.000Z");
    assert_eq!(heard(again), json!([bob, since]));
}

#[test]
fn faults_have_the_apps_texts() {
    for (word, fault, text) in [
        ("join:project", Fault::NotFound(Noun::Project), "Project not found"),
        ("join:project", Fault::Forbidden, "Access denied to project"),
        ("join:project", Fault::Unavailable, "Error joining project"),
        ("task:updated", Fault::NotFound(Noun::Task), "Task not found"),
        ("task:updated", Fault::Unavailable, "The server is unavailable, try again later"),
        ("task:updated", Fault::Deactivated, "Invalid or expired token"),
        ("leave:project", Fault::TooManyRequests, "Too many requests"),
    ] {
        assert_eq!(fault_text(word, &fault), text, "{word} {fault:?}");
    }
}

#[test]
fn the_token_is_in_the_payload_alone() {
    let handshake = Handshake { query: "EIO=4&token=query".into(), ..Handshake::default() };
    let shown = |payload: &str| {
        let payload: Box<RawValue> = serde_json::from_str(payload).unwrap();
        let flux = Flux::default();
        let tokens = flux.credentials(&handshake, Some(&payload));
        tokens.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(r#"{"token":"abc"}"#), ["abc"]);
    for nothing in ["{}", "null", "[]", r#"{"token":""}"#, r#"{"token":null}"#, r#"{"token":7}"#] {
        assert!(shown(nothing).is_empty(), "{nothing}");
    }
    assert!(Flux::default().credentials(&handshake, None).is_empty());
}

#[test]
fn raw_texts_can_be_asked_for() {
    let raw = Flux { escape: false, ..Flux::default() };
    let frame = raw.encode(&WIRE, &event(Body::TaskCreated { task: task() })).unwrap();
    assert_eq!(said(&frame).1["task"]["title"], "<b>T1");
}
