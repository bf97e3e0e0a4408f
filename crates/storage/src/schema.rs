//! The tables and their versions.
//!
//! Each step is one SQL file, applied in one transaction; `user_version` counts the steps taken,
//! `application_id` tells our files from others'. Steps only add (first expand, in a later
//! release contract), so that the version before can still read what this one wrote.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{OpenError, StoreError};

const STEPS: &[&str] = &[
    include_str!("schema/0001_first.sql"),
    include_str!("schema/0002_identities.sql"),
    include_str!("schema/0003_tokens_from.sql"),
    include_str!("schema/0004_mutes.sql"),
    include_str!("schema/0005_unwanted.sql"),
    include_str!("schema/0006_sessions.sql"),
    include_str!("schema/0007_items.sql"),
    include_str!("schema/0008_channels.sql"),
    include_str!("schema/0009_search.sql"),
    include_str!("schema/0010_tasks.sql"),
    include_str!("schema/0011_invitations.sql"),
    include_str!("schema/0012_replies.sql"),
];

/// "Chor" in ASCII.
const APPLICATION: i64 = 0x4368_6f72;

/// The tables whose ids clients see.
const ENTITIES: &[&str] = &[
    "users",
    "projects",
    "tasks",
    "comments",
    "notifications",
    "items",
    "channels",
    "messages",
    "invitations",
];

/// Brings the database up to the newest schema. In a new one, the first entity of each kind gets
/// an id above `first_id`.
pub(crate) fn prepare(
    conn: &mut Connection,
    path: &Path,
    first_id: Option<i64>,
) -> Result<(), OpenError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = version(conn).map_err(|e| unusable(path, e))?;
    match found {
        Version::Foreign => Err(OpenError::Foreign { path: path.into() }),
        Version::Ours(found) if found > known => Err(OpenError::Newer { found, known }),
        Version::Ours(_) => migrate(conn, first_id).map_err(|e| unusable(path, e)),
    }
}

/// Tells a file that is no database from one that cannot be used right now.
pub(crate) fn unusable(path: &Path, error: rusqlite::Error) -> OpenError {
    match StoreError::from(error) {
        StoreError::Corrupt(source) => OpenError::Damaged { path: path.into(), source },
        other => OpenError::Prepare(other),
    }
}

enum Version {
    Ours(i64),
    Foreign,
}

fn version(conn: &Connection) -> rusqlite::Result<Version> {
    let application: i64 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let tables: i64 = conn.query_row("select count(*) from sqlite_schema", [], |r| r.get(0))?;
    if application != APPLICATION && (application != 0 || tables != 0) {
        return Ok(Version::Foreign);
    }
    steps_taken(conn).map(Version::Ours)
}

fn steps_taken(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |r| r.get(0))
}

fn migrate(conn: &mut Connection, first_id: Option<i64>) -> rusqlite::Result<()> {
    for (number, step) in (1_i64..).zip(STEPS) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read inside the transaction: another process may be taking the same step.
        if steps_taken(&tx)? >= number {
            continue;
        }
        tx.execute_batch(step)?;
        if number == 1 {
            tx.pragma_update(None, "application_id", APPLICATION)?;
            start_ids_above(&tx, first_id)?;
        }
        tx.pragma_update(None, "user_version", number)?;
        tx.commit()?;
    }
    Ok(())
}

fn start_ids_above(conn: &Connection, first_id: Option<i64>) -> rusqlite::Result<()> {
    let Some(first_id) = first_id else {
        return Ok(());
    };
    for table in ENTITIES {
        conn.execute("insert into sqlite_sequence (name, seq) values (?1, ?2)", (table, first_id))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::Reads;
    use crate::tables::search::{Sought, Words};
    use chorus_model::UserId;

    /// The last step before words could be searched.
    const BEFORE_SEARCH: usize = 8;

    #[test]
    fn what_was_written_before_there_was_a_search_is_found() {
        let mut conn = Connection::open_in_memory().unwrap();
        for step in &STEPS[..BEFORE_SEARCH] {
            conn.execute_batch(step).unwrap();
        }
        conn.execute_batch(&format!(
            "pragma application_id = {APPLICATION};
             pragma user_version = {BEFORE_SEARCH};
             insert into users values (1, 'ann', null, 'Ann', 'user', 1, '', 0, 0, 0);
             insert into projects (id, name, status, owner_id, created_at, updated_at)
               values (1, 'P', 'active', 1, 0, 0);
             insert into memberships values (1, 1, 1, 'owner', 1, null, 0);
             insert into tasks (id, project_id, title, status, priority, creator_id, position,
                                created_at, updated_at, deleted_at, folded)
               values (1, 1, 'old roof', 'todo', 'low', 1, 1, 0, 0, null, ''),
                      (2, 1, 'old roof', 'todo', 'low', 1, 1, 0, 0, 5, '');
             insert into comments (id, task_id, author_id, body, created_at, updated_at)
               values (1, 1, 1, 'the roof', 0, 0);
             insert into channels values (1, 1, null, 'c', 'c', null, 0, 1, 1, 0, 0, null);
             insert into messages (id, channel_id, author_id, content, created_at, updated_at)
               values (1, 1, 1, 'a roof', 0, 0);"
        ))
        .unwrap();
        prepare(&mut conn, "memory".as_ref(), None).unwrap();
        let reads = Reads::new(&conn);
        let (user, words) = (UserId(1), Words::parse("ROOF").unwrap());
        let (project, channel, before) = (None, None, None);
        let sought = Sought { words, user, sees_all: false, project, channel, before, limit: 9 };
        assert_eq!(reads.tasks_with(&sought).unwrap().len(), 1);
        assert_eq!(reads.comments_with(&sought).unwrap().len(), 1);
        assert_eq!(reads.messages_with(&sought).unwrap().len(), 1);
    }
}
