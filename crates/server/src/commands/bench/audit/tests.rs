use chorus_model::Timestamp;
use chorus_storage::{Location, Options};
use serde_json::json;

use super::*;
use crate::system::{SystemClock, SystemEntropy};

/// A task made in a project, as an event at this place.
fn made(place: u64, project: i64, word: u64) -> Arc<Event> {
    let at = "2026-11-20T10:28:55.034831Z";
    let person = json!({"id": 1, "username": "ann", "full_name": "Ann", "email": null});
    let task = json!({
        "id": place, "project_id": project, "title": format!("word {word}"), "description": null,
        "status": "todo", "priority": "medium", "assignee_id": null, "assignee": null,
        "creator_id": 1, "creator": person, "due_date": null, "estimated_hours": null,
        "category": null, "position": 1.0, "version": 1, "completed_at": null, "created_at": at,
        "updated_at": at,
    });
    let body = json!({"kind": "task.created", "payload": {"task": task}});
    let body: Body = serde_json::from_value(body).unwrap();
    let (actor, scope) = (serde_json::from_value(person).unwrap(), body.scope());
    let (sync_id, at) = (SyncId(place), Timestamp::default());
    Arc::new(Event { sync_id, scope, actor, origin: None, at, body })
}

/// Words 1 to 4 at the places 1 to 4, the third in another project.
fn log() -> Vec<Arc<Event>> {
    vec![made(1, 7, 1), made(2, 7, 2), made(3, 8, 3), made(4, 7, 4)]
}

/// A client of project 7 that came at place 1 and was told this: places with words.
fn client(told: &[(u64, u64)]) -> Record {
    Record {
        name: "native 0".into(),
        projects: vec![7],
        hears: &["task.created"],
        since: Some(1),
        told: told.iter().map(|(place, word)| Told { place: *place, word: Some(*word) }).collect(),
        resets: Vec::new(),
        came: 1,
        drops: 0,
        naps: 0,
        floods: 0,
    }
}

/// The rules that a client like this breaks.
fn broken(client: Record) -> Vec<&'static str> {
    let findings = heard(&log(), &[client]);
    findings.iter().filter(|finding| !finding.holds()).map(|finding| finding.rule).collect()
}

#[test]
fn who_heard_all_breaks_nothing() {
    assert_eq!(broken(client(&[(2, 2), (4, 4)])), [""; 0]);
}

#[test]
fn what_is_broken_is_found() {
    for (told, rule) in [
        (&[(2, 2)][..], "no client lost anything"),
        (&[(2, 2), (4, 4), (4, 4)], "no client heard anything twice"),
        (&[(4, 4), (2, 2)], "every client heard all in order"),
        (&[(2, 2), (3, 3), (4, 4)], "no client heard what is not for it"),
        (&[(1, 1), (2, 2), (4, 4)], "no client heard what is not for it"),
        (&[(2, 2), (4, 5)], "every client heard what was written"),
    ] {
        assert_eq!(broken(client(told)), [rule], "{told:?}");
    }
    let mut stranded = client(&[]);
    stranded.since = None;
    assert_eq!(broken(stranded), ["no client lost anything"]);
    let mut reset = client(&[(2, 2), (4, 4)]);
    reset.resets.push("ahead".into());
    assert_eq!(broken(reset), ["no client had to begin anew"]);
}

#[test]
fn the_log_has_each_word_once_and_no_hole() {
    assert!(once(&log(), 4).holds() && holes(&log()).holds());
    assert!(!once(&log(), 3).holds(), "nobody wrote the fourth");
    assert!(!once(&log(), 5).holds(), "the fifth is missing");
    assert!(!once(&[made(1, 7, 1), made(2, 7, 1)], 1).holds(), "twice");
    assert!(!holes(&[made(1, 7, 1), made(3, 7, 2)]).holds());
}

#[tokio::test]
async fn rows_are_asked_for() {
    let (store, _committed) = Store::open(Options {
        location: Location::Temporary,
        readers: 1,
        serve: true,
        first_id: None,
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
    })
    .unwrap();
    assert!(rows(&store, &[]).await.unwrap().holds());
    let finding = rows(&store, &log()).await.unwrap();
    assert_eq!((finding.broken, finding.of), (4, 4), "{finding}");
    store.close().await;
}
