//! The language from both sides, without sockets: what is understood, and what is said.

use std::sync::Arc;

use chorus_model::signal::SignalBody;
use chorus_model::task::{Change, TaskChanges};
use chorus_model::{
    Comment, CommentId, ConnectionId, ItemId, ItemRef, Kind, Notice, Notification, NotificationId,
    ProjectId, Room, Task, TaskId, TaskRef, UserId,
};
use chorus_realtime::Present;
use serde_json::Value;

use super::*;
use crate::dialect::fixture::{self, WIRE, at, raw, said};
use crate::dialect::{Ask, Echo};

fn decode(name: &str, argument: &str) -> Decoded {
    fixture::decode(&Skybuild::default(), name, &[argument])
}

fn person(id: i64, email: Option<&str>) -> UserRef {
    let email = email.map(str::to_owned);
    UserRef { id: UserId(id), username: "ann".into(), full_name: "Ann Lee".into(), email }
}

fn task() -> Task {
    Task {
        id: TaskId(42),
        status: TaskStatus::Review,
        assignee: Some(person(3, None)),
        creator: person(1, None),
        ..fixture::task()
    }
}

fn told(body: Body) -> Option<(String, Value)> {
    let event = Event { actor: person(2, None), ..fixture::event(body) };
    let skybuild = Skybuild::default();
    let frame = skybuild.encode(&WIRE, &event)?;
    assert!(!skybuild.audience(&event).is_empty(), "what is told is heard");
    Some(said(&frame))
}

fn updated(changes: TaskChanges) -> Option<Value> {
    let (name, told) = told(Body::TaskUpdated { task: task(), changes })?;
    assert_eq!(name, "task:updated");
    Some(told)
}

fn change<T>(old: T, new: T) -> Change<T> {
    Change { old, new }
}

