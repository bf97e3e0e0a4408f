//! Between the engine and `collab`: every client is asked for in its own dialect.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chorus_collab::{Authenticated, Caller, Collab, Fault, TokenFault};
use chorus_model::{ProjectId, UserId};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{Connection, FrameKey};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;

use super::lexicon::Lexicon;
use super::{Ask, Decoded, Dialect, Echo, Reply, Wire};
use crate::engine::application::Admitted;
use crate::engine::{Application, Incoming, Socket};

/// Connections of one user, at most.
const PER_USER: u32 = 64;

/// What is spoken in the namespace `/` of a listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// The name of the dialect.
    pub dialect: String,
}

/// The application on the engine.
#[derive(Debug)]
pub struct Interpreter {
    collab: Collab,
    lexicon: Arc<Lexicon>,
    listeners: Vec<Listener>,
    crowd: Arc<Crowd>,
}

/// What is kept of a client.
#[derive(Debug)]
pub struct Peer {
    dialect: Arc<dyn Dialect>,
    socket: Socket,
    connection: Arc<Connection>,
    _seat: Seat,
}

impl Interpreter {
    /// An application for these listeners, numbered as in the engine's handshakes.
    pub fn new(collab: Collab, lexicon: Arc<Lexicon>, listeners: Vec<Listener>) -> Self {
        Self { collab, lexicon, listeners, crowd: Arc::default() }
    }

    fn spoken(&self, listener: u16, namespace: &str) -> Option<(Arc<dyn Dialect>, FrameKey)> {
        let listener = self.listeners.get(usize::from(listener))?;
        let (dialect, key) = self.lexicon.spoken(&listener.dialect, namespace)?;
        Some((Arc::clone(dialect), key))
    }

    async fn admit(
        &self,
        socket: &Socket,
        dialect: &Arc<dyn Dialect>,
        key: FrameKey,
        tokens: &[String],
    ) -> Result<Admitted<Peer>, Fault> {
        let Authenticated { user, expires_at } = self.authenticate(&**dialect, tokens).await?;
        let seat = self.crowd.seat(user.id).ok_or(Fault::TooManyConnections)?;
        let now = self.collab.clock().now();
        let connection = Arc::new(Connection::new(
            socket.connection(),
            Arc::new(user.to_ref()),
            key,
            Arc::clone(socket.outbox()),
            dialect.auto_joins(),
            now,
        ));
        let greeting = || -> Greeting {
            let (dialect, socket) = (Arc::clone(dialect), socket.clone());
            Box::new(move |_| {
                let wire = Wire { namespace: socket.namespace() };
                let mut frames = dialect.welcome(&wire, user.id, now);
                frames.insert(0, socket.accept());
                frames
            })
        };
        if let Err(fault) = self.collab.connect(&connection, greeting).await {
            self.collab.realtime().detach(connection.id, true).await;
            return Err(fault);
        }
        let left = expires_at.micros().saturating_sub(now.micros());
        let expires_in = Duration::from_micros(u64::try_from(left).unwrap_or(0));
        let (dialect, socket) = (Arc::clone(dialect), socket.clone());
        let peer = Peer { dialect, socket, connection, _seat: seat };
        Ok(Admitted { peer, expires_in: Some(expires_in) })
    }

