//! Between the engine and `collab`: every client is asked for in its own dialect.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use chorus_collab::live::Lately;
use chorus_collab::{Authenticated, Caller, Collab, Fault, TokenFault};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{ByWord, Connection, FrameKey};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;
use serde_json::value::RawValue;

use super::lexicon::Lexicon;
use super::peer::{Crowd, End, Peer, Seat};
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
    refusals: ByWord,
}

/// Faults that connections are refused for, by their codes.
const REFUSALS: [&str; 9] = [
    "not_authenticated",
    "invalid_token",
    "token_expired",
    "wrong_token_type",
    "unknown_user",
    "deactivated",
    "too_many_connections",
    "unavailable",
    "other",
];

/// Somebody with a good token and a free seat, speaking some dialect.
pub struct Guest {
    who: Authenticated,
    dialect: Arc<dyn Dialect>,
    key: FrameKey,
    seat: Seat,
}

impl Interpreter {
    /// An application for these doors, numbered as in the engine's handshakes.
    pub fn new(collab: Collab, lexicon: Arc<Lexicon>, doors: Vec<Door>) -> Self {
        let refusals = ByWord::new(&REFUSALS);
        Self { collab, lexicon, doors, crowd: Arc::default(), refusals }
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
            match self.collab.authenticate(token, dialect.token_rules()).await {
                Ok(who) => {
                    let seat = self.crowd.seat(who.user.id, &*dialect);
                    let seat = seat.ok_or(Fault::TooManyConnections)?;
                    return Ok(Guest { who, dialect, key, seat });
                }
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        Err(refused.unwrap_or(Fault::Unauthenticated(TokenFault::Missing)))
    }

    async fn seat(&self, guest: Guest, end: End) -> Result<Admitted<Peer>, Fault> {
        let Guest { who: Authenticated { user, expires_at }, dialect, key, seat } = guest;
        let now = self.collab.clock().now();
        let (id, outbox) = match &end {
            End::Socket(socket) => (socket.connection(), socket.outbox()),
            End::Plain(plain) => (plain.connection(), plain.outbox()),
        };
        let (user, outbox) = (Arc::new(user.to_ref()), Arc::clone(outbox));
        let auto = dialect.auto_joins();
        let connection = Connection::new(id, Arc::clone(&user), key, outbox, auto, now);
        let connection = Arc::new(connection);
        let greeting = || -> Greeting {
            let (dialect, end, user) = (Arc::clone(&dialect), end.clone(), Arc::clone(&user));
            Box::new(move |cursor| {
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
        Ok(Admitted {
            peer: Peer { dialect, end, connection, lately: Lately::default(), _seat: seat },
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
                peer.end.send([peer.dialect.complaint(&peer.end.wire(), &text, now)]);
                peer.acknowledge(ack, "[]");
            }
            Decoded::Refused(fault, echo) => peer.tell(Err(&fault), &echo, ack, now),
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
        let outcome = self.run(peer, ask, echo).await;
        peer.tell(outcome.as_ref(), echo, ack, self.collab.clock().now());
    }

    async fn run(&self, peer: &Peer, ask: Ask, echo: &Echo) -> Result<Reply, Fault> {
        let (user, id) = (peer.connection.user.id, peer.connection.id);
        let now = self.collab.clock().now();
        match ask {
            Ask::Command(command) => {
                let caller = Caller { user, origin: Some(id), key: None };
                let done = self.collab.execute(caller, command).await?;
                Ok(Reply::Ran(Box::new(done)))
            }
            Ask::Typing { task, typing } => {
                self.collab.typing(&peer.connection, &peer.lately, task, typing).await?;
                Ok(Reply::Done)
            }
            Ask::Online(project) => Ok(Reply::Online(self.collab.present(user, project).await?)),
            Ask::Join(project) => {
                let greeting = || peer.greeting(now, echo, Reply::Joined(project));
                self.collab.join(id, user, project, greeting).await?;
                Ok(Reply::Entered)
            }
            Ask::JoinNamed(name) => {
                let greeting = || peer.greeting(now, echo, Reply::JoinedNamed(name.clone()));
                self.collab.join_named(id, user, &name, greeting).await?;
                Ok(Reply::Entered)
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
    type Ticket = Guest;

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
                    socket.refuse(&dialect.refusal(fault).reason);
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
    ) -> BoxFuture<'static, Result<Guest, Response<Body>>> {
        let this = Arc::clone(self);
        async move {
            let Some(spoken) = this.spoken(handshake.listener, "") else {
                let reason = "no such door".into();
                return Err(forbidden(&Refusal { code: 4404, reason }));
            };
            let dialect = Arc::clone(&spoken.0);
            let tokens = shown(&*dialect, &handshake, None);
            this.receive(spoken, &tokens).await.map_err(|fault| {
                this.refused(&*dialect, &fault);
                forbidden(&dialect.refusal(&fault))
            })
        }
        .boxed()
    }

    fn open(
        self: &Arc<Self>,
        plain: Plain,
        ticket: Option<Guest>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        let this = Arc::clone(self);
        async move {
            let guest = ticket?;
            let dialect = Arc::clone(&guest.dialect);
            let admitted = this.seat(guest, End::Plain(plain.clone())).await;
            admitted
                .inspect_err(|fault| {
                    this.refused(&*dialect, fault);
                    let Refusal { code, reason } = dialect.refusal(fault);
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
        peer.end.send([peer.dialect.complaint(&peer.end.wire(), "Too many messages", now)]);
    }

    fn expired(self: &Arc<Self>, peer: Arc<Peer>) -> BoxFuture<'static, ()> {
        let this = Arc::clone(self);
        async move {
            let expiry = peer.dialect.refusal(&Fault::Unauthenticated(TokenFault::Expired));
            match &peer.end {
                End::Plain(plain) => plain.close(expiry.code, &expiry.reason),
                End::Socket(socket) => {
                    let now = this.collab.clock().now();
                    let text = peer.dialect.expiry();
                    socket.send([peer.dialect.complaint(&peer.end.wire(), text, now)]);
                    if socket.disconnect() {
                        this.collab.realtime().detach(peer.connection.id, true).await;
                    }
                }
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

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("user", &self.who.user.id).finish_non_exhaustive()
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
