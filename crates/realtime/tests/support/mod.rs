//! A real store, publishers over it, and connections that keep what they hear.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chorus_model::event::{Draft, Rooms};
use chorus_model::project::ProjectChanges;
use chorus_model::signal::SignalBody;
use chorus_model::{
    Body, Clock, ConnectionId, Cursor, Entropy, Event, Kind, Member, Project, ProjectId,
    ProjectRole, ProjectStatus, Room, Signal, SyncId, Timestamp, User, UserId, UserRef, Whole,
    WorkspaceRole,
};
use chorus_realtime::bus::{Bus, MemoryBus};
use chorus_realtime::orders::Greeting;
use chorus_realtime::publisher::{Parts, Publisher};
use chorus_realtime::{
    CloseReason, Connection, Deliveries, Delivery, Encoder, Ended, Enters, Entry, Exit, Frame,
    FrameKey, Link, Loss, NotJoined, Outbox, OutboxLimits, Realtime, Rewind, Wanted, Whose,
};
use chorus_storage::{Batch, Committed, Location, Options, Store, StoreError};
use smallvec::{SmallVec, smallvec};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// For what must happen.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long a client may read nothing that is behind.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A store and what stands around it.
pub(crate) struct House {
    pub(crate) clock: Arc<TestClock>,
    store: Store,
    committed: Mutex<Option<Committed>>,
    bus: Arc<MemoryBus>,
    encoder: Arc<Plain>,
}

/// A publisher that runs.
pub(crate) struct Node {
    pub(crate) realtime: Realtime,
    tracker: TaskTracker,
    stop: CancellationToken,
    next: AtomicU64,
}

/// A connection and what it has heard.
pub(crate) struct Listener {
    pub(crate) id: ConnectionId,
    ear: Arc<Ear>,
    connection: Arc<Connection>,
}

impl House {
    pub(crate) fn build() -> Self {
        let clock = Arc::new(TestClock::default());
        let options = Options {
            location: Location::Temporary,
            readers: 1,
            serve: true,
            first_id: None,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(Counting(AtomicU64::new(1))),
        };
        let (store, committed) = Store::open(options).unwrap();
        let committed = Mutex::new(Some(committed));
        let (bus, encoder) = (Arc::new(MemoryBus::new(16)), Arc::default());
        Self { clock, store, committed, bus, encoder }
    }

    /// The node that the writer hands its commits to.
    pub(crate) async fn node(&self) -> Arc<Node> {
        let committed = self.committed.lock().unwrap().take().unwrap();
        self.start(committed, Arc::clone(&self.bus) as Arc<dyn Bus>).await
    }

    /// A node that is handed nothing, with a live bus or a dead one.
    pub(crate) async fn silent_node(&self, live: bool) -> Arc<Node> {
        let (sender, committed) = mpsc::channel(1);
        // Held for as long as the test, so that the node does not take it for the end.
        std::mem::forget(sender);
        let bus: Arc<dyn Bus> =
            if live { Arc::clone(&self.bus) as _ } else { Arc::new(MemoryBus::new(1)) };
        self.start(committed, bus).await
    }

    /// A node that is handed what the test hands it.
    pub(crate) async fn node_by_hand(&self) -> (mpsc::Sender<Batch>, Arc<Node>) {
        let (hand, committed) = mpsc::channel(1);
        (hand, self.start(committed, Arc::clone(&self.bus) as Arc<dyn Bus>).await)
    }

    /// Has the encoder lose what it was supplied with.
    pub(crate) fn forget(&self) {
        self.encoder.supplied.store(0, Ordering::Relaxed);
    }

    /// All events.
    pub(crate) async fn log(&self) -> Vec<Arc<Event>> {
        self.store.read(|reads| reads.events(SyncId::ZERO, 1_000)).await.unwrap()
    }

    /// Appends a change of the project whose name is `n`; its place.
    pub(crate) async fn append(&self, n: u64) -> SyncId {
        self.write(Body::ProjectUpdated { project: project(n), changes: ProjectChanges::default() })
            .await
    }

    pub(crate) async fn add_member(&self, project: ProjectId, user: UserId) -> SyncId {
        self.write(Body::MemberAdded { member: member(project, user) }).await
    }

    pub(crate) async fn remove_member(&self, project: ProjectId, user: UserId) -> SyncId {
        self.write(Body::MemberRemoved { member: member(project, user) }).await
    }

