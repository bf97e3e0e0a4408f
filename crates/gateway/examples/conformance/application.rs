//! Who may connect, and to which handlers what is said goes.

use std::sync::Arc;

use axum::body::Body;
use chorus_gateway::engine::application::{Admitted, Application, Connecting, Handshake, Incoming};
use chorus_gateway::engine::recovery::Shown;
use chorus_gateway::engine::{Plain, Said, Socket};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use http::Response;

use crate::echo;
use crate::fixture::{Fixture, Guest};
use crate::rooms::Rooms;
use crate::system::SystemClock;

/// The listener number of `/socket.io/`.
pub(crate) const NAMESPACES: u16 = 0;
/// The listener number of `/engine.io/`.
pub(crate) const BARE: u16 = 1;
/// The listener number of `/echo`.
pub(crate) const RAW: u16 = 2;

/// The application.
#[derive(Debug)]
pub(crate) struct Conformance {
    rooms: Rooms,
    fixture: Option<Fixture>,
}

/// What is kept of a client.
#[derive(Debug)]
pub(crate) enum Peer {
    /// In a namespace.
    Named { socket: Socket, guest: Option<Guest>, recovered: bool },
    /// In a session without Socket.IO.
    Plain(Plain),
}

impl Conformance {
    /// An application without clients; with the fixture's handlers or without them.
    /// `recovers`: whether clients that were lost may come back.
    pub(crate) fn new(fixture: bool, recovers: bool, clock: Arc<SystemClock>) -> Self {
        let rooms = Rooms::new(recovers, Arc::clone(&clock));
        Self { rooms, fixture: fixture.then(|| Fixture::new(clock)) }
    }

    fn welcome(&self, connecting: Connecting<'_>) -> Option<Admitted<Peer>> {
        let Connecting { socket, sid, payload } = connecting;
        if let Some(reason) = self.fixture.as_ref().and_then(|_| Fixture::refusal(&socket)) {
            socket.refuse(reason);
            return None;
        }
        let recovered = self.rooms.enter(&socket, sid, &Shown::of(payload));
        if is_echo(socket.namespace()) {
            echo::greet(&self.rooms, &socket, payload);
        }
        let guest = self.fixture.as_ref().map(|_| Guest::greeted(&self.rooms, &socket, payload));
        let peer = Peer::Named { socket, guest, recovered };
        Some(Admitted { peer, expires_in: None, beats: false })
    }
}

impl Application for Conformance {
    type Peer = Peer;
    type Ticket = ();

    fn serves(&self, _: u16, namespace: &str) -> bool {
        is_echo(namespace) || self.fixture.is_some() && Fixture::serves(namespace)
    }

    fn connect(
        self: &Arc<Self>,
        connecting: Connecting<'_>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        ready(self.welcome(connecting)).boxed()
    }

    fn event(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        if let Peer::Named { socket, guest, recovered } = &**peer {
            if let (Some(fixture), Some(guest)) = (&self.fixture, guest) {
                fixture.hear(&self.rooms, guest, socket, &incoming);
            }
            if is_echo(socket.namespace()) {
                echo::hear(&self.rooms, socket, *recovered, &incoming);
            }
        }
        None
    }

    fn acknowledged(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        incoming: Incoming<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        let rooms = &self.rooms;
        if let Peer::Named { socket, guest, .. } = &**peer
            && !guest.as_ref().is_some_and(|guest| guest.acknowledged(rooms, socket, &incoming))
        {
            echo::acknowledged(rooms, socket, &incoming);
        }
        None
    }

    fn is_plain(&self, listener: u16) -> bool {
        listener == BARE
    }

    fn admit(
        self: &Arc<Self>,
        _: Arc<Handshake>,
    ) -> BoxFuture<'static, Result<(), Response<Body>>> {
        ready(Ok(())).boxed()
    }

    fn open(
        self: &Arc<Self>,
        plain: Plain,
        _: Option<()>,
    ) -> BoxFuture<'static, Option<Admitted<Peer>>> {
        ready(Some(Admitted { peer: Peer::Plain(plain), expires_in: None, beats: false })).boxed()
    }

    fn message(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        said: Said<'_>,
    ) -> Option<BoxFuture<'static, ()>> {
        if let Peer::Plain(plain) = &**peer {
            plain.send([match said {
                Said::Text(text) => plain.text(text),
                Said::Binary(bytes) => plain.binary(bytes),
            }]);
        }
        None
    }

    fn flooded(&self, _: &Peer) {}

    fn beat(&self, _: &Peer) {}

    fn expired(self: &Arc<Self>, _: Arc<Peer>) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }

    fn disconnected(self: &Arc<Self>, peer: Arc<Peer>, clean: bool) -> BoxFuture<'static, ()> {
        if let Peer::Named { socket, .. } = &*peer {
            self.rooms.leave(socket, clean);
        }
        ready(()).boxed()
    }
}

fn is_echo(namespace: &str) -> bool {
    matches!(namespace, "/" | "/custom")
}
