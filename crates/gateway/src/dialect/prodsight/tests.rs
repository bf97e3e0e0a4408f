//! The language from both sides, without sockets: what is understood, and what is said.

use chorus_model::event::Rooms;
use chorus_model::task::Change;
use chorus_model::{Room, UserId};

use super::*;
use crate::dialect::fixture::{self, WIRE, at, person, said};

const PROJECT: ProjectId = ProjectId(7);

fn decode(name: &str, argument: &str) -> Decoded {
    fixture::decode(&Prodsight::default(), name, &[argument])
}

fn task() -> Task {
    Task {
        due_date: Timestamp::parse("2026-12-31T23:59:59"),
        estimated_hours: Some(2.5),
        category: Some("Equipment".into()),
        ..fixture::task()
    }
}

fn event(body: Body) -> Event {
    Event { at: at("2026-11-20T10:28:53.500000Z"), ..fixture::event(body) }
}

fn told(body: Body) -> Option<(String, Value)> {
    Prodsight::default().encode(&WIRE, &event(body)).as_ref().map(said)
}

fn updated(changes: TaskChanges) -> Body {
    Body::TaskUpdated { task: task(), changes }
}

#[test]
fn a_task_has_ten_fields_each_of_its_type() {
    let mut whole = json!({
        "id": "1", "title": "<b>T1", "description": "", "status": "in_progress",
        "assignee": "carol Smith", "assigneeId": "3", "dueDate": "2026-12-31",
        "priority": "high", "category": "Equipment", "estimatedHours": 2.5,
    });
    let update = |action, task: &Value| {
        let update = json!({ "action": action, "task": task, "timestamp": 1_795_170_533.5 });
        Some(("task_update".to_owned(), update))
    };
    assert_eq!(told(Body::TaskCreated { task: task() }), update("created", &whole));
    assert_eq!(told(Body::TaskDeleted { task: task() }), update("deleted", &whole));
    let bare = Task {
        assignee_id: None,
        assignee: None,
        due_date: None,
        estimated_hours: None,
        category: None,
        ..task()
    };
    for name in ["assignee", "assigneeId", "dueDate", "category"] {
        whole[name] = json!("");
    }
    whole["estimatedHours"] = json!(0.0);
    let title = Change { old: "T0".into(), new: "<b>T1".into() };
    let changes = TaskChanges { title: Some(title), ..TaskChanges::default() };
    assert_eq!(told(Body::TaskUpdated { task: bare, changes }), update("updated", &whole));
}

#[test]
fn what_is_shown_alike_is_not_told() {
    let status = |old, new| TaskChanges { status: Some(Change { old, new }), ..Default::default() };
    let due = |old, new| {
        let (old, new) = (Timestamp::parse(old), Timestamp::parse(new));
        TaskChanges { due_date: Some(Change { old, new }), ..Default::default() }
    };
    let priority =
        |old, new| TaskChanges { priority: Some(Change { old, new }), ..Default::default() };
    let position = Some(Change { old: 1.0, new: 2.0 });
    let hours = Some(Change { old: None, new: Some(2.5) });
    let cases = [
        (status(TaskStatus::Review, TaskStatus::Blocked), false),
        (status(TaskStatus::Cancelled, TaskStatus::Done), false),
        (status(TaskStatus::Todo, TaskStatus::Blocked), true),
        (priority(Priority::High, Priority::Critical), false),
        (priority(Priority::Medium, Priority::Critical), true),
        (due("2026-12-31T12:00:00", "2026-12-31T23:59:59"), false),
        (due("2026-12-30", "2026-12-31T23:59:59"), true),
        (TaskChanges { position: position.clone(), ..Default::default() }, false),
        (TaskChanges { position, estimated_hours: hours, ..Default::default() }, true),
    ];
    for (changes, is_told) in cases {
        let body = updated(changes.clone());
        assert_eq!(told(body.clone()).is_some(), is_told, "{changes:?}");
        assert_eq!(!Prodsight::default().audience(&event(body)).is_empty(), is_told);
    }
}