    pub(crate) async fn create_project(&self) -> SyncId {
        self.write(Body::ProjectCreated { project: project(0) }).await
    }

    pub(crate) async fn delete_project(&self) -> SyncId {
        self.write(Body::ProjectDeleted { project: project(0) }).await
    }

    pub(crate) async fn change_user(&self, id: UserId) -> SyncId {
        self.write(Body::UserUpdated { user: account(id) }).await
    }

    pub(crate) async fn rename(&self, id: UserId, full_name: &str) -> SyncId {
        let user = User { full_name: full_name.to_owned(), ..account(id) };
        self.write(Body::UserUpdated { user }).await
    }

    pub(crate) async fn close_account(&self, id: UserId) -> SyncId {
        self.write(Body::UserDeactivated { user: account(id) }).await
    }

    async fn write(&self, body: Body) -> SyncId {
        let written = self.store.write::<_, StoreError>(move |tx| {
            tx.append(Draft { actor: user(UserId(1)), origin: None, body: body.clone() })
        });
        written.await.unwrap().value
    }

    async fn start(&self, committed: Committed, bus: Arc<dyn Bus>) -> Arc<Node> {
        let parts = Parts {
            store: self.store.clone(),
            encoder: Arc::clone(&self.encoder),
            bus,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            tail: 8,
            patience: PATIENCE,
            // Others have a turn after every second, as after many in earnest.
            piece: 2,
        };
        let (publisher, realtime) = Publisher::new(parts, committed).await.unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        tracker.spawn(publisher.run(stop.clone()));
        Arc::new(Node { realtime, tracker, stop, next: AtomicU64::new(1) })
    }
}

impl Node {
    /// A connection in the rooms of these projects, which joins others by itself.
    pub(crate) async fn connect(&self, user_id: UserId, projects: &[ProjectId]) -> Listener {
        self.connect_with(user_id, projects, OutboxLimits::default()).await
    }

    /// The same, with so much room for what waits.
    pub(crate) async fn connect_with(
        &self,
        user_id: UserId,
        projects: &[ProjectId],
        limits: OutboxLimits,
    ) -> Listener {
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let ear = Arc::new(Ear::default());
        let outbox = Arc::new(Outbox::new(limits, Arc::clone(self.realtime.counters())));
        outbox.attach(Arc::clone(&ear) as Arc<dyn Link>);
        let connection = Connection::new(
            id,
            Whose::new(Arc::new(user(user_id)), Timestamp::default()),
            FrameKey(0),
            Arc::clone(&outbox),
            Enters::Projects,
            Box::new(Door(Arc::clone(&ear))),
            Timestamp::default(),
        );
        let connection = Arc::new(connection);
        self.realtime.attach(Arc::clone(&connection)).await;
        let listener = Listener { id, ear, connection };
        self.enter(&listener, Room::User(user_id)).await.unwrap();
        for project in projects {
            self.join(&listener, *project).await.unwrap();
        }
        listener
    }

    pub(crate) async fn join(
        &self,
        listener: &Listener,
        project: ProjectId,
    ) -> Result<Cursor, NotJoined> {
        self.enter(listener, Room::Project(project)).await
    }

    /// As often as rights must be read again.
    async fn enter(&self, listener: &Listener, room: Room) -> Result<Cursor, NotJoined> {
        loop {
            let read_at = self.realtime.tail().published();
            let entry = Entry::new(Rooms::from_slice(&[room]), read_at);
            match self.realtime.join(listener.id, entry, Self::no_greeting()).await {
                Err(NotJoined::Stale) => tokio::task::yield_now().await,
                other => return other.map(|joined| joined.cursor),
            }
        }
    }

    /// Enters a project, to be told what happened there after this event.
    pub(crate) async fn take_up(&self, listener: &Listener, project: ProjectId, since: SyncId) {
        let rewind = Rewind {
            channels: Vec::new(),
            since: Ok(since),
            memberships: Vec::new(),
            sees_all: true,
            key: None,
            floors: Vec::new(),
            before: None,
        };
        let entry = Self::entry(project, self.realtime.tail().published());
        let entry = Entry { rewind: Some(rewind), ..entry };
        self.realtime.join(listener.id, entry, Self::no_greeting()).await.unwrap();
    }

