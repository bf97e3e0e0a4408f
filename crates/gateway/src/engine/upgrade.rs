//! From an HTTP request to a bare TCP stream (RFC 6455, section 4.2).

use axum::body::Body;
use chorus_protocol::websocket;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The request is no WebSocket handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHandshake;

/// Whether the request wants to become a WebSocket.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    has_word(headers, UPGRADE, "websocket")
}

/// The 101 answer, and the stream to come.
pub(crate) fn accept(
    request: &mut Request<Body>,
) -> Result<(Response<Body>, OnUpgrade), NoHandshake> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let valid = request.method() == Method::GET
        && is_wanted(headers)
        && has_word(headers, CONNECTION, "upgrade")
        && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = key.filter(|key| valid && websocket::is_valid_key(key)).ok_or(NoHandshake)?;
    let accept = HeaderValue::from_str(&websocket::accept_key(key)).map_err(|_| NoHandshake)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok((response, hyper::upgrade::on(request)))
}

/// The stream without anything of hyper's around it, and what the client sent early.
pub(crate) async fn bare(upgrade: OnUpgrade) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgrade.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    // Copied, so that hyper's buffer is freed.
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}

fn has_word(headers: &HeaderMap, name: http::HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(word))
}
