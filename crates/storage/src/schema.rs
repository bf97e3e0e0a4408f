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
    include_str!("schema/0013_comments_on_all.sql"),
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
    use crate::reads::{Page, Reads};
    use crate::tables::search::{Sought, Words};
    use chorus_model::{TaskId, Topic, UserId};

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
    /// The last step before there were comments on anything but tasks.
    const BEFORE_COMMENTS_ON_ALL: usize = 12;

    #[test]
    fn comments_are_kept_with_their_ids_when_their_table_is_written_anew() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "foreign_keys", true).unwrap();
        for step in &STEPS[..BEFORE_COMMENTS_ON_ALL] {
            conn.execute_batch(step).unwrap();
        }
        conn.execute_batch(&format!(
            "pragma application_id = {APPLICATION};
             pragma user_version = {BEFORE_COMMENTS_ON_ALL};
             insert into users (id, username, full_name, role, password_hash, created_at, updated_at)
               values (1, 'ann', 'Ann', 'user', '', 0, 0);
             insert into projects (id, name, status, owner_id, created_at, updated_at)
               values (3, 'P', 'active', 1, 0, 0);
             insert into tasks (id, project_id, title, status, priority, creator_id, position,
                                created_at, updated_at, folded)
               values (7, 3, 'Dig', 'todo', 'low', 1, 1, 0, 0, '');
             insert into comments (id, task_id, author_id, body, parent_id, created_at, updated_at)
               values (5, 7, 1, 'Wet?', null, 1, 2), (6, 7, 1, 'Dry', 5, 3, 4);
             insert into comments (task_id, author_id, body, created_at, updated_at, deleted_at)
               values (7, 1, 'Gone', 5, 6, 7);
             update sqlite_sequence set seq = 1000 where name = 'comments';"
        ))
        .unwrap();
        prepare(&mut conn, "memory".as_ref(), None).unwrap();
        let broken: i64 = conn
            .query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(broken, 0);
        let comments = Reads::new(&conn).comments_on(Topic::Task(TaskId(7)), Page::FIRST).unwrap();
        let kept = comments.iter().map(|c| (c.id.0, c.project_id.0, c.parent_id.map(|id| id.0)));
        assert_eq!(kept.collect::<Vec<_>>(), [(5, 3, None), (6, 3, Some(5))]);
        let next: i64 = conn
            .query_row(
                "insert into comments (project_id, parent_id, author_id, body, created_at, updated_at)
                 values (3, 6, 1, 'New', 8, 9) returning id",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(next, 1001, "no id is handed out twice");
    }
}
