//! The feed for clients without sockets.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::routing::get;
use axum::{Json, Router};
use chorus_collab::sync::Feed;
use chorus_collab::{Collab, Fields};
use chorus_model::{Cursor, Event, Invalid};
use serde::Serialize;

use crate::auth::Caller;
use crate::error::Refusal;
use crate::origins::Origins;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/sync", get(feed))
}

/// What happened after a cursor.
#[derive(Serialize)]
struct Heard {
    events: Vec<Arc<Event>>,
    cursor: Cursor,
    /// Whether to ask again at once.
    more: bool,
    /// Why the cursor does not count any more: fetch everything anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<&'static str>,
}

async fn feed(
    State(collab): State<Collab>,
    caller: Caller,
    Asked(asked): Asked,
) -> Result<Json<Heard>, Refusal> {
    let mut fields = Fields::new(&asked);
    let since = fields.text("since", |_, text| Ok::<_, Invalid>(text.to_owned()));
    fields.finish()?;
    let Feed { events, cursor, more, reset } = collab.feed(caller.user.id, since).await?;
    Ok(Json(Heard { events, cursor, more, reset }))
}
