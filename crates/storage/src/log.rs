//! The log: its end, its rows, and how it is read.

use std::fmt::Write as _;
use std::sync::Arc;

use chorus_model::{
    ConnectionId, Event, ProjectId, Room, Scope, SyncId, TaskId, Timestamp, UserId, UserRef,
};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, at_most, integer, to_json};

/// Version of what `payload` holds. Rows outlive releases: one that changes the meaning of a
/// payload takes the next number and keeps reading this one.
const PAYLOAD: i64 = 1;

/// How many ids the search for events in rooms first looks at; four times as many each time it
/// finds none.
const WINDOW: u64 = 1_024;

/// Most events that any question returns.
const MOST: usize = 1_000;

/// How many events of a project are looked at for what one person did lately, and how many of his
/// are returned.
const LATELY: usize = 256;
const LATELY_BY_ACTOR: usize = 32;

macro_rules! select {
    ($rest:literal) => {
        concat!("select sync_id, scope, v, actor, origin, at, payload from log ", $rest)
    };
}

/// What the next event follows.
pub(crate) struct End {
    pub(crate) head: SyncId,
    pub(crate) at: Timestamp,
    /// Bytes of all payloads since the first, trimmed ones included.
    pub(crate) volume: i64,
}

pub(crate) fn end(reads: &Reads<'_>) -> Result<End, StoreError> {
    let last = reads.one(
        "select sync_id, at, volume from log order by sync_id desc limit 1",
        [],
        |row| {
            let mut c = Columns::of(row);
            Ok(End { head: c.sync_id()?, at: c.instant()?, volume: c.take()? })
        },
    )?;
    let empty = End { head: SyncId::ZERO, at: Timestamp::from_micros(i64::MIN), volume: 0 };
    Ok(last.unwrap_or(empty))
}

/// Writes the row of `event` and files it under its rooms. Returns the log's new volume.
pub(crate) fn insert(reads: &Reads<'_>, event: &Event, volume: i64) -> Result<i64, StoreError> {
    let payload = to_json(&event.body)?;
    let volume = volume.saturating_add(i64::try_from(payload.len()).unwrap_or(i64::MAX));
    let rooms = event.body.rooms();
    let mut names = String::new();
    for room in &rooms {
        let gap = if names.is_empty() { "" } else { " " };
        // Writing to a `String` cannot fail.
        write!(names, "{gap}{room}").ok();
    }
    reads.change(
        "insert into log (sync_id, scope, kind, v, actor, origin, at, rooms, payload, volume)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            integer(event.sync_id),
            event.scope.to_string(),
            event.body.kind(),
            PAYLOAD,
            to_json(&event.actor)?,
            event.origin.map(|connection| connection.0.cast_signed()),
            event.at.micros(),
            names,
            payload,
            volume,
        ),
    )?;
    for room in &rooms {
        reads.change(
            "insert or ignore into log_room (room, sync_id) values (?1, ?2)",
            (room.to_string(), integer(event.sync_id)),
        )?;
    }
    Ok(volume)
}

