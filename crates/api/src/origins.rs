//! Which pages may act in a user's name, and what browsers are told of it.
//!
//! Pages of trusted origins may send cookies and read the answers. All others may ask too, but
//! only with a token that they hold themselves (CORS, Fetch standard, section 3.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// Answers may be read by scripts with these headers of theirs.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Chorus-Cursor, ETag, Link, Idempotency-Replayed, Retry-After");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// Seconds for which browsers need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Whether pages of an origin (`https://app.example`) may act in a user's name. The same rule
/// holds for this door and for sockets, so it is passed in.
pub type Trusts = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The origins that are trusted: those of the rule, and the server's own.
#[derive(Clone)]
pub(crate) struct Origins(Trusts);

impl Origins {
    /// Trusts by this rule.
    pub(crate) fn new(trusts: Trusts) -> Self {
        Self(trusts)
    }

    /// Whether the page behind a request may act in a user's name: one of this server (its
    /// authority is the `Host`), or of a trusted origin. Without `Origin` there is nothing to
    /// say against it.
    pub(crate) fn trust(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let origin = origin.to_str().unwrap_or_default();
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let own = authority.zip(host).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
        own || (self.0)(origin)
    }
}

/// Answers preflights, and tells browsers whose pages may read an answer.
pub(crate) async fn tell(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let trusted = origins.trust(request.headers());
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response =
        if is_preflight(&request) { preflight(request.headers()) } else { next.run(request).await };
    mark(response.headers_mut(), origin.filter(|_| trusted));
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if let Some(wanted) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    }
    response
}

fn mark(headers: &mut HeaderMap, trusted: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if let Some(origin) = trusted {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower_service::Service as _;

    use super::*;

    const APP: &str = "https://app.example";

    async fn ask(method: Method, headers: &[(http::HeaderName, &str)]) -> Response {
        let origins = Origins::new(Arc::new(|origin: &str| origin == APP));
        let mut routes = Router::new()
            .route("/tasks", get(async || "tasks"))
            .layer(from_fn_with_state(origins, tell));
        let mut request = Request::builder().method(method).uri("/tasks");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let Ok(response) = routes.call(request.body(Body::empty()).unwrap()).await;
        response
    }

    #[test]
    fn own_and_named_origins_are_trusted() {
        let origins = Origins::new(Arc::new(|origin: &str| origin == APP));
        for (origin, trusted) in [
            (None, true),
            (Some(APP), true),
            (Some("http://Chorus.example:8000"), true),
            (Some("http://chorus.example"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
            (Some("chorus.example:8000"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("chorus.example:8000"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(origins.trust(&headers), trusted, "{origin:?}");
        }
    }

    #[tokio::test]
    async fn trusted_pages_may_send_credentials_and_others_may_not() {
        let trusted = ask(Method::GET, &[(ORIGIN, APP)]).await;
        assert_eq!(trusted.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], APP);
        assert_eq!(trusted.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        let other = ask(Method::GET, &[(ORIGIN, "https://evil.example")]).await;
        assert_eq!(other.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!other.headers().contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        assert_eq!(other.headers()[VARY], "Origin");
    }

    #[tokio::test]
    async fn a_preflight_is_answered_without_the_route() {
        let asked = [
            (ORIGIN, APP),
            (ACCESS_CONTROL_REQUEST_METHOD, "PATCH"),
            (ACCESS_CONTROL_REQUEST_HEADERS, "authorization, if-match"),
        ];
        let answer = ask(Method::OPTIONS, &asked).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS], "authorization, if-match");
        assert!(answer.headers()[ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("PATCH"));
        let plain = ask(Method::OPTIONS, &[(ORIGIN, APP)]).await;
        assert_eq!(plain.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
