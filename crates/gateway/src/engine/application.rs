//! What is built on the engine.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use chorus_protocol::socketio::Args;
use futures_util::future::BoxFuture;
use http::Response;
use serde_json::value::RawValue;

use super::plain::{Plain, Said};
use super::socket::Socket;

/// The rules of an application: who may connect, and what its events do.
///
/// For one session the engine calls in order, and calls again only after the returned future has
/// ended, so that what one client says takes effect in the order in which it was said.
pub trait Application: Send + Sync + Sized + 'static {
    /// What the application keeps of a client in a namespace, or of a plain session.
    type Peer: Send + Sync + 'static;

    /// What a raw client has shown before its socket is opened.
    type Ticket: Send + 'static;

    /// Whether `namespace` exists on this listener.
    fn serves(&self, listener: u16, namespace: &str) -> bool;

    /// A client asks to enter a namespace. The application answers by itself, through the socket:
    /// it [identifies](Socket::identify) the client, and answers with [`Socket::accept`] (or the
    /// same frame in a greeting of the hub) and the peer, or with a refusal and `None`.
    fn connect(
        self: &Arc<Self>,
        connecting: Connecting<'_>,
    ) -> BoxFuture<'static, Option<Admitted<Self::Peer>>>;

    /// A client says something. `None`: it is dealt with; otherwise the engine waits for the
    /// future before it reads on.
    fn event(
        self: &Arc<Self>,
        peer: &Arc<Self::Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>>;

    /// A client acknowledges what was sent with [`Socket::ask`].
    fn acknowledged(
        self: &Arc<Self>,
        peer: &Arc<Self::Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>>;

    /// Whether Engine.IO sessions of this listener speak without Socket.IO.
    fn is_plain(&self, listener: u16) -> bool;

    /// A raw client asks for a socket; the answer to it if it is refused.
    fn admit(
        self: &Arc<Self>,
        handshake: Arc<Handshake>,
    ) -> BoxFuture<'static, Result<Self::Ticket, Response<Body>>>;

    /// A plain session is open. `None`: the application has said why, and the session ends.
    fn open(
        self: &Arc<Self>,
        plain: Plain,
        ticket: Option<Self::Ticket>,
    ) -> BoxFuture<'static, Option<Admitted<Self::Peer>>>;

    /// A client says something in a plain session. As with [`event`](Self::event).
    fn message(
        self: &Arc<Self>,
        peer: &Arc<Self::Peer>,
        said: Said<'_>,
    ) -> Option<BoxFuture<'static, ()>>;

    /// A client says too much at once; what it said is not read. Called once per pause.
    fn flooded(&self, peer: &Self::Peer);

    /// It is time for a sign of life to a client that was admitted with
    /// [`beats`](Admitted::beats). Must not wait.
    fn beat(&self, peer: &Self::Peer);

    /// The time is over that a client was admitted for. Runs beside what the client says.
    fn expired(self: &Arc<Self>, peer: Arc<Self::Peer>) -> BoxFuture<'static, ()>;

    /// A client is gone. `clean`: it said so; otherwise its transport was lost.
    fn disconnected(self: &Arc<Self>, peer: Arc<Self::Peer>, clean: bool)
    -> BoxFuture<'static, ()>;
}

/// A client that asks to enter a namespace.
#[derive(Debug)]
pub struct Connecting<'a> {
    /// The server's end.
    pub socket: Socket,
    /// An id that nobody has, for a client that begins anew.
    pub sid: Box<str>,
    /// What the client shows.
    pub payload: Option<&'a RawValue>,
}

/// A client that was let in.
#[derive(Debug)]
pub struct Admitted<P> {
    /// What the application keeps of it.
    pub peer: P,
    /// For how long it was let in, if not for good.
    pub expires_in: Option<Duration>,
    /// Whether the application has something to say to it with every heartbeat.
    pub beats: bool,
}

/// An event of a client.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// Its name and arguments; an acknowledgement has no name.
    pub args: Args<'a>,
    /// The id under which the client expects an acknowledgement, or gives one.
    pub ack: Option<u64>,
    /// What the placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
}

/// What is kept of the HTTP request that began a session: copies, because a clone would pin the
/// buffer that the request was read into.
#[derive(Debug, Default)]
pub struct Handshake {
    /// Which listener it came through, as the composition numbers them.
    pub listener: u16,
    /// The raw query string.
    pub query: Box<str>,
    /// The `Cookie` header, if its origin may use it.
    pub cookie: Option<Box<str>>,
    /// All headers that are text, if [`Config::keep_headers`](super::Config::keep_headers) says so;
    /// names in lower case.
    pub headers: Box<[(Box<str>, Box<str>)]>,
    /// The address of the peer.
    pub address: Option<IpAddr>,
    /// Whether its headers are those of a client that can be told offsets
    /// ([`recovery`](super::recovery)).
    pub suits_recovery: bool,
}

impl Handshake {
    /// The value of a cookie (RFC 6265, section 4.2).
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.cookie.as_deref()?.split(';');
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'))
    }
}
