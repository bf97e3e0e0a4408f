//! What has happened in a project.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::activity::{self, ABOUT};
use chorus_collab::{Collab, Fields};
use chorus_model::{Event, ProjectId, SyncId};
use http::Uri;
use serde_json::json;

use crate::auth::Caller;
use crate::document::{self, About, Routes, get};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::{self, Rest};
use crate::path::At;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let told = About::new("activity", "What has happened in a project, newest first.")
        .query("kind", "What it is about.", |_| json!({ "type": "string", "enum": ABOUT }))
        .query(
            "before",
            "Before the event with this `sync_id`.",
            |_| json!({ "type": "integer", "format": "int64", "minimum": 1 }),
        )
        .query("limit", "Most events of the answer.", |_| paging::limit_schema())
        .answers(200, document::list::<Event>)
        .tells("Link")
        .refuses(404, &["not_found"]);
    Routes::new().at("/projects/{id}/activity", [get(list, told)])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let about = fields.word("kind", activity::about);
    let before = fields.nullable_id("before").flatten().map(|id| SyncId(id.unsigned_abs()));
    let rest = Rest::read(&mut fields);
    fields.finish()?;
    let (user, most) = (caller.user.id, rest.limit() + 1);
    let events = collab.activity(user, project, before, about, most).await?;
    let id = |event: &Arc<Event>| i64::try_from(event.sync_id.0).unwrap_or(i64::MAX);
    Ok(rest.answer(&uri, events, id))
}
