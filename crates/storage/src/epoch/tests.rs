use std::time::Duration;

use chorus_model::{Cursor, ProjectId, Room, SyncId, UserId};

use super::{Place, ResetReason, begin};
use crate::fixture::Scratch;

const ROOM: Room = Room::User(UserId(1));

fn place(scratch: &Scratch, cursor: &str, rooms: &[Room]) -> Place {
    let cursor: Cursor = cursor.parse().unwrap();
    scratch.tx(|tx| tx.place(&cursor, rooms))
}

#[test]
fn a_cursor_is_valid_where_history_is_the_same() {
    let mut scratch = Scratch::new();
    let mut epochs = vec![scratch.tx(|tx| crate::Reads::head(tx)).epoch];
    // Epochs begin after 0, 3, 3 and 5; the head is 7.
    for events in [3, 0, 2] {
        scratch.tell_times(events, ROOM);
        epochs.push(begin(&mut scratch.conn, true, &scratch.entropy).unwrap().epoch);
    }
    scratch.tell(ROOM);
    scratch.tell(ROOM);

    let at = |id| Place::At(SyncId(id));
    let table = [
        (0, 0, at(0)),
        (0, 3, at(3)),
        (0, 4, Place::Reset(ResetReason::Rewritten)),
        (1, 3, at(3)),
        (1, 4, Place::Reset(ResetReason::Rewritten)),
        (2, 5, at(5)),
        (2, 6, Place::Reset(ResetReason::Rewritten)),
        (3, 0, at(0)),
        (3, 7, at(7)),
        (3, 8, Place::Reset(ResetReason::Ahead)),
        (3, u64::MAX, Place::Reset(ResetReason::Ahead)),
        (0, u64::MAX, Place::Reset(ResetReason::Rewritten)),
    ];
    for (epoch, id, expected) in table {
        let cursor = format!("{}-{id}", epochs[epoch].as_str());
        assert_eq!(place(&scratch, &cursor, &[ROOM]), expected, "epoch {epoch}, id {id}");
    }
    let unknown = Place::Reset(ResetReason::UnknownEpoch);
    assert_eq!(place(&scratch, "nowhere-3", &[ROOM]), unknown);
}

#[test]
fn only_rooms_that_lost_something_are_reset() {
    let scratch = Scratch::new();
    let (quiet, unknown) = (Room::Project(ProjectId(2)), Room::User(UserId(9)));
    let head = scratch.tx(|tx| crate::Reads::head(tx));
    scratch.tell(quiet);
    scratch.tell_times(4, ROOM);
    scratch.tx(|tx| tx.trim(0, Duration::from_secs(3_600)));

    let place =
        |id, rooms: &[Room]| place(&scratch, &format!("{}-{id}", head.epoch.as_str()), rooms);
    let trimmed = Place::Reset(ResetReason::Trimmed);
    assert_eq!(place(3, &[ROOM]), trimmed);
    assert_eq!(place(4, &[ROOM]), Place::At(SyncId(4)));
    assert_eq!(place(0, &[quiet]), trimmed);
    assert_eq!(place(1, &[quiet, unknown]), Place::At(SyncId(1)));
    assert_eq!(place(1, &[quiet, ROOM]), trimmed);
    assert_eq!(place(0, &[]), Place::At(SyncId(0)));
}

#[test]
fn a_tool_uses_the_epoch_that_there_is() {
    let mut scratch = Scratch::new();
    let current = scratch.tx(|tx| crate::Reads::head(tx));
    assert_eq!(begin(&mut scratch.conn, false, &scratch.entropy).unwrap(), current);
}
