//! Session cookies: how a browser holds the tokens of a login without a script that could lose
//! them (RFC 6265).

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::AppendHeaders;
use chorus_collab::Fault;
use chorus_collab::accounts::Login;
use http::header::{COOKIE, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::origins::Origins;

const ACCESS: &str = "access_token";
const REFRESH: &str = "refresh_token";

/// What the server demands of browsers that hold its cookies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CookieRules {
    /// Sent over HTTPS only.
    pub(crate) secure: bool,
}

/// Headers that set both cookies.
pub(crate) type SetCookies = AppendHeaders<[(HeaderName, HeaderValue); 2]>;

impl CookieRules {
    /// Lets the browser hold the tokens of `login` until it is closed: each ends by itself.
    pub(crate) fn keep(self, login: &Login) -> Result<SetCookies, Fault> {
        self.set(&login.access_token, &login.refresh_token, "")
    }

    /// Lets the browser forget them.
    pub(crate) fn clear(self) -> Result<SetCookies, Fault> {
        self.set("", "", "; Max-Age=0")
    }

    fn set(self, access: &str, refresh: &str, age: &str) -> Result<SetCookies, Fault> {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = |name: &str, value: &str| {
            let text = format!("{name}={value}; HttpOnly; Path=/; SameSite=Lax{age}{secure}");
            // Tokens are base64url and dots: always valid in a header.
            let value = HeaderValue::try_from(text).map_err(|_| Fault::Internal)?;
            Ok::<_, Fault>((SET_COOKIE, value))
        };
        Ok(AppendHeaders([cookie(ACCESS, access)?, cookie(REFRESH, refresh)?]))
    }
}

/// The session cookies of a request, if they count: cookies come by themselves, also with
/// requests that another's page makes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionCookies {
    /// For asking.
    pub(crate) access: Option<String>,
    /// For getting another access token.
    pub(crate) refresh: Option<String>,
    /// Whether the page behind the request may act in a user's name at all.
    pub(crate) trusted: bool,
}

impl SessionCookies {
    /// The cookies of this request. None count if its page is not trusted; if no page is named
    /// and something is to be changed, the browser must not say that another site asks.
    pub(crate) fn of(parts: &Parts, origins: &Origins) -> Self {
        let headers = &parts.headers;
        let named = headers.contains_key(ORIGIN) || parts.method.is_safe();
        if !origins.trust(headers) || !(named || fetched_from_here(headers)) {
            return Self::default();
        }
        Self { access: cookie(headers, ACCESS), refresh: cookie(headers, REFRESH), trusted: true }
    }
}

impl<S> FromRequestParts<S> for SessionCookies
where
    Origins: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &Origins::from_ref(state)))
    }
}

/// What `Sec-Fetch-Site` says (Fetch Metadata, section 2.3). Clients that are no browsers do not
/// send it.
fn fetched_from_here(headers: &HeaderMap) -> bool {
    let Some(site) = headers.get("sec-fetch-site") else { return true };
    matches!(site.as_bytes(), b"same-origin" | b"same-site" | b"none")
}

/// The first value of a cookie (RFC 6265, section 4.2.1) that is not empty.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const HELD: (&str, &str) = ("cookie", "theme=dark; access_token=a.b; refresh_token=r");

    fn read(method: &str, headers: &[(&str, &str)]) -> SessionCookies {
        let mut request = Request::builder().method(method).header("host", "chorus.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let trusts = |origin: &str| origin == "https://app.example";
        SessionCookies::of(&parts, &Origins::new(std::sync::Arc::new(trusts)))
    }

    #[test]
    fn cookies_are_found_by_name() {
        let cookies = read("GET", &[HELD]);
        assert_eq!(cookies.access.as_deref(), Some("a.b"));
        assert_eq!(cookies.refresh.as_deref(), Some("r"));
        let cookies = read("GET", &[("cookie", "xaccess_token=a; access_token="), ("cookie", ";")]);
        assert_eq!((cookies.access, cookies.trusted), (None, true));
    }

    #[test]
    fn cookies_count_only_for_trusted_pages() {
        for (method, header, counts) in [
            ("POST", None, true),
            ("POST", Some(("origin", "https://chorus.example")), true),
            ("POST", Some(("origin", "https://app.example")), true),
            ("POST", Some(("origin", "https://evil.example")), false),
            ("GET", Some(("origin", "https://evil.example")), false),
            ("POST", Some(("origin", "null")), false),
            ("POST", Some(("sec-fetch-site", "same-origin")), true),
            ("POST", Some(("sec-fetch-site", "none")), true),
            ("POST", Some(("sec-fetch-site", "cross-site")), false),
            ("GET", Some(("sec-fetch-site", "cross-site")), true),
        ] {
            let headers: Vec<_> = std::iter::once(HELD).chain(header).collect();
            let cookies = read(method, &headers);
            assert_eq!(cookies.access.is_some(), counts, "{method} {header:?}");
            assert_eq!(cookies.trusted, counts, "{method} {header:?}");
        }
    }

    #[test]
    fn cookies_are_hidden_from_scripts_and_other_sites() {
        let AppendHeaders(set) = CookieRules { secure: true }.set("a.b", "r", "").unwrap();
        assert_eq!(set[0].1, "access_token=a.b; HttpOnly; Path=/; SameSite=Lax; Secure");
        let AppendHeaders(cleared) = CookieRules { secure: false }.clear().unwrap();
        assert_eq!(cleared[1].1, "refresh_token=; HttpOnly; Path=/; SameSite=Lax; Max-Age=0");
    }
}