/// The log, read.
impl Reads<'_> {
    /// The events after `after`, of all scopes, at most `limit` (and 1,000).
    pub fn events(&self, after: SyncId, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        self.many(
            select!("where sync_id > ?1 order by sync_id limit ?2"),
            (integer(after), at_most(limit, MOST)),
            event,
        )
    }

    /// The events in `(after, upto]` that any of `rooms` heard, at most `limit` (and 1,000), and
    /// the last id that was looked at: where to go on, which is beyond `after` unless that
    /// reaches `upto`.
    ///
    /// Ids first, in a window that grows while it stays empty: joining first sorts all that the
    /// rooms ever heard.
    pub fn events_in_rooms(
        &self,
        rooms: &[Room],
        after: SyncId,
        upto: SyncId,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, SyncId), StoreError> {
        let names: Vec<String> = rooms.iter().map(Room::to_string).collect();
        let names = to_json(&names)?;
        // A limit of none could never make progress.
        let limit = limit.clamp(1, MOST);
        let upto = upto.min(end(self)?.head);
        let mut scanned = after;
        let mut window = WINDOW;
        while scanned < upto {
            let from = scanned;
            scanned = upto.min(SyncId(from.0.saturating_add(window)));
            let ids = self.ids_in_rooms(&names, from, scanned, limit)?;
            if let Some(&last) = ids.last() {
                if ids.len() == limit {
                    scanned = last;
                }
                let events = ids.iter().map(|&id| self.event(id)).collect::<Result<_, _>>()?;
                return Ok((events, scanned));
            }
            window = window.saturating_mul(4);
        }
        Ok((Vec::new(), scanned))
    }

    /// What `actor` did in a project since `since`, to `task` if one is named, newest first: of the
    /// newest 256 events of the project, and of those at most 32.
    pub fn done_lately(
        &self,
        actor: UserId,
        project: ProjectId,
        task: Option<TaskId>,
        since: Timestamp,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        // Bounded by events and not by instants alone: where much happens in a minute, to look
        // through it takes the time in which hundreds of changes are made.
        self.many(
            "select l.sync_id, l.scope, l.v, l.actor, l.origin, l.at, l.payload
             from (select sync_id from log_room where room = ?1 order by sync_id desc limit ?5) r
             cross join log l on l.sync_id = r.sync_id
             where l.at >= ?2 and l.scope = ?1 and json_extract(l.actor, '$.id') = ?3
               and (?4 is null or json_extract(l.payload, '$.payload.task.id') = ?4)
             order by r.sync_id desc limit ?6",
            (
                Room::Project(project).to_string(),
                since.micros(),
                actor.0,
                task.map(|task| task.0),
                at_most(LATELY, MOST),
                at_most(LATELY_BY_ACTOR, MOST),
            ),
            event,
        )
    }

    /// The events of a project before `before`, newest first, at most `limit` (and 1,000): those
    /// that its members may know, and of these, with `kind`, those whose names begin with it.
    pub fn events_of_project(
        &self,
        project: ProjectId,
        before: SyncId,
        kind: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        self.many(
            "select l.sync_id, l.scope, l.v, l.actor, l.origin, l.at, l.payload
             from log_room r cross join log l on l.sync_id = r.sync_id
             where r.room = ?1 and l.scope = ?1 and r.sync_id < ?2
               and (?3 is null or substr(l.kind, 1, length(?3)) = ?3)
             order by r.sync_id desc limit ?4",
            (Scope::Project(project).to_string(), integer(before), kind, at_most(limit, MOST)),
            event,
        )
    }

    fn ids_in_rooms(
        &self,
        names: &str,
        after: SyncId,
        upto: SyncId,
        limit: usize,
    ) -> Result<Vec<SyncId>, StoreError> {
        // `cross join` fixes the order: one range of the primary key for each room.
        self.many(
            "select distinct r.sync_id
             from json_each(?1) n cross join log_room r on r.room = n.value
             where r.sync_id > ?2 and r.sync_id <= ?3
             order by r.sync_id limit ?4",
            (names, integer(after), integer(upto), at_most(limit, MOST)),
            |row| row.get(0).map(SyncId),
        )
    }

    fn event(&self, id: SyncId) -> Result<Arc<Event>, StoreError> {
        self.single(select!("where sync_id = ?1"), [integer(id)], event)
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<Arc<Event>> {
    let mut c = Columns::of(row);
    let sync_id = c.sync_id()?;
    let scope = c.parsed::<Scope>()?;
    let version: i64 = c.take()?;
    if version != PAYLOAD {
        return Err(c.unreadable(format!("payload version {version}").into()));
    }
    Ok(Arc::new(Event {
        sync_id,
        scope,
        actor: c.json::<UserRef>()?,
        origin: c.take::<Option<i64>>()?.map(|id| ConnectionId(id.cast_unsigned())),
        at: c.instant()?,
        body: c.json()?,
    }))
}

#[cfg(test)]
mod tests;
