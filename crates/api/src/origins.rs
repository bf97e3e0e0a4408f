//! Which pages may act in a user's name, and what browsers are told of it.
//!
//! Pages of trusted origins may send cookies and read the answers. All others may ask too, but
//! only with a token that they hold themselves (CORS, Fetch standard, section 3.3).

use std::sync::Arc;

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

    /// Whose page it is that asks.
    pub(crate) fn reader(&self, headers: &HeaderMap) -> Reader {
        Reader { trusted: headers.get(ORIGIN).filter(|_| self.trust(headers)).cloned() }
    }
}

/// The page behind a request.
pub(crate) struct Reader {
    /// What it says that it is of, if that is trusted.
    trusted: Option<HeaderValue>,
}

impl Reader {
    /// Tells browsers whose pages may read an answer.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if let Some(origin) = self.trusted {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        } else {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
}

/// The answer to a preflight, if the request is one.
pub(crate) fn preflight(method: &Method, asked: &HeaderMap) -> Option<Response> {
    let is_preflight = method == Method::OPTIONS
        && asked.contains_key(ORIGIN)
        && asked.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    is_preflight.then(|| allow(asked))
}

fn allow(asked: &HeaderMap) -> Response {
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

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "https://app.example";

    fn origins() -> Origins {
        Origins::new(Arc::new(|origin: &str| origin == APP))
    }

    fn marks(origin: &'static str) -> HeaderMap {
        let asked = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        let mut answered = HeaderMap::new();
        origins().reader(&asked).mark(&mut answered);
        answered
    }

    #[test]
    fn own_and_named_origins_are_trusted() {
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
            assert_eq!(origins().trust(&headers), trusted, "{origin:?}");
        }
    }

    #[test]
    fn trusted_pages_may_send_credentials_and_others_may_not() {
        let trusted = marks(APP);
        assert_eq!(trusted[ACCESS_CONTROL_ALLOW_ORIGIN], APP);
        assert_eq!(trusted[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        let other = marks("https://evil.example");
        assert_eq!(other[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!other.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        assert_eq!(other[VARY], "Origin");
    }

    #[test]
    fn a_preflight_is_answered() {
        let asked = HeaderMap::from_iter([
            (ORIGIN, HeaderValue::from_static(APP)),
            (ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PATCH")),
            (ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("authorization, if-match")),
        ]);
        let answer = preflight(&Method::OPTIONS, &asked).unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS], "authorization, if-match");
        assert!(answer.headers()[ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("PATCH"));
        assert!(preflight(&Method::GET, &asked).is_none(), "another method");
        assert!(preflight(&Method::OPTIONS, &HeaderMap::new()).is_none(), "not a browser");
    }
}