#[test]
fn projects_are_named_by_texts() {
    let Decoded::Ask(Ask::Join(project), echo) =
        decode("join_project", r#"{"project_id":"0007","more":1}"#)
    else {
        panic!("it is a project");
    };
    assert_eq!((project, &*echo.written), (ProjectId(7), r#""0007""#));
    let left = decode("leave_project", r#"{"project_id":"7"}"#);
    assert!(matches!(left, Decoded::Ask(Ask::Leave(ProjectId(7)), _)));
}

#[test]
fn what_names_no_project_is_told_apart_from_nothing() {
    let nothing = [
        "null",
        "7",
        r#""7""#,
        "[]",
        "[{\"project_id\":\"7\"}]",
        "{}",
        r#"{"project_id":null}"#,
        r#"{"project_id":""}"#,
        r#"{"project_id":0}"#,
        r#"{"project_id":false}"#,
        r#"{"project_id":[]}"#,
        r#"{"project_id":{}}"#,
        r#"{"project_id":"\ud800"}"#,
    ];
    let no_project = [
        "7",
        "true",
        "[7]",
        r#"{"a":1}"#,
        r#""e9294364""#,
        r#""-7""#,
        r#"" 7""#,
        r#""0""#,
        r#""99999999999999999999""#,
    ];
    let no_project = no_project.map(|id| format!(r#"{{"project_id":{id}}}"#));
    let cases = nothing.iter().map(|case| (*case, "project_id required"));
    let cases = cases.chain(no_project.iter().map(|case| (&**case, "Access denied to project")));
    for (argument, text) in cases {
        match decode("join_project", argument) {
            Decoded::Wrong(found) => assert_eq!(found, text, "{argument}"),
            other => panic!("{argument}: {other:?}"),
        }
        assert!(matches!(decode("leave_project", argument), Decoded::Silent), "{argument}");
    }
    let none = Skybuild::default().decode("join_project", &[]);
    assert!(matches!(none, Decoded::Wrong(text) if text == "project_id required"));
    assert!(matches!(decode("task:updated", "{}"), Decoded::Unknown));
}

#[test]
fn a_ping_comes_back_as_it_was_written() {
    let cases = [
        (r#"{"timestamp":1.50e3}"#, "1.50e3"),
        (r#"{"timestamp":{"a":[1,"\u0007"]}}"#, r#"{"a":[1,"\u0007"]}"#),
        (r#"{"timestamp":null}"#, "null"),
        ("{}", "null"),
        ("7", "null"),
        ("[1]", "null"),
    ];
    for (argument, written) in cases {
        let Decoded::Ask(Ask::Ping, echo) = decode("ping", argument) else { panic!("{argument}") };
        let to = To { user: &person(1, None), echo: &echo, now: Timestamp::default() };
        let frames = Skybuild::default().reply(&WIRE, &to, &Reply::Pong);
        let (_, payload) = chorus_protocol::websocket::split(&frames[0].bytes).unwrap();
        let text = std::str::from_utf8(&payload).unwrap();
        assert_eq!(text, format!(r#"42["pong",{{"timestamp":{written}}}]"#));
    }
}

#[test]
fn the_token_is_in_the_payload_alone() {
    let shown = |payload: Option<&str>| {
        let handshake = Handshake { query: "token=q".into(), ..Handshake::default() };
        let payload = payload.map(raw);
        let tokens = Skybuild::default().credentials(&handshake, payload.as_deref());
        tokens.into_iter().map(Cow::into_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(Some(r#"{"token":"abc","more":[]}"#)), ["abc"]);
    assert_eq!(shown(Some(r#"{"token":["abc"]}"#)), [r#"["abc"]"#], "wrong, but not missing");
    for nothing in ["{}", r#"{"token":""}"#, r#"{"token":null}"#, r#"{"token":0}"#, r#""abc""#] {
        assert!(shown(Some(nothing)).is_empty(), "{nothing}");
    }
    assert!(shown(None).is_empty());
}

#[test]
fn refusals_are_the_two_texts_that_the_app_knows() {
    let reason = |fault| Skybuild::default().refusal(&fault).reason;
    let unauthenticated = |fault| reason(Fault::Unauthenticated(fault));
    assert_eq!(unauthenticated(TokenFault::Missing), "Authentication required");
    for fault in [TokenFault::Invalid, TokenFault::Expired, TokenFault::UnknownUser] {
        assert_eq!(unauthenticated(fault), "Authentication failed");
    }
    assert_eq!(reason(Fault::Deactivated), "Authentication failed");
    assert_eq!(reason(Fault::TooManyConnections), "Too many connections");
}

#[test]
fn a_change_is_told_by_its_new_values() {
    let all = TaskChanges {
        title: Some(change("T0".into(), "<b>T1".into())),
        description: Some(change(Some("d".into()), None)),
        status: Some(change(TaskStatus::Todo, TaskStatus::Review)),
        priority: Some(change(Priority::Low, Priority::Critical)),
        assignee: Some(change(None, Some(person(3, None)))),
        due_date: Some(change(None, Some(at("2026-12-31T23:59:59Z")))),
        position: Some(change(1.0, 2.5)),
        start_date: Some(change(None, Some(at("2026-12-01T00:00:00Z")))),
        task_type: Some(change(chorus_model::TaskType::Task, chorus_model::TaskType::Rfi)),
        labels: Some(change(vec![], vec!["roof".into()])),
        depends_on: Some(change(vec![], vec![chorus_model::TaskId(9)])),
        estimated_hours: Some(change(None, Some(2.0))),
        category: Some(change(None, Some("c".into()))),
    };
    assert_eq!(
        updated(all),
        Some(json!({
            "project_id": "7",
            "task_id": 42,
            "updates": {
                "title": "<b>T1", "description": null, "status": "in_progress",
                "priority": "urgent", "assignee_id": "3", "due_date": "2026-12-31",
                "position": 2.5, "start_date": "2026-12-01", "type": "rfi", "labels": ["roof"],
            },
            "updated_by": "2",
        }))
    );
    let nobody = TaskChanges {
        assignee: Some(change(Some(person(3, None)), None)),
        ..TaskChanges::default()
    };
    assert_eq!(updated(nobody).unwrap()["updates"], json!({ "assignee_id": null }));
}

#[test]
fn what_the_app_shows_alike_or_not_at_all_is_not_told() {
    let none = TaskChanges::default;
    let statuses =
        [(TaskStatus::InProgress, TaskStatus::Review), (TaskStatus::Cancelled, TaskStatus::Done)];
    for (old, new) in statuses {
        assert_eq!(updated(TaskChanges { status: Some(change(old, new)), ..none() }), None);
        let notice = Notice::TaskStatusChanged { task: task().to_ref(), old, new };
        assert_eq!(told(notified(notice)), None);
    }
    let (morning, evening) = (at("2026-12-31T08:00:00Z"), at("2026-12-31T20:00:00Z"));
    let due_date = Some(change(Some(morning), Some(evening)));
    assert_eq!(updated(TaskChanges { due_date, ..none() }), None);
    assert_eq!(
        updated(TaskChanges { category: Some(change(None, Some("c".into()))), ..none() }),
        None
    );
}

#[test]
fn one_command_is_told_once() {
    let changes = TaskChanges {
        status: Some(change(TaskStatus::Todo, TaskStatus::Blocked)),
        assignee: Some(change(None, Some(person(3, None)))),
        ..TaskChanges::default()
    };
    let status = |lead| Body::TaskStatusChanged {
        task: task(),
        old: TaskStatus::Todo,
        changes: changes.clone(),
        lead,
    };
    let assigned =
        |lead| Body::TaskAssigned { task: task(), old: None, changes: changes.clone(), lead };
    let (_, first) = told(status(true)).unwrap();
    assert_eq!(first["updates"], json!({ "status": "blocked", "assignee_id": "3" }));
    assert_eq!(told(assigned(false)), None);
    assert_eq!(told(assigned(true)).unwrap().1, first);
    assert_eq!(told(status(false)), None);
}

#[test]
fn a_comment_is_told_whole() {
    let comment = Comment {
        id: CommentId(15),
        task_id: Some(TaskId(42)),
        item_id: None,
        project_id: ProjectId(7),
        parent_id: None,
        body: "Great <work>!".into(),
        author_id: UserId(3),
        author: person(3, Some("a@x.com")),
        is_edited: false,
        version: 1,
        created_at: at("2026-11-14T10:00:00Z"),
        updated_at: at("2026-11-14T10:00:00Z"),
    };
    let task = Some(task().to_ref());
    let created = Body::CommentCreated { comment: comment.clone(), task: task.clone(), item: None };
    let whole = json!({
        "project_id": "7",
        "comment_id": 15,
        "comment": {
            "id": 15, "project_id": "7", "context_type": "task", "context_id": "42",
            "body": "Great <work>!", "author_id": "3", "parent_id": null,
            "created_at": "2026-11-14T10:00:00.000000Z", "updated_at": null,
            "author": { "id": "3", "email": "a@x.com", "full_name": "Ann Lee" },
        },
    });
    assert_eq!(told(created), Some(("comment:created".into(), whole)));
    let parent_id = Some(CommentId(12));
    let edited =
        Comment { is_edited: true, updated_at: at("2026-11-15"), parent_id, ..comment.clone() };
    let body = Body::CommentUpdated { comment: edited.clone(), task: task.clone(), item: None };
    let (name, changed) = told(body).unwrap();
    assert_eq!(name, "comment:updated");
    assert_eq!(changed["comment"]["parent_id"], 12);
    assert_eq!(changed["comment"]["updated_at"], "2026-11-15T00:00:00.000000Z");
    let body = Body::CommentDeleted { comment: edited, task, item: None };
    assert_eq!(told(body), Some(("comment:deleted".into(), changed)));

    let on = |kind: Option<&str>| {
        let (id, project_id) = (ItemId(5), comment.project_id);
        let item = kind.and_then(Kind::named).map(|kind| ItemRef { id, kind, project_id });
        let item_id = item.as_ref().map(|item| item.id);
        let comment = Comment { task_id: None, item_id, ..comment.clone() };
        let told = told(Body::CommentCreated { comment, task: None, item })?.1;
        let shown = &told["comment"];
        Some([shown["context_type"].clone(), shown["context_id"].clone()])
    };
    assert_eq!(on(Some("boq_item")), Some([json!("boq"), json!("5")]));
    assert_eq!(on(None), Some([json!("project"), json!("7")]));
    assert_eq!(on(Some("milestone")), None, "the app has no word for it");
}

fn notified(notice: Notice) -> Body {
    let notification = Notification {
        id: NotificationId(9),
        user_id: UserId(3),
        actor: person(2, None),
        notice,
        created_at: at("2026-11-20"),
        read_at: None,
    };
    Body::NotificationCreated { notification }
}

#[test]
fn notifications_are_sentences() {
    let about = || TaskRef { title: "T1".into(), ..task().to_ref() };
    let status = Notice::TaskStatusChanged {
        task: about(),
        old: TaskStatus::Todo,
        new: TaskStatus::Cancelled,
    };
    let comment = Notice::CommentAdded { task: about(), comment_id: CommentId(15) };
    let sentences = [
        (Notice::TaskAssigned { task: about() }, r#"Ann Lee assigned "T1" to you"#),
        (status, r#"Ann Lee moved "T1" to done"#),
        (comment, r#"Ann Lee commented on "T1""#),
    ];
    for (notice, message) in sentences {
        let expected = json!({ "id": 9, "message": message, "type": "info" });
        assert_eq!(told(notified(notice)), Some(("notification:new".into(), expected)));
    }
}

#[test]
fn who_enters_hears_who_is_there_after_the_answer() {
    let there = |id| Present {
        user: Arc::new(person(id, None)),
        since: Timestamp::default(),
        last_activity: Timestamp::default(),
    };
    let echo = Echo { word: "join_project", written: r#""007""#.into() };
    let to = To { user: &person(1, None), echo: &echo, now: Timestamp::default() };
    let joined = |present| {
        let reply = Reply::Joined { project: ProjectId(7), present };
        Skybuild::default().reply(&WIRE, &to, &reply)
    };
    let heard: Vec<_> = joined(vec![there(3), there(2)]).iter().map(said).collect();
    let user = |id: &str| json!({ "user_id": id, "project_id": "7" });
    let answer = json!({ "project_id": "007", "message": "Joined project 7" });
    assert_eq!(heard[0], ("joined_project".into(), answer));
    assert_eq!(heard[1], ("user:joined".into(), user("3")));
    assert_eq!(heard[2], ("user:joined".into(), user("2")));
    let crowd = joined((1..5_000).map(there).collect());
    assert_eq!(crowd.len(), 501, "a crowd is not told one by one");
    assert!(!crowd[0].ephemeral && crowd[1..].iter().all(|frame| frame.ephemeral));
}

#[test]
fn coming_and_going_is_told_in_each_project() {
    let signal = |arrived: bool| Signal {
        user: person(3, None),
        at: Timestamp::default(),
        cause: arrived.then_some(ConnectionId(5)),
        body: SignalBody::Presence {
            arrived,
            rooms: smallvec![
                Room::Project(ProjectId(7)),
                Room::Named(1),
                Room::Task(ProjectId(7), TaskId(1)),
                Room::Project(ProjectId(8))
            ],
            names: Vec::new(),
            elsewhere: smallvec![Room::Project(ProjectId(9))],
        },
    };
    for (arrived, word) in [(true, "user:joined"), (false, "user:left")] {
        let told = Skybuild::default().signal(&WIRE, &signal(arrived));
        assert_eq!(told.len(), 2, "a room for each project, and no other");
        for (delivery, project) in told.iter().zip([7, 8]) {
            assert_eq!(delivery.rooms.as_slice(), [Room::Project(ProjectId(project))]);
            assert_eq!(delivery.except, arrived.then_some(ConnectionId(5)));
            let expected = json!({ "user_id": "3", "project_id": project.to_string() });
            assert_eq!(said(&delivery.frame), (word.into(), expected));
        }
    }
}
