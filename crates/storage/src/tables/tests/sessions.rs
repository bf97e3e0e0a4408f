use std::time::Duration;

use chorus_model::{ConnectionId, Epoch, SyncId, Timestamp, UserId, WorkspaceRole};

use super::people::user;
use crate::fixture::Scratch;
use crate::tables::sessions::{Hold, StoredSession};

fn run(name: &str) -> Epoch {
    Epoch::new(name).unwrap()
}

fn open(scratch: &Scratch, pid: &str, user: UserId) -> Hold {
    let new = StoredSession {
        sid: format!("sid of {pid}"),
        user,
        space: "native /".into(),
        role: WorkspaceRole::User,
        connection: ConnectionId(u64::MAX),
        generation: 0,
        held_by: Some("run1".into()),
        left_at: None,
    };
    scratch.tx(|tx| tx.open_session(pid, &new))
}

#[test]
fn a_session_belongs_to_whoever_took_it_up_last() {
    let scratch = Scratch::new();
    let first = open(&scratch, "p", user(&scratch, "ann").id);
    scratch.tx(|tx| tx.enter_session_room(&first, "project:7", SyncId(3)));
    let second = scratch.tx(|tx| tx.take_session(&first, ConnectionId(7), &run("run2"))).unwrap();
    assert_eq!(
        scratch.tx(|tx| tx.take_session(&first, ConnectionId(7), &run("run2"))),
        None,
        "consumed"
    );
    // Whoever held it before has no say.
    scratch.tx(|tx| tx.enter_session_room(&first, "project:8", SyncId(3)));
    scratch.tx(|tx| tx.leave_session_room(&first, "project:7", true));
    scratch.tx(|tx| tx.lose_session(&first));
    scratch.tx(|tx| tx.end_session(&first));
    let kept = scratch.tx(|tx| tx.session("p")).unwrap();
    assert_eq!((kept.generation, kept.held_by.as_deref(), kept.left_at), (1, Some("run2"), None));
    assert_eq!(kept.connection, ConnectionId(7));
    assert_eq!(scratch.tx(|tx| tx.session_rooms("p")), [("project:7".into(), Some(SyncId(3)))]);

    scratch.tx(|tx| tx.enter_session_room(&second, "project:7", SyncId(9)));
    let rooms = scratch.tx(|tx| tx.session_rooms("p"));
    assert_eq!(rooms, [("project:7".into(), Some(SyncId(3)))], "it has been there since then");
    let leave = |stays_out| {
        scratch.tx(|tx| tx.leave_session_room(&second, "project:7", stays_out));
        scratch.tx(|tx| tx.session_rooms("p"))
    };
    assert_eq!(leave(true), [("project:7".into(), None)]);
    scratch.tx(|tx| tx.enter_session_room(&second, "project:7", SyncId(9)));
    let rooms = scratch.tx(|tx| tx.session_rooms("p"));
    assert_eq!(rooms, [("project:7".into(), Some(SyncId(9)))]);
    assert!(leave(false).is_empty());
    scratch.tx(|tx| tx.enter_session_room(&second, "task:1", SyncId(9)));
    scratch.tx(|tx| tx.end_session(&second));
    assert!(scratch.tx(|tx| tx.session("p")).is_none());
    assert!(scratch.tx(|tx| tx.session_rooms("p")).is_empty());
}

#[test]
fn what_was_lost_is_kept_for_a_while() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann").id;
    let (lost, held) = (open(&scratch, "lost", ann), open(&scratch, "held", ann));
    let began = scratch.tx(|tx| Ok(tx.now()));
    scratch.tx(|tx| tx.lose_session(&lost));
    let purge =
        |before: Timestamp, by: &str| scratch.tx(|tx| tx.purge_sessions(before, &run(by), began));
    let there = || ["lost", "held"].map(|pid| scratch.tx(|tx| tx.session(pid)).is_some());
    assert_eq!(purge(began, "run1"), 0);
    scratch.clock.advance(Duration::from_secs(10));
    assert_eq!((purge(began, "run1"), there()), (0, [true, true]), "not yet");
    let now = scratch.tx(|tx| Ok(tx.now()));
    assert_eq!((purge(now, "run1"), there()), (1, [false, true]));
    // The next run of the server finds it held by one that is gone.
    assert_eq!((purge(began, "run2"), there()), (1, [false, true]));
    let kept = scratch.tx(|tx| tx.session("held")).unwrap();
    assert_eq!((kept.held_by, kept.left_at), (None, Some(began)));
    assert!(scratch.tx(|tx| tx.take_session(&held, ConnectionId(7), &run("run2"))).is_some());
}

#[test]
fn of_one_person_only_so_many_are_kept() {
    let scratch = Scratch::new();
    let (ann, bob) = (user(&scratch, "ann").id, user(&scratch, "bob").id);
    let other = open(&scratch, "bob's", bob);
    scratch.tx(|tx| tx.lose_session(&other));
    for number in 0..70 {
        scratch.clock.advance(Duration::from_secs(1));
        let hold = open(&scratch, &format!("{number}"), ann);
        scratch.tx(|tx| tx.lose_session(&hold));
    }
    let there = |number: i32| scratch.tx(|tx| tx.session(&number.to_string())).is_some();
    assert!(!there(0) && !there(4) && there(5) && there(69));
    assert!(scratch.tx(|tx| tx.session("bob's")).is_some());
}
