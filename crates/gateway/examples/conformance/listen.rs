//! The accept loop: bare streams, one task per connection.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use chorus_gateway::engine::Engine;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use crate::application::{BARE, Conformance, NAMESPACES, RAW};
use crate::settings::Settings;

/// How late the fixture answers handshakes: so that its clients can do something before.
const SLOW_HANDSHAKE: Duration = Duration::from_millis(10);

/// What a connection is given to.
#[derive(Clone)]
struct Door {
    engine: Engine<Conformance>,
    slow: bool,
}

/// Serves on both loopback addresses, as `localhost` may mean either. Does not end by itself.
pub(crate) async fn serve(
    engine: Engine<Conformance>,
    settings: &Settings,
    tracker: &TaskTracker,
) -> io::Result<()> {
    let door = Door { engine, slow: settings.fixture };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
    let address = listener.local_addr()?;
    // Not every machine has the second one.
    if let Ok(second) = TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await {
        tracker.spawn(accept(second, door.clone(), tracker.clone()));
    }
    writeln!(io::stdout(), "listening on http://{address}")?;
    accept(listener, door, tracker.clone()).await
}

async fn accept(listener: TcpListener, door: Door, tracker: TaskTracker) -> io::Result<()> {
    loop {
        let (stream, address) = listener.accept().await?;
        tracker.spawn(converse(stream, address, door.clone()));
    }
}

async fn converse(stream: TcpStream, address: SocketAddr, door: Door) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(request, address, door.clone()));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that breaks HTTP off is nobody's fault here.
    connection.with_upgrades().await.ok();
}

async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    door: Door,
) -> Result<Response<Body>, Infallible> {
    let request = request.map(Body::new);
    let ip = Some(address.ip());
    Ok(match request.uri().path() {
        "/socket.io/" => {
            if door.slow && !is_of_session(&request) {
                hesitate().await;
            }
            door.engine.respond(request, NAMESPACES, ip).await
        }
        "/engine.io/" => door.engine.respond(request, BARE, ip).await,
        "/echo" => door.engine.respond_raw(request, RAW, ip).await,
        _ => not_found(),
    })
}

fn is_of_session(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|pair| pair.starts_with("sid="))
}

#[expect(clippy::disallowed_methods, reason = "the delay itself is what the fixture promises")]
async fn hesitate() {
    tokio::time::sleep(SLOW_HANDSHAKE).await;
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
