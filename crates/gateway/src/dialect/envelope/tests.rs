//! The language from both sides, without sockets: what is understood, and what is said.

use std::time::Duration;

use chorus_collab::live::RoomName;
use chorus_model::project::ProjectChanges;
use chorus_model::signal::{Named, SignalBody};
use chorus_model::task::{Change, TaskChanges};
use chorus_model::{
    Body, ConnectionId, Notice, Notification, NotificationId, Priority, Project, ProjectId,
    ProjectStatus, Room, Task, TaskStatus, UserId,
};
use serde_json::Value;

use super::*;
use crate::dialect::fixture::{HAPPENED, at, event, person, task};
use crate::dialect::{Ask, Echo};

const AT_TOLD: &str = "2026-11-20T10:28:55.034831+00:00";

fn read(text: &str) -> Decoded {
    Envelope::default().read(Said::Text(text))
}

/// The frame's message, of which nothing is taken for granted but that it is JSON.
fn said(frame: &Frame) -> Value {
    let (_, payload) = chorus_protocol::websocket::split(&frame.bytes).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn now() -> Timestamp {
    at(HAPPENED)
}

fn project() -> Project {
    Project {
        id: ProjectId(7),
        name: "Bridge".into(),
        description: None,
        status: ProjectStatus::Active,
        owner_id: UserId(1),
        owner: person(1, "alice"),
        start_date: None,
        end_date: None,
        is_archived: false,
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

fn told(body: Body) -> Option<Value> {
    Envelope::default().encode(&Wire::Raw, &event(body)).as_ref().map(said)
}

/// What everyone in project 7 hears of bob's doing.
fn in_project(kind: &str, content: &Value) -> Value {
    json!({
        "type": kind, "data": content, "timestamp": AT_TOLD, "room": "project:7", "sender": "bob",
    })
}

#[test]
fn what_is_wrong_is_told_in_the_apps_words() {
    let long = format!(r#"{{"type":"join_room","room":"task:{}"}}"#, "x".repeat(65));
    let wordy = "x".repeat(10_001);
    let wordy =
        format!(r#"{{"type":"send_message","room":"task:1","data":{{"content":"{wordy}"}}}}"#);
    let crowded = json!({ "type": "resume", "data": { "rooms": vec![7; 257] } }).to_string();
    let cases = [
        ("", "Invalid JSON format"),
        ("{", "Invalid JSON format"),
        ("[]", "Invalid message format"),
        ("null", "Invalid message format"),
        ("{}", "Unknown message type: None"),
        (r#"{"type":null}"#, "Unknown message type: None"),
        (r#"{"type":"dance"}"#, "Unknown message type: dance"),
        (r#"{"type":7}"#, "Unknown message type: 7"),
        (r#"{"type":"join_room"}"#, "Room ID required"),
        (r#"{"type":"join_room","room":null}"#, "Room ID required"),
        (r#"{"type":"join_room","room":""}"#, "Room ID required"),
        (r#"{"type":"join_room","room":"x"}"#, "Invalid room format"),
        (r#"{"type":"join_room","room":["task:1"]}"#, "Invalid room format"),
        (r#"{"type":"join_room","room":"user:1"}"#, "Unsupported room type"),
        (r#"{"type":"join_room","room":"user:"}"#, "Unsupported room type"),
        (r#"{"type":"join_room","room":"task:"}"#, "Invalid room format"),
        (&*long, "Invalid room format"),
        (r#"{"type":"leave_room"}"#, "Room ID required"),
        (r#"{"type":"send_message","data":7}"#, "Room ID required"),
        (r#"{"type":"send_message","room":"task:1","data":"x"}"#, "data must be an object"),
        (r#"{"type":"send_message","room":"task:1","data":[]}"#, "data must be an object"),
        (&*wordy, "content must be 10000 characters or less"),
        (r#"{"type":"resume","data":[]}"#, "data must be an object"),
        (r#"{"type":"resume","data":{"since":7}}"#, "since must be a cursor"),
        (r#"{"type":"resume","data":{"rooms":"x"}}"#, "rooms must be a list of at most 256 rooms"),
        (r#"{"type":"resume","data":{"rooms":["user:1"]}}"#, "Unsupported room type"),
        (r#"{"type":"resume","data":{"rooms":[""]}}"#, "Room ID required"),
        (&*crowded, "rooms must be a list of at most 256 rooms"),
    ];
    for (text, complaint) in cases {
        match read(text) {
            Decoded::Wrong(found) => assert_eq!(found, complaint, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_a_stranger_wrote_is_repeated_only_so_far() {
    let text = json!({ "type": "ä".repeat(5_000) }).to_string();
    let Decoded::Wrong(found) = read(&text) else { panic!() };
    assert_eq!(found, format!("Unknown message type: {}", "ä".repeat(100)));
}

#[test]
fn nesting_has_an_end() {
    for (levels, complaint) in [(127, "Invalid message format"), (128, "Invalid JSON format")] {
        let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let Decoded::Wrong(found) = read(&text) else { panic!() };
        assert_eq!(found, complaint, "{levels}");
    }
}

#[test]
fn who_comes_back_names_a_cursor_and_rooms_as_he_likes() {
    let check = |told: &str, since: Option<&str>, rooms: &[&str]| {
        let said = read(&format!(r#"{{"type":"resume"{told}}}"#));
        let Decoded::Ask(Ask::Resume { since: found, rooms: names, whole: true }, _) = said else {
            panic!("{told}: {said:?}");
        };
        assert_eq!(found.as_deref(), since);
        assert_eq!(names.iter().map(RoomName::as_str).collect::<Vec<_>>(), rooms);
    };
    check("", None, &[]);
    check(r#","data":{"since":null,"rooms":null}"#, None, &[]);
    let whole = r#","data":{"since":"x","rooms":["project:07",3]}"#;
    check(whole, Some("x"), &["project:7", "channel:3"]);
}

#[test]
fn bytes_are_read_as_text() {
    let dialect = Envelope::default();
    let ping = dialect.read(Said::Binary(br#"{"type":"ping"}"#));
    assert!(matches!(ping, Decoded::Ask(Ask::Ping, _)));
    let garbled = dialect.read(Said::Binary(b"{\"type\":\"\xff\"}"));
    assert!(matches!(garbled, Decoded::Wrong(text) if text == "Invalid JSON format"));
}

#[test]
fn rooms_are_read_as_they_are_written() {
    let cases = [
        (r#""channel:123""#, "channel:123"),
        (r#""task:1:2""#, "task:1:2"),
        (r#""project:abc""#, "project:abc"),
        ("77", "channel:77"),
    ];
    for (written, name) in cases {
        let join = read(&format!(r#"{{"type":"join_room","room":{written},"extra":[]}}"#));
        let Decoded::Ask(Ask::JoinNamed(room), echo) = join else { panic!("{written}") };
        assert_eq!((room.as_str(), &*echo.written), (name, written));
        let leave = read(&format!(r#"{{"type":"leave_room","room":{written}}}"#));
        let Decoded::Ask(Ask::LeaveNamed(room), _) = leave else { panic!("{written}") };
        assert_eq!(room.as_str(), name);
    }
    // Nobody can be in them, and leaving them is no mistake.
    for odd in ["nowhere", "user:1"] {
        let leave = read(&json!({ "type": "leave_room", "room": odd }).to_string());
        assert!(matches!(leave, Decoded::Ask(Ask::LeaveNamed(_), _)), "{odd}");
    }
}

#[test]
fn a_message_has_a_content_and_all_that_its_sender_added() {
    let cases = [
        (
            r#"{"content":"x","metadata":{"reply_to":7}}"#,
            json!({"content": "x", "metadata": {"reply_to": 7}}),
        ),
        ("{}", json!({"content": ""})),
        ("null", json!({"content": ""})),
        (r#"{"content":7}"#, json!({"content": 7})),
    ];
    for (written, content) in cases {
        let said = read(&format!(r#"{{"type":"send_message","room":"task:1","data":{written}}}"#));
        let Decoded::Ask(Ask::Say(room, found), _) = said else { panic!("{written}") };
        assert_eq!(room.as_str(), "task:1");
        assert_eq!(Value::Object(found), content);
    }
}

#[test]
fn faults_name_the_room_as_it_was_written() {
    let cases = [
        (r#""task:1""#, Fault::NotThere, "Not a member of room task:1"),
        ("77", Fault::NotThere, "Not a member of room 77"),
        (r#""task:\"x\"""#, Fault::Forbidden, "Access denied to room task:\"x\""),
        (r#""task:1""#, Fault::TooManyRooms, "Too many rooms"),
        (r#""task:1""#, Fault::Busy, "The server is busy, try again"),
    ];
    for (written, fault, text) in cases {
        let echo = Echo { word: "join_room", written: written.into() };
        let to = To { user: &person(1, "alice"), echo: &echo, now: now() };
        let frames = Envelope::default().fault(&Wire::Raw, &to, &fault);
        let told: Vec<Value> = frames.iter().map(said).collect();
        assert_eq!(told, [json!({"type": "error", "data": {"error": text}, "timestamp": AT_TOLD})]);
    }
}

#[test]
fn refusals_have_a_code_and_a_reason() {
    let cases = [
        (TokenFault::Missing.into(), 4401, "Missing token"),
        (TokenFault::Invalid.into(), 4401, "Authentication failed: 401: Invalid token"),
        (TokenFault::Expired.into(), 4401, "Authentication failed: 401: Token expired"),
        (TokenFault::WrongType.into(), 4401, "Authentication failed: 401: Wrong token type"),
        (TokenFault::NoSubject.into(), 4401, "Invalid token: no subject"),
        (TokenFault::UnknownUser.into(), 4401, "User not found"),
        (Fault::TooManyConnections, 4429, "Too many connections"),
        (Fault::Unavailable, 4500, "Connection failed"),
    ];
    for (fault, code, reason) in cases {
        let refusal = Envelope::default().refusal(&fault);
        assert_eq!((refusal.code, &*refusal.reason), (code, reason));
    }
}

#[test]
fn health_tells_how_the_database_answers() {
    let checked = |beats, took| {
        let database = Some(Pulse { beats, took: Duration::from_millis(took) });
        let up = Duration::ZERO;
        let said = Envelope::default().health(&Vitals { now: now(), up, database }).unwrap();
        said["checks"]["database"].clone()
    };
    let well =
        json!({"status": "healthy", "message": "Database connection OK", "response_time_ms": 3});
    assert_eq!(checked(true, 3), well);
    let ill =
        json!({"status": "unhealthy", "message": "Database unavailable", "response_time_ms": 999});
    assert_eq!(checked(false, 999), ill);
}

#[test]
fn the_status_and_the_assignee_have_words_of_their_own() {
    let changes = TaskChanges {
        title: Some(Change { old: "T0".into(), new: "<b>T1".into() }),
        status: Some(Change { old: TaskStatus::Review, new: TaskStatus::Blocked }),
        priority: Some(Change { old: Priority::Low, new: Priority::Critical }),
        assignee: Some(Change { old: None, new: Some(person(3, "carol")) }),
        due_date: Some(Change { old: None, new: Some(now()) }),
        ..TaskChanges::default()
    };
    let updated = told(Body::TaskUpdated { task: task(), changes: changes.clone() });
    let rest = json!({ "title": "<b>T1", "priority": "urgent", "due_date": AT_TOLD });
    assert_eq!(
        updated,
        Some(in_project("task.updated", &json!({ "task_id": 1, "changes": rest })))
    );

    let status =
        |old| Body::TaskStatusChanged { task: task(), old, changes: changes.clone(), lead: false };
    let content = json!({
        "task_id": 1, "old_status": "review", "new_status": "in_progress", "changed_by": "bob",
    });
    assert_eq!(told(status(TaskStatus::Review)), Some(in_project("task.status_changed", &content)));
    assert_eq!(told(status(TaskStatus::InProgress)), None, "one word for both");

    let assigned = Body::TaskAssigned { task: task(), old: None, changes, lead: false };
    let content = json!({ "task_id": 1, "assignee": "carol", "title": "<b>T1" });
    assert_eq!(told(assigned), Some(in_project("task.assigned", &content)));
}

#[test]
fn tasks_that_come_and_go() {
    let content = json!({
        "task_id": 1, "title": "<b>T1", "status": "in_progress", "priority": "urgent",
        "assignee": "carol", "creator": "alice",
    });
    assert_eq!(
        told(Body::TaskCreated { task: task() }),
        Some(in_project("task.created", &content))
    );
    let nobody = Task { assignee: None, status: TaskStatus::Cancelled, ..task() };
    let created = told(Body::TaskCreated { task: nobody }).unwrap();
    assert_eq!(
        (&created["data"]["assignee"], &created["data"]["status"]),
        (&Value::Null, &json!("archived"))
    );
    let content = json!({ "task_id": 1 });
    assert_eq!(
        told(Body::TaskDeleted { task: task() }),
        Some(in_project("task.deleted", &content))
    );
}

#[test]
fn a_project_that_is_archived_or_deleted_is_archived() {
    let changed = |changes| told(Body::ProjectUpdated { project: project(), changes });
    let named = ProjectChanges {
        name: Some(Change { old: "Bridge".into(), new: "Tunnel".into() }),
        end_date: Some(Change { old: Some(now()), new: None }),
        start_date: Some(Change { old: None, new: Some(now()) }),
        ..ProjectChanges::default()
    };
    let changes = json!({ "name": "Tunnel", "start_date": "2026-11-20", "end_date": null });
    let content = json!({ "project_id": 7, "changes": changes });
    assert_eq!(changed(named.clone()), Some(in_project("project.updated", &content)));
    let archived = Some(in_project("project.archived", &json!({ "project_id": 7 })));
    let status = Some(Change { old: ProjectStatus::Active, new: ProjectStatus::Archived });
    assert_eq!(changed(ProjectChanges { status, ..named }), archived);
    assert_eq!(told(Body::ProjectDeleted { project: project() }), archived);
}

#[test]
fn notifications_have_neither_room_nor_sender() {
    let notified = |notice| {
        let notification = Notification {
            id: NotificationId(5),
            user_id: UserId(3),
            actor: person(2, "bob"),
            notice,
            created_at: now(),
            read_at: None,
        };
        let body = Body::NotificationCreated { notification };
        let rooms = Envelope::default().audience(&event(body.clone()));
        assert_eq!(&*rooms, &[Room::User(UserId(3))]);
        let told = told(body).unwrap();
        assert_eq!(told.as_object().unwrap().len(), 3);
        assert_eq!(told["timestamp"], AT_TOLD);
        (told["type"].as_str().unwrap().to_owned(), told["data"].clone())
    };
    let (kind, content) = notified(Notice::TaskAssigned { task: task().to_ref() });
    assert_eq!(kind, "notification.task_assigned");
    assert_eq!(
        content,
        json!({ "task_id": 1, "task_title": "<b>T1", "assigned_by": "bob", "project_id": 7 })
    );
    let (kind, content) = notified(Notice::TaskStatusChanged {
        task: task().to_ref(),
        old: TaskStatus::Todo,
        new: TaskStatus::Blocked,
    });
    assert_eq!(kind, "notification.new");
    assert_eq!(
        content,
        json!({
            "title": "Task status changed",
            "message": "bob Smith changed \"<b>T1\" to in_progress",
            "link": "/project/7",
            "priority": "normal",
        })
    );
}

#[test]
fn who_comes_is_told_to_everyone_but_the_connection_that_read_it_in_its_reply() {
    let (stored, named) = (Room::Project(ProjectId(7)), Room::named("channel:9"));
    let signal = Signal {
        user: person(2, "bob"),
        at: now(),
        cause: Some(ConnectionId(4)),
        body: SignalBody::Presence {
            arrived: true,
            rooms: smallvec![stored, named],
            names: vec![Named { room: named, name: "channel:9".into() }],
            elsewhere: smallvec![],
        },
    };
    let deliveries = Envelope::default().signal(&Wire::Raw, &signal);
    let told: Vec<Value> = deliveries.iter().map(|delivery| said(&delivery.frame)).collect();
    let joined = |room| {
        json!({
            "type": "user_joined", "data": {"username": "bob", "user_id": 2},
            "timestamp": AT_TOLD, "room": room, "sender": "bob",
        })
    };
    assert_eq!(told, [joined("project:7"), joined("channel:9")]);
    assert!(deliveries.iter().all(|delivery| delivery.except == Some(ConnectionId(4))));
}

#[test]
fn nobody_speaks_in_anothers_name() {
    let room = Room::named("channel:9");
    let forged = r#"{"content":"x","username":"alice","user_id":1,"metadata":[1]}"#;
    let body = SignalBody::Relay { room, name: "channel:9".into(), content: forged.into() };
    let cause = Some(ConnectionId(4));
    let signal = Signal { user: person(2, "bob"), at: now(), cause, body };
    let deliveries = Envelope::default().signal(&Wire::Raw, &signal);
    let [delivery] = &*deliveries else { panic!() };
    assert_eq!(delivery.except, None, "the sender hears it too");
    assert_eq!(&*delivery.rooms, &[room]);
    assert_eq!(
        said(&delivery.frame),
        json!({
            "type": "message",
            "data": {"content": "x", "username": "bob", "user_id": 2, "metadata": [1]},
            "timestamp": AT_TOLD, "room": "channel:9", "sender": "bob",
        })
    );
}
