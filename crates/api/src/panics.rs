//! A panic ends the request that it happened in, and nothing else.

use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::{Method, Uri};

use crate::error::Refusal;

/// The answer to a request, also if the code panics that makes it. Nothing that it had in hand is
/// used again: state that outlives a request is behind handles whose owners catch panics by
/// themselves.
pub(crate) async fn caught(
    method: &Method,
    uri: &Uri,
    answer: impl Future<Output = Response>,
) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%method, path = uri.path(), "a request panicked");
        Refusal::Panicked.into_response()
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered() {
        let fragile = async |whole: bool| {
            assert!(whole, "provoked by the test");
            "well".into_response()
        };
        let (method, uri) = (Method::GET, Uri::from_static("/tasks"));
        for (whole, status) in [(false, StatusCode::INTERNAL_SERVER_ERROR), (true, StatusCode::OK)]
        {
            assert_eq!(caught(&method, &uri, fragile(whole)).await.status(), status);
        }
    }
}
