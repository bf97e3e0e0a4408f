//! Where clients show their tokens: in the payload of a CONNECT, in the query, in the cookie of a
//! session. Each dialect has its own order, and what it makes of each.

use std::borrow::Cow;

use chorus_protocol::engineio::OpenQuery;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::Handshake;

/// `{"token": "…"}`. One that is no text counts as none.
pub fn in_payload<'a>(payload: Option<&RawValue>) -> Option<Cow<'a, str>> {
    #[derive(Deserialize)]
    struct Shown {
        token: Option<String>,
    }
    let shown: Shown = serde_json::from_str(payload?.get()).ok()?;
    filled(Cow::Owned(shown.token?))
}

/// `?token=…`.
pub fn in_query(handshake: &Handshake) -> Option<Cow<'_, str>> {
    filled(OpenQuery::parse(&handshake.query).ok()?.get("token")?)
}

/// The cookie that a login over HTTP has left.
pub fn in_session(handshake: &Handshake) -> Option<Cow<'_, str>> {
    filled(Cow::Borrowed(handshake.cookie("access_token")?))
}

fn filled(token: Cow<'_, str>) -> Option<Cow<'_, str>> {
    Some(token).filter(|token| !token.is_empty())
}
