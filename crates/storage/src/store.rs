//! The door: open, write, read, close.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc::sync_channel};
use std::time::Duration;

use chorus_model::{Clock, Cursor, Distribution, Entropy, Epoch, Event, Histogram, SyncId};
use crossbeam_channel::TrySendError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::checkpoint::Checkpointer;
use crate::deadline::Deadline;
use crate::error::{OpenError, StoreError, WriteError};
use crate::files::{Files, Tenancy};
use crate::job::{Command, Job};
use crate::location::Location;
use crate::readers::{Query, Reader, erased};
use crate::reads::Reads;
use crate::stats::{Counters, Health, Stats};
use crate::tx::Tx;
use crate::writer::Writer;
use crate::{connection, epoch, schema};

/// Most commands, and most queries, that wait.
const QUEUE: usize = 1_024;
/// Most commits that wait for the publisher.
const COMMITTED: usize = 256;
/// Bytes that are written to see whether a disk has recovered.
const TRIAL: usize = 65_536;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the database is. It is made if it is missing.
    pub location: Location,
    /// How many threads answer queries; at least one. Two are a good start.
    pub readers: usize,
    /// Whether this process serves the database to clients: it then holds the lock, and opens an
    /// epoch. Command-line tools do not, and may work beside a server.
    pub serve: bool,
    /// In a database that is new, the ids of the entities begin above this one.
    pub first_id: Option<i64>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the names of epochs come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Each commit that has events, in order: what the publisher announces. When 256 commits wait, the
/// next are not handed over; the receiver sees the hole in the ids and reads the log.
pub type Committed = mpsc::Receiver<Batch>;

/// What one commit has to tell.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its events, in order.
    pub events: Arc<[Arc<Event>]>,
    /// When they were on disk, by the store's monotonic clock.
    pub at: Duration,
}

/// A command's outcome, on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<T> {
    /// What the command returned.
    pub value: T,
    /// The last event that it appended; if none, the head that it was decided at.
    pub at: SyncId,
    /// Whether it appended an event.
    pub appended: bool,
}

/// An open database: one writing thread, some reading ones, one for checkpoints. Cheap to clone;
/// when the last clone is dropped the threads end by themselves.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    jobs: Entrance<Box<dyn Job>>,
    queries: Entrance<Query>,
    shared: Arc<Shared>,
    /// Closed when the last thread has ended.
    alive: watch::Sender<()>,
}

/// What the threads share with the store.
#[derive(Debug)]
pub(crate) struct Shared {
    epoch: Epoch,
    head: AtomicU64,
    pub(crate) health: Health,
    pub(crate) counters: Counters,
    pub(crate) commit_times: Histogram,
}

impl Shared {
    pub(crate) fn raise_head(&self, head: SyncId) {
        self.head.fetch_max(head.0, Ordering::AcqRel);
    }
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the threads. Blocks: call it
    /// at start.
    pub fn open(options: Options) -> Result<(Self, Committed), OpenError> {
        let files = Files::open(&options.location, options.serve)?;
        let path = files.path().to_owned();
        let unusable = |e| schema::unusable(&path, e);
        let mut conn = connection::writer(&path).map_err(unusable)?;
        schema::prepare(&mut conn, &path, options.first_id)?;
        let epoch = epoch::begin(&mut conn, options.serve, &*options.entropy)
            .map_err(OpenError::Prepare)?;
        let shared = Arc::new(Shared {
            epoch: epoch.epoch,
            head: AtomicU64::new(epoch.id.0),
            health: Health::default(),
            counters: Counters::default(),
            commit_times: Histogram::default(),
        });

        let (alive, living) = watch::channel(());
        let tenancy = Tenancy { files: Arc::new(files), _alive: living };
        let (committed_in, committed) = mpsc::channel(COMMITTED);
        let threads = Threads { options, shared: &shared, tenancy: &tenancy };
        let jobs = threads.start_writer(conn, committed_in)?;
        let queries = threads.start_readers()?;
        let inner = Inner { jobs, queries, shared, alive };
        Ok((Self(Arc::new(inner)), committed))
    }

    /// Runs `command` in a transaction and answers when it is on disk.
    ///
    /// The command reads, decides and writes; an `Err` undoes all that it did. It may be run
    /// again when a transaction that it shared with others is lost, and it runs to its end when
    /// the caller leaves. Nothing slow belongs in it: its statements are cut off after 50 ms of CPU
    /// time, or 500 ms on the clock.
    pub async fn write<T, E>(
        &self,
        command: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Written<T>, WriteError<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_parts(1, command).await
    }

    /// The same for a command that changes up to so many things one after the other: it has 50 ms
    /// more for each 50 of them.
    pub async fn write_parts<T, E>(
        &self,
        parts: u32,
        command: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<Written<T>, WriteError<E>>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        match self.0.jobs.enter(Box::new(Command::new(command, parts, caller))) {
            Ok(()) => answer.await.unwrap_or(Err(WriteError::Closed)),
            Err(Turned::Full) => {
                self.0.shared.counters.writes_turned_away.add(1);
                Err(WriteError::Busy)
            }
            Err(Turned::Closed) => Err(WriteError::Closed),
        }
    }

