//! Searching for words.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::search::{self, Found, MAX, Search};
use chorus_collab::{Collab, Fields};
use chorus_model::{ChannelId, Comment, Message, ProjectId, Task};
use http::Uri;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::auth::Caller;
use crate::document::{self, About, Routes, get, read, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::{self, Rest};
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let all =
        about("search", "Messages, tasks and comments with all of these words, newest first.")
            .answers(200, written::<Hits>);
    let messages = before(about("search_messages", "Messages with all of these words."))
        .query("channel_id", "In this channel.", read::<ChannelId>)
        .answers(200, document::list::<Message>)
        .tells("Link");
    let tasks = before(about("search_tasks", "Tasks with all of these words."))
        .answers(200, document::list::<Task>)
        .tells("Link");
    let comments = before(about("search_comments", "Comments with all of these words."))
        .answers(200, document::list::<Comment>)
        .tells("Link");
    Routes::new()
        .at("/search", [get(find, all)])
        .at("/search/messages", [get(find_messages, messages)])
        .at("/search/tasks", [get(find_tasks, tasks)])
        .at("/search/comments", [get(find_comments, comments)])
}

fn about(id: &'static str, text: &'static str) -> About {
    About::new(id, text)
        .needs(
            "q",
            "The words; the last may be the beginning of one.",
            |_| json!({ "type": "string", "minLength": 1, "maxLength": MAX }),
        )
        .query("project_id", "In this project.", read::<ProjectId>)
        .query("limit", "Most entries of a kind.", |_| paging::limit_schema())
        .refuses(404, &["not_found"])
}

fn before(about: About) -> About {
    about.query(
        "before",
        "With ids below this one.",
        |_| json!({ "type": "integer", "format": "int64", "minimum": 1 }),
    )
}

/// What was found, of each kind the newest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Found")]
struct Hits {
    messages: Vec<Message>,
    tasks: Vec<Task>,
    comments: Vec<Comment>,
}

async fn find(
    State(collab): State<Collab>,
    caller: Caller,
    Asked(asked): Asked,
) -> Result<Json<Hits>, Refusal> {
    let (search, _) = wanted(&asked, false)?;
    let Found { messages, tasks, comments } = collab.search(caller.user.id, search).await?;
    Ok(Json(Hits { messages, tasks, comments }))
}

async fn find_messages(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let (search, rest) = wanted(&asked, true)?;
    let found = collab.search_messages(caller.user.id, search).await?;
    Ok(rest.answer(&uri, found, |message| message.id.0))
}

async fn find_tasks(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let (search, rest) = wanted(&asked, true)?;
    let found = collab.search_tasks(caller.user.id, search).await?;
    Ok(rest.answer(&uri, found, |task| task.id.0))
}

async fn find_comments(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let (search, rest) = wanted(&asked, true)?;
    let found = collab.search_comments(caller.user.id, search).await?;
    Ok(rest.answer(&uri, found, |comment| comment.id.0))
}

/// What is asked for; `goes_on`: with one entry more, which tells whether there are more.
fn wanted(asked: &Map<String, Value>, goes_on: bool) -> Result<(Search, Rest), Refusal> {
    let mut fields = Fields::new(asked);
    let words = fields.required("q", search::words);
    let project = fields.nullable_id("project_id").flatten().map(ProjectId);
    let channel = fields.nullable_id("channel_id").flatten().map(ChannelId);
    let before = fields.nullable_id("before").flatten();
    let rest = Rest::read(&mut fields);
    let words = fields.finish_with(words)?;
    let limit = rest.limit() + u32::from(goes_on);
    Ok((Search { words, project, channel, before, limit }, rest))
}
