//! The HTTP entry: handshakes, polls, posts, upgrades, and how each is refused.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use chorus_protocol::engineio::{self, OpenQuery, Transport};
use chorus_protocol::websocket::Reader;
use chorus_realtime::{Link, Outbox};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, CACHE_CONTROL, CONNECTION,
    CONTENT_TYPE, COOKIE, HOST, ORIGIN, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Engine;
use super::addresses::Stranger;
use super::application::{Application, Handshake};
use super::config::Origins;
use super::dialogue::Dialogue;
use super::link::SocketLink;
use super::polling::{Answer, Polling};
use super::session::{Ending, Session};
use super::websocket::SocketTask;
use super::{recovery, socket, upgrade};

/// Why a request is refused: the code and message that Engine.IO clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    UnsupportedProtocol,
    TooManyHandshakes,
    TooManyRefusals,
    TooManyStrangers,
    TooManySessions,
}

/// Most bytes of a `Cookie` header that are kept of a handshake.
const MAX_COOKIE: usize = 8 * 1024;
/// Most bytes of a query string.
pub(crate) const MAX_QUERY: usize = 8 * 1024;

impl<A: Application> Engine<A> {
    /// Answers a request to the Engine.IO path.
    pub async fn respond(
        &self,
        mut request: Request<Body>,
        listener: u16,
        address: Option<IpAddr>,
    ) -> Response<Body> {
        let cors = Cors::of(request.headers(), &self.parts.config.origins);
        let mut response = if request.method() == Method::OPTIONS {
            preflight(request.headers())
        } else {
            let answer = self.route(&mut request, listener, address, cors.trusted).await;
            answer.unwrap_or_else(|refusal| {
                self.parts.tally.refused(refusal);
                refusal.into_response()
            })
        };
        cors.apply(response.headers_mut());
        response
    }

    async fn route(
        &self,
        request: &mut Request<Body>,
        listener: u16,
        address: Option<IpAddr>,
        trusted: bool,
    ) -> Result<Response<Body>, Refusal> {
        let uri = request.uri().clone();
        let raw = uri.query().unwrap_or_default();
        if raw.len() > MAX_QUERY {
            return Err(Refusal::BadRequest);
        }
        let query = OpenQuery::parse(raw).map_err(|_| Refusal::BadRequest)?;
        let transport = query.transport.ok_or(Refusal::UnknownTransport)?;
        let Some(sid) = query.sid.as_deref() else {
            if request.method() != Method::GET {
                return Err(Refusal::BadMethod);
            }
            if !query.is_protocol_4() {
                return Err(Refusal::UnsupportedProtocol);
            }
            let stranger = self.receive_stranger(address)?;
            let handshake = self.keep(request.headers(), raw, listener, address, trusted);
            return match transport {
                Transport::WebSocket => self.open_socket(request, handshake, stranger),
                Transport::Polling => Ok(self.open_polled(handshake, stranger)),
            };
        };
        let session = self.parts.sessions.get(sid).ok_or(Refusal::UnknownSession)?;
        if !query.is_protocol_4() {
            return Err(Refusal::UnsupportedProtocol);
        }
        match (transport, request.method()) {
            (Transport::WebSocket, _) => self.upgrade_polled(request, session),
            (Transport::Polling, &Method::GET) => answer(self.poll(&session).await),
            (Transport::Polling, &Method::POST) => self.receive(request, &session).await,
            (Transport::Polling, _) => Err(Refusal::BadMethod),
        }
    }

    fn open_socket(
        &self,
        request: &mut Request<Body>,
        handshake: Arc<Handshake>,
        stranger: Stranger,
    ) -> Result<Response<Body>, Refusal> {
        let (response, coming) = upgrade::accept(request).map_err(|_| Refusal::BadRequest)?;
        let engine = self.clone();
        self.parts.tracker.spawn(async move {
            let Some((stream, early)) = upgrade::bare(coming).await else {
                return;
            };
            let session = engine.new_session(handshake, false);
            let link = Arc::new(SocketLink::new(stream));
            let opening = engine.opening(&session, &[]);
            session.outbox.push(socket::text(|buf| buf.extend_from_slice(opening.as_bytes())));
            session.outbox.attach(Arc::clone(&link) as Arc<dyn Link>);
            session.outbox.flush();
            engine.start(&session);
            let reader = Reader::new(engine.parts.config.max_payload);
            let dialogue = Dialogue::new(&engine, stranger);
            let first = engine.open_plain(&session, None);
            let mut task = SocketTask::new(engine, session, link, reader, dialogue);
            if let Some(first) = first {
                task.begin_with(first);
            }
            task.spawn(early);
        });
        Ok(response)
    }