    pub(crate) async fn join_named(
        &self,
        listener: &Listener,
        name: &str,
    ) -> Result<Cursor, NotJoined> {
        let entry = Entry {
            labels: vec![(Room::named(name), name.into())],
            ..Entry::new(Rooms::from_slice(&[Room::named(name)]), self.realtime.tail().published())
        };
        let joined = self.realtime.join(listener.id, entry, Self::no_greeting()).await;
        joined.map(|joined| joined.cursor)
    }

    /// Says the room's name to it.
    pub(crate) async fn relay(&self, listener: &Listener, name: &str) -> bool {
        let room = Room::named(name);
        let body = SignalBody::Relay { room, name: name.into(), content: "{}".into() };
        let (user, at) = (user(UserId(1)), Timestamp::default());
        self.realtime.relay(room, Signal { user, at, cause: Some(listener.id), body }).await
    }

    /// Says something to a project as nobody's connection, when an event was told.
    pub(crate) fn say_after(&self, after: SyncId, project: ProjectId, text: &str) {
        let room = Room::Project(project);
        let body = SignalBody::Relay { room, name: text.into(), content: "{}".into() };
        let (user, at) = (user(UserId(1)), Timestamp::default());
        self.realtime.signal_after(after, Signal { user, at, cause: None, body });
    }

    /// Waits until everything up to `id` was announced.
    pub(crate) async fn announced(&self, id: SyncId) {
        let mut published = self.realtime.tail().watch();
        let reached = published.wait_for(|published| *published >= id);
        tokio::time::timeout(DEADLINE, reached).await.unwrap().unwrap();
        // What is flushed after the announcement: a round trip through the same task.
        self.realtime.present(Vec::new(), None).await;
    }

    pub(crate) fn entry(project: ProjectId, read_at: SyncId) -> Entry {
        Entry::new(Rooms::from_slice(&[Room::Project(project)]), read_at)
    }

    pub(crate) fn no_greeting() -> Greeting {
        Box::new(|_| SmallVec::new())
    }

    pub(crate) async fn stop(self: Arc<Self>) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Listener {
    /// The next `count` events.
    pub(crate) async fn hear(&self, count: usize) -> Vec<String> {
        self.ear.next(count, &self.ear.events).await
    }

    /// The next `count` comings (`+`) and goings (`-`).
    pub(crate) async fn see(&self, count: usize) -> Vec<String> {
        self.ear.next(count, &self.ear.presence).await
    }

    /// What its user is called.
    pub(crate) fn name(&self) -> String {
        self.connection.user.get().full_name.clone()
    }

    /// Reads on, and forgets what it hears.
    pub(crate) fn discard(&self) {
        self.connection.outbox.attach(Arc::new(Nowhere));
    }

    /// Reads nothing from now on.
    pub(crate) fn stall(&self) {
        self.ear.stalled.store(true, Ordering::SeqCst);
    }

    /// Reads on.
    pub(crate) fn read_on(&self) {
        self.ear.stalled.store(false, Ordering::SeqCst);
        self.connection.outbox.resume();
    }

    /// Why its session is to end.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.connection.outbox.closed()
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.ear.events.lock().unwrap().is_empty() && self.ear.presence.lock().unwrap().is_empty()
    }
}

/// Takes every frame at once, unless it is stalled.
#[derive(Debug, Default)]
struct Ear {
    stalled: AtomicBool,
    events: Mutex<VecDeque<String>>,
    presence: Mutex<VecDeque<String>>,
    more: Notify,
}

impl Ear {
    async fn next(&self, count: usize, of: &Mutex<VecDeque<String>>) -> Vec<String> {
        let all = async {
            loop {
                let more = self.more.notified();
                if of.lock().unwrap().len() >= count {
                    return of.lock().unwrap().drain(..count).collect();
                }
                more.await;
            }
        };
        tokio::time::timeout(DEADLINE, all).await.expect("heard too little")
    }
}

/// Takes every frame and keeps none.
struct Nowhere;

impl Link for Nowhere {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn wake(&self) {}
}

/// A way out that is heard.
#[derive(Debug)]
struct Door(Arc<Ear>);

impl Exit for Door {
    fn take(&self, why: Ended, _: Timestamp) {
        self.0.events.lock().unwrap().push_back(format!("{why:?}"));
        self.0.more.notify_one();
    }
}

