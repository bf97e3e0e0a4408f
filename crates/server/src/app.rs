//! The composition: what is built of what, and in which order it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chorus_api::{Api, Build, Health, Rest};
use chorus_collab::files::Files;
use chorus_collab::passwords::Hasher;
use chorus_collab::tokens::Tokens;
use chorus_collab::{Collab, Parts};
use chorus_gateway::dialect::{
    Dialect, Door, Envelope, Flux, Interpreter, Lexicon, Native, Prodsight, Skybuild, Taskmanager,
    Vitals,
};
use chorus_gateway::engine::config::{Config, Origins, RawConfig};
use chorus_gateway::engine::{Engine, Surroundings};
use chorus_model::{Clock, Entropy};
use chorus_realtime::bus::MemoryBus;
use chorus_realtime::publisher::{Parts as PublisherParts, Publisher};
use chorus_storage::{Committed, Location, Options, Store};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{FileSettings, ListenAt, Settings};
use crate::listener::{self, Doors, RAW_PATHS};
use crate::system::{SystemClock, SystemEntropy};
use crate::{Failure, figures, pages};

/// Events held in memory.
const TAIL: usize = 4096;
/// Hints that wait for a slow publisher.
const HINTS: usize = 64;
/// How often what is kept for a while only is tidied up.
const TIDY: Duration = Duration::from_secs(300);
/// How often a disk that was full or failing is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(3);
/// How long a file may be there before an asset names it.
const ORPHANED: Duration = Duration::from_secs(3_600);
/// How long sessions and requests have to end.
const DRAIN: Duration = Duration::from_secs(10);
/// Where the secret is kept that nobody configured.
const SECRET: &str = "jwt_secret";

/// A server that listens.
pub struct App {
    store: Store,
    collab: Collab,
    engine: Engine<Interpreter>,
    bound: Vec<Bound>,
    /// Connections, requests, sessions.
    guests: TaskTracker,
    /// What the guests need: publisher, wheel, tidying.
    staff: TaskTracker,
    no_more_guests: CancellationToken,
    staff_may_go: CancellationToken,
    /// Somebody of the staff has left.
    crippled: CancellationToken,
}

/// A listener and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The real address.
    pub address: SocketAddr,
    /// The dialect, as it was asked for.
    pub dialect: String,
}

