//! The one task that announces.
//!
//! It owns the hub and the roster, so that neither needs a lock, and takes events strictly in
//! sync-id order: from the writer's hand, and from the log wherever there is a hole. Joins and
//! leaves take effect between two batches, which gives each a definite place in the log.
//!
//! `wholes` reads what some events are written with; `rights` applies membership and role events to
//! the hub; `attendance` lets connections in and out and tells of presence; `behind` serves those
//! who could not follow; `flush` lets what was told leave.

mod attendance;
mod behind;
mod flush;
mod rights;
mod wholes;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chorus_model::{Body, Clock, ConnectionId, Cursor, Event, Room, Signal, SyncId};
use chorus_storage::{Batch, Committed, Store, StoreError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::counters::{self, Counters, Gauges, Timings};
use crate::frame::Encoder;
use crate::hub::{Hub, Tally};
use crate::mutation::{self, Mutation};
use crate::names::Names;
use crate::orders::{Arrival, Entry, Joined, Order, QUEUE, Realtime, Rewind};
use crate::past::Past;
use crate::presence::{Lists, Roster};
use crate::tail::Tail;
use behind::Readings;
use flush::UnderWay;

pub use attendance::MOST_ROOMS;
pub use behind::Asked;
pub use flush::PIECE;
pub use wholes::Lacking;

/// How long a user whose last connection was lost still counts as present.
pub const GRACE: Duration = Duration::from_secs(3);
/// How often the head of the log is looked at, in case that a last hint was lost. Commands beside
/// the server give none, and what they change in rights is told within a second.
const HEAD_POLL: Duration = Duration::from_millis(500);
/// Orders obeyed before a flush, at most.
const ROUND: usize = 256;
/// Events read from the log at once.
const READ: usize = 512;
/// Reads of the log in a row.
const READS: usize = 16;

/// What a publisher is made of.
#[derive(Debug)]
pub struct Parts<E, P = Store> {
    /// Where the log is.
    pub store: P,
    /// Who writes frames.
    pub encoder: Arc<E>,
    /// Hints to and from the other nodes.
    pub bus: Arc<dyn Bus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Events held in memory.
    pub tail: usize,
    /// How long a client that could not follow may read nothing before its session is ended.
    pub patience: Duration,
    /// Outboxes flushed before others get a turn; [`PIECE`] is a good number.
    pub piece: usize,
}

/// What the publisher takes up, apart from what waits in its own queues.
#[derive(Debug)]
pub enum Turn {
    /// A commit, from the writer's hand.
    Commit(Batch),
    /// Another node says how far the log reaches.
    Hint(Cursor),
    /// So many hints were lost that nobody knows what they said.
    HintsLost,
    /// It is time to look at the head of the log.
    Poll,
    /// Nothing: orders, answers of the log and what has become due are seen to in every turn.
    Nothing,
}

/// The announcing task's state.
pub struct Publisher {
    past: Arc<dyn Past>,
    encoder: Arc<dyn Encoder>,
    bus: Arc<dyn Bus>,
    hints: broadcast::Receiver<Cursor>,
    clock: Arc<dyn Clock>,
    committed: Committed,
    orders: mpsc::Receiver<Order>,
    hub: Hub,
    roster: Roster,
    lists: Lists,
    names: Names,
    /// When the head of the log was last looked at.
    polled: Duration,
    published: SyncId,
    tail: Arc<Tail>,
    counters: Arc<Counters>,
    gauges: Arc<Gauges>,
    timings: Arc<Timings>,
    /// Commits whose frames wait for the flush, oldest first.
    under_way: VecDeque<UnderWay>,
    /// Outboxes flushed since the start.
    flushed: u64,
    piece: usize,
    /// For so many orders it is not waited for others.
    alone: u8,
    readings: Readings,
    patience: Duration,
}

impl Publisher {
    /// A publisher at the head of the log, its tail filled, and the handle to it.
    pub async fn new<E: Encoder + 'static, P: Past + 'static>(
        parts: Parts<E, P>,
        committed: Committed,
    ) -> Result<(Self, Realtime), StoreError> {
        let Parts { store, encoder, bus, clock, tail, patience, piece } = parts;
        let head = store.head().id;
        let tail = Arc::new(Tail::new(tail.max(1), head));
        let (sender, orders) = mpsc::channel(QUEUE);
        let hints = bus.hints();
        let mut this = Self {
            past: Arc::new(store),
            encoder,
            bus,
            hints,
            clock,
            committed,
            orders,
            hub: Hub::default(),
            roster: Roster::default(),
            lists: Lists::default(),
            names: Names::default(),
            polled: Duration::ZERO,
            published: head,
            tail,
            counters: Arc::default(),
            gauges: Arc::default(),
            timings: Arc::default(),
            under_way: VecDeque::new(),
            flushed: 0,
            piece: piece.max(1),
            alone: 0,
            readings: Readings::default(),
            patience,
        };
        this.hub.begin_at(head);
        this.gauges.published.store(head.0, Ordering::Relaxed);
        this.fill_tail().await?;
        let handle = Realtime {
            orders: sender,
            counters: Arc::clone(&this.counters),
            gauges: Arc::clone(&this.gauges),
            timings: Arc::clone(&this.timings),
            tail: Arc::clone(&this.tail),
        };
        Ok((this, handle))
    }

    /// Announces until told to stop, and until what was committed before that is announced.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut poll = tokio::time::interval(HEAD_POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let drains = Arc::clone(self.hub.drains());
        loop {
            let expiry = self.until_expiry();
            let turn = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                batch = self.committed.recv() => match batch {
                    Some(batch) => Turn::Commit(batch),
                    None => break,
                },
                order = self.orders.recv() => {
                    if let Some(order) = order {
                        self.gather().await;
                        self.obey(order).await;
                    }
                    Turn::Nothing
                }
                hint = self.hints.recv() => self.heard(hint),
                read = self.readings.some(&drains) => {
                    self.serve(read);
                    Turn::Nothing
                }
                _ = poll.tick() => Turn::Poll,
                () = expiry => Turn::Nothing,
            };
            self.take(turn).await;
        }
        while let Ok(batch) = self.committed.try_recv() {
            self.announce_own(&batch).await;
            self.flush().await;
        }
    }

    /// Takes a turn, and sees to what waits. [`run`](Self::run) does nothing else; whoever has a
    /// time of his own calls it instead.
    pub async fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Commit(batch) => self.announce_own(&batch).await,
            Turn::Hint(head) if head.id <= self.published => {}
            Turn::Hint(_) | Turn::HintsLost | Turn::Poll => self.catch_up().await,
            Turn::Nothing => {}
        }
        self.finish_round().await;
    }

    /// Takes what else has come meanwhile, so that one flush serves many, then flushes.
    async fn finish_round(&mut self) {
        let now = self.clock.monotonic();
        if self.roster.next_expiry().is_some_and(|expiry| expiry <= now) {
            self.expire();
        }
        if self.lists.next().is_some_and(|due| due <= now) {
            self.tell_lists();
        }
        if now.saturating_sub(self.polled) >= HEAD_POLL {
            // The ticks below wait behind orders, and orders may never end.
            self.catch_up().await;
        }
        self.obey_waiting().await;
        self.serve(None);
        self.let_go(now);
        self.flush_on().await;
        self.gauges.behind.store(self.hub.behind() as u64, Ordering::Relaxed);
        let [connections, users, rooms, projects] = self.hub.sizes();
        for (gauge, size) in [
            (&self.gauges.connections, connections),
            (&self.gauges.users, users),
            (&self.gauges.rooms, rooms),
            (&self.gauges.projects, projects),
        ] {
            gauge.store(size as u64, Ordering::Relaxed);
        }
    }

    async fn announce_own(&mut self, batch: &Batch) {
        let Some(first) = batch.events.first() else { return };
        let (on_disk, taken) = (batch.at, self.clock.monotonic());
        if first.sync_id > self.published.next() {
            self.catch_up().await;
        }
        self.supply(&batch.events).await;
        for event in &*batch.events {
            let skips = mutation::made(Mutation::HolesSkipped);
            if event.sync_id == self.published.next() || (skips && event.sync_id > self.published) {
                self.announce(event);
            }
        }
        self.tail.announce(self.published);
        self.bus.hint(&self.cursor());
        let upto = self.end_of_flush();
        self.under_way.push_back(UnderWay { on_disk, taken, upto });
    }

    fn heard(&mut self, hint: Result<Cursor, RecvError>) -> Turn {
        match hint {
            Ok(head) => Turn::Hint(head),
            Err(RecvError::Lagged(_)) => Turn::HintsLost,
            Err(RecvError::Closed) => {
                // The bus is gone; the poll of the head goes on.
                self.hints = self.bus.hints();
                Turn::Nothing
            }
        }
    }

    /// Announces what the log has beyond what was announced.
    ///
    /// At most so much at once: whoever waits for this task waits no longer than that. The rest
    /// follows in the next round.
    async fn catch_up(&mut self) {
        self.polled = self.clock.monotonic();
        if mutation::made(Mutation::HolesUnread) {
            return;
        }
        for _ in 0..READS {
            let after = self.published;
            let events = match self.past.events(after, READ).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, "cannot read the log; trying again within a second");
                    return;
                }
            };
            if events.is_empty() {
                return;
            }
            counters::count(&self.counters.log_reads);
            self.supply(&events).await;
            for event in &events {
                self.announce(event);
            }
            self.tail.announce(self.published);
            self.flush().await;
        }
        self.polled = Duration::ZERO;
    }

    fn announce(&mut self, event: &Arc<Event>) {
        self.tail.push(Arc::clone(event));
        let tally = self.hub.publish(event, &*self.encoder);
        counters::count(&self.counters.events);
        counters::add(&self.counters.deliveries, tally.frames);
        counters::add(&self.counters.fell_behind, tally.fell_behind);
        self.published = event.sync_id;
        self.gauges.published.store(event.sync_id.0, Ordering::Relaxed);
        self.apply(event);
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Attach(connection) => self.hub.attach(connection, self.published),
            Order::Join { connection, entry, greeting, answer } => {
                let Entry { rooms, read_at, labels, asks_who, role, projects, rewind } = entry;
                if read_at > self.published {
                    self.catch_up().await;
                }
                let outcome = self.may_join(connection, &rooms, read_at);
                let outcome = outcome.map(|()| {
                    let cursor = self.cursor();
                    let present =
                        if asks_who { self.show(Some(connection), &rooms) } else { Vec::new() };
                    let rewind = rewind.map(|one| self.within_reach(connection, one));
                    let (since, resumes) = (self.clock.now(), rewind.as_ref().map(|one| one.since));
                    let present = &present;
                    let arrival = Arrival { cursor: &cursor, resumes, present, since };
                    self.hub.greet(connection, greeting(&arrival));
                    self.hub.set_role(connection, role);
                    if let Some(projects) = projects {
                        self.hub.set_projects(connection, projects);
                    }
                    self.names.note(labels);
                    self.hub.take_back_words(connection, &rooms);
                    self.enter(connection, &rooms, since);
                    if let Some(rewind) = rewind {
                        self.hub.rewind(connection, &rooms, &rewind);
                        self.come_back(connection, &rooms, &rewind);
                    }
                    Joined { cursor, resumes }
                });
                // A caller that has left takes its connection away itself.
                drop(answer.send(outcome));
            }
            Order::Leave { connection, rooms, answer } => {
                let left = self.exit(connection, &rooms, None);
                answer.send(left).ok();
            }
            Order::Detach { connection, clean } => self.detach(connection, clean),
            Order::Signal { room, signal } => {
                self.tell_within(room, &signal);
            }
            Order::SignalAfter { after, signal } => {
                if after > self.published {
                    self.catch_up().await;
                }
                self.tell(&signal);
            }
            Order::Tell { connection, words } => self.hub.tell_in_order(connection, words),
            Order::Emit { custom, at } => {
                let tally = self.hub.emit(&custom, at, &*self.encoder);
                self.count_signal(tally);
            }
            Order::Relay { room, signal, answer } => {
                let told = self.tell_within(room, &signal);
                answer.send(told).ok();
            }
            Order::IsIn { connection, room, answer } => {
                answer.send(self.hub.is_in(connection, room)).unwrap_or_default();
            }
            Order::Present { rooms, asker, answer } => {
                drop(answer.send(self.show_asker(asker, &rooms)));
            }
        }
    }

    /// Whoever comes back is told after no later event than the last that he was told: he takes
    /// the answer for his cursor.
    fn within_reach(&self, id: ConnectionId, rewind: Rewind) -> Rewind {
        let upto = if rewind.key.is_some() { self.hub.told_upto(id) } else { self.published };
        Rewind { since: rewind.since.map(|since| since.min(upto)), ..rewind }
    }

    /// Tells a signal if it comes from somebody in the room; whether it does.
    fn tell_within(&mut self, room: Room, signal: &Signal) -> bool {
        let may = signal.cause.is_some_and(|cause| self.hub.is_in(cause, room));
        if may {
            self.tell(signal);
        }
        may
    }

    fn tell(&mut self, signal: &Signal) {
        let tally = self.hub.signal(signal, &*self.encoder);
        self.count_signal(tally);
    }

    fn count_signal(&self, tally: Tally) {
        counters::add(&self.counters.signal_deliveries, tally.frames);
        counters::add(&self.counters.signals_withheld, tally.passed_over);
        counters::add(&self.counters.fell_behind, tally.fell_behind);
    }

    fn cursor(&self) -> Cursor {
        Cursor { epoch: self.past.head().epoch, id: self.published }
    }

    async fn fill_tail(&mut self) -> Result<(), StoreError> {
        let after = SyncId(self.published.0.saturating_sub(READ as u64));
        for event in self.past.events(after, READ).await? {
            if event.sync_id <= self.published {
                if let Body::ProjectDeleted { project } = &event.body {
                    self.hub.project_deleted(project.id, event.sync_id);
                }
                self.tail.push(event);
            }
        }
        Ok(())
    }

    async fn until_expiry_at(expiry: Option<Duration>, now: Duration) {
        match expiry {
            Some(at) => {
                let wait = at.saturating_sub(now);
                tokio::time::sleep_until(tokio::time::Instant::now() + wait).await;
            }
            None => std::future::pending().await,
        }
    }

    fn until_expiry(&self) -> impl Future<Output = ()> + use<> {
        let next = self.roster.next_expiry().into_iter().chain(self.lists.next()).min();
        Self::until_expiry_at(next, self.clock.monotonic())
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher").field("published", &self.published).finish_non_exhaustive()
    }
}