    /// The first good token decides; if none is, the first one's fault is told.
    async fn authenticate(
        &self,
        dialect: &dyn Dialect,
        tokens: &[String],
    ) -> Result<Authenticated, Fault> {
        let mut refused = None;
        for token in tokens {
            match self.collab.authenticate(token, dialect.token_rules()).await {
                Ok(authenticated) => return Ok(authenticated),
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        Err(refused.unwrap_or(Fault::Unauthenticated(TokenFault::Missing)))
    }

    async fn run(&self, peer: &Peer, ask: Ask, echo: &Echo) -> Result<Reply, Fault> {
        let user = peer.connection.user.id;
        match ask {
            Ask::Command(command) => {
                let caller = Caller { user, origin: Some(peer.connection.id), key: None };
                self.collab.execute(caller, command).await.map(|_| Reply::Done)
            }
            Ask::Typing { task, typing } => {
                let written = echo.written.clone();
                self.collab.typing(&peer.connection, task, written, typing).await?;
                Ok(Reply::Done)
            }
            Ask::Online(project) => Ok(Reply::Online(self.collab.present(user, project).await?)),
            Ask::Join(project) => {
                let greeting = || peer.greeting(&self.collab, echo.clone(), Reply::Joined(project));
                self.collab.join(peer.connection.id, user, project, greeting).await?;
                Ok(Reply::Done)
            }
            Ask::Leave(project) => Ok(self.leave(peer, project, echo).await),
            Ask::Ping => Ok(Reply::Pong),
        }
    }

    async fn leave(&self, peer: &Peer, project: ProjectId, echo: &Echo) -> Reply {
        let greeting = peer.greeting(&self.collab, echo.clone(), Reply::Left(project));
        self.collab.leave(peer.connection.id, project, greeting).await;
        Reply::Done
    }
}

impl Application for Interpreter {
    type Peer = Peer;

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
        let tokens: Vec<String> = spoken.as_ref().map_or_else(Vec::new, |(dialect, _)| {
            let shown = dialect.credentials(socket.handshake(), payload);
            shown.into_iter().map(std::borrow::Cow::into_owned).collect()
        });
        async move {
            let (dialect, key) = spoken?;
            match this.admit(&socket, &dialect, key, &tokens).await {
                Ok(admitted) => Some(admitted),
                Err(fault) => {
                    tracing::debug!(dialect = dialect.name(), %fault, "connection refused");
                    socket.refuse(&dialect.refusal(&fault));
                    None
                }
            }
        }
        .boxed()
    }

    fn event(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        let Incoming { args, ack, .. } = incoming;
        let wire = Wire { namespace: peer.socket.namespace() };
        match peer.dialect.decode(args.name().unwrap_or_default(), args.items()) {
            Decoded::Unknown => {}
            Decoded::Silent => peer.acknowledge(ack),
            Decoded::Wrong(text) => {
                peer.socket.send([peer.dialect.complaint(&wire, &text)]);
                peer.acknowledge(ack);
            }
            Decoded::Ask(Ask::Ping, echo) => {
                let now = self.collab.clock().now();
                peer.connection.touch(now);
                peer.socket.send(peer.dialect.reply(&wire, &echo, &Reply::Pong, now));
                peer.acknowledge(ack);
            }
            Decoded::Ask(ask, echo) => {
                let (this, peer) = (Arc::clone(self), Arc::clone(peer));
                return Some(async move { this.answer(&peer, ask, &echo, ack).await }.boxed());
            }
        }
        None
    }

    fn flooded(&self, peer: &Peer) {
        let wire = Wire { namespace: peer.socket.namespace() };
        peer.socket.send([peer.dialect.complaint(&wire, "Too many messages")]);
    }

    fn expired(self: &Arc<Self>, peer: Arc<Peer>) -> BoxFuture<'static, ()> {
        let this = Arc::clone(self);
        async move {
            let wire = Wire { namespace: peer.socket.namespace() };
            peer.socket.send([peer.dialect.complaint(&wire, peer.dialect.expiry())]);
            if peer.socket.disconnect() {
                this.collab.realtime().detach(peer.connection.id, true).await;
            }
        }
        .boxed()
    }

    fn disconnected(self: &Arc<Self>, peer: Arc<Peer>, clean: bool) -> BoxFuture<'static, ()> {
        let this = Arc::clone(self);
        async move { this.collab.realtime().detach(peer.connection.id, clean).await }.boxed()
    }
}

impl Interpreter {
    async fn answer(&self, peer: &Peer, ask: Ask, echo: &Echo, ack: Option<u64>) {
        let outcome = self.run(peer, ask, echo).await;
        let wire = Wire { namespace: peer.socket.namespace() };
        let now = self.collab.clock().now();
        let frames = match &outcome {
            Ok(reply) => peer.dialect.reply(&wire, echo, reply, now),
            Err(fault) => peer.dialect.fault(&wire, echo, fault),
        };
        peer.socket.send(frames);
        peer.acknowledge(ack);
    }
}

impl Peer {
    fn acknowledge(&self, ack: Option<u64>) {
        if let Some(id) = ack {
            self.socket.acknowledge(id, "[]");
        }
    }

    fn greeting(&self, collab: &Collab, echo: Echo, reply: Reply) -> Greeting {
        let (dialect, socket) = (Arc::clone(&self.dialect), self.socket.clone());
        let now = collab.clock().now();
        Box::new(move |_| {
            let wire = Wire { namespace: socket.namespace() };
            dialect.reply(&wire, &echo, &reply, now)
        })
    }
}

/// How many connections each user has.
#[derive(Debug, Default)]
struct Crowd {
    seats: Mutex<HashMap<UserId, u32>>,
}

/// One of a user's connections; free again when it is dropped.
#[derive(Debug)]
struct Seat {
    crowd: Arc<Crowd>,
    user: UserId,
}

impl Crowd {
    fn seat(self: &Arc<Self>, user: UserId) -> Option<Seat> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(user).or_default();
        if *taken >= PER_USER {
            return None;
        }
        *taken += 1;
        Some(Seat { crowd: Arc::clone(self), user })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.crowd.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.user) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.user);
            }
        }
    }
}
