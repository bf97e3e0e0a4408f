//! A project as it is, to go on from with the feed or a subscription.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse as _, Response};
use chorus_collab::snapshot::{MOST, Next, Snapshot};
use chorus_collab::{Collab, Fields};
use chorus_model::{
    Channel, Cursor, Invalid, Invitation, Item, ItemId, Member, Project, ProjectId, Rule, Task,
    TaskId, Totals,
};
use http::header::LINK;
use http::{HeaderValue, Uri};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::auth::Caller;
use crate::change::with_cursor;
use crate::document::{About, Routes, get, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging;
use crate::path::At;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let told = About::new("snapshot", "A project as it is, and the cursor to go on from.")
        .query(
            "limit",
            "Most tasks and items of this part.",
            |_| json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": MOST }),
        )
        .query("cursor", "Of a later part: the first part's cursor.", written::<Cursor>)
        .query(
            "after",
            "Of a later part: the last task of the part before.",
            |_| json!({ "type": "integer", "minimum": 0 }),
        )
        .query(
            "items_after",
            "Of a later part: the last item of the parts before.",
            |_| json!({ "type": "integer", "minimum": 0 }),
        )
        .answers(200, written::<Part>)
        .tells("Chorus-Cursor")
        .tells("Link")
        .refuses(404, &["not_found"]);
    Routes::new().at("/projects/{id}/snapshot", [get(snapshot, told)])
}

/// A part of a snapshot.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Snapshot")]
struct Part {
    /// Where to go on from once all parts are read.
    cursor: Cursor,
    project: Project,
    members: Vec<Member>,
    /// Those that one may see, by id.
    channels: Vec<Channel>,
    /// Those that can be accepted, by id; none for who may not manage the members.
    invitations: Vec<Invitation>,
    /// By id.
    tasks: Vec<Task>,
    /// By id, after all tasks; of all kinds, each with the fields of its kind.
    items: Vec<Item>,
    /// What is added up, by kind, as this part was read.
    totals: BTreeMap<&'static str, Totals>,
}

async fn snapshot(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let limit = fields.text("limit", |name, text| paging::number(name, text, 1, MOST));
    let (cursor, after) = (fields.text("cursor", cursor), fields.text("after", last).map(TaskId));
    let items_after = fields.text("items_after", last).map(ItemId);
    fields.finish()?;
    let from = match (cursor, after, items_after) {
        (Some(cursor), Some(after), items_after) => {
            Some(Next { cursor, after, items_after: items_after.unwrap_or(ItemId(0)) })
        }
        (None, None, None) => None,
        (None, ..) => return Err(Invalid::new("cursor", Rule::Required).into()),
        (Some(_), None, _) => return Err(Invalid::new("after", Rule::Required).into()),
    };
    let limit = limit.unwrap_or(MOST);
    let Snapshot { cursor, project, members, channels, invitations, tasks, items, totals, next } =
        collab.snapshot(caller.user.id, id, from, limit).await?;
    let told = Part {
        cursor: cursor.clone(),
        project,
        members,
        channels,
        invitations,
        tasks,
        items,
        totals,
    };
    let told = Json(told);
    let mut response = with_cursor(told.into_response(), &cursor);
    if let Some(Next { cursor, after, items_after }) = next {
        let path = uri.path();
        let link = format!(
            "<{path}?limit={limit}&cursor={cursor}&after={after}&items_after={items_after}>; \
             rel=\"next\""
        );
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(LINK, link);
        }
    }
    Ok(response)
}

fn cursor(name: &'static str, text: &str) -> Result<Cursor, Invalid> {
    text.parse().map_err(|_| Invalid::new(name, Rule::Form("a cursor")))
}

fn last(name: &'static str, text: &str) -> Result<i64, Invalid> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| digits);
    id.ok_or(Invalid::new(name, Rule::Form("the last id of the part before")))
}
