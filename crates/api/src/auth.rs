//! Who asks: somebody with an access token, in the header or in the session cookie.

use axum::extract::{FromRef, FromRequestParts};
use chorus_collab::{Collab, TokenFault, TokenRules};
use chorus_model::User;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::cookies::SessionCookies;
use crate::error::Refusal;
use crate::origins::Origins;

/// The person behind a request, as stored. A request without one is refused.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) user: User,
}

impl<S> FromRequestParts<S> for Caller
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let token = match bearer(&parts.headers) {
            Some(token) => token.to_owned(),
            None => SessionCookies::of(parts, &Origins::from_ref(state))
                .access
                .ok_or(TokenFault::Missing)?,
        };
        let collab = Collab::from_ref(state);
        let user = collab.authenticate(&token, TokenRules::NATIVE).await?.user;
        Ok(Self { user })
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750, section 2.1). Other schemes are
/// none of ours: a proxy before the server may use one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("Basic abc", None),
            ("BearerX abc", None),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(bearer(&headers), expected, "{value}");
        }
    }
}
