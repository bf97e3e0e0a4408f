//! The one thread that commits.
//!
//! It takes what has queued up – at most [`BATCH`] commands or [`BATCH_TIME`] of work – into one
//! transaction, each command in a savepoint, commits once, hands the events to the publisher and
//! then answers every caller.
//!
//! Some failures make SQLite roll back the whole transaction behind the savepoints, silently
//! (`SQLITE_FULL`, an interrupted write). A statement that followed would then commit by itself,
//! a row without its event. [`Tx`] therefore runs nothing after a failure, the writer looks
//! whether the transaction still stands after each command, and when it does not, all commands of
//! the batch run again, each in a transaction of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use chorus_model::{Clock, Event, crash};
use crossbeam_channel::Receiver;
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::deadline::Deadline;
use crate::error::{Fault, StoreError};
use crate::files::Tenancy;
use crate::job::{Job, Verdict};
use crate::store::{Batch, Shared};
use crate::tx::{Growth, Tx};

/// Most commands in one transaction.
const BATCH: usize = 64;
/// Most time spent on the commands of one transaction before it is committed.
const BATCH_TIME: Duration = Duration::from_millis(5);
/// Most time one command may keep the others waiting.
const COMMAND_TIME: Duration = Duration::from_millis(50);
/// Things that a command may change in that time; one that changes more has so much more.
const PARTS: u32 = 50;
/// Changed rows after which a checkpoint is asked for: some megabytes of WAL.
const CHECKPOINT_AFTER: u64 = 2_000;

/// The writing end of the database, and those it reports to.
pub(crate) struct Writer {
    pub(crate) conn: Connection,
    pub(crate) deadline: Deadline,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jobs: Receiver<Box<dyn Job>>,
    pub(crate) committed: mpsc::Sender<Batch>,
    pub(crate) checkpoints: SyncSender<()>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) checkpointed_at: u64,
    pub(crate) _tenancy: Tenancy,
}

type Decided = (Box<dyn Job>, Verdict);

