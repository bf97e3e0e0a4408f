//! Between the engine and `collab`: every client is asked for in its own dialect.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use chorus_collab::live::Lately;
use chorus_collab::resume::{Resume, Resumed};
use chorus_collab::{Authenticated, Caller, Collab, Fault, TokenFault};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{Arrival, ByWord, Connection, FrameKey, Whose};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;
use serde_json::value::RawValue;

use super::crowd::{Crowd, Seat, UserLimits};
use super::lexicon::Lexicon;
use super::peer::{End, Peer, WayOut};
use super::refused::Refused;
use super::{Ask, Decoded, Dialect, Echo, Place, Refusal, Reply};
use crate::engine::application::Admitted;
use crate::engine::{Application, Handshake, Incoming, Plain, Said, Socket};

/// A way in: a listener's Socket.IO, or a path of raw sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// A listener, whose namespace `/` speaks this dialect.
    Listener(String),
    /// Raw sockets that speak this dialect.
    Raw(String),
}

/// The application on the engine.
#[derive(Debug)]
pub struct Interpreter {
    collab: Collab,
    lexicon: Arc<Lexicon>,
    doors: Vec<Door>,
    crowd: Arc<Crowd>,
    refused: Refused,
    refusals: ByWord,
    faults: ByWord,
}

/// Faults that connections are refused for, by their codes.
const REFUSALS: [&str; 10] = [
    "not_authenticated",
    "invalid_token",
    "token_expired",
    "token_revoked",
    "wrong_token_type",
    "unknown_user",
    "deactivated",
    "too_many_connections",
    "unavailable",
    "other",
];

/// Faults that requests come to, by their codes, and what breaks a rule of its dialect.
const FAULTS: [&str; 14] = [
    "invalid",
    "forbidden",
    "not_found",
    "already_member",
    "version_conflict",
    "deactivated",
    "too_many_requests",
    "too_many_rooms",
    "not_there",
    "busy",
    "unavailable",
    "internal",
    "wrong_form",
    "other",
];

/// Somebody with a good token and a free seat, speaking some dialect.
struct Guest {
    who: Authenticated,
    dialect: Arc<dyn Dialect>,
    key: FrameKey,
    seat: Seat,
}

/// What a raw client has its socket opened for.
pub struct Ticket(Purpose);

enum Purpose {
    Enter(Box<Guest>),
    /// To be told why not.
    BeRefused(Refusal),
}

impl Interpreter {
    /// An application for these doors, numbered as in the engine's handshakes.
    pub fn new(
        collab: Collab,
        lexicon: Arc<Lexicon>,
        doors: Vec<Door>,
        limits: UserLimits,
    ) -> Self {
        let (crowd, refused) = (Arc::new(Crowd::new(limits)), Refused::default());
        let (refusals, faults) = (ByWord::new(&REFUSALS), ByWord::new(&FAULTS));
        Self { collab, lexicon, doors, crowd, refused, refusals, faults }
    }

    /// How many connections each dialect has.
    pub fn connections(&self) -> Vec<(&'static str, u64)> {
        let there = self.crowd.by_dialect();
        self.lexicon.names().map(|name| (name, there.get(name).copied().unwrap_or(0))).collect()
    }