/// What is there before anything listens.
struct Foundation {
    store: Store,
    committed: Committed,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl App {
    /// Builds a server and lets it listen. `first_id`: where the ids of a new database begin.
    pub async fn start(settings: &Settings, first_id: Option<i64>) -> Result<Self, Failure> {
        Self::start_with(settings, first_id, &[]).await
    }

    /// The same with `more` dialects than Chorus has. Each is spoken in the namespace of its name
    /// on every listener, and on its own listeners.
    pub async fn start_with(
        settings: &Settings,
        first_id: Option<i64>,
        more: &[Arc<dyn Dialect>],
    ) -> Result<Self, Failure> {
        let sockets = bind_all(&settings.listen)?;
        let foundation = Foundation::lay(settings, first_id)?;
        let store = foundation.store.clone();
        let (guests, staff) = (TaskTracker::new(), TaskTracker::new());
        let (no_more_guests, staff_may_go) = (CancellationToken::new(), CancellationToken::new());

        let lexicon = Arc::new(Lexicon::new(dialects(settings, more)).in_epoch(store.head().epoch));
        let surroundings = |counters| Surroundings {
            tracker: guests.clone(),
            clock: Arc::clone(&foundation.clock),
            entropy: Arc::clone(&foundation.entropy),
            counters,
        };
        let (publisher, realtime) = Publisher::new(
            PublisherParts {
                store: store.clone(),
                encoder: Arc::clone(&lexicon),
                bus: Arc::new(MemoryBus::new(HINTS)),
                clock: Arc::clone(&foundation.clock),
                tail: TAIL,
                patience: Duration::from_secs(settings.limits.stalled_seconds.into()),
                piece: chorus_realtime::publisher::PIECE,
            },
            foundation.committed,
        )
        .await
        .map_err(Failure::new)?;
        let surroundings = surroundings(Arc::clone(realtime.counters()));
        let collab = Collab::new(Parts {
            tokens: tokens(&store, settings, &*foundation.entropy).await?,
            hasher: hasher(&foundation.entropy)?,
            store: store.clone(),
            realtime,
            clock: foundation.clock,
            entropy: foundation.entropy,
            registration: settings.registration,
            recovery: settings.recovery.window,
            files: files(settings)?,
            closing: no_more_guests.clone(),
        });
        // Nothing is coming in yet, so that whatever no asset names is left over.
        sweep(&collab, Duration::ZERO).await;
        let (doors, first_raw) = doors(&sockets);
        let (lexicon_too, offers) = (Arc::clone(&lexicon), settings.recovery.offers.clone());
        let users = settings.limits.users;
        let interpreter = Interpreter::new(collab.clone(), lexicon_too, doors, users, offers);
        let engine = Engine::new(Arc::new(interpreter), engine_config(settings), surroundings);

        let crippled = hire(&staff, &staff_may_go, publisher, &engine, &store);
        let mut app = Self {
            store,
            collab,
            engine,
            bound: Vec::new(),
            guests,
            staff,
            no_more_guests,
            staff_may_go,
            crippled,
        };
        app.open_doors(sockets, first_raw, &lexicon, settings)?;
        Ok(app)
    }

    /// Where it listens, in the order in which it was asked to.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Waits until the server cannot go on: a task has panicked that all others need.
    pub async fn crippled(&self) {
        self.crippled.cancelled().await;
    }

    /// The room where things happen, for who fills a workspace from inside.
    pub fn collab(&self) -> &Collab {
        &self.collab
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends in order: no new connections; the sessions, which are told to come back; who served
    /// them; the database.
    pub async fn stop(self) {
        self.no_more_guests.cancel();
        self.engine.close_all();
        self.guests.close();
        if tokio::time::timeout(DRAIN, self.guests.wait()).await.is_err() {
            tracing::warn!(left = self.guests.len(), "some connections did not end in time");
        }
        self.staff_may_go.cancel();
        self.staff.close();
        self.staff.wait().await;
        self.store.close().await;
        tracing::info!("stopped");
    }

    fn open_doors(
        &mut self,
        sockets: Vec<(TcpListener, ListenAt)>,
        first_raw: usize,
        lexicon: &Lexicon,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let first_raw = u16::try_from(first_raw).map_err(Failure::new)?;
        let origins = Origins { allowed: settings.origins.clone() };
        let api = Api {
            collab: self.collab.clone(),
            build: Build { version: env!("CARGO_PKG_VERSION"), commit: env!("CHORUS_COMMIT") },
            trusts: Arc::new(move |origin: &str| origins.trusts(origin)),
            figures: figures::source(&self.store, &self.collab, &self.engine),
            pages: pages::demo().into(),
            secure_cookies: settings.secure_cookies,
        };
        let rest = Rest::new(api);
        for (number, (socket, at)) in sockets.into_iter().enumerate() {
            let address = socket.local_addr().map_err(Failure::new)?;
            let number = u16::try_from(number).map_err(Failure::new)?;
            let health = self.health(lexicon.dialect(&at.dialect));
            self.bound.push(Bound { address, dialect: at.dialect });
            let doors = Doors {
                engine: self.engine.clone(),
                rest: rest.clone(),
                clock: Arc::clone(self.collab.clock()),
                proxies: settings.trusted_proxies.clone().into(),
                health,
                number,
                first_raw,
            };
            let stop = self.no_more_guests.clone();
            self.guests.spawn(listener::accept(socket, doors, self.guests.clone(), stop));
        }
        Ok(())
    }

    /// What a listener of this dialect says of the server's health.
    fn health(&self, dialect: Option<&Arc<dyn Dialect>>) -> Health {
        let (dialect, clock) = (dialect.cloned(), Arc::clone(self.collab.clock()));
        let began = clock.monotonic();
        let checks = dialect.as_ref().is_some_and(|dialect| dialect.checks_database());
        Health::new(checks, move |database| {
            let (now, up) = (clock.now(), clock.monotonic().saturating_sub(began));
            dialect.as_ref()?.health(&Vitals { now, up, database })
        })
    }
}

impl Foundation {
    fn lay(settings: &Settings, first_id: Option<i64>) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let (store, committed) = Store::open(Options {
            location: settings.database.clone(),
            readers: 2,
            serve: true,
            first_id,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        })
        .map_err(|error| Failure::because(&error))?;
        Ok(Self { store, committed, clock, entropy })
    }
}

/// Opens the database beside a server that may be serving it, as command-line tools do. Unless
/// `make`, it must be there.
pub fn open_beside(settings: &Settings, make: bool) -> Result<Store, Failure> {
    if let Location::File(path) = &settings.database
        && !make
        && !path.exists()
    {
        return Err(Failure::new(format!("there is no database {}", path.display())));
    }
    let options = Options {
        location: settings.database.clone(),
        readers: 1,
        serve: false,
        first_id: None,
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
    };
    Store::open(options).map(|(store, _)| store).map_err(|error| Failure::because(&error))
}

/// The secret that was configured, or else the one in the database, made when first needed.
pub async fn secret(
    store: &Store,
    settings: &Settings,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Failure> {
    if let Some(secret) = &settings.secret {
        return Ok(secret.clone().into_bytes());
    }
    let fresh = entropy.word(52);
    let written = store.write::<_, chorus_storage::StoreError>(move |tx| {
        if let Some(secret) = tx.setting(SECRET)? {
            return Ok(secret);
        }
        tx.put_setting(SECRET, &fresh)?;
        Ok(fresh.clone())
    });
    Ok(written.await.map_err(|error| Failure::because(&error))?.value.into_bytes())
}

/// Our own tokens, and those of other back ends.
async fn tokens(
    store: &Store,
    settings: &Settings,
    entropy: &dyn Entropy,
) -> Result<Tokens, Failure> {
    let own = Tokens::new(&secret(store, settings, entropy).await?, settings.tokens.clone());
    let realms = settings.realms.iter();
    Ok(realms.fold(own, |tokens, (name, secret)| tokens.with_realm(name, secret.as_bytes())))
}

/// Who hashes passwords: one at a time per core.
pub fn hasher(entropy: &Arc<dyn Entropy>) -> Result<Hasher, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Hasher::new(cores, Arc::clone(entropy)).map_err(Failure::new)
}

/// What is spoken at each listener, then at each raw path, and where these begin.
fn doors(sockets: &[(TcpListener, ListenAt)]) -> (Vec<Door>, usize) {
    let mut doors: Vec<Door> =
        sockets.iter().map(|(_, at)| Door::Listener(spoken(&at.dialect).to_owned())).collect();
    let first_raw = doors.len();
    doors.extend(RAW_PATHS.iter().map(|(_, dialect)| Door::Raw((*dialect).to_owned())));
    (doors, first_raw)
}

/// What a listener of this dialect speaks over Socket.IO.
fn spoken(dialect: &str) -> &str {
    if dialect == "envelope" { "native" } else { dialect }
}

/// Everything that this server speaks.
fn dialects(settings: &Settings, more: &[Arc<dyn Dialect>]) -> Vec<Arc<dyn Dialect>> {
    let audiences = |name| settings.audiences.of(name);
    let mut dialects: Vec<Arc<dyn Dialect>> = vec![
        Arc::new(Taskmanager { escape: settings.escape_html, audiences: audiences("taskmanager") }),
        Arc::new(Flux { escape: settings.flux_escapes_html, audiences: audiences("flux") }),
        Arc::new(Envelope {
            refusals: settings.envelope_refusals,
            audiences: audiences("envelope"),
        }),
        Arc::new(Prodsight { audiences: audiences("prodsight") }),
        Arc::new(Skybuild { audiences: audiences("skybuild") }),
        Arc::new(Native),
    ];
    dialects.extend_from_slice(more);
    dialects
}

fn engine_config(settings: &Settings) -> Config {
    let limits = &settings.limits;
    Config {
        messages: limits.messages,
        kibibytes: limits.kibibytes,
        addresses: limits.addresses,
        origins: Origins { allowed: settings.origins.clone() },
        raw: RawConfig {
            ping_interval: Duration::from_secs(limits.raw_ping_seconds.into()),
            max_message: limits.raw_message_bytes as usize,
            ..RawConfig::default()
        },
        ..Config::default()
    }
}

/// Sets those to work whom the guests need. Returns what is cancelled when one is missing who is
/// needed for everything.
fn hire(
    staff: &TaskTracker,
    may_go: &CancellationToken,
    publisher: Publisher,
    engine: &Engine<Interpreter>,
    store: &Store,
) -> CancellationToken {
    let crippled = CancellationToken::new();
    // Neither ends by itself before it may; if one does, by a panic, the server is worth nothing
    // any more.
    staff.spawn(guarded(publisher.run(may_go.clone()), &crippled));
    staff.spawn(guarded(engine.clone().turn_wheel(may_go.clone()), &crippled));
    let interpreter = engine.application();
    staff.spawn(Arc::clone(interpreter).keep_recalls(may_go.clone()));
    staff.spawn(tidy(interpreter.collab().clone(), may_go.clone()));
    staff.spawn(try_again(store.clone(), may_go.clone()));
    crippled
}

/// Runs a task, and tells when it has ended, however it has.
fn guarded(
    task: impl Future<Output = ()> + Send + 'static,
    ended: &CancellationToken,
) -> impl Future<Output = ()> + Send + 'static {
    let guard = ended.clone().drop_guard();
    async move {
        task.await;
        drop(guard);
    }
}

