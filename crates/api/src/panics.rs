//! A panic ends the request that it happened in, and nothing else.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::error::Refusal;

/// Answers a request whose code panicked. Nothing that it had in hand is used again: state that
/// outlives a request is behind handles whose owners catch panics by themselves.
pub(crate) async fn catch(request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().path().to_owned());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| {
        tracing::error!(%method, path = uri, "a request panicked");
        Refusal::Panicked.into_response()
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http::StatusCode;
    use tower_service::Service as _;

    use super::*;

    async fn fragile(request: Request) -> &'static str {
        assert!(request.headers().is_empty(), "provoked by the test");
        "well"
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_the_next_request_too() {
        let mut routes = Router::new().route("/", get(fragile)).layer(from_fn(catch));
        for (header, status) in
            [(Some("x"), StatusCode::INTERNAL_SERVER_ERROR), (None, StatusCode::OK)]
        {
            let mut request = Request::new(Body::empty());
            if let Some(name) = header {
                request.headers_mut().insert(name, http::HeaderValue::from_static("1"));
            }
            let Ok(answer) = routes.call(request).await;
            assert_eq!(answer.status(), status);
        }
    }
}
