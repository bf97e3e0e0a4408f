use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chorus_model::{Room, SyncId, UserId};
use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};

use crate::fixture::{Gate, TestClock, open, told};
use crate::{Store, StoreError, Tx, WriteError, Written};

/// A command's refusal.
#[derive(Debug, PartialEq)]
struct No;

impl From<StoreError> for No {
    fn from(_: StoreError) -> Self {
        Self
    }
}

fn tell(user: i64) -> impl Fn(&mut Tx<'_>) -> Result<SyncId, No> + Send + Copy + 'static {
    move |tx| Ok(tx.append(told(Room::User(UserId(user))))?)
}

/// Counts on and on, and has taken 60 ms already.
fn dawdle(
    clock: &Arc<TestClock>,
    work: fn(&Tx<'_>, i64) -> Result<(), StoreError>,
) -> impl Fn(&mut Tx<'_>) -> Result<(), No> + Send + 'static {
    let clock = Arc::clone(clock);
    move |tx| {
        clock.advance(Duration::from_millis(60));
        Ok(work(tx, i64::MAX)?)
    }
}

/// Queues `others` while the writer is held, so that all of them share its transaction.
async fn in_one_batch<F: Future>(store: &Store, others: Vec<F>) -> Vec<F::Output> {
    let gate = Gate::new();
    let held = store.write(gate.command());
    let rest = async {
        gate.entered().await;
        // Polled in order: the gate opens when all others are queued.
        join(join_all(others), async { gate.open() }).await.0
    };
    let (held, outcomes) = join(held, rest).await;
    assert!(held.is_ok());
    outcomes
}

async fn log(store: &Store) -> Vec<u64> {
    let events = store.read(|reads| reads.events(SyncId::ZERO, 1_000)).await.unwrap();
    events.iter().map(|event| event.sync_id.0).collect()
}

#[tokio::test]
async fn commits_once_and_answers_everyone() {
    let (store, mut committed, _) = open();
    let before = store.stats();
    let outcomes = in_one_batch(&store, (0..20).map(|i| store.write(tell(i))).collect()).await;

    for (outcome, id) in outcomes.into_iter().zip(1..) {
        let id = SyncId(id);
        assert_eq!(outcome, Ok(Written { value: id, at: id, appended: true }));
    }
    let batch = committed.recv().await.unwrap().events;
    assert!(batch.iter().map(|event| event.sync_id.0).eq(1..=20));
    let after = store.stats();
    assert_eq!(after.commits - before.commits, 1);
    assert_eq!(after.commands - before.commands, 21);
    assert_eq!(store.commit_times().count(), after.commits, "each commit was timed");
    assert_eq!(store.head().id, SyncId(20));
}

#[tokio::test]
async fn a_batch_has_at_most_64_commands() {
    let (store, mut committed, _) = open();
    let outcomes = in_one_batch(&store, (0..100).map(|i| store.write(tell(i))).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok));
    // The command at the gate is one of the first 64.
    assert_eq!(committed.recv().await.unwrap().events.len(), 63);
    assert_eq!(committed.recv().await.unwrap().events.len(), 37);
}

#[tokio::test]
async fn many_callers_leave_no_hole_and_no_disorder() {
    let (store, mut committed, _) = open();
    let caller = |i| {
        let store = store.clone();
        async move {
            let mut last = SyncId::ZERO;
            for _ in 0..25 {
                let written = store.write(tell(i)).await.unwrap();
                assert!(written.at > last);
                last = written.at;
            }
        }
    };
    join_all((0..16).map(caller)).await;
    store.close().await;

    let mut announced = Vec::new();
    while let Some(batch) = committed.recv().await {
        announced.extend(batch.events.iter().map(|event| event.sync_id.0));
    }
    assert!(announced.into_iter().eq(1..=400));
}

#[tokio::test]
async fn a_refusal_leaves_no_trace_and_no_id() {
    let (store, mut committed, _) = open();
    let refuse = |tx: &mut Tx<'_>| -> Result<(), No> {
        tx.put_setting("a", "refused")?;
        tx.append(told(Room::User(UserId(1))))?;
        Err(No)
    };
    let mixed = in_one_batch(
        &store,
        vec![
            store.write(tell(1)).map(|o| o.map(|w| w.at)).boxed_local(),
            store.write(refuse).map(|o| o.map(|w| w.at)).boxed_local(),
            store.write(tell(2)).map(|o| o.map(|w| w.at)).boxed_local(),
        ],
    )
    .await;
    assert!(matches!(mixed[1], Err(WriteError::Refused(No))));
    assert_eq!((&mixed[0], &mixed[2]), (&Ok(SyncId(1)), &Ok(SyncId(2))));
    assert_eq!(committed.recv().await.unwrap().events.len(), 2);
    assert_eq!(log(&store).await, [1, 2]);
    assert_eq!(store.read(|r| r.setting("a")).await.unwrap(), None);

    let commits = store.stats().commits;
    assert!(store.write(refuse).await.is_err());
    assert_eq!(store.stats().commits, commits, "a refusal alone needs no commit");
}

#[tokio::test]
async fn a_command_that_appends_nothing_tells_its_head() {
    let (store, _committed, _) = open();
    store.write(tell(1)).await.unwrap();
    let written =
        store.write(|tx| -> Result<(), No> { Ok(tx.put_setting("a", "b")?) }).await.unwrap();
    assert_eq!(written, Written { value: (), at: SyncId(1), appended: false });
    assert_eq!(store.read(|r| r.setting("a")).await.unwrap().as_deref(), Some("b"));
}

#[tokio::test]
async fn a_panic_ends_one_command_only() {
    let (store, _committed, _) = open();
    let panic = |tx: &mut Tx<'_>| -> Result<SyncId, No> {
        tx.append(told(Room::User(UserId(1))))?;
        panic!("on purpose")
    };
    let others = vec![
        store.write(tell(1)).boxed_local(),
        store.write(panic).boxed_local(),
        store.write(tell(2)).boxed_local(),
    ];
    let outcomes = in_one_batch(&store, others).await;
    assert_eq!(outcomes[1], Err(WriteError::Panicked));
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(log(&store).await, [1, 2]);
    assert_eq!(store.stats().panicked, 1);
}