    /// Runs `query` on a reading thread, in one transaction: all that it reads is of one moment.
    /// It is cut off after a second.
    pub async fn read<T>(
        &self,
        query: impl FnOnce(&Reads<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        match self.0.queries.enter(erased(query, caller)) {
            Ok(()) => answer.await.unwrap_or(Err(StoreError::Closed)),
            Err(Turned::Full) => {
                self.0.shared.counters.reads_turned_away.add(1);
                Err(StoreError::Busy("the queue of queries is full".into()))
            }
            Err(Turned::Closed) => Err(StoreError::Closed),
        }
    }

    /// The current epoch, and the last event on disk that this process knows of. (Another
    /// process may have appended more; [`Reads::head`] tells.)
    pub fn head(&self) -> Cursor {
        let shared = &self.0.shared;
        Cursor { epoch: shared.epoch.clone(), id: SyncId(shared.head.load(Ordering::Acquire)) }
    }

    /// Whether the store is fit for work: false after a write met a full or failing disk, until
    /// a later commit succeeds; false for good when the file is damaged.
    pub fn is_ready(&self) -> bool {
        self.0.shared.health.is_ready()
    }

    /// After a write has met a full or failing disk: tries another, so that
    /// [`is_ready`](Self::is_ready) tells of the recovery though nobody writes – whoever routes by
    /// it sends nobody here meanwhile. It is larger than most commands, so that a success means
    /// something to them.
    pub async fn try_again(&self) {
        if !self.0.shared.health.may_recover() {
            return;
        }
        for value in ["0".repeat(TRIAL), String::new()] {
            if self.write(move |tx| tx.put_setting("trial", &value)).await.is_err() {
                return; // The writer has counted and logged it.
            }
        }
    }

    /// Counts since the store was opened.
    pub fn stats(&self) -> Stats {
        self.0.shared.counters.read()
    }

    /// How long the commits took since the store was opened, most of it the disk's.
    pub fn commit_times(&self) -> Distribution {
        self.0.shared.commit_times.read()
    }

    /// Takes nothing more, finishes what is queued, empties the WAL and returns when the last
    /// thread has ended. May be called more than once.
    pub async fn close(&self) {
        self.0.jobs.close();
        self.0.queries.close();
        self.0.alive.closed().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("head", &self.head()).finish_non_exhaustive()
    }
}

/// The sending end of a bounded queue, which closing takes away.
struct Entrance<T>(Mutex<Option<crossbeam_channel::Sender<T>>>);

enum Turned {
    Full,
    Closed,
}

impl<T> Entrance<T> {
    fn new() -> (Self, crossbeam_channel::Receiver<T>) {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        (Self(Mutex::new(Some(sender))), receiver)
    }

    fn enter(&self, item: T) -> Result<(), Turned> {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match sender.as_ref().map(|queue| queue.try_send(item)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Turned::Full),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(Turned::Closed),
        }
    }

    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// What starting a thread takes.
struct Threads<'a> {
    options: Options,
    shared: &'a Arc<Shared>,
    tenancy: &'a Tenancy,
}

impl Threads<'_> {
    fn start_writer(
        &self,
        mut conn: Connection,
        committed: mpsc::Sender<Batch>,
    ) -> Result<Entrance<Box<dyn Job>>, OpenError> {
        let clock = &self.options.clock;
        let deadline = Deadline::install(&mut conn, Arc::clone(clock))
            .map_err(|e| schema::unusable(self.path(), e))?;
        // One request is as good as many.
        let (checkpoints, asked) = sync_channel(1);
        let checkpointer = Checkpointer {
            conn: connection::writer(self.path()).map_err(|e| schema::unusable(self.path(), e))?,
            asked,
            shared: Arc::clone(self.shared),
            _tenancy: self.tenancy.clone(),
        };
        start("chorus-checkpoint", move || checkpointer.run())?;
        let (entrance, jobs) = Entrance::new();
        let writer = Writer {
            checkpointed_at: conn.total_changes(),
            conn,
            deadline,
            clock: Arc::clone(clock),
            jobs,
            committed,
            checkpoints,
            shared: Arc::clone(self.shared),
            _tenancy: self.tenancy.clone(),
        };
        start("chorus-writer", move || writer.run())?;
        Ok(entrance)
    }

    fn start_readers(&self) -> Result<Entrance<Query>, OpenError> {
        let (entrance, queries) = Entrance::new();
        for number in 0..self.options.readers.max(1) {
            let unusable = |e| schema::unusable(self.path(), e);
            let mut conn = connection::reader(self.path()).map_err(unusable)?;
            let reader = Reader {
                deadline: Deadline::install(&mut conn, Arc::clone(&self.options.clock))
                    .map_err(unusable)?,
                conn,
                queries: queries.clone(),
                shared: Arc::clone(self.shared),
                _tenancy: self.tenancy.clone(),
            };
            start(&format!("chorus-reader-{number}"), move || reader.run())?;
        }
        Ok(entrance)
    }

    fn path(&self) -> &Path {
        self.tenancy.files.path()
    }
}

/// Starts a thread that ends when its queue is closed.
fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map(drop).map_err(OpenError::Thread)
}

#[cfg(test)]
mod tests;
