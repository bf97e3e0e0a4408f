//! The feed for clients without sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use chorus_collab::sync::{Feed, LONGEST_WAIT};
use chorus_collab::{Collab, Fields};
use chorus_model::{Cursor, Event, Invalid};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::auth::Caller;
use crate::document::{About, Routes, get, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let told = About::new("feed", "What happened after a cursor, or where the log ends now.")
        .query("since", "The cursor of an earlier answer.", |_| json!({ "type": "string" }))
        .query(
            "wait",
            "Seconds to wait for something to tell, if there is nothing.",
            |_| json!({ "type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0 }),
        )
        .answers(200, written::<Heard>);
    Routes::new().at("/sync", [get(feed, told)])
}

/// Why a cursor may not count any more.
const RESETS: [&str; 5] = ["not_a_cursor", "unknown_epoch", "ahead", "rewritten", "trimmed"];

/// What happened after a cursor.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Feed")]
struct Heard {
    events: Vec<Arc<Event>>,
    cursor: Cursor,
    /// Whether to ask again at once.
    more: bool,
    /// Why the cursor does not count any more: fetch everything anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = RESETS))]
    reset: Option<&'static str>,
}

async fn feed(
    State(collab): State<Collab>,
    caller: Caller,
    Asked(asked): Asked,
) -> Result<Json<Heard>, Refusal> {
    let mut fields = Fields::new(&asked);
    let since = fields.text("since", |_, text| Ok::<_, Invalid>(text.to_owned()));
    let wait = fields.text("wait", |name, text| paging::number(name, text, 0, LONGEST_WAIT));
    fields.finish()?;
    let wait = Duration::from_secs(wait.unwrap_or(0).into());
    let Feed { events, cursor, more, reset } =
        collab.feed_in_time(caller.user.id, since, wait).await?;
    Ok(Json(Heard { events, cursor, more, reset }))
}