#[tokio::test]
async fn a_slow_query_is_cut_off_and_undone_alone() {
    let (store, _committed, clock) = open();
    let slow = dawdle(&clock, |tx, n| tx.count_to(n).map(drop));
    let others: Vec<_> = vec![
        store.write(tell(1)).map(|o| o.is_ok()).boxed_local(),
        store.write(slow).map(|o| o == Err(WriteError::TooSlow)).boxed_local(),
    ];
    assert_eq!(in_one_batch(&store, others).await, [true, true]);
    assert_eq!((store.stats().too_slow, store.stats().lost_batches), (1, 0));
    store.write(tell(2)).await.unwrap();
    assert_eq!(log(&store).await, [1, 2]);
}

#[tokio::test]
async fn who_changes_much_has_more_time() {
    let (store, _committed, clock) = open();
    let take = |millis: u64| {
        let clock = Arc::clone(&clock);
        move |tx: &mut Tx<'_>| -> Result<(), No> {
            clock.advance(Duration::from_millis(millis));
            Ok(tx.count_to(100_000).map(drop)?)
        }
    };
    assert_eq!(store.write_parts(49, take(60)).await, Err(WriteError::TooSlow));
    assert!(store.write_parts(500, take(540)).await.is_ok());
    assert_eq!(store.write_parts(500, take(560)).await, Err(WriteError::TooSlow));
}

#[tokio::test]
async fn a_slow_write_loses_the_batch_but_not_its_neighbours() {
    let (store, mut committed, clock) = open();
    let slow = dawdle(&clock, |tx, n| tx.write_settings(n).map(drop));
    let others: Vec<_> = vec![
        store.write(tell(1)).map(|o| o.map(|w| w.at) == Ok(SyncId(1))).boxed_local(),
        store.write(slow).map(|o| o == Err(WriteError::TooSlow)).boxed_local(),
        store.write(tell(2)).map(|o| o.map(|w| w.at) == Ok(SyncId(2))).boxed_local(),
    ];
    assert_eq!(in_one_batch(&store, others).await, [true, true, true]);
    assert_eq!((store.stats().too_slow, store.stats().lost_batches), (1, 1));
    assert_eq!(log(&store).await, [1, 2]);
    assert_eq!(committed.recv().await.unwrap().events[0].sync_id, SyncId(1));
    assert_eq!(committed.recv().await.unwrap().events[0].sync_id, SyncId(2));
}

