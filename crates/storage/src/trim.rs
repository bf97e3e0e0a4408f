//! Shortening the log at its old end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::StoreError;
use crate::log;
use crate::row::{Columns, at_most, integer};
use crate::tx::Tx;

/// Most events that one call removes, so that no command waits long for it.
const CHUNK: usize = 1_000;

/// What a call has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed {
    /// How many events were removed.
    pub events: usize,
    /// Whether there may be more to remove: call again.
    pub more: bool,
}

struct Old {
    sync_id: i64,
    rooms: String,
}

impl Tx<'_> {
    /// Removes the oldest events, at most 1,000, that are not among the last `keep_bytes` of
    /// payload or are older than `keep_age`, and remembers for each room what it has lost. The
    /// newest event always stays: the next id is counted from it.
    pub fn trim(&mut self, keep_bytes: u64, keep_age: Duration) -> Result<Trimmed, StoreError> {
        let old = self.oldest(keep_bytes, keep_age)?;
        let Some(last) = old.last() else {
            return Ok(Trimmed { events: 0, more: false });
        };
        let mut lost: BTreeMap<&str, i64> = BTreeMap::new();
        for event in &old {
            for room in event.rooms.split(' ') {
                lost.insert(room, event.sync_id);
            }
        }
        for (room, id) in lost {
            self.change(
                "delete from log_room where room = ?1 and sync_id <= ?2",
                (room, last.sync_id),
            )?;
            self.change(
                "insert into room_trim (room, id) values (?1, ?2)
                 on conflict (room) do update set id = max(id, excluded.id)",
                (room, id),
            )?;
        }
        self.change("delete from log where sync_id <= ?1", [last.sync_id])?;
        Ok(Trimmed { events: old.len(), more: old.len() == CHUNK })
    }

    /// Both what is stored before and when rise along the log: the old ones are its beginning.
    fn oldest(&self, keep_bytes: u64, keep_age: Duration) -> Result<Vec<Old>, StoreError> {
        let end = log::end(self)?;
        let bytes = i64::try_from(keep_bytes).unwrap_or(i64::MAX);
        self.many(
            "select sync_id, rooms from
               (select sync_id, rooms, at, volume from log order by sync_id limit ?1)
             where sync_id < ?2 and (volume <= ?3 or at < ?4) order by sync_id",
            (
                at_most(CHUNK, CHUNK),
                integer(end.head),
                end.volume.saturating_sub(bytes),
                self.now().minus(keep_age).micros(),
            ),
            |row| {
                let mut c = Columns::of(row);
                Ok(Old { sync_id: c.take()?, rooms: c.take()? })
            },
        )
    }
}

#[cfg(test)]
mod tests;
