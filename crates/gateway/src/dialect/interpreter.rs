//! Between the engine and `collab`: every client is asked for in its own dialect. `arrivals` lets
//! clients in, `asks` does what they ask for.

mod arrivals;
mod asks;

use std::sync::Arc;

use axum::body::Body;
use chorus_collab::{Collab, Fault, TokenFault};
use chorus_realtime::{ByWord, FrameKey};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::crowd::{Crowd, UserLimits};
use super::lexicon::Lexicon;
use super::peer::{End, Peer};
use super::recalls::Recalls;
use super::refused::Refused;
use super::{Dialect, Place, Refusal};
use crate::engine::application::Admitted;
use crate::engine::recovery::Shown;
use crate::engine::{Application, Connecting, Handshake, Incoming, Plain, Said};

use arrivals::Guest;
pub use arrivals::Offers;

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
    offers: Offers,
    recalls: Arc<Recalls>,
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
const FAULTS: [&str; Fault::OF_REQUESTS.len() + 2] = {
    let mut all = ["other"; Fault::OF_REQUESTS.len() + 2];
    let mut at = 0;
    while at < Fault::OF_REQUESTS.len() {
        all[at] = Fault::OF_REQUESTS[at];
        at += 1;
    }
    all[at] = "wrong_form";
    all
};

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
        offers: Offers,
    ) -> Self {
        let (crowd, refused) = (Arc::new(Crowd::new(limits)), Refused::default());
        let (refusals, faults) = (ByWord::new(&REFUSALS), ByWord::new(&FAULTS));
        let recalls = Arc::default();
        Self { collab, lexicon, doors, crowd, offers, recalls, refused, refusals, faults }
    }

    /// The room where things happen.
    pub fn collab(&self) -> &Collab {
        &self.collab
    }

    /// Notes which connections were lost and which have ended for good, until told to stop.
    pub async fn keep_recalls(self: Arc<Self>, stop: CancellationToken) {
        self.recalls.keep(&self.collab, stop).await;
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
}

impl Application for Interpreter {
    type Peer = Peer;
    type Ticket = Ticket;

    fn serves(&self, listener: u16, namespace: &str) -> bool {
        self.spoken(listener, namespace).is_some()
    }

    fn connect(
        self: &Arc<Self>,
        connecting: Connecting<'_>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        let Connecting { socket, sid, payload } = connecting;
        let this = Arc::clone(self);
        let spoken = self.spoken(socket.handshake().listener, socket.namespace());
        let tokens = spoken
            .as_ref()
            .map_or_else(Vec::new, |(dialect, _)| shown(&**dialect, socket.handshake(), payload));
        let earlier = Shown::of(payload);
        async move {
            let spoken = spoken?;
            let dialect = Arc::clone(&spoken.0);
            let admitted = this.admit_to(&socket, sid, spoken, &tokens, earlier).await;
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
            let fault = match this.receive(spoken, &tokens, None).await {
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
            let admitted = this.seat(guest, End::Plain(plain.clone()), None).await;
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
        let (now, cursor) = (self.collab.clock().now(), &self.collab.announced());
        let at = Place { now, cursor, unread: None };
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
            if let Some(recall) = peer.recall.as_ref().filter(|_| clean) {
                this.end_recall(&recall.hold).await;
            }
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