    /// How many connections were refused, by the reason.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.refusals.read()
    }

    /// How many requests of clients came to nothing, by the reason.
    pub fn faults(&self) -> Vec<(&'static str, u64)> {
        self.faults.read()
    }

    fn refused(&self, dialect: &dyn Dialect, fault: &Fault) {
        tracing::debug!(dialect = dialect.name(), %fault, "connection refused");
        self.refusals.count(fault.code());
    }

    fn spoken(&self, door: u16, namespace: &str) -> Option<(Arc<dyn Dialect>, FrameKey)> {
        let (dialect, key) = match self.doors.get(usize::from(door))? {
            Door::Listener(listener) => self.lexicon.spoken(listener, namespace)?,
            Door::Raw(dialect) => self.lexicon.spoken_raw(dialect)?,
        };
        Some((Arc::clone(dialect), key))
    }

    /// The first good token decides; if none is, the first one's fault is told.
    async fn receive(
        &self,
        (dialect, key): (Arc<dyn Dialect>, FrameKey),
        tokens: &[String],
    ) -> Result<Guest, Fault> {
        let mut refused = None;
        for token in tokens {
            match self.collab.authenticate_in(dialect.name(), token, dialect.token_rules()).await {
                Ok(who) => {
                    let now = self.collab.clock().monotonic();
                    let seat = self.crowd.seat(who.user.id, &*dialect, now);
                    let seat = seat.ok_or(Fault::TooManyConnections)?;
                    return Ok(Guest { who, dialect, key, seat });
                }
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        Err(refused.unwrap_or(Fault::Unauthenticated(TokenFault::Missing)))
    }

    async fn seat(&self, guest: Guest, end: End) -> Result<Admitted<Peer>, Fault> {
        let Guest { who, dialect, key, seat } = guest;
        let Authenticated { user, issued_at, expires_at } = who;
        let now = self.collab.clock().now();
        let (id, outbox) = match &end {
            End::Socket(socket) => (socket.connection(), socket.outbox()),
            End::Plain(plain) => (plain.connection(), plain.outbox()),
        };
        let (user, outbox) = (Arc::new(user.to_ref()), Arc::clone(outbox));
        let exit = Box::new(WayOut { dialect: Arc::clone(&dialect), end: end.clone() });
        let enters = dialect.enters();
        let whose = Whose::new(Arc::clone(&user), issued_at);
        let connection = Connection::new(id, whose, key, outbox, enters, exit, now);
        let connection = Arc::new(connection);
        let greeting = || -> Greeting {
            let (dialect, end, user) = (Arc::clone(&dialect), end.clone(), Arc::clone(&user));
            Box::new(move |Arrival { cursor, .. }| {
                let welcome = dialect.welcome(&end.wire(), &user, &Place { now, cursor });
                end.accept().into_iter().chain(welcome).collect()
            })
        };
        if let Err(fault) = self.collab.connect(&connection, greeting).await {
            self.collab.realtime().detach(id, true).await;
            return Err(fault);
        }
        let left = expires_at.micros().saturating_sub(now.micros());
        let expires_in = Some(Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        let beats = dialect.tells_head();
        Ok(Admitted {
            beats,
            peer: Peer { dialect, end, connection, lately: Lately::default(), seat },
            expires_in,
        })
    }

    /// What a decoded packet comes to.
    fn deal(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        decoded: Decoded,
        ack: Option<u64>,
    ) -> Option<BoxFuture<'static, ()>> {
        let now = self.collab.clock().now();
        match decoded {
            Decoded::Unknown => {}
            Decoded::Silent => peer.acknowledge(ack, "[]"),
            Decoded::Wrong(text) => {
                self.faults.count("wrong_form");
                peer.end.send(peer.dialect.complaint(&peer.end.wire(), &text, now));
                peer.acknowledge(ack, "[]");
            }
            Decoded::Refused(fault, echo) => self.reject(peer, &fault, &echo, ack),
            Decoded::Ask(_, echo) if !peer.seat.may_ask(self.collab.clock().monotonic()) => {
                self.reject(peer, &Fault::TooManyRequests, &echo, ack);
            }
            Decoded::Ask(Ask::Ping, echo) => {
                peer.connection.touch(now);
                peer.tell(Ok(&Reply::Pong), &echo, ack, now);
            }
            Decoded::Ask(ask, echo) => {
                let (this, peer) = (Arc::clone(self), Arc::clone(peer));
                return Some(async move { this.answer(&peer, ask, &echo, ack).await }.boxed());
            }
        }
        None
    }

    async fn answer(&self, peer: &Peer, ask: Ask, echo: &Echo, ack: Option<u64>) {
        match self.run(peer, ask, echo).await {
            Ok(reply) => peer.tell(Ok(&reply), echo, ack, self.collab.clock().now()),
            Err(fault) => self.reject(peer, &fault, echo, ack),
        }
    }

    fn reject(&self, peer: &Peer, fault: &Fault, echo: &Echo, ack: Option<u64>) {
        self.faults.count(fault.code());
        peer.tell(Err(fault), echo, ack, self.collab.clock().now());
    }

    async fn run(&self, peer: &Peer, ask: Ask, echo: &Echo) -> Result<Reply, Fault> {
        let (user, id) = (peer.connection.user.id, peer.connection.id);
        match ask {
            Ask::Command(command, key) => {
                let caller = Caller { user, origin: Some(id), key };
                let done = self.collab.execute(caller, command).await?;
                Ok(Reply::Ran(Box::new(done)))
            }
            Ask::Typing { task, typing } => {
                self.collab.typing(&peer.connection, &peer.lately, task, typing).await?;
                Ok(Reply::Done)
            }
            Ask::Online(project) => Ok(Reply::Online(self.collab.present(user, project).await?)),
            Ask::Join(project) => {
                let joined = move |arrival: &Arrival<'_>| Reply::Joined {
                    project,
                    present: arrival.present.to_vec(),
                };
                let greeting = || peer.greeting(echo, joined);
                let asks_who = peer.dialect.asks_who();
                let joined = self.collab.join(id, user, project, asks_who, greeting).await;
                if matches!(joined, Err(Fault::NotFound(_)))
                    && peer.dialect.tells_strangers()
                    && self.collab.has_project(user, project).await?
                {
                    return Err(Fault::Forbidden);
                }
                joined.map(|()| Reply::Entered)
            }
            Ask::JoinNamed(name) => {
                let greeting = || {
                    let name = name.clone();
                    peer.greeting(echo, move |_| Reply::JoinedNamed(name))
                };
                self.collab.join_named(id, user, &name, greeting).await?;
                Ok(Reply::Entered)
            }
            Ask::Resume { since, rooms, whole } => {
                let key = self.lexicon.with_cursors(peer.connection.key()).filter(|_| whole);
                let greeting = |refused| {
                    let resumed = move |arrival: &Arrival<'_>| {
                        Reply::Resumed(Resumed::at(arrival.cursor, arrival.resumes, refused))
                    };
                    peer.greeting(echo, resumed)
                };
                let resume = Resume { since, rooms, key };
                let resumed = self.collab.resume(id, user, resume, greeting).await?;
                // On a raw socket the greeting has said so.
                let acknowledged = matches!(peer.end, End::Socket(_));
                Ok(if acknowledged { Reply::Resumed(resumed) } else { Reply::Entered })
            }
            Ask::Leave(project) => {
                self.collab.leave(id, project).await;
                Ok(Reply::Left(project))
            }
            Ask::LeaveNamed(name) => {
                let was_there = self.collab.leave_named(id, user, &name).await?;
                Ok(Reply::LeftNamed { name, was_there })
            }
            Ask::Say(name, content) => {
                self.collab.relay(&peer.connection, &name, content).await?;
                Ok(Reply::Done)
            }
            Ask::Ping => Ok(Reply::Pong),
        }
    }
}