#[tokio::test]
async fn nothing_runs_behind_a_lost_transaction() {
    let (store, _committed, clock) = open();
    let deaf = move |tx: &mut Tx<'_>| -> Result<(), No> {
        clock.advance(Duration::from_millis(60));
        assert!(tx.write_settings(i64::MAX).is_err());
        // Ignores the failure. A statement now would commit by itself.
        assert!(tx.put_setting("a", "alone").is_err());
        assert!(tx.setting("a").is_err());
        Ok(())
    };
    assert_eq!(store.write(deaf).await, Err(WriteError::TooSlow));
    assert_eq!(store.read(|r| r.setting("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_disk_is_told_and_recovered_from() {
    let (store, _committed, _) = open();
    let hog = |tx: &mut Tx<'_>| -> Result<(), No> {
        tx.leave_room_for(50)?;
        Ok(tx.put_setting("hog", &"x".repeat(1_000_000))?)
    };
    let put = |name: &'static str, value: &'static str| {
        move |tx: &mut Tx<'_>| -> Result<(), No> { Ok(tx.put_setting(name, value)?) }
    };
    let outcomes = in_one_batch(
        &store,
        vec![store.write(put("a", "before")).boxed_local(), store.write(hog).boxed_local()],
    )
    .await;
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1], Err(WriteError::Unavailable));
    assert!(!store.is_ready());

    store.try_again().await;
    assert!(store.is_ready());
    let commits = store.stats().commits;
    store.try_again().await;
    assert_eq!(store.stats().commits, commits, "nothing is tried where nothing is wrong");
    store.write(put("b", "after")).await.unwrap();
    let kept = store.read(|r| Ok((r.setting("a")?, r.setting("hog")?, r.setting("b")?)));
    assert_eq!(kept.await.unwrap(), (Some("before".into()), None, Some("after".into())));
}

#[tokio::test]
async fn events_beyond_the_hand_over_queue_are_in_the_log() {
    let (store, mut committed, _) = open();
    for _ in 0..260 {
        store.write(tell(1)).await.unwrap();
    }
    assert_eq!(store.stats().not_handed_over, 4);
    store.close().await;
    let mut handed_over = 0;
    while let Some(batch) = committed.recv().await {
        handed_over += 1;
        assert_eq!(batch.events[0].sync_id, SyncId(handed_over));
    }
    assert_eq!(handed_over, 256);
}

#[tokio::test]
async fn a_full_queue_turns_away() {
    let (store, _committed, _) = open();
    let gate = Gate::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let count = || {
        let ran = Arc::clone(&ran);
        move |_: &mut Tx<'_>| -> Result<(), No> {
            ran.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    };
    let flood = async {
        gate.entered().await;
        let flood = join_all((0..1_030).map(|_| store.write(count())));
        join(flood, async { gate.open() }).await.0
    };
    let (held, outcomes) = join(store.write(gate.command()), flood).await;
    let busy = outcomes.iter().filter(|o| **o == Err(WriteError::Busy)).count();
    assert!(held.is_ok());
    assert_eq!((busy, ran.load(Ordering::Relaxed)), (6, 1_024));
    assert_eq!(store.stats().writes_turned_away, 6);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_stop_his_command() {
    let (store, _committed, _) = open();
    let gate = Gate::new();
    let left = async {
        gate.entered().await;
        assert!(store.write(tell(1)).now_or_never().is_none());
        gate.open();
    };
    let (held, ()) = join(store.write(gate.command()), left).await;
    held.unwrap();
    store.write(|_| Ok::<_, No>(())).await.unwrap();
    assert_eq!(log(&store).await, [1]);
}
