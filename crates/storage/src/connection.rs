//! How a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for another process that holds the database.
const BUSY: Duration = Duration::from_secs(5);

/// More than there are statements in this crate, so that each is prepared once per connection.
const STATEMENTS: usize = 256;

/// A connection that may write. It never checkpoints by itself: a commit must not wait for that.
///
/// `synchronous=FULL`: what was acknowledged survives a loss of power.
pub(crate) fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path)?;
    conn.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma journal_size_limit = 67108864;
         pragma wal_autocheckpoint = 0;",
    )?;
    Ok(conn)
}

/// A connection that cannot write. (Not opened read-only: such a one could not make the `-shm`
/// file that WAL needs.)
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open(path)?;
    conn.execute_batch("pragma wal_autocheckpoint = 0; pragma query_only = on;")?;
    Ok(conn)
}

/// A connection to a file that exists, as yet without rules.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    // Plans do not look at bound values. Otherwise SQLite 3.54 plans a join with `column = ?1` with
    // an eye on whether the value is 0 or 1, and prepares it again whenever its bindings were
    // cleared, as they are each time that a statement goes back to the cache.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_prepared_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("once.db");
        std::fs::write(&path, "").unwrap();
        let conn = writer(&path).unwrap();
        conn.execute_batch(
            "create table tasks (id integer primary key, project integer);
             create table projects (id integer primary key);",
        )
        .unwrap();
        let sql = "select t.id from tasks t join projects p on p.id = t.project where t.id = ?1";
        for id in [7, 8, 7] {
            let mut statement = conn.prepare_cached(sql).unwrap();
            assert!(!statement.exists([id]).unwrap());
        }
        let statement = conn.prepare_cached(sql).unwrap();
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
