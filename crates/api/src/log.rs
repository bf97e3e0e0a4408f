//! One line per request, and one more in the figures.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chorus_model::Clock;

use crate::requests::Requests;

/// What it takes to tell of requests.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) requests: Arc<Requests>,
}

/// Writes method, route, status and time taken. The path is the pattern that matched: neither
/// queries nor tokens are written, and not what somebody typed in place of a path.
pub(crate) async fn request(
    State(Witness { clock, requests }): State<Witness>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unknown", MatchedPath::as_str);
    let began = clock.monotonic();
    let response = next.run(request).await;
    requests.count(route, response.status());
    tracing::debug!(
        %method,
        path = route,
        status = response.status().as_u16(),
        millis = clock.monotonic().saturating_sub(began).as_millis(),
        "request"
    );
    response
}
