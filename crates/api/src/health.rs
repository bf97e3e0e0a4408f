//! What a listener says of its health: the same in substance everywhere, but where an application
//! has its own back end's words for it, a probe finds those.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use chorus_collab::{Collab, Pulse};
use http::request::Parts;
use serde_json::{Value, json};

/// What an application says of the server's health; none where it has no words of its own. It is
/// given the database's pulse if it checks that.
type Say = dyn Fn(Option<Pulse>) -> Option<Value> + Send + Sync;

/// An object that says that the server runs. The server puts it into the extensions of each
/// request, as the listener has it that the request came through.
#[derive(Clone)]
pub struct Health {
    say: Arc<Say>,
    checks: bool,
}

impl Health {
    /// Whatever `say` says at the moment of the request; Chorus's own words where it has none.
    /// `checks`: it says how the database answers.
    pub fn new(
        checks: bool,
        say: impl Fn(Option<Pulse>) -> Option<Value> + Send + Sync + 'static,
    ) -> Self {
        Self { say: Arc::new(say), checks }
    }

    /// The object, now.
    pub(crate) async fn now(&self, collab: &Collab) -> Value {
        let pulse = if self.checks { Some(collab.pulse().await) } else { None };
        (self.say)(pulse).unwrap_or_else(own)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new(false, |_| None)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("checks", &self.checks).finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for Health {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

fn own() -> Value {
    json!({ "status": "healthy", "message": "Chorus is running", "websocket_enabled": true })
}
