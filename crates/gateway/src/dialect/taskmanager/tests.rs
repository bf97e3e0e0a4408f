//! The language from both sides, without sockets: what is understood, and what is said.

use chorus_collab::Command;
use chorus_model::task::{Change, TaskChanges};
use chorus_model::{ProjectId, Task};
use serde_json::Value;

use super::*;
use crate::dialect::Ask;
use crate::dialect::fixture::{self, WIRE, event, said};

fn decode(name: &str, argument: &str) -> Decoded {
    fixture::decode(&Taskmanager::default(), name, &[argument])
}

fn task() -> Task {
    Task {
        priority: chorus_model::Priority::High,
        due_date: Timestamp::parse("2026-12-31T23:59:59"),
        estimated_hours: Some(2.0),
        ..fixture::task()
    }
}

fn told(body: Body) -> Option<(String, Value)> {
    Taskmanager::default().encode(&WIRE, &event(body)).as_ref().map(said)
}

#[test]
fn what_is_missing_is_told_in_the_apps_words() {
    let cases = [
        ("join_project", "{}", "Project ID required"),
        ("join_project", r#"{"project_id":0}"#, "Project ID required"),
        ("join_project", r#"{"project_id":"x"}"#, "Access denied to project"),
        ("join_project", "7", "Project ID required"),
        ("task_created", r#"{"task_id":1}"#, "Task ID and Project ID required"),
        ("task_updated", "null", "Task ID required"),
        ("task_updated", r#"{"task_id":1,"changes":3}"#, "changes must be an object"),
        ("task_updated", r#"{"task_id":1,"changes":{"title":""}}"#, "title is required"),
        ("task_status_changed", r#"{"task_id":1}"#, "Task ID and new status required"),
        (
            "task_status_changed",
            r#"{"task_id":1,"new_status":"gone"}"#,
            "new_status must be one of: pending, in_progress, completed, cancelled",
        ),
        ("task_deleted", "{}", "Task ID and Project ID required"),
        ("comment_added", r#"{"comment_id":1}"#, "Comment ID and Task ID required"),
        ("project_updated", "[]", "Project ID required"),
        ("get_online_users", "{}", "Project ID required"),
    ];
    for (name, argument, text) in cases {
        match decode(name, argument) {
            Decoded::Wrong(found) => assert_eq!(found, text, "{name} {argument}"),
            other => panic!("{name} {argument}: {other:?}"),
        }
    }
    assert!(matches!(decode("user_typing", "{}"), Decoded::Silent));
    assert!(matches!(decode("leave_project", "{}"), Decoded::Silent));
    assert!(matches!(decode("task:created", "{}"), Decoded::Unknown));
}

#[test]
fn ids_come_as_numbers_and_digits_and_are_echoed_as_written() {
    for written in ["7", "\"7\""] {
        let argument = format!(r#"{{"project_id":{written}}}"#);
        let Decoded::Ask(Ask::Join(project), echo) = decode("join_project", &argument) else {
            panic!("{written}");
        };
        assert_eq!((project, &*echo.written), (ProjectId(7), written));
    }
    let null = decode("get_online_users", r#"{"project_id":null}"#);
    assert!(matches!(null, Decoded::Ask(Ask::Online(None), _)));
}

#[test]
fn what_was_shown_is_no_change() {
    let argument = r#"{"task_id":"1","old_status":"in_progress","new_status":"in_progress"}"#;
    let Decoded::Ask(Ask::Command(command, None), _) = decode("task_status_changed", argument)
    else {
        panic!();
    };
    let Command::UpdateTask { patch, announced, .. } = *command else { panic!() };
    let word = patch.status.unwrap();
    assert_eq!(word.over(TaskStatus::Blocked), TaskStatus::Blocked);
    assert!(announced.unwrap().old_status.unwrap().names(TaskStatus::Review));
}

#[test]
fn a_created_task_has_ten_fields_and_two_creators() {
    let (name, told) = told(Body::TaskCreated { task: task() }).unwrap();
    assert_eq!(name, "task_created");
    assert_eq!(
        told,
        json!({
            "task": {
                "id": 1, "title": "&lt;b>T1", "description": null, "status": "in_progress",
                "priority": "high", "project_id": 7, "created_by": 1, "assigned_to": 3,
                "due_date": "2026-12-31T23:59:59", "created_at": "2026-11-20T10:28:53.637207",
            },
            "created_by": {"id": 2, "username": "bob", "full_name": "bob Smith"},
            "timestamp": "2026-11-20T10:28:55.034831",
        })
    );
}

#[test]
fn a_change_is_told_in_one_word() {
    let status = TaskChanges {
        status: Some(Change { old: TaskStatus::Todo, new: TaskStatus::Blocked }),
        ..TaskChanges::default()
    };
    let both = TaskChanges {
        title: Some(Change { old: "T0".into(), new: "<b>T1".into() }),
        ..status.clone()
    };
    let changed = |changes: &TaskChanges, lead| Body::TaskStatusChanged {
        task: task(),
        old: TaskStatus::Todo,
        changes: changes.clone(),
        lead,
    };
    let (name, alone) = told(changed(&status, true)).unwrap();
    assert_eq!((&*name, &alone["old_status"]), ("task_status_changed", &json!("pending")));
    assert_eq!(alone["new_status"], "in_progress");

    let (name, updated) = told(Body::TaskUpdated { task: task(), changes: both.clone() }).unwrap();
    assert_eq!(name, "task_updated");
    let expected = json!({"title": "&lt;b>T1", "status": {"old": "pending", "new": "in_progress"}});
    assert_eq!(updated["changes"], expected);
    assert_eq!(updated["task"].as_object().unwrap().len(), 9);
    assert_eq!(told(changed(&both, false)), None, "told already");
}

#[test]
fn fields_that_the_app_does_not_know_are_not_told() {
    let changes =
        TaskChanges { position: Some(Change { old: 1.0, new: 2.0 }), ..TaskChanges::default() };
    assert_eq!(told(Body::TaskUpdated { task: task(), changes }), None);
}

#[test]
fn raw_texts_can_be_asked_for() {
    let raw = Taskmanager { escape: false, ..Taskmanager::default() };
    let frame = raw.encode(&WIRE, &event(Body::TaskDeleted { task: task() })).unwrap();
    assert_eq!(said(&frame).1["task_title"], "<b>T1");
}

#[test]
fn tokens_come_as_pages_store_them() {
    let shown = |query: &str| {
        let handshake = Handshake { query: query.into(), ..Handshake::default() };
        let tokens = Taskmanager::default().credentials(&handshake, None);
        tokens.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown("EIO=4&token=abc"), ["abc"]);
    assert_eq!(shown("token=%22abc%22"), ["abc"]);
    for nothing in ["", "token=", "token=null", "token=undefined", "token=%22%22"] {
        assert!(shown(nothing).is_empty(), "{nothing}");
    }
}
