#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of `Reads<'a>` is not general over 'a, as its path must be"
)]

use std::sync::Arc;
use std::time::Duration;

use chorus_model::{Clock as _, Room, SyncId, UserId};
use futures_util::future::join;
use rusqlite::Connection;

use crate::fixture::{Gate, TestClock, open, options, told};
use crate::{Location, NewUser, OpenError, Place, ResetReason, Store, StoreError, Tx, WriteError};

fn tell(tx: &mut Tx<'_>) -> Result<SyncId, StoreError> {
    tx.append(told(Room::User(UserId(1))))
}

struct Site {
    _directory: tempfile::TempDir,
    location: Location,
    clock: Arc<TestClock>,
}

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("a.db"));
        Self { _directory: directory, location, clock: Arc::default() }
    }

    fn path(&self) -> &std::path::Path {
        let Location::File(path) = &self.location else { unreachable!("made as a file") };
        path
    }

    fn open(&self, seed: u64) -> Result<Store, OpenError> {
        Ok(Store::open(options(self.location.clone(), &self.clock, seed))?.0)
    }

    fn open_beside(&self) -> Store {
        let mut options = options(self.location.clone(), &self.clock, 99);
        options.serve = false;
        Store::open(options).unwrap().0
    }
}

#[tokio::test]
async fn reopening_keeps_everything_and_opens_an_epoch() {
    let site = Site::new();
    let first = site.open(1).unwrap();
    first.write(tell).await.unwrap();
    first.write(|tx| tx.put_setting("a", "b")).await.unwrap();
    let before = first.head();
    first.close().await;
    drop(first);

    let second = site.open(2).unwrap();
    let now = second.head();
    assert_ne!(now.epoch, before.epoch);
    assert_eq!(now.id, SyncId(1));
    assert_eq!(second.write(tell).await.unwrap().at, SyncId(2));
    let (event, setting, place) = second
        .read(move |reads| {
            let ahead = chorus_model::Cursor { id: SyncId(2), ..before.clone() };
            let places = (reads.place(&before, &[])?, reads.place(&ahead, &[])?);
            Ok((reads.events(SyncId::ZERO, 10)?, reads.setting("a")?, places))
        })
        .await
        .unwrap();
    assert_eq!(event.len(), 2);
    assert_eq!(setting.as_deref(), Some("b"));
    assert_eq!(place, (Place::At(SyncId(1)), Place::Reset(ResetReason::Rewritten)));
}

#[tokio::test]
async fn only_one_server_serves_a_database() {
    let site = Site::new();
    let store = site.open(1).unwrap();
    let refused = site.open(2).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }));
    assert!(refused.to_string().contains("a.db.lock"), "{refused}");
    store.close().await;
    drop(store);
    site.open(3).unwrap();
}

#[tokio::test]
async fn a_tool_may_append_beside_a_server() {
    let site = Site::new();
    let server = site.open(1).unwrap();
    server.write(tell).await.unwrap();
    let tool = site.open_beside();
    assert_eq!(tool.head(), server.head());

    site.clock.advance(Duration::from_secs(60));
    assert_eq!(tool.write(tell).await.unwrap().at, SyncId(2));
    let later = site.clock.now();
    assert_eq!(server.write(tell).await.unwrap().at, SyncId(3));
    assert_eq!(server.head().id, SyncId(3));
    let at = server.read(|r| Ok(r.events(SyncId(1), 10)?.iter().map(|e| e.at).collect::<Vec<_>>()));
    assert_eq!(at.await.unwrap(), [later, later]);
}

#[tokio::test]
async fn time_never_runs_back_along_the_log() {
    let site = Site::new();
    site.clock.advance(Duration::from_secs(60));
    let store = site.open(1).unwrap();
    store.write(tell).await.unwrap();
    store.close().await;
    drop(store);

    let earlier = Site { clock: Arc::default(), ..site };
    let store = earlier.open(2).unwrap();
    store.write(tell).await.unwrap();
    let events = store.read(|r| r.events(SyncId::ZERO, 10)).await.unwrap();
    assert_eq!(events[0].at, events[1].at);
}

#[test]
fn refuses_a_newer_schema() {
    let site = Site::new();
    drop(site.open(1).unwrap());
    let conn = Connection::open(site.path()).unwrap();
    conn.pragma_update(None, "user_version", 77).unwrap();
    let mut options = options(site.location.clone(), &site.clock, 2);
    options.serve = false;
    let refused = Store::open(options).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 77, known } if known < 77), "{refused}");
}