impl Application for Interpreter {
    type Peer = Peer;
    type Ticket = Ticket;

    fn serves(&self, listener: u16, namespace: &str) -> bool {
        self.spoken(listener, namespace).is_some()
    }

    fn connect(
        self: &Arc<Self>,
        socket: Socket,
        payload: Option<&RawValue>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        let this = Arc::clone(self);
        let spoken = self.spoken(socket.handshake().listener, socket.namespace());
        let tokens = spoken
            .as_ref()
            .map_or_else(Vec::new, |(dialect, _)| shown(&**dialect, socket.handshake(), payload));
        async move {
            let spoken = spoken?;
            let dialect = Arc::clone(&spoken.0);
            let admitted = match this.receive(spoken, &tokens).await {
                Ok(guest) => this.seat(guest, End::Socket(socket.clone())).await,
                Err(fault) => Err(fault),
            };
            admitted
                .inspect_err(|fault| {
                    this.refused(&*dialect, fault);
                    let Refusal { reason, hangs_up, .. } = dialect.refusal(fault);
                    if hangs_up {
                        socket.disconnect();
                    }
                    socket.refuse(&reason);
                })
                .ok()
        }
        .boxed()
    }

    fn event(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        let name = incoming.args.name().unwrap_or_default();
        let decoded = peer.dialect.decode(name, incoming.args.items());
        self.deal(peer, decoded, incoming.ack)
    }

