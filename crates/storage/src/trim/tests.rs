use std::time::Duration;

use chorus_model::{Room, SyncId, UserId};

use super::Trimmed;
use crate::fixture::{Scratch, joined, told};

const HOUR: Duration = Duration::from_secs(3_600);
const ROOM: Room = Room::User(UserId(1));

fn left(scratch: &Scratch) -> Vec<u64> {
    let events = scratch.tx(|tx| tx.events(SyncId::ZERO, 1_000));
    events.iter().map(|event| event.sync_id.0).collect()
}

fn count(scratch: &Scratch, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    scratch.conn.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn removes_by_age() {
    let scratch = Scratch::new();
    scratch.tell_times(3, ROOM);
    scratch.clock.advance(HOUR);
    scratch.tell(ROOM);
    scratch.tell(ROOM);
    assert_eq!(scratch.tx(|tx| tx.trim(u64::MAX, HOUR)), Trimmed { events: 0, more: false });
    scratch.clock.advance(Duration::from_micros(1));
    assert_eq!(scratch.tx(|tx| tx.trim(u64::MAX, HOUR)), Trimmed { events: 3, more: false });
    assert_eq!(left(&scratch), [4, 5]);
    assert_eq!(count(&scratch, "log_room"), 2);
}

#[test]
fn removes_by_bytes() {
    let scratch = Scratch::new();
    scratch.tell_times(10, ROOM);
    let sql = "select length(cast(payload as blob)) from log where sync_id = 1";
    let bytes: u64 = scratch.conn.query_row(sql, [], |row| row.get(0)).unwrap();
    scratch.tx(|tx| tx.trim(bytes * 4, HOUR));
    assert_eq!(left(&scratch), [7, 8, 9, 10]);
    // What was trimmed before does not count again.
    scratch.tell(ROOM);
    scratch.tx(|tx| tx.trim(bytes * 4, HOUR));
    assert_eq!(left(&scratch), [8, 9, 10, 11]);
}

#[test]
fn the_newest_stays_and_ids_go_on() {
    let scratch = Scratch::new();
    scratch.tell_times(3, ROOM);
    scratch.clock.advance(HOUR * 2);
    assert_eq!(scratch.tx(|tx| tx.trim(0, HOUR)).events, 2);
    assert_eq!(scratch.tx(|tx| tx.trim(0, HOUR)).events, 0);
    assert_eq!(left(&scratch), [3]);
    assert_eq!(scratch.tell(ROOM), SyncId(4));
}

#[test]
fn works_in_chunks_and_remembers_each_room() {
    let scratch = Scratch::new();
    scratch.tx(|tx| {
        for id in 1..=1_500 {
            tx.append(joined(id % 7, id % 11))?;
        }
        tx.append(told(ROOM))
    });
    assert_eq!(scratch.tx(|tx| tx.trim(0, HOUR)), Trimmed { events: 1_000, more: true });
    assert_eq!(scratch.tx(|tx| tx.trim(0, HOUR)), Trimmed { events: 500, more: false });
    assert_eq!((count(&scratch, "log"), count(&scratch, "log_room")), (1, 1));
    let trimmed = |room: &str| -> i64 {
        let sql = "select id from room_trim where room = ?1";
        scratch.conn.query_row(sql, [room], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&scratch, "room_trim"), 7 + 11);
    assert_eq!((trimmed("project:2"), trimmed("project:3")), (1_500, 1_494));
    assert_eq!(trimmed("user:4"), 1_500);
}
