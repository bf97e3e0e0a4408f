//! Files of the web page. The server passes them in, so that this crate embeds nothing.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::Uri;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};

use crate::error::Refusal;
use crate::path::without_slash;

/// The page runs its own scripts only, and talks to its own server only. Sockets are named
/// apart, because not every browser takes `'self'` to cover `ws:` (CSP Level 3, section 6.7.2.8).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// A file of the web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it is served: `/`, or a path under `/demo/`.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: Bytes,
}

/// `/` and everything under `/demo`.
pub(crate) fn routes<S>() -> Router<S>
where
    Arc<[Page]>: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/", get(show)).route("/demo", get(show)).route("/demo/{*file}", get(show))
}

async fn show(State(pages): State<Arc<[Page]>>, uri: Uri) -> Result<Response, Refusal> {
    let path = without_slash(uri.path());
    let page = pages.iter().find(|page| without_slash(&page.path) == path);
    let page = page.ok_or(Refusal::NoSuchPath)?;
    let headers = [
        (CONTENT_TYPE, page.content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, page.bytes.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use http::StatusCode;
    use tower_service::Service as _;

    use super::*;

    #[tokio::test]
    async fn files_are_found_by_their_path() {
        let page = |path: &str, content_type| Page {
            path: path.into(),
            content_type,
            bytes: Bytes::copy_from_slice(path.as_bytes()),
        };
        let pages: Arc<[Page]> =
            Arc::new([page("/", "text/html"), page("/demo/app.js", "text/javascript")]);
        for (path, expected) in [
            ("/", Some("text/html")),
            ("/demo/app.js", Some("text/javascript")),
            ("/demo/app.js/", Some("text/javascript")),
            ("/demo/../app.js", None),
            ("/demo", None),
        ] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let Ok(answer) = routes().with_state(pages.clone()).call(request).await;
            let Some(kind) = expected else {
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
                continue;
            };
            assert_eq!(answer.headers()[CONTENT_TYPE], kind, "{path}");
            assert_eq!(answer.headers()[CONTENT_SECURITY_POLICY], POLICY, "{path}");
        }
    }
}