    fn acknowledged(
        self: &Arc<Self>,
        _peer: &Arc<Peer>,
        _incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        // No dialect asks for acknowledgements.
        None
    }

    fn is_plain(&self, _listener: u16) -> bool {
        false
    }

    fn admit(
        self: &Arc<Self>,
        handshake: Arc<Handshake>,
    ) -> BoxFuture<'static, Result<Ticket, Response<Body>>> {
        let this = Arc::clone(self);
        async move {
            let Some(spoken) = this.spoken(handshake.listener, "") else {
                return Err(forbidden(&Refusal::new(4404, "no such door")));
            };
            let dialect = Arc::clone(&spoken.0);
            let tokens = shown(&*dialect, &handshake, None);
            let fault = match this.receive(spoken, &tokens).await {
                Ok(guest) => return Ok(Ticket(Purpose::Enter(Box::new(guest)))),
                Err(fault) => fault,
            };
            this.refused(&*dialect, &fault);
            let refusal = dialect.refusal(&fault);
            let now = this.collab.clock().monotonic();
            let opens =
                dialect.opens_to_refuse() && this.refused.is_first(handshake.address, &tokens, now);
            if opens { Ok(Ticket(Purpose::BeRefused(refusal))) } else { Err(forbidden(&refusal)) }
        }
        .boxed()
    }

    fn open(
        self: &Arc<Self>,
        plain: Plain,
        ticket: Option<Ticket>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        let this = Arc::clone(self);
        async move {
            let guest = match ticket?.0 {
                Purpose::Enter(guest) => *guest,
                Purpose::BeRefused(Refusal { code, reason, .. }) => {
                    plain.close(code, &reason);
                    return None;
                }
            };
            let dialect = Arc::clone(&guest.dialect);
            let admitted = this.seat(guest, End::Plain(plain.clone())).await;
            admitted
                .inspect_err(|fault| {
                    this.refused(&*dialect, fault);
                    let Refusal { code, reason, .. } = dialect.refusal(fault);
                    plain.close(code, &reason);
                })
                .ok()
        }
        .boxed()
    }

    fn message(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        said: Said<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        self.deal(peer, peer.dialect.read(said), None)
    }

    fn flooded(&self, peer: &Peer) {
        let now = self.collab.clock().now();
        peer.end.send(peer.dialect.complaint(&peer.end.wire(), "Too many messages", now));
    }

    fn beat(&self, peer: &Peer) {
        // Read before it is told: what was announced up to here is in the outbox already, unless
        // the client could not follow.
        let at = Place { now: self.collab.clock().now(), cursor: &self.collab.announced() };
        if peer.connection.is_behind() {
            return;
        }
        peer.end.send(peer.dialect.head(&peer.end.wire(), &at));
    }

    fn expired(self: &Arc<Self>, peer: Arc<Peer>) -> BoxFuture<'static, ()> {
        let this = Arc::clone(self);
        async move {
            let (why, now) = (TokenFault::Expired.into(), this.collab.clock().now());
            if peer.end.leave(&*peer.dialect, &why, now) {
                this.collab.realtime().detach(peer.connection.id, true).await;
            }
        }
        .boxed()
    }

    fn disconnected(self: &Arc<Self>, peer: Arc<Peer>, clean: bool) -> BoxFuture<'static, ()> {
        let this = Arc::clone(self);
        async move {
            this.collab.realtime().detach(peer.connection.id, clean).await;
        }
        .boxed()
    }
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outcome: &dyn std::fmt::Debug = match &self.0 {
            Purpose::Enter(guest) => &guest.who.user.id,
            Purpose::BeRefused(refusal) => refusal,
        };
        f.debug_tuple("Ticket").field(outcome).finish()
    }
}

fn shown(dialect: &dyn Dialect, handshake: &Handshake, payload: Option<&RawValue>) -> Vec<String> {
    let tokens = dialect.credentials(handshake, payload);
    tokens.into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Before the upgrade a close code can only be told in the body.
fn forbidden(refusal: &Refusal) -> Response<Body> {
    let body = json!({ "code": refusal.code, "reason": refusal.reason });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
