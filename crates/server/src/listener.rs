//! The accept loop: bare streams, one task per connection, no task without an owner.
//!
//! Our own instead of `axum::serve`, which sets no header timeout and hides the stream.
//!
//! In a [rush](super::rush) connections are accepted in batches: to be woken for each costs more
//! than to answer it.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use chorus_api::{Health, Rest};
use chorus_gateway::dialect::Interpreter;
use chorus_gateway::engine::Engine;
use chorus_model::Clock;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::rush::Rush;

/// For a request's head to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head and of hyper's buffers.
const HEAD_BYTES: usize = 64 * 1024;
/// Out of file descriptors, most likely: trying again at once would spin.
const BACK_OFF: Duration = Duration::from_millis(50);
/// From one batch to the next: the most that a rush delays anybody.
const BATCH: Duration = Duration::from_millis(10);
/// Connections of a batch; more come with the next.
const MAX_BATCH: usize = 1024;
/// Connections that may wait to be accepted, if the system lets them (`net.core.somaxconn`). Whoever
/// finds no place asks again after a second: all clients of a server that was restarted come at
/// once.
const BACKLOG: u32 = 4096;
/// Bytes that the system takes for a client beyond what it has sent to it: what waits is to wait
/// in the outbox, where it is seen.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 256 * 1024;
/// Where Engine.IO is served: the usual path, and that of clients whose server lives under `/api`.
const ENGINE_PATHS: [&str; 2] = ["/socket.io", "/api/socket.io"];
/// Where raw sockets are served, and in which dialect.
pub(crate) const RAW_PATHS: [(&str, &str); 2] =
    [("/api/v1/ws/connect", "envelope"), ("/api/v1/ws/native", "native")];

/// What a connection is given to.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) engine: Engine<Interpreter>,
    pub(crate) rest: Rest,
    pub(crate) clock: Arc<dyn Clock>,
    /// Networks whose word about a client's address counts.
    pub(crate) proxies: Arc<[IpNet]>,
    /// What is said of the server's health here.
    pub(crate) health: Health,
    /// The number of the listener.
    pub(crate) number: u16,
    /// The number of the first raw path.
    pub(crate) first_raw: u16,
}

/// A listener whose connections keep little in the system. (They inherit it, so that it costs them
/// no call. Where the system does not know of it, it keeps what it wants.)
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As tokio's own listeners: without it a port stays taken for a while after its server ended.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(&listener).set_tcp_notsent_lowat(UNSENT) {
        tracing::warn!(%error, "what clients do not read will wait in the system");
    }
    Ok(listener)
}

/// Accepts until told to stop; connections go on by themselves.
pub(crate) async fn accept(
    mut listener: TcpListener,
    doors: Doors,
    tracker: TaskTracker,
    stop: CancellationToken,
) {
    let mut hall = Hall { doors, tracker, stop, rush: Rush::default() };
    loop {
        let accepted = tokio::select! {
            biased;
            () = hall.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => hall.receive(stream, address),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                pause(BACK_OFF).await;
            }
        }
        if hall.rush.lasts(hall.doors.clock.monotonic()) {
            listener = match hall.receive_in_batches(listener).await {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::error!(%error, "a listener is lost");
                    return;
                }
            };
        }
    }
}

/// Where connections come in.
struct Hall {
    doors: Doors,
    tracker: TaskTracker,
    stop: CancellationToken,
    rush: Rush,
}

impl Hall {
    fn receive(&mut self, stream: TcpStream, address: SocketAddr) {
        self.rush.note(self.doors.clock.monotonic());
        self.tracker.spawn(serve(stream, address, self.doors.clone(), self.stop.clone()));
    }

    /// Accepts what has come every few milliseconds, until fewer come. Meanwhile the listener is
    /// not registered with the runtime, which would wake for each connection all the same.
    async fn receive_in_batches(&mut self, listener: TcpListener) -> io::Result<TcpListener> {
        let listener = listener.into_std()?;
        while self.rush.lasts(self.doors.clock.monotonic()) && !self.stop.is_cancelled() {
            pause(BATCH).await;
            for _ in 0..MAX_BATCH {
                match listener.accept().and_then(registered) {
                    Ok((stream, address)) => self.receive(stream, address),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        pause(BACK_OFF).await;
                        break;
                    }
                }
            }
        }
        TcpListener::from_std(listener)
    }
}

fn registered(
    (stream, address): (std::net::TcpStream, SocketAddr),
) -> io::Result<(TcpStream, SocketAddr)> {
    stream.set_nonblocking(true)?;
    Ok((TcpStream::from_std(stream)?, address))
}

#[expect(clippy::disallowed_methods, reason = "a pause on purpose: there is no event to wait for")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

async fn serve(stream: TcpStream, address: SocketAddr, doors: Doors, stop: CancellationToken) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(request, address, doors.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    mut doors: Doors,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    let address = client_of(address.ip(), request.headers(), &doors.proxies);
    let path = request.uri().path();
    if ENGINE_PATHS.contains(&path.strip_suffix('/').unwrap_or(path)) {
        return Ok(doors.engine.respond(request, doors.number, Some(address)).await);
    }
    if let Some(door) = raw_door(path, &doors) {
        return Ok(doors.engine.respond_raw(request, door, Some(address)).await);
    }
    request.extensions_mut().insert(doors.health);
    Ok(doors.rest.answer(request).await)
}

/// The address of the client: of the peer, or, if that is a proxy that is trusted, the last in
/// `X-Forwarded-For` that is none. What stands before it may be anybody's invention.
fn client_of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| {
        let address = address.to_canonical();
        proxies.iter().any(|network| network.contains(&address))
    };
    if !trusted(peer) {
        return peer;
    }
    let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.parse() else { break };
        client = address;
        if !trusted(address) {
            break;
        }
    }
    client
}

fn raw_door(path: &str, doors: &Doors) -> Option<u16> {
    let at = RAW_PATHS.iter().position(|(raw, _)| *raw == path)?;
    doors.first_raw.checked_add(u16::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, said: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies = ["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        client_of(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("::ffff:127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.9, 198.51.100.1, 10.1.1.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &["203.0.113.9, unknown, 10.1.1.1"]), "10.1.1.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }
}