    fn open_polled(&self, handshake: Arc<Handshake>, stranger: Stranger) -> Response<Body> {
        let session = self.new_session(handshake, false);
        let dialogue = Dialogue::new(self, stranger);
        let polling = Box::new(Polling::new(dialogue, self.open_plain(&session, None)));
        session.outbox.attach(Arc::clone(&polling.link) as Arc<dyn Link>);
        // A new session has none, so that this cannot fail.
        drop(session.polling.set(polling));
        let opening = self.opening(&session, &["websocket"]);
        self.start(&session);
        self.parts.tracker.spawn(self.clone().watch_polled(session));
        text(StatusCode::OK, Body::from(opening))
    }

    fn upgrade_polled(
        &self,
        request: &mut Request<Body>,
        session: Arc<Session<A>>,
    ) -> Result<Response<Body>, Refusal> {
        if session.polling.get().is_none() {
            return Err(Refusal::BadRequest);
        }
        let (response, coming) = upgrade::accept(request).map_err(|_| Refusal::BadRequest)?;
        let engine = self.clone();
        self.parts.tracker.spawn(async move {
            if let Some((stream, early)) = upgrade::bare(coming).await {
                engine.upgrade(session, stream, early).await;
            }
        });
        Ok(response)
    }

    async fn receive(
        &self,
        request: &mut Request<Body>,
        session: &Arc<Session<A>>,
    ) -> Result<Response<Body>, Refusal> {
        let body = std::mem::take(request.body_mut());
        let whole = Limited::new(body, self.parts.config.max_payload).collect();
        match tokio::time::timeout(self.parts.config.body_timeout, whole).await {
            Ok(Ok(body)) => answer(self.post(session, body.to_bytes()).await),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                session.take_away(Ending::TooLarge);
                Ok(text(StatusCode::PAYLOAD_TOO_LARGE, Body::empty()))
            }
            Ok(Err(error)) => {
                let broken = breaks_off(&*error);
                let ending = if broken { Ending::TransportError } else { Ending::Malformed };
                session.take_away(ending);
                Err(Refusal::BadRequest)
            }
            Err(_) => {
                session.take_away(Ending::TransportError);
                Ok(text(StatusCode::REQUEST_TIMEOUT, Body::empty()))
            }
        }
    }

    /// A handshake comes: whether its address may have another session.
    pub(crate) fn receive_stranger(&self, address: Option<IpAddr>) -> Result<Stranger, Refusal> {
        let parts = &self.parts;
        parts.addresses.receive(address, parts.config.addresses, parts.clock.monotonic())
    }

    /// Somebody who came was refused.
    pub(crate) fn refused(&self, stranger: &Stranger) {
        stranger.refused(self.parts.config.addresses, self.parts.clock.monotonic());
    }

    /// A session id: 120 random bits.
    pub(crate) fn new_sid(&self) -> Box<str> {
        self.parts.entropy.word(24).into()
    }

    pub(crate) fn new_session(&self, handshake: Arc<Handshake>, raw: bool) -> Arc<Session<A>> {
        let outbox = Outbox::new(self.parts.config.outbox, Arc::clone(&self.parts.counters));
        Arc::new(Session::new(self.new_sid(), Arc::new(outbox), handshake, raw))
    }

    pub(crate) fn start(&self, session: &Arc<Session<A>>) {
        self.parts.sessions.insert(Arc::clone(session));
        if self.parts.closing.load(Ordering::Acquire) {
            // It was on its way when all others were ended.
            session.take_away(Ending::Shutdown);
        }
        self.start_pulse(session);
    }

    /// What is kept of the request that begins a session.
    pub(crate) fn keep(
        &self,
        headers: &HeaderMap,
        query: &str,
        listener: u16,
        address: Option<IpAddr>,
        trusted: bool,
    ) -> Arc<Handshake> {
        let cookie = headers.get(COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.filter(|cookie| trusted && cookie.len() <= MAX_COOKIE);
        let cookie = cookie.map(Into::into);
        let kept = headers.iter().filter(|_| self.parts.config.keep_headers);
        let text = |(name, value): (&http::HeaderName, &HeaderValue)| {
            Some((name.as_str().into(), value.to_str().ok()?.into()))
        };
        let suits_recovery = recovery::suits(headers);
        let (query, headers) = (query.into(), kept.filter_map(text).collect());
        Arc::new(Handshake { listener, query, cookie, headers, address, suits_recovery })
    }

    /// The handshake packet.
    fn opening(&self, session: &Session<A>, upgrades: &[&str]) -> String {
        let config = &self.parts.config;
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(0);
        engineio::Handshake {
            sid: &session.sid,
            upgrades,
            ping_interval_ms: millis(config.ping_interval),
            ping_timeout_ms: millis(config.ping_timeout),
            max_payload: config.max_payload,
        }
        .encode()
    }
}