fn bind_all(listen: &[ListenAt]) -> Result<Vec<(TcpListener, ListenAt)>, Failure> {
    let mut sockets: Vec<(TcpListener, ListenAt)> = Vec::new();
    for at in listen {
        let mut port = None;
        for address in &at.addresses {
            let address = SocketAddr::new(address.ip(), port.unwrap_or(address.port()));
            let socket = listener::bind(address)
                .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))?;
            port = socket.local_addr().ok().map(|address| address.port());
            sockets.push((socket, at.clone()));
        }
    }
    Ok(sockets)
}

/// Where files are kept, if they are.
fn files(settings: &Settings) -> Result<Option<Files>, Failure> {
    let Some(FileSettings { directory, limits }) = &settings.files else { return Ok(None) };
    let files = Files::open(directory, *limits);
    let wrong = |error| format!("cannot keep files in {}: {error}", directory.display());
    files.map(Some).map_err(|error| Failure::new(wrong(error)))
}

/// Removes files that no asset names for at least so long.
async fn sweep(collab: &Collab, age: Duration) {
    match collab.sweep_files(age).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "files that no asset names were removed"),
        Err(fault) => tracing::warn!(%fault, "cannot look for files that no asset names"),
    }
}

async fn tidy(collab: Collab, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TIDY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        while !stop.is_cancelled() {
            match collab.tidy_up().await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(fault) => {
                    tracing::warn!(%fault, "cannot tidy up; trying again later");
                    break;
                }
            }
        }
        sweep(&collab, ORPHANED).await;
    }
}

async fn try_again(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TRY_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        store.try_again().await;
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("bound", &self.bound).finish_non_exhaustive()
    }
}