#[test]
fn a_command_is_told_once_however_much_it_changed() {
    let changes = TaskChanges {
        status: Some(Change { old: TaskStatus::Todo, new: TaskStatus::Blocked }),
        assignee: Some(Change { old: None, new: Some(person(3, "carol")) }),
        ..TaskChanges::default()
    };
    let status = |lead| {
        let (task, changes) = (task(), changes.clone());
        Body::TaskStatusChanged { task, old: TaskStatus::Todo, changes, lead }
    };
    let assigned =
        |lead| Body::TaskAssigned { task: task(), old: None, changes: changes.clone(), lead };
    let (name, update) = told(status(true)).unwrap();
    assert_eq!((&*name, &update["action"]), ("task_update", &json!("updated")));
    assert_eq!(update["task"]["assigneeId"], "3");
    assert_eq!(told(assigned(false)), None);
    assert!(told(assigned(true)).is_some() && told(status(false)).is_none());
}

#[test]
fn planners_and_the_assignee_hear_of_tasks() {
    let rooms = Prodsight::default().audience(&event(Body::TaskCreated { task: task() }));
    let role = |role| Room::Role(PROJECT, role);
    let expected: Rooms = smallvec![
        Room::User(UserId(3)),
        role(WorkspaceRole::Producer),
        role(WorkspaceRole::Director),
        role(WorkspaceRole::ProductionManager),
    ];
    assert_eq!(rooms, expected);
}

#[test]
fn rooms_are_repeated_as_written_and_falsy_ids_passed_over() {
    for written in ["7", "\"7\"", "\"007\""] {
        let argument = format!(r#"{{"project_id":{written}}}"#);
        let Decoded::Ask(Ask::Join(project), echo) = decode("join_project_room", &argument) else {
            panic!("{written}");
        };
        assert_eq!((project, &*echo.written), (PROJECT, written.trim_matches('"')));
        let Decoded::Ask(Ask::LeaveNamed(name), left) = decode("leave_project_room", &argument)
        else {
            panic!("{written}");
        };
        assert_eq!((name.as_str(), left), ("project:7", echo));
    }
    for odd in ["null", "false", "true", "0", "0.0", "\"\"", "[7]", "{\"id\":7}"] {
        let argument = format!(r#"{{"project_id":{odd}}}"#);
        for name in ["join_project_room", "leave_project_room"] {
            assert!(matches!(decode(name, &argument), Decoded::Silent), "{name} {odd}");
        }
    }
    for argument in ["null", "7", "\"7\"", "[]", "{}", "[{\"project_id\":7}]"] {
        assert!(matches!(decode("join_project_room", argument), Decoded::Silent), "{argument}");
    }
    assert!(matches!(Prodsight::default().decode("join_project_room", &[]), Decoded::Silent));
    assert!(matches!(decode("join_project", r#"{"project_id":7}"#), Decoded::Unknown));
}

#[test]
fn ids_that_name_no_project_are_left_but_never_joined() {
    for (id, is_left) in [("p1".to_owned(), true), ("x".repeat(64), true), ("x".repeat(65), false)]
    {
        let argument = json!({ "project_id": id }).to_string();
        assert!(matches!(decode("join_project_room", &argument), Decoded::Silent));
        let left = decode("leave_project_room", &argument);
        assert_eq!(matches!(left, Decoded::Ask(Ask::LeaveNamed(_), _)), is_left, "{id}");
    }
}

#[test]
fn tokens_come_in_the_payload_or_the_query() {
    let shown = |payload: &str, query: &str| {
        let handshake = Handshake { query: query.into(), ..Handshake::default() };
        let payload: Box<RawValue> = serde_json::from_str(payload).unwrap();
        let tokens = Prodsight::default().credentials(&handshake, Some(&payload));
        tokens.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(r#"{"token":"abc"}"#, "token=def"), ["abc"]);
    assert_eq!(shown(r#"{"token":"Bearer abc"}"#, ""), ["abc"]);
    assert_eq!(shown(r#"{"token":null}"#, "token=Bearer+def"), ["def"]);
    for payload in ["{}", "[]", "7", r#"{"token":7}"#, r#"{"token":""}"#] {
        assert_eq!(shown(payload, "token=def"), ["def"], "{payload}");
        assert!(shown(payload, "token=").is_empty());
    }
    assert!(shown(r#"{"token":"Bearer "}"#, "").is_empty());
}
