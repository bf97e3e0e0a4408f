//! The lower bound of durable writes: a loop that writes the rows of a change of a task into the
//! database of a Chorus server, and commits those of all callers together. It knows no one, checks
//! nothing, and tells nobody.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::failure::{Failure, Trying as _};
use crate::histogram::Histogram;

/// Bytes of an event that tells of a changed task.
const EVENT: usize = 800;
/// Rows after which what was written is moved from the write-ahead log into the database.
const CHECKPOINT_AFTER: u64 = 2_000;

/// The settings of Chorus's writer.
const SETTINGS: &str = "
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma wal_autocheckpoint = 0;";
/// All that can change of a task is written, as the server does, so that the same indices and
/// triggers see to it.
const CHANGE: &str = "
    update tasks set title = title, description = description, status = ?2, priority = priority,
           assignee_id = assignee_id, due_date = due_date, estimated_hours = estimated_hours,
           category = category, position = position, completed_at = completed_at, folded = folded,
           updated_at = ?3, start_date = start_date, type = type, labels = labels,
           depends_on = depends_on, version = version + 1
    where id = ?1";
const TELL: &str = "
    insert into log (sync_id, scope, kind, v, actor, origin, at, rooms, payload, volume)
    values (?1, ?2, 'task.status_changed', 1, ?3, null, ?4, ?2, ?5, ?4)";
const FILE: &str = "insert into log_room (room, sync_id) values (?1, ?2)";

/// What a change is of: a task from `task` on, in the project with this room.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The first task.
    pub task: u64,
    /// How many there are.
    pub tasks: u64,
    /// The room of their project.
    pub room: &'a str,
}

/// Writes into a copy of the `database` for as long as `span`, one change for each of `callers` in
/// a transaction; how long each transaction took, and how many changes were made a second.
pub fn run(
    database: &Path,
    rows: Rows<'_>,
    callers: usize,
    span: Duration,
) -> Result<(Histogram, f64), Failure> {
    let directory = tempfile::tempdir().trying("make a directory")?;
    let copy = directory.path().join("bare.db");
    let opened = copied(database, &copy).and_then(|()| Connection::open(&copy));
    let mut conn = opened.map_err(io::Error::other).trying("copy the database")?;
    conn.execute_batch(SETTINGS).map_err(io::Error::other).trying("open the database")?;
    let last = conn.query_row("select max(sync_id), max(at) from log", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    let (mut head, at): (i64, i64) = last.map_err(io::Error::other).trying("read the log")?;
    let (mut times, first, mut checkpointed) = (Histogram::default(), head, 0);
    let began = Instant::now();
    while began.elapsed() < span {
        let start = Instant::now();
        let written = write(&mut conn, rows, head, at, callers);
        written.map_err(io::Error::other).trying("write to the database")?;
        times.record(start.elapsed());
        head += callers as i64;
        if conn.total_changes() - checkpointed > CHECKPOINT_AFTER {
            checkpointed = conn.total_changes();
            let checkpoint = conn.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
            checkpoint.map_err(io::Error::other).trying("move what was written")?;
        }
    }
    Ok((times, (head - first) as f64 / began.elapsed().as_secs_f64()))
}

/// A copy of a database that is not in use, with what its last user left in its write-ahead log.
fn copied(database: &Path, copy: &Path) -> rusqlite::Result<()> {
    let to = copy.display().to_string();
    Connection::open(database)?.execute("vacuum into ?1", [to]).map(drop)
}

fn write(
    conn: &mut Connection,
    rows: Rows<'_>,
    head: i64,
    at: i64,
    count: usize,
) -> rusqlite::Result<()> {
    let actor = r#"{"id":1001,"username":"bench-0","full_name":"Somebody who types"}"#;
    let (payload, tx) = ("x".repeat(EVENT), conn.transaction()?);
    for id in (head + 1..).take(count) {
        let (task, at) = (rows.task as i64 + id % rows.tasks as i64, at + id);
        let status = if id % 2 == 0 { "todo" } else { "done" };
        let changed = tx.prepare_cached(CHANGE)?.execute((task, status, at))?;
        assert_eq!(changed, 1, "the task is there");
        tx.prepare_cached(TELL)?.execute((id, rows.room, actor, at, &payload))?;
        tx.prepare_cached(FILE)?.execute((rows.room, id))?;
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_a_row_of_each_table() {
        let directory = tempfile::tempdir().unwrap();
        let mut conn = Connection::open(directory.path().join("bench.db")).unwrap();
        conn.execute_batch(
            "create table tasks (
                 id integer primary key, title, description, status, priority, assignee_id,
                 due_date, estimated_hours, category, position, completed_at, folded, updated_at,
                 start_date, type, labels, depends_on, version integer not null default 1);
             create table log (
                 sync_id integer primary key, scope, kind, v, actor, origin, at, rooms, payload,
                 volume);
             create table log_room (room, sync_id, primary key (room, sync_id));
             insert into tasks (id) values (7), (8);",
        )
        .unwrap();
        let rows = Rows { task: 7, tasks: 2, room: "project:1" };
        write(&mut conn, rows, 0, 1_000, 5).unwrap();
        write(&mut conn, rows, 5, 1_000, 1).unwrap();
        let read = |sql| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(read("select max(sync_id) from log"), 6);
        assert_eq!(read("select count(*) from log_room where room = 'project:1'"), 6);
        assert_eq!(read("select sum(version) from tasks"), 2 + 6);
    }
}
