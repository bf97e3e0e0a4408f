//! How often memory is asked for on the way of a frame: so often per event, never per recipient.
//!
//! Real events in real dialects, through the hub into real outboxes and out of them again. Counted
//! is what the thread at work asks of the allocator, once all buffers have their size.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chorus_gateway::dialect::{Dialect, Envelope, Flux, Lexicon, Native, Taskmanager};
use chorus_model::event::Scope;
use chorus_model::signal::SignalBody;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, ConnectionId, Event, Priority, ProjectId, Room, Signal, SyncId, Task, TaskId, TaskStatus,
    Timestamp, UserId, UserRef,
};
use chorus_realtime::hub::Hub;
use chorus_realtime::{
    Connection, Counters, Ended, Enters, Exit, FrameKey, Link, Outbox, OutboxLimits, Whose,
};

const PROJECT: ProjectId = ProjectId(7);
const ROOM: Room = Room::Project(PROJECT);
/// As many as wait for one flush when a client has 16 changes under way.
const BURST: usize = 16;

#[test]
fn an_event_costs_as_many_allocations_for_one_as_for_thousands() {
    let event = status_changed();
    same_for_any_crowd(|hub, lexicon| {
        hub.publish(&event, lexicon);
    });
}

#[test]
fn a_burst_costs_as_many_allocations_for_one_as_for_thousands() {
    let event = status_changed();
    same_for_any_crowd(|hub, lexicon| {
        for _ in 0..BURST {
            hub.publish(&event, lexicon);
        }
    });
}

#[test]
fn a_signal_costs_as_many_allocations_for_one_as_for_thousands() {
    let (user, at) = (person(2), Timestamp::default());
    let body = SignalBody::Typing { task: task().to_ref(), typing: true };
    let typing = Signal { user, at, cause: None, body };
    same_for_any_crowd(|hub, lexicon| {
        hub.signal(&typing, lexicon);
    });
}

/// What the other tests rest on.
#[test]
fn one_allocation_for_each_recipient_is_counted() {
    let event = status_changed();
    let [few, many] = [1, 10].map(|each| {
        let mut crowd = Crowd::gather(each, Sink::Keeping);
        crowd.count(&mut |hub, lexicon| {
            hub.publish(&event, lexicon);
        })
    });
    assert_eq!(many.allocations - few.allocations, many.frames - few.frames);
}

fn same_for_any_crowd(mut tell: impl FnMut(&mut Hub, &Lexicon)) {
    let counts = [1, 10, 1_000].map(|each| Crowd::gather(each, Sink::Taking).count(&mut tell));
    let [one, ten, thousand] = counts;
    assert!(one.frames > 0);
    assert_eq!([ten.frames, thousand.frames], [10 * one.frames, 1_000 * one.frames]);
    assert_eq!([ten.allocations, thousand.allocations], [one.allocations; 2]);
}

/// Connections of several dialects in one room.
struct Crowd {
    hub: Hub,
    lexicon: Lexicon,
    /// What all of them have been sent.
    sent: Arc<AtomicU64>,
}

/// What it took to tell something.
struct Count {
    allocations: u64,
    frames: u64,
}

impl Crowd {
    /// `each` connections of each of four dialects.
    fn gather(each: u64, sink: fn(Arc<AtomicU64>) -> Sink) -> Self {
        let dialects: Vec<Arc<dyn Dialect>> = vec![
            Arc::new(Taskmanager::default()),
            Arc::new(Flux::default()),
            Arc::new(Envelope::default()),
            Arc::new(Native),
        ];
        let lexicon = Lexicon::new(dialects);
        let keys = [
            lexicon.spoken("taskmanager", "/"),
            lexicon.spoken("flux", "/"),
            lexicon.spoken_raw("envelope"),
            lexicon.spoken_raw("native"),
        ]
        .map(|spoken| spoken.expect("the dialect is known").1);
        let mut crowd = Self { hub: Hub::default(), lexicon, sent: Arc::default() };
        for (id, key) in (0..each).flat_map(|_| keys).enumerate() {
            crowd.enter(id as u64, key, sink(Arc::clone(&crowd.sent)));
        }
        crowd
    }

    fn enter(&mut self, id: u64, key: FrameKey, sink: Sink) {
        let outbox = Arc::new(Outbox::new(OutboxLimits::default(), Arc::new(Counters::default())));
        outbox.attach(Arc::new(sink));
        let id = ConnectionId(id);
        let user = Whose::new(Arc::new(person(1)), Timestamp::default());
        let enters = Enters::Nothing;
        let exit = Box::new(NoExit);
        let connection = Connection::new(id, user, key, outbox, enters, exit, Timestamp::default());
        self.hub.attach(Arc::new(connection), SyncId::ZERO);
        self.hub.join(id, ROOM);
    }

    /// Tells it twice, and counts the second time.
    fn count(&mut self, tell: &mut impl FnMut(&mut Hub, &Lexicon)) -> Count {
        self.round(tell);
        self.sent.store(0, Ordering::Relaxed);
        let allocations = allocation_counter::measure(|| self.round(tell)).count_total;
        Count { allocations, frames: self.sent.load(Ordering::Relaxed) }
    }

    /// As the publisher does it.
    fn round(&mut self, tell: &mut impl FnMut(&mut Hub, &Lexicon)) {
        tell(&mut self.hub, &self.lexicon);
        while let Some(outbox) = self.hub.dirty().pop_front() {
            outbox.flush();
        }
    }
}

/// A socket that takes everything at once.
enum Sink {
    /// And forgets it.
    Taking(Arc<AtomicU64>),
    /// And copies each frame.
    Keeping(Arc<AtomicU64>),
}

impl Link for Sink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let (Self::Taking(sent) | Self::Keeping(sent)) = self;
        sent.fetch_add(slices.len() as u64, Ordering::Relaxed);
        if matches!(self, Self::Keeping(_)) {
            for slice in slices {
                std::hint::black_box(slice.to_vec());
            }
        }
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn wake(&self) {}
}

/// Nobody is put out here.
#[derive(Debug)]
struct NoExit;

impl Exit for NoExit {
    fn take(&self, _: Ended, _: Timestamp) {}
}

fn status_changed() -> Event {
    let old = Task { status: TaskStatus::Todo, ..task() };
    let changes = TaskChanges::between(&old, &task());
    Event {
        sync_id: SyncId(1),
        scope: Scope::Project(PROJECT),
        actor: person(2),
        origin: None,
        at: Timestamp::default(),
        body: Body::TaskStatusChanged { task: task(), old: old.status, changes, lead: true },
    }
}

fn task() -> Task {
    Task {
        id: TaskId(1),
        project_id: PROJECT,
        title: "Pour the <second> floor".into(),
        description: Some("After the inspection of Tuesday.".into()),
        status: TaskStatus::Blocked,
        priority: Priority::Critical,
        assignee_id: Some(UserId(3)),
        assignee: Some(person(3)),
        creator_id: UserId(1),
        creator: person(1),
        due_date: None,
        estimated_hours: Some(6.5),
        category: None,
        position: 1.0,
        version: 2,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

fn person(id: i64) -> UserRef {
    let (username, full_name) = (format!("person-{id}"), format!("Person {id}"));
    UserRef { id: UserId(id), username, full_name, email: None }
}