impl Refusal {
    /// All of them.
    pub(crate) const WORDS: [&'static str; 9] = [
        Self::UnknownTransport.word(),
        Self::UnknownSession.word(),
        Self::BadMethod.word(),
        Self::BadRequest.word(),
        Self::UnsupportedProtocol.word(),
        Self::TooManyHandshakes.word(),
        Self::TooManyRefusals.word(),
        Self::TooManyStrangers.word(),
        Self::TooManySessions.word(),
    ];

    /// What figures call it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::UnknownTransport => "unknown_transport",
            Self::UnknownSession => "unknown_session",
            Self::BadMethod => "bad_method",
            Self::BadRequest => "bad_request",
            Self::UnsupportedProtocol => "unsupported_protocol",
            Self::TooManyHandshakes => "too_many_handshakes",
            Self::TooManyRefusals => "too_many_refusals",
            Self::TooManyStrangers => "too_many_strangers",
            Self::TooManySessions => "too_many_sessions",
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let (bad, many) = (StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS);
        // Engine.IO has no code of its own for a limit; 4 is its "Forbidden".
        let (status, code, message) = match self {
            Self::UnknownTransport => (bad, 0, "Transport unknown"),
            Self::UnknownSession => (bad, 1, "Session ID unknown"),
            Self::BadMethod => (bad, 2, "Bad handshake method"),
            Self::BadRequest => (bad, 3, "Bad request"),
            Self::UnsupportedProtocol => (bad, 5, "Unsupported protocol version"),
            Self::TooManyHandshakes => (many, 4, "Too many handshakes"),
            Self::TooManyRefusals => (many, 4, "Too many refused handshakes"),
            Self::TooManyStrangers => (many, 4, "Too many sessions without authentication"),
            Self::TooManySessions => (StatusCode::SERVICE_UNAVAILABLE, 4, "Too many sessions"),
        };
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let mut response = text(status, Body::from(body));
        let json = HeaderValue::from_static("application/json");
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, json);
        if status != bad {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            hang_up(&mut response);
        }
        response
    }
}

/// Ends the HTTP connection with this answer (RFC 9112, section 9.6). Whoever is refused comes on
/// another one anyway, and to wait for him to hang up costs as much as the answer.
pub(crate) fn hang_up(response: &mut Response<Body>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Who may read the answer (the Fetch standard, "CORS protocol").
pub(crate) struct Cors {
    origin: Option<HeaderValue>,
    /// The page may use a user's cookies: same origin (none was sent), or one that is allowed.
    pub(crate) trusted: bool,
}

impl Cors {
    pub(crate) fn of(headers: &HeaderMap, origins: &Origins) -> Self {
        let origin = headers.get(ORIGIN).cloned();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let trusted = origin.as_ref().is_none_or(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            origins.trusts(origin) || is_same(origin, host)
        });
        Self { origin, trusted }
    }

    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        match self.origin {
            Some(origin) if self.trusted => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                let allowed = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, allowed);
            }
            _ => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
        }
    }
}

/// Whether the page came from this very server.
fn is_same(origin: &str, host: &str) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn preflight(asked: &HeaderMap) -> Response<Body> {
    let mut response = text(StatusCode::NO_CONTENT, Body::empty());
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, POST, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

fn answer(answer: Answer) -> Result<Response<Body>, Refusal> {
    match answer {
        Answer::Payload(payload) => Ok(text(StatusCode::OK, Body::from(payload))),
        Answer::Taken => Ok(text(StatusCode::OK, Body::from("ok"))),
        Answer::Bad => Err(Refusal::BadRequest),
    }
}

/// Whether a body could not be read because the client was gone, rather than for what it said.
fn breaks_off(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        let ended = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
        };
        error.downcast_ref().is_some_and(ended)
            || error.downcast_ref().is_some_and(hyper::Error::is_incomplete_message)
    })
}

fn text(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=UTF-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
