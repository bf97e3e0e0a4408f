use serde_json::json;

use super::*;

#[test]
fn every_dialect_is_found_by_its_name_and_connects_somewhere() {
    for name in names() {
        let dialect = named(name).unwrap();
        assert_eq!(dialect.name(), name);
        assert!(dialect.socketio().is_some() || dialect.raw().is_some(), "{name}");
        for wish in [Wish::Join(Room::Project(7)), Wish::Leave(Room::Project(7))] {
            assert!(dialect.say(&wish).is_some(), "{name} has a word for {wish:?}");
        }
    }
    let unknown = named("esperanto").err().unwrap().to_string();
    assert_eq!(
        unknown,
        "no dialect esperanto; there are taskmanager, flux, prodsight, skybuild, envelope, native"
    );
}

#[test]
fn rooms_are_read_as_people_write_them() {
    for (text, room, as_task) in [
        ("7", Room::Project(7), Room::Task(7)),
        ("project:7", Room::Project(7), Room::Project(7)),
        ("project_7", Room::Project(7), Room::Project(7)),
        ("task:12", Room::Task(12), Room::Task(12)),
        ("channel:7", Room::Named("channel:7".into()), Room::Named("channel:7".into())),
        ("project:x", Room::Named("project:x".into()), Room::Named("project:x".into())),
    ] {
        assert_eq!(Room::parse(text), room);
        assert_eq!(Room::parse_task(text), as_task);
    }
    assert_eq!(Room::parse("project_7").to_string(), "project:7");
}

#[test]
fn wishes_are_said_in_the_words_of_each_dialect() {
    let said = |dialect: &str, wish: &Wish| {
        named(dialect).unwrap().say(wish).map(|say| (say.name, say.argument))
    };
    let join = Wish::Join(Room::Project(7));
    assert_eq!(said("native", &join), Some(("subscribe", json!({"room": "project:7"}))));
    assert_eq!(said("taskmanager", &join), Some(("join_project", json!({"project_id": 7}))));
    assert_eq!(said("flux", &join), Some(("join:project", json!({"projectId": "7"}))));
    assert_eq!(said("prodsight", &join), Some(("join_project_room", json!({"project_id": "7"}))));
    assert_eq!(said("skybuild", &join), Some(("join_project", json!({"project_id": "7"}))));
    assert_eq!(said("envelope", &join), Some(("join_room", json!({"room": "project:7"}))));
    let status = Wish::SetStatus { task: 3, status: "done".into() };
    assert_eq!(
        said("native", &status),
        Some(("task.update", json!({"task_id": 3, "status": "done"})))
    );
    assert_eq!(
        said("taskmanager", &status),
        Some(("task_status_changed", json!({"task_id": 3, "new_status": "done"})))
    );
    assert_eq!(said("flux", &status), None);
    assert_eq!(said("envelope", &status), None);
    let send = Wish::Send { room: Room::parse("channel:a"), text: "hi".into() };
    assert_eq!(said("native", &send), None);
    assert_eq!(said("taskmanager", &send), None);
}

#[test]
fn what_is_expected_is_told_from_what_is_not() {
    let expected = Expected::named("pong").with("/a/b", 1).having("/c");
    assert!(expected.is("pong", &json!({"a": {"b": 1}, "c": null})));
    assert!(!expected.is("ping", &json!({"a": {"b": 1}, "c": null})));
    assert!(!expected.is("pong", &json!({"a": {"b": 2}, "c": 0})));
    assert!(!expected.is("pong", &json!({"a": {"b": 1}})));
    assert_eq!(expected.to_string(), "pong with /a/b = 1, /c there");
}

#[test]
fn a_native_refusal_is_told_in_the_servers_words() {
    let native = named("native").unwrap();
    assert_eq!(native.refusal(&json!({"ok": true})), None);
    let refused = json!({"ok": false, "error": {"code": "not_found", "message": "No such task"}});
    assert_eq!(native.refusal(&refused), Some("not_found: No such task".into()));
    assert_eq!(native.refusal(&json!(null)), Some("null".into()));
}
