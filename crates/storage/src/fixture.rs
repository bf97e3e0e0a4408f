//! What the tests of this crate share: a clock that they move, randomness from a seed, nouns, a
//! transaction without threads, and a way to hold the writer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chorus_model::event::Draft;
use chorus_model::{
    Body, Clock, CustomEvent, Entropy, Member, Project, ProjectId, ProjectRole, ProjectStatus,
    Room, SyncId, Target, Timestamp, User, UserId, WorkspaceRole,
};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::tx::Growth;
use crate::{Committed, Location, Options, Store, StoreError, Tx, epoch, schema};

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::default().plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Bytes that depend on the seed and on how many were drawn (splitmix64).
#[derive(Debug)]
pub(crate) struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let step = 0x9e37_79b9_7f4a_7c15_u64;
            let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
    }
}

/// Options for a server's store; `seed` decides the name of its epoch.
pub(crate) fn options(location: Location, clock: &Arc<TestClock>, seed: u64) -> Options {
    Options {
        location,
        readers: 2,
        serve: true,
        first_id: None,
        clock: clock.clone(),
        entropy: Arc::new(Seeded(AtomicU64::new(seed))),
    }
}

/// A temporary store with threads.
pub(crate) fn open() -> (Store, Committed, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    let (store, committed) = Store::open(options(Location::Temporary, &clock, 1)).unwrap();
    (store, committed, clock)
}

/// A database in memory whose transactions run on the test's own thread.
pub(crate) struct Scratch {
    pub(crate) conn: Connection,
    pub(crate) clock: TestClock,
    pub(crate) entropy: Seeded,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "foreign_keys", true).unwrap();
        schema::prepare(&mut conn, "memory".as_ref(), None).unwrap();
        let entropy = Seeded(AtomicU64::new(7));
        epoch::begin(&mut conn, true, &entropy).unwrap();
        Self { conn, clock: TestClock::default(), entropy }
    }

    /// Runs `work` in a transaction and commits it.
    pub(crate) fn tx<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
        self.conn.execute_batch("begin immediate").unwrap();
        let mut growth = Growth::begin(&self.conn, self.clock.now()).unwrap();
        let value = work(&mut Tx::new(&self.conn, &mut growth)).unwrap();
        self.conn.execute_batch("commit").unwrap();
        value
    }

    /// Appends one event to `room`.
    pub(crate) fn tell(&self, room: Room) -> SyncId {
        self.tx(|tx| tx.append(told(room)))
    }

    /// Appends that many, each in its own transaction.
    pub(crate) fn tell_times(&self, times: usize, room: Room) {
        for _ in 0..times {
            self.tell(room);
        }
    }
}

/// Keeps a thread waiting until it is opened.
pub(crate) struct Gate {
    entered: Arc<Semaphore>,
    open: SyncSender<()>,
    opened: Arc<Mutex<Option<Receiver<()>>>>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let (open, opened) = sync_channel(1);
        let entered = Arc::new(Semaphore::new(0));
        Self { entered, open, opened: Arc::new(Mutex::new(Some(opened))) }
    }

    /// What waits until the gate is opened.
    pub(crate) fn wait(&self) -> impl Fn() + Send + 'static {
        let (entered, opened) = (Arc::clone(&self.entered), Arc::clone(&self.opened));
        move || {
            // Whoever comes again, because his transaction was lost, finds the gate open.
            let Some(opened) = opened.lock().unwrap().take() else {
                return;
            };
            entered.add_permits(1);
            opened.recv().unwrap();
        }
    }

    /// A command that waits.
    pub(crate) fn command(
        &self,
    ) -> impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static {
        let wait = self.wait();
        move |_| {
            wait();
            Ok(())
        }
    }

    /// Waits until somebody waits at the gate.
    pub(crate) async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    pub(crate) fn open(&self) {
        self.open.send(()).unwrap();
    }
}

/// An event that `room` hears.
pub(crate) fn told(room: Room) -> Draft {
    let body = match room {
        Room::User(id) => Body::UserUpdated { user: person(id.0) },
        Room::Everyone => Body::Custom(CustomEvent {
            room: Target::Everyone,
            event: "hello".into(),
            data: serde_json::Value::Null,
        }),
        Room::Project(id) => Body::ProjectDeleted { project: project(id.0) },
        Room::Channel(..) | Room::Private(..) => panic!("{room} has events of its own"),
        Room::Task(..) | Room::Role(..) | Room::Named(_) => panic!("{room} is never in the log"),
    };
    Draft { actor: person(1).to_ref(), origin: None, body }
}

/// An event that a project and one person hear.
pub(crate) fn joined(project: i64, user: i64) -> Draft {
    let member = Member {
        project_id: ProjectId(project),
        user_id: UserId(user),
        user: person(user).to_ref(),
        role: ProjectRole::Member,
        joined_at: Timestamp::default(),
    };
    Draft { actor: person(1).to_ref(), origin: None, body: Body::MemberAdded { member } }
}

pub(crate) fn person(id: i64) -> User {
    User {
        id: UserId(id),
        username: format!("person-{id}"),
        email: None,
        full_name: format!("Person {id}"),
        role: WorkspaceRole::User,
        is_active: true,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

pub(crate) fn project(id: i64) -> Project {
    Project {
        id: ProjectId(id),
        name: format!("Project {id}"),
        description: None,
        status: ProjectStatus::Active,
        owner_id: UserId(1),
        owner: person(1).to_ref(),
        start_date: None,
        end_date: None,
        is_archived: false,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}
