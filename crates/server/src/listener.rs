//! The accept loop: bare streams, one task per connection, no task without an owner.
//!
//! Our own instead of `axum::serve`, which sets no header timeout and hides the stream.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use chorus_gateway::dialect::Interpreter;
use chorus_gateway::engine::Engine;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

/// For a request's head to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's head and of hyper's buffers.
const HEAD_BYTES: usize = 64 * 1024;
/// Where Engine.IO is served: the usual path, and that of clients whose server lives under `/api`.
const ENGINE_PATHS: [&str; 2] = ["/socket.io", "/api/socket.io"];
/// Where raw sockets are served, and in which dialect.
pub(crate) const RAW_PATHS: [(&str, &str); 2] =
    [("/api/v1/ws/connect", "envelope"), ("/api/v1/ws/native", "native")];

/// What a connection is given to.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) engine: Engine<Interpreter>,
    pub(crate) router: Router,
    /// The number of the listener.
    pub(crate) number: u16,
    /// The number of the first raw path.
    pub(crate) first_raw: u16,
}

/// Accepts until told to stop; connections go on by themselves.
pub(crate) async fn accept(
    listener: TcpListener,
    doors: Doors,
    tracker: TaskTracker,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                tracker.spawn(serve(stream, address, doors.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                pause().await;
            }
        }
    }
}

/// Out of file descriptors, most likely: trying again at once would spin.
#[expect(clippy::disallowed_methods, reason = "a back-off: there is no event to wait for")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
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
    let request = request.map(Body::new);
    let path = request.uri().path();
    if ENGINE_PATHS.contains(&path.strip_suffix('/').unwrap_or(path)) {
        return Ok(doors.engine.respond(request, doors.number, Some(address.ip())).await);
    }
    if let Some(door) = raw_door(path, &doors) {
        return Ok(doors.engine.respond_raw(request, door, Some(address.ip())).await);
    }
    doors.router.call(request).await
}

fn raw_door(path: &str, doors: &Doors) -> Option<u16> {
    let at = RAW_PATHS.iter().position(|(raw, _)| *raw == path)?;
    doors.first_raw.checked_add(u16::try_from(at).ok()?)
}
