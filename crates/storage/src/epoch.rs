//! Epochs, and where a client's cursor lies.
//!
//! A restored backup hands out the same ids again to other events. A cursor therefore names the
//! epoch in which it was valid; every start of a server on a SQLite file opens one at the head,
//! because nothing in the file tells whether it is the one that was closed.

use chorus_model::{Cursor, Entropy, Epoch, Room, SyncId};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;
use crate::log;
use crate::reads::Reads;
use crate::row::{Columns, integer, to_json};

/// Letters in an epoch's name: 40 random bits.
const NAME: usize = 8;

/// Where a client can go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// After this event: nothing that it may see is missing from the log.
    At(SyncId),
    /// Not from the log: it must fetch a snapshot.
    Reset(ResetReason),
}

/// Why a cursor is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetReason {
    /// No epoch of this log has that name.
    UnknownEpoch,
    /// It is ahead of the log.
    Ahead,
    /// History was rewritten before the place that it names.
    Rewritten,
    /// One of the rooms has lost an event after it.
    Trimmed,
}

impl Reads<'_> {
    /// The current epoch and the last event, as this transaction sees them: what a snapshot
    /// carries.
    pub fn head(&self) -> Result<Cursor, StoreError> {
        let epoch =
            self.single("select epoch from log_epoch order by ordinal desc limit 1", [], |row| {
                epoch(&mut Columns::of(row))
            })?;
        Ok(Cursor { epoch, id: log::end(self)?.head })
    }

    /// Where `cursor` lies for somebody who hears `rooms`. Without rooms, trimming does not
    /// count.
    pub fn place(&self, cursor: &Cursor, rooms: &[Room]) -> Result<Place, StoreError> {
        let reset = |reason| Ok(Place::Reset(reason));
        let Some(own) = self.ordinal(&cursor.epoch)? else {
            return reset(ResetReason::UnknownEpoch);
        };
        match self.valid_upto(own)? {
            Some(end) if cursor.id > end => return reset(ResetReason::Rewritten),
            None if cursor.id > log::end(self)?.head => return reset(ResetReason::Ahead),
            _ => {}
        }
        if self.lost_after(cursor.id, rooms)? {
            return reset(ResetReason::Trimmed);
        }
        Ok(Place::At(cursor.id))
    }

    fn ordinal(&self, epoch: &Epoch) -> Result<Option<i64>, StoreError> {
        let sql = "select ordinal from log_epoch where epoch = ?1";
        self.one(sql, [epoch.as_str()], |row| row.get(0))
    }

    /// The last id of an epoch that still means the same; `None` for the current epoch.
    fn valid_upto(&self, ordinal: i64) -> Result<Option<SyncId>, StoreError> {
        self.single(
            "select min(starts_after) from log_epoch where ordinal > ?1",
            [ordinal],
            |row| Ok(row.get::<_, Option<u64>>(0)?.map(SyncId)),
        )
    }

    fn lost_after(&self, id: SyncId, rooms: &[Room]) -> Result<bool, StoreError> {
        let names: Vec<String> = rooms.iter().map(Room::to_string).collect();
        self.single(
            "select exists (select 1 from json_each(?1) n
                            cross join room_trim t on t.room = n.value where t.id > ?2)",
            (to_json(&names)?, integer(id)),
            |row| row.get(0),
        )
    }
}

/// Opens an epoch at the head if `anew`, or if there is none; returns the current one.
pub(crate) fn begin(
    conn: &mut Connection,
    anew: bool,
    entropy: &(dyn Entropy + 'static),
) -> Result<Cursor, StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let reads = Reads::new(&tx);
    let none: bool =
        reads.single("select not exists (select 1 from log_epoch)", [], |row| row.get(0))?;
    if anew || none {
        reads.change(
            "insert into log_epoch (epoch, starts_after)
             values (?1, (select coalesce(max(sync_id), 0) from log))",
            [entropy.word(NAME)],
        )?;
    }
    let head = reads.head()?;
    tx.commit()?;
    Ok(head)
}

fn epoch(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Epoch> {
    let name: String = columns.take()?;
    Epoch::new(&name).ok_or_else(|| columns.unreadable("not the name of an epoch".into()))
}

#[cfg(test)]
mod tests;
