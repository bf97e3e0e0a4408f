//! Sessions without Socket.IO: every message goes to the application as it is. Over Engine.IO, or
//! raw, as one WebSocket with nothing around its messages.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use bytes::Bytes;
use chorus_model::ConnectionId;
use chorus_protocol::websocket::{self, FrameBuilder, Reader};
use chorus_realtime::{CloseReason, Frame, Link, Outbox};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::application::{Application, Handshake};
use super::dialogue::{Dialogue, Outcome};
use super::http::{Cors, MAX_QUERY, hang_up};
use super::link::SocketLink;
use super::session::Session;
use super::websocket::SocketTask;
use super::{Engine, upgrade};

/// A message as a client sent it.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl Said<'_> {
    /// Its length in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// The server's end of a plain session. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plain {
    end: Arc<End>,
}

#[derive(Debug)]
struct End {
    connection: ConnectionId,
    outbox: Arc<Outbox>,
    handshake: Arc<Handshake>,
    /// What a raw session is closed with.
    farewell: Option<Arc<OnceLock<Bytes>>>,
}

impl Plain {
    /// The id that the hub and the log know this connection by.
    pub fn connection(&self) -> ConnectionId {
        self.end.connection
    }

    /// Where its frames wait.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.end.outbox
    }

    /// What is known of the request that began the session.
    pub fn handshake(&self) -> &Handshake {
        &self.end.handshake
    }

    /// A text message.
    pub fn text(&self, text: &str) -> Frame {
        let mut builder = FrameBuilder::text(text.len() + 1);
        if self.end.farewell.is_none() {
            builder.payload().push(b'4');
        }
        builder.payload().extend_from_slice(text.as_bytes());
        Frame::durable(builder.finish())
    }

    /// A binary message.
    pub fn binary(&self, bytes: &[u8]) -> Frame {
        Frame::durable(websocket::binary_frame(bytes))
    }

    /// Sends frames at once.
    pub fn send(&self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            self.end.outbox.push(frame);
        }
        self.end.outbox.flush();
    }

    /// Ends the session with a close frame (RFC 6455, section 7.4), behind what waits for it as
    /// far as that goes; the first one counts.
    pub fn close(&self, code: u16, reason: &str) {
        self.end.outbox.flush();
        if let Some(farewell) = &self.end.farewell {
            farewell.get_or_init(|| websocket::close_frame(code, reason));
        }
        self.end.outbox.close(CloseReason::Ended);
    }
}

/// A raw text message of one JSON value, finished for everyone who gets it.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Frame {
    let mut builder = FrameBuilder::text(512);
    if let Err(error) = serde_json::to_writer(builder.payload(), value) {
        tracing::error!(%error, "a message has no JSON form; an empty frame was sent");
    }
    Frame::durable(builder.finish())
}

impl<A: Application> Engine<A> {
    /// Answers a request for a raw WebSocket: the application decides before it is opened.
    pub async fn respond_raw(
        &self,
        mut request: Request<Body>,
        listener: u16,
        address: Option<IpAddr>,
    ) -> Response<Body> {
        let cors = Cors::of(request.headers(), &self.parts.config.origins);
        let query = request.uri().query().unwrap_or_default();
        if query.len() > MAX_QUERY {
            self.parts.tally.refused(super::http::Refusal::BadRequest);
            return bad_request(cors);
        }
        let handshake = self.keep(request.headers(), query, listener, address, cors.trusted);
        let Ok((response, coming)) = upgrade::accept(&mut request) else {
            self.parts.tally.refused(super::http::Refusal::BadRequest);
            return bad_request(cors);
        };
        let stranger = match self.receive_stranger(address) {
            Ok(stranger) => stranger,
            Err(refusal) => {
                self.parts.tally.refused(refusal);
                let mut response = refusal.into_response();
                cors.apply(response.headers_mut());
                return response;
            }
        };
        let ticket = match self.parts.application.admit(Arc::clone(&handshake)).await {
            Ok(ticket) => ticket,
            Err(mut refusal) => {
                self.refused(&stranger);
                hang_up(&mut refusal);
                cors.apply(refusal.headers_mut());
                return refusal;
            }
        };
        let engine = self.clone();
        self.parts.tracker.spawn(async move {
            let Some((stream, early)) = upgrade::bare(coming).await else { return };
            let session = engine.new_session(handshake, true);
            let link = Arc::new(SocketLink::new(stream));
            session.outbox.attach(Arc::clone(&link) as Arc<dyn Link>);
            engine.start(&session);
            let reader = Reader::new(engine.parts.config.raw.max_message);
            let dialogue = Dialogue::new(&engine, stranger);
            let first = engine.begin_plain(&session, Some(ticket));
            let mut task = SocketTask::new(engine, session, link, reader, dialogue);
            task.begin_with(first);
            task.spawn(early);
        });
        response
    }

    /// The opening of a plain Engine.IO session; none where Socket.IO is spoken.
    pub(crate) fn open_plain(
        &self,
        session: &Session<A>,
        ticket: Option<A::Ticket>,
    ) -> Option<BoxFuture<'static, Outcome<A>>> {
        let plain = self.parts.application.is_plain(session.handshake.listener);
        plain.then(|| self.begin_plain(session, ticket))
    }

    fn begin_plain(
        &self,
        session: &Session<A>,
        ticket: Option<A::Ticket>,
    ) -> BoxFuture<'static, Outcome<A>> {
        let end = End {
            connection: self.next_connection(),
            outbox: Arc::clone(&session.outbox),
            handshake: Arc::clone(&session.handshake),
            farewell: session.farewell.clone(),
        };
        let opened = self.parts.application.open(Plain { end: Arc::new(end) }, ticket);
        opened.map(Outcome::Opened).boxed()
    }
}

fn bad_request(cors: Cors) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(b"a WebSocket is served here")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    cors.apply(response.headers_mut());
    response
}