impl Link for Ear {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.stalled.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        for slice in slices {
            let frame = String::from_utf8(slice.to_vec()).unwrap();
            let of = if frame.starts_with(['+', '-']) { &self.presence } else { &self.events };
            of.lock().unwrap().push_back(frame);
        }
        self.more.notify_one();
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn wake(&self) {}
}

/// Tells the name of a changed project, who came and who went.
#[derive(Debug, Default)]
struct Plain {
    /// Up to which event what events from `WHOLE` on lack was supplied.
    supplied: AtomicU64,
}

/// Changes from this one on are told with what must be read before.
pub(crate) const WHOLE: u64 = 5_000;

impl Plain {
    fn lacks(&self, event: &Event) -> bool {
        let Body::ProjectUpdated { project, .. } = &event.body else { return false };
        let is_whole = project.name.parse().is_ok_and(|n: u64| n >= WHOLE);
        is_whole && self.supplied.load(Ordering::Relaxed) < event.sync_id.0
    }
}

impl Encoder for Plain {
    fn audience(&self, event: &Event, _: FrameKey) -> Rooms {
        event.body.rooms().into_iter().filter(|room| matches!(room, Room::Project(_))).collect()
    }

    fn frame(&self, event: &Event, _: FrameKey) -> Option<Frame> {
        let text = match &event.body {
            Body::ProjectUpdated { project, .. } => {
                format!("{}{}", project.name, if self.lacks(event) { "?" } else { "" })
            }
            Body::MemberRemoved { .. } => "removed".to_owned(),
            _ => return None,
        };
        Some(Frame::durable(Bytes::from(text)))
    }

    fn lacks(&self, event: &Event, _: FrameKey) -> Option<Wanted> {
        let wanted = Wanted { project: ProjectId(1), kind: Kind::named("script").unwrap() };
        self.lacks(event).then_some(wanted)
    }

    fn supply(&self, _: Wanted, whole: Whole) {
        self.supplied.store(whole.at.0, Ordering::Relaxed);
    }

    fn put_out(&self, _: Room, why: Loss, _: Timestamp, _: FrameKey) -> Option<Frame> {
        let text = match why {
            Loss::Access => "lost",
            Loss::Project | Loss::Channel => "ended",
        };
        Some(Frame::durable(Bytes::from(text)))
    }

    fn signal(&self, signal: &Signal, _: FrameKey) -> Deliveries {
        let (arrived, rooms) = match &signal.body {
            SignalBody::Presence { arrived, rooms, .. } => (arrived, rooms),
            SignalBody::Relay { room, name, .. } => {
                let frame = Frame::ephemeral(Bytes::from(name.to_string()));
                let rooms = smallvec![*room];
                return smallvec![Delivery { rooms, unless: Rooms::new(), except: None, frame }];
            }
            SignalBody::Typing { .. } | SignalBody::Upload(_) => return Deliveries::new(),
        };
        let sign = if *arrived { '+' } else { '-' };
        let text = format!("{sign}{}", signal.user.id);
        let rooms = Rooms::from_slice(rooms);
        let frame = Frame::ephemeral(Bytes::from(text));
        smallvec![Delivery { rooms, unless: Rooms::new(), except: None, frame }]
    }
}

/// A clock that tests move.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    micros: AtomicU64,
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.micros.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(i64::try_from(self.micros.load(Ordering::Relaxed)).unwrap())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

/// Not random, but never the same.
#[derive(Debug)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = n.rotate_right(u32::try_from(at % 8 * 5).unwrap()).to_le_bytes()[0];
        }
    }
}

fn user(id: UserId) -> UserRef {
    let name = format!("user{id}");
    UserRef { id, username: name.clone(), full_name: name, email: None }
}

fn account(id: UserId) -> User {
    let UserRef { username, full_name, email, .. } = user(id);
    User {
        id,
        username,
        email,
        full_name,
        role: WorkspaceRole::User,
        is_active: true,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

fn member(project_id: ProjectId, user_id: UserId) -> Member {
    Member {
        project_id,
        user_id,
        user: user(user_id),
        role: ProjectRole::Member,
        joined_at: Timestamp::default(),
    }
}

fn project(n: u64) -> Project {
    Project {
        id: ProjectId(1),
        name: n.to_string(),
        description: None,
        status: ProjectStatus::Active,
        owner_id: UserId(1),
        owner: user(UserId(1)),
        start_date: None,
        end_date: None,
        is_archived: false,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}
