//! One line per request.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chorus_model::Clock;

/// Writes method, route, status and time taken. The path is the pattern that matched: neither
/// queries nor tokens are written, and not what somebody typed in place of a path.
pub(crate) async fn request(
    State(clock): State<Arc<dyn Clock>>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let began = clock.monotonic();
    let response = next.run(request).await;
    tracing::debug!(
        %method,
        path = matched.as_ref().map_or("unknown", MatchedPath::as_str),
        status = response.status().as_u16(),
        millis = clock.monotonic().saturating_sub(began).as_millis(),
        "request"
    );
    response
}
