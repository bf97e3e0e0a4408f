//! What a listener says of its health: the same in substance everywhere, but where an application
//! has its own back end's words for it, a probe finds those.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Value, json};

/// An object that says that the server runs. The server puts it into the extensions of each
/// request, as the listener has it that the request came through.
#[derive(Clone)]
pub struct Health(Arc<dyn Fn() -> Value + Send + Sync>);

impl Health {
    /// Whatever `say` says at the moment of the request; Chorus's own words where it has none.
    pub fn new(say: impl Fn() -> Option<Value> + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || say().unwrap_or_else(own)))
    }

    /// The object, now.
    pub(crate) fn now(&self) -> Value {
        (self.0)()
    }
}

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(own))
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Health").field(&self.now()).finish()
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