#[test]
fn refuses_what_is_not_its_own() {
    let site = Site::new();
    std::fs::write(site.path(), "not a database, but long enough to have a header".repeat(100))
        .unwrap();
    assert!(matches!(site.open(1), Err(OpenError::Damaged { .. })));

    std::fs::remove_file(site.path()).unwrap();
    let conn = Connection::open(site.path()).unwrap();
    conn.execute_batch("create table theirs (a)").unwrap();
    assert!(matches!(site.open(1), Err(OpenError::Foreign { .. })));

    let nowhere = Location::File(site.path().join("below-a-file"));
    assert!(matches!(Store::open(options(nowhere, &site.clock, 1)), Err(OpenError::Io { .. })));
}

#[tokio::test]
async fn ids_of_a_new_database_start_above_the_first() {
    let site = Site::new();
    let mut options = options(site.location.clone(), &site.clock, 1);
    options.first_id = Some(1_000);
    let (store, _committed) = Store::open(options).unwrap();
    let new = NewUser {
        id: None,
        username: "ann".into(),
        email: None,
        full_name: "Ann".into(),
        role: chorus_model::WorkspaceRole::User,
        password_hash: "hash".into(),
    };
    let written = store.write(move |tx| tx.insert_user(&new)).await.unwrap();
    assert_eq!(written.value.unwrap().id, UserId(1_001));
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::new();
    let _store = site.open(1).unwrap();
    let files = std::fs::read_dir(site.path().parent().unwrap()).unwrap();
    for file in files.map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_takes_no_more() {
    let (store, _committed, _) = open();
    let gate = Gate::new();
    let closing = async {
        gate.entered().await;
        let queued = store.write(tell);
        // Polled in order: queued, closed, opened.
        let (queued, _) = join(queued, join(store.close(), async { gate.open() })).await;
        queued
    };
    let (held, queued) = join(store.write(gate.command()), closing).await;
    held.unwrap();
    assert_eq!(queued.unwrap().at, SyncId(1));
    assert!(matches!(store.write(tell).await, Err(WriteError::Closed)));
    assert!(matches!(store.read(|r| r.user_count()).await, Err(StoreError::Closed)));
    store.close().await;
}

#[tokio::test]
async fn a_temporary_database_leaves_nothing() {
    let (store, _committed, _) = open();
    let path = store.read(|r| r.path()).await.unwrap();
    assert!(path.exists());
    store.close().await;
    assert!(!path.exists() && !path.parent().unwrap().exists());
}

#[tokio::test]
async fn a_query_that_panics_or_dawdles_spoils_nothing() {
    let (store, _committed, clock) = open();
    let panicked = store.read(|_| -> Result<(), _> { panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(StoreError::Panicked)));
    let slow = store.read(move |reads| {
        clock.advance(Duration::from_secs(2));
        reads.count_to(i64::MAX)
    });
    assert!(matches!(slow.await, Err(StoreError::Interrupted(_))));
    assert_eq!(store.read(|r| r.count_to(5)).await.unwrap(), 5);
    let written = store.read(|r| r.write_settings(1)).await;
    assert!(written.is_err(), "readers cannot write");
    assert!(store.is_ready());
}

#[tokio::test]
async fn a_query_sees_one_moment() {
    let (store, _committed, _) = open();
    let gate = Gate::new();
    let wait = gate.wait();
    let query = store.read(move |reads| {
        let before = reads.head()?.id;
        wait();
        Ok((before, reads.head()?.id))
    });
    let write = async {
        gate.entered().await;
        store.write(tell).await.unwrap();
        gate.open();
    };
    let (seen, ()) = join(query, write).await;
    assert_eq!(seen.unwrap(), (SyncId::ZERO, SyncId::ZERO));
    assert_eq!(store.read(|r| r.head()).await.unwrap(), store.head());
}

#[tokio::test]
async fn the_wal_is_emptied_while_it_works_and_at_the_end() {
    let site = Site::new();
    let store = site.open(1).unwrap();
    for n in 0..5 {
        store
            .write(move |tx| {
                for i in 0..500 {
                    tx.put_setting(&format!("{n} {i}"), "value")?;
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
    }
    store.close().await;
    // One that was asked for after 2,000 rows, and the last one.
    assert_eq!(store.stats().checkpoints, 2);
    let wal = site.path().with_extension("db-wal");
    assert!(std::fs::metadata(wal).map_or(0, |file| file.len()) == 0);
}
