//! A node: the real publisher, what was handed to it and not taken yet, and how it reads the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chorus_model::{Clock, Cursor, Event, SyncId};
use chorus_realtime::bus::Bus;
use chorus_realtime::past::Answer;
use chorus_realtime::past::Reading;
use chorus_realtime::publisher::{Asked, Lacking, Parts};
use chorus_realtime::{Past, Publisher, Realtime, Turn};
use chorus_storage::{Batch, StoreError};
use futures_util::FutureExt as _;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::clock::HandClock;
use crate::ledger::Ledger;
use crate::words::Words;

/// The truth, shared by all.
pub type Truth = Arc<Mutex<Ledger>>;

/// The truth, to look at.
pub fn look(truth: &Truth) -> MutexGuard<'_, Ledger> {
    truth.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A node that runs.
#[derive(Debug)]
pub struct Node {
    publisher: Publisher,
    /// How others talk to it.
    pub realtime: Realtime,
    /// The last event whose announcement was looked at.
    pub seen: SyncId,
    /// Commits that were handed over, and have not arrived.
    pub inbox: Vec<Batch>,
    /// How it reads.
    pub reader: Arc<Reader>,
    /// What it says to the others.
    pub bus: Arc<Loudspeaker>,
    _hand: mpsc::Sender<Batch>,
}

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Events held in memory.
    pub tail: usize,
    /// How long a client may read nothing.
    pub patience: Duration,
}

impl Node {
    /// A node that starts at the head of the log.
    pub fn start(truth: &Truth, clock: &Arc<HandClock>, plan: &Plan) -> Option<Self> {
        let (hand, committed) = mpsc::channel(1);
        let reader = Arc::new(Reader::new(truth));
        let bus = Arc::new(Loudspeaker::default());
        let end = look(truth).end();
        let parts = Parts {
            store: Eye(Arc::clone(&reader)),
            encoder: Arc::new(Words { epoch: end.epoch }),
            bus: Arc::clone(&bus) as Arc<dyn Bus>,
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            tail: plan.tail,
            patience: plan.patience,
            // A node that yields would wait for nobody.
            piece: usize::MAX,
        };
        let (publisher, realtime) = Publisher::new(parts, committed).now_or_never()?.ok()?;
        let (seen, inbox) = (end.id, Vec::new());
        Some(Self { publisher, realtime, seen, inbox, reader, bus, _hand: hand })
    }

    /// Takes a turn. False if it waits for something that nobody will give it.
    pub fn take(&mut self, turn: Turn) -> bool {
        self.publisher.take(turn).now_or_never().is_some()
    }

    /// How far it has announced.
    pub fn published(&self) -> SyncId {
        SyncId(self.realtime.gauges().published.load(Ordering::Relaxed))
    }

    /// How many of its connections are served from the log.
    pub fn behind(&self) -> u64 {
        self.realtime.gauges().behind.load(Ordering::Relaxed)
    }
}

/// Reads the log for a node: at once where it waits, later where it does not.
#[derive(Debug)]
pub struct Reader {
    truth: Truth,
    /// So many of the next reads fail.
    failing: AtomicUsize,
    asked: Mutex<VecDeque<(Asked, oneshot::Sender<Answered>)>>,
}

type Answered = Result<Option<Answer>, StoreError>;

impl Reader {
    fn new(truth: &Truth) -> Self {
        let (failing, asked) = (AtomicUsize::new(0), Mutex::default());
        Self { truth: Arc::clone(truth), failing, asked }
    }

    /// Has the next reads fail.
    pub fn fail(&self, times: usize) {
        self.failing.store(times, Ordering::Relaxed);
    }

    /// Answers a question that waits; whether there was one.
    pub fn answer(&self) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((asked, answer)) = asked else { return false };
        let read =
            if self.fails() { Err(StoreError::Missing) } else { asked.read(&*look(&self.truth)) };
        // Whoever does not wait any more has lost his node.
        drop(answer.send(read));
        true
    }

    fn fails(&self) -> bool {
        let one_less = |times: usize| times.checked_sub(1);
        self.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }
}

/// A node's view of the log.
#[derive(Debug)]
struct Eye(Arc<Reader>);

impl Past for Eye {
    fn head(&self) -> Cursor {
        look(&self.0.truth).end()
    }

    fn events(&self, after: SyncId, limit: usize) -> Reading<Vec<Arc<Event>>> {
        let read = if self.0.fails() {
            Err(StoreError::Missing)
        } else {
            Ok(look(&self.0.truth).read(after, limit))
        };
        async move { read }.boxed()
    }

    fn supply(&self, lacking: Lacking) -> Reading<()> {
        let read = if self.0.fails() {
            Err(StoreError::Missing)
        } else {
            lacking.read(&*look(&self.0.truth))
        };
        async move { read }.boxed()
    }

    fn answer(&self, asked: Asked) -> Reading<Option<Answer>> {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((asked, answer));
        answered.map(|read| read.unwrap_or(Err(StoreError::Closed))).boxed()
    }
}

/// What a node says on the bus. Nothing comes back by it: hints arrive when the schedule says so.
#[derive(Debug)]
pub struct Loudspeaker {
    said: Mutex<Vec<Cursor>>,
    silence: broadcast::Sender<Cursor>,
}

impl Default for Loudspeaker {
    fn default() -> Self {
        Self { said: Mutex::default(), silence: broadcast::Sender::new(1) }
    }
}

impl Loudspeaker {
    /// What was said since this was asked last.
    pub fn take(&self) -> Vec<Cursor> {
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bus for Loudspeaker {
    fn hint(&self, head: &Cursor) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    }

    fn hints(&self) -> broadcast::Receiver<Cursor> {
        self.silence.subscribe()
    }
}