impl Writer {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.jobs.recv() {
            self.batch(first);
        }
    }

    fn batch(&mut self, first: Box<dyn Job>) {
        let began = self.clock.monotonic();
        let mut growth = match self.begin() {
            Ok(growth) => growth,
            Err(fault) => return self.turn_away(first, fault),
        };
        let mut decided: Vec<Decided> = Vec::new();
        let mut next = Some(first);
        let mut lost = None;
        while let Some(mut job) = next.take() {
            let verdict = self.decide(&mut growth, &mut *job);
            lost = verdict.as_ref().err().copied();
            decided.push((job, verdict.unwrap_or_else(Verdict::Failed)));
            let more = lost.is_none()
                && decided.len() < BATCH
                && self.clock.monotonic().saturating_sub(began) < BATCH_TIME;
            next = more.then(|| self.jobs.try_recv().ok()).flatten();
        }
        match lost.map_or_else(|| self.commit(&growth), Err) {
            Ok(()) => self.settle(growth, decided),
            Err(fault) => self.one_by_one(decided, fault),
        }
    }

    /// The transaction of these commands is gone: each again in one of its own, so that those
    /// who did not cause it succeed.
    fn one_by_one(&mut self, lost: Vec<Decided>, fault: Fault) {
        self.shared.counters.lost_batches.add(1);
        self.abandon(fault);
        for (mut job, _) in lost {
            match self.alone(&mut *job) {
                Ok((growth, verdict)) => self.settle(growth, vec![(job, verdict)]),
                Err(fault) => {
                    self.abandon(fault);
                    self.answer(job, Verdict::Failed(fault));
                }
            }
        }
    }

    fn alone(&self, job: &mut dyn Job) -> Result<(Growth, Verdict), Fault> {
        let mut growth = self.begin()?;
        let verdict = self.decide(&mut growth, job)?;
        self.commit(&growth)?;
        Ok((growth, verdict))
    }

    /// Takes the database for writing first, so that what commands read stays true until they
    /// write; then reads where the log ends, which a command-line tool may have moved.
    fn begin(&self) -> Result<Growth, Fault> {
        self.execute("begin immediate")?;
        Growth::begin(&self.conn, self.clock.now()).map_err(|e| fault_of(&e))
    }

    /// Runs one command in a savepoint. `Err` if the whole transaction is gone.
    fn decide(&self, growth: &mut Growth, job: &mut dyn Job) -> Result<Verdict, Fault> {
        self.execute("savepoint command")?;
        let (before, changes) = (growth.mark(), self.conn.total_changes());
        let time = COMMAND_TIME * (1 + job.parts() / PARTS);
        let mut tx = Tx::new(&self.conn, growth);
        let outcome =
            self.deadline.limit(time, || catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))));
        let fault = tx.fault();
        if self.conn.is_autocommit() {
            return Err(fault.unwrap_or(Fault::Lost));
        }
        if let (Ok(true), None) = (&outcome, fault) {
            self.execute("release command")?;
            growth.wrote |= self.conn.total_changes() > changes;
            let at = growth.head();
            return Ok(Verdict::Stands { at, appended: growth.grew_since(&before) });
        }
        growth.undo_to(&before);
        self.execute("rollback to command")?;
        self.execute("release command")?;
        Ok(match (outcome, fault) {
            (Err(_), _) => Verdict::Panicked,
            (Ok(_), Some(fault)) => Verdict::Failed(fault),
            (Ok(_), None) => Verdict::Stands { at: growth.head(), appended: false },
        })
    }

    fn commit(&self, growth: &Growth) -> Result<(), Fault> {
        // A batch of refusals and of commands that changed nothing needs no fsync.
        if !growth.wrote {
            return self.execute("rollback");
        }
        let began = self.clock.monotonic();
        self.execute("commit")?;
        self.shared.commit_times.observe(self.clock.monotonic().saturating_sub(began));
        self.shared.counters.commits.add(1);
        self.shared.health.note_commit();
        crash::point(crash::AFTER_COMMIT);
        Ok(())
    }

    /// What was decided is on disk: announce it, then answer.
    fn settle(&mut self, growth: Growth, decided: Vec<Decided>) {
        self.shared.raise_head(growth.head());
        self.hand_over(growth.into_events());
        crash::point(crash::BEFORE_ANSWER);
        for (job, verdict) in decided {
            self.answer(job, verdict);
        }
        self.ask_for_checkpoint();
    }

    fn hand_over(&self, events: Vec<Arc<Event>>) {
        if events.is_empty() {
            return;
        }
        self.shared.counters.events.add(events.len());
        let batch = Batch { events: events.into(), at: self.clock.monotonic() };
        if let Err(mpsc::error::TrySendError::Full(_)) = self.committed.try_send(batch) {
            self.shared.counters.not_handed_over.add(1);
        }
    }

    fn answer(&self, job: Box<dyn Job>, verdict: Verdict) {
        let counters = &self.shared.counters;
        counters.commands.add(1);
        match verdict {
            Verdict::Stands { .. } => {}
            Verdict::Panicked => counters.panicked.add(1),
            Verdict::Failed(Fault::TooSlow) => counters.too_slow.add(1),
            Verdict::Failed(fault) => {
                counters.unavailable.add(1);
                self.shared.health.note(fault);
            }
        }
        job.answer(verdict);
    }

    /// No transaction can begin: what waits now would wait as long again, one after the other.
    fn turn_away(&mut self, first: Box<dyn Job>, fault: Fault) {
        self.abandon(fault);
        self.answer(first, Verdict::Failed(fault));
        for _ in 1..BATCH {
            let Ok(job) = self.jobs.try_recv() else { break };
            self.answer(job, Verdict::Failed(fault));
        }
    }

    fn abandon(&self, fault: Fault) {
        self.shared.health.note(fault);
        tracing::warn!(%fault, "a transaction was lost");
        if !self.conn.is_autocommit()
            && let Err(fault) = self.execute("rollback")
        {
            tracing::error!(%fault, "a lost transaction cannot be rolled back");
        }
    }

    fn ask_for_checkpoint(&mut self) {
        let changes = self.conn.total_changes();
        if changes - self.checkpointed_at >= CHECKPOINT_AFTER {
            self.checkpointed_at = changes;
            // Full: one is already asked for, and it will see these pages too.
            self.checkpoints.try_send(()).ok();
        }
    }

    fn execute(&self, sql: &str) -> Result<(), Fault> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|error| {
            tracing::warn!(%error, statement = sql, "a statement of the writer failed");
            fault_of(&StoreError::from(error))
        })
    }
}

/// What a failure of the writer's own statements means.
fn fault_of(error: &StoreError) -> Fault {
    error.fault().unwrap_or(Fault::Lost)
}

#[cfg(test)]
mod tests;
