use std::collections::BTreeSet;
use std::time::Duration;

use chorus_model::event::Draft;
use chorus_model::{
    Body, Clock as _, ConnectionId, Priority, ProjectId, Room, SyncId, Task, TaskId, TaskStatus,
    Timestamp, UserId,
};
use proptest::prelude::*;

use crate::StoreError;
use crate::fixture::{Scratch, joined, person, told};
use crate::tx::Growth;

fn task(position: f64, estimated_hours: f64) -> Task {
    Task {
        id: TaskId(1),
        project_id: ProjectId(1),
        title: "Pour \"concrete\" \u{1f3d7}".into(),
        description: Some("line\nline\u{2028}".into()),
        status: TaskStatus::Todo,
        priority: Priority::High,
        assignee_id: Some(UserId(2)),
        assignee: Some(person(2).to_ref()),
        creator_id: UserId(1),
        creator: person(1).to_ref(),
        due_date: Timestamp::parse("2026-12-31T23:59:59.123456Z"),
        estimated_hours: Some(estimated_hours),
        category: None,
        position,
        version: 3,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

proptest! {
    #[test]
    fn an_event_is_read_back_as_it_was_told(
        position in -1e300_f64..1e300,
        hours in prop::num::f64::NORMAL,
        origin in any::<Option<u64>>(),
    ) {
        let scratch = Scratch::new();
        let draft = Draft {
            actor: person(3).to_ref(),
            origin: origin.map(ConnectionId),
            body: Body::TaskCreated { task: task(position, hours) },
        };
        scratch.conn.execute_batch("begin immediate").unwrap();
        let mut growth = Growth::begin(&scratch.conn, scratch.clock.now()).unwrap();
        let mut tx = crate::Tx::new(&scratch.conn, &mut growth);
        tx.append(draft).unwrap();
        let stored = tx.events(SyncId::ZERO, 10).unwrap();
        prop_assert_eq!(stored, growth.into_events());
    }
}

/// The rooms of one event of a random log.
#[derive(Debug, Clone, Copy)]
enum Told {
    Project(i64),
    User(i64),
    Both(i64, i64),
}

impl Told {
    fn rooms(self) -> BTreeSet<Room> {
        let (project, user) = match self {
            Self::Project(project) => (Some(project), None),
            Self::User(user) => (None, Some(user)),
            Self::Both(project, user) => (Some(project), Some(user)),
        };
        let project = project.map(|id| Room::Project(ProjectId(id)));
        project.into_iter().chain(user.map(|id| Room::User(UserId(id)))).collect()
    }

    fn draft(self) -> Draft {
        match self {
            Self::Project(id) => told(Room::Project(ProjectId(id))),
            Self::User(id) => told(Room::User(UserId(id))),
            Self::Both(project, user) => joined(project, user),
        }
    }
}

fn any_told() -> impl Strategy<Value = Told> {
    prop_oneof![
        (1..4_i64).prop_map(Told::Project),
        (1..4_i64).prop_map(Told::User),
        (1..4_i64, 1..4_i64).prop_map(|(project, user)| Told::Both(project, user)),
    ]
}

fn any_room() -> impl Strategy<Value = Room> {
    prop_oneof![
        (1..5_i64).prop_map(|id| Room::Project(ProjectId(id))),
        (1..5_i64).prop_map(|id| Room::User(UserId(id))),
    ]
}

proptest! {
    #[test]
    fn rooms_hear_what_a_plain_search_finds(
        log in prop::collection::vec(any_told(), 0..80),
        rooms in prop::collection::vec(any_room(), 0..4),
        after in 0..90_u64,
        upto in 0..90_u64,
        limit in 1..20_usize,
    ) {
        let scratch = Scratch::new();
        scratch.tx(|tx| log.iter().try_for_each(|told| tx.append(told.draft()).map(drop)));
        let expected: Vec<u64> = (1..)
            .zip(&log)
            .filter(|(id, told)| {
                *id > after && *id <= upto && rooms.iter().any(|r| told.rooms().contains(r))
            })
            .map(|(id, _)| id)
            .collect();

        let (mut found, mut place) = (Vec::new(), SyncId(after));
        let upto = SyncId(upto);
        let end = upto.min(SyncId(log.len() as u64));
        while place < end {
            let (events, scanned) =
                scratch.tx(|tx| tx.events_in_rooms(&rooms, place, upto, limit));
            prop_assert!(scanned > place && scanned <= end && events.len() <= limit);
            prop_assert!(events.iter().all(|e| e.sync_id > place && e.sync_id <= scanned));
            found.extend(events.iter().map(|event| event.sync_id.0));
            place = scanned;
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn the_window_grows_over_what_others_heard() {
    let scratch = Scratch::new();
    let (ours, theirs) = (Room::User(UserId(1)), Room::User(UserId(2)));
    scratch.tx(|tx| {
        (0..6_000).try_for_each(|_| tx.append(told(theirs)).map(drop))?;
        tx.append(told(ours))
    });
    let last = SyncId(6_001);
    let (events, scanned) = scratch.tx(|tx| tx.events_in_rooms(&[ours], SyncId(2), last, 10));
    assert_eq!((events.len(), events[0].sync_id, scanned), (1, last, last));

    let nothing = scratch.tx(|tx| tx.events_in_rooms(&[ours], SyncId(2), SyncId(6_000), 10));
    assert_eq!(nothing, (vec![], SyncId(6_000)));
    let beyond = scratch.tx(|tx| tx.events_in_rooms(&[ours], SyncId(u64::MAX), last, 10));
    assert_eq!(beyond, (vec![], SyncId(u64::MAX)));
}

#[test]
fn a_page_of_the_log_is_bounded() {
    let scratch = Scratch::new();
    scratch.tx(|tx| (0..1_100).try_for_each(|_| tx.append(told(Room::User(UserId(1)))).map(drop)));
    let ids = |after, limit| {
        let events = scratch.tx(|tx| tx.events(SyncId(after), limit));
        events.iter().map(|event| event.sync_id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids(3, 4), [4, 5, 6, 7]);
    assert_eq!(ids(0, usize::MAX).len(), 1_000);
    assert_eq!(ids(1_100, 10), [0; 0]);
    assert_eq!(ids(u64::MAX, 10), [0; 0]);
}

#[test]
fn tells_what_somebody_did_in_a_project_lately() {
    let scratch = Scratch::new();
    let room = Room::Project(ProjectId(1));
    let by = |user: i64, room| Draft { actor: person(user).to_ref(), ..told(room) };
    let changed = |id: i64| {
        let task = Task { id: TaskId(id), ..task(1.0, 1.0) };
        Draft { body: Body::TaskDeleted { task }, ..by(1, room) }
    };
    scratch.tx(|tx| tx.append(by(1, room)));
    scratch.clock.advance(Duration::from_secs(60));
    let since = scratch.clock.now();
    scratch.tx(|tx| {
        tx.append(by(1, room))?;
        tx.append(by(2, room))?;
        tx.append(by(1, Room::Project(ProjectId(2))))?;
        tx.append(by(1, room))?;
        tx.append(changed(7))?;
        tx.append(changed(8))
    });
    let ids = |user, task, since| {
        let task = Option::map(task, TaskId);
        let events = scratch.tx(|tx| tx.done_lately(UserId(user), ProjectId(1), task, since));
        events.iter().map(|event| event.sync_id.0).collect::<Vec<_>>()
    };
    assert_eq!(ids(1, None, since), [7, 6, 5, 2]);
    assert_eq!(ids(1, None, Timestamp::default()), [7, 6, 5, 2, 1]);
    assert_eq!(ids(1, Some(7), since), [6]);
    assert_eq!(ids(3, None, Timestamp::default()), [0; 0]);

    scratch.tx(|tx| (0..255).try_for_each(|_| tx.append(by(2, room)).map(drop)));
    assert_eq!(ids(1, None, since), [7], "no more events are looked at");
    assert_eq!(ids(2, None, since).len(), 32);
}

#[test]
fn an_event_of_a_later_version_is_an_error_not_a_guess() {
    let scratch = Scratch::new();
    let id = scratch.tell(Room::User(UserId(1)));
    scratch.conn.execute("update log set v = 2", []).unwrap();
    scratch.tx(|tx| {
        assert!(matches!(tx.events(SyncId::ZERO, 10), Err(StoreError::Decode(_))));
        assert_eq!(tx.head(), id);
        Ok(())
    });
}
