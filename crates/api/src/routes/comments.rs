//! Comments on tasks.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::get;
use chorus_collab::{Collab, Command, Fields, forms};
use chorus_model::{CommentId, TaskId};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/tasks/{id}/comments", get(list).post(add))
        .route("/comments/{id}", get(show).patch(edit).put(edit).delete(remove))
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    At(task): At<TaskId>,
    OriginalUri(uri): OriginalUri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let comments = collab.comments(caller.user.id, task, window.page()).await?;
    Ok(window.answer(&uri, comments))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<CommentId>,
) -> Result<Response, Refusal> {
    let comment = collab.comment(caller.user.id, id).await?;
    Ok(versioned(&comment, comment.version))
}

async fn add(change: Change, At(task): At<TaskId>, body: Object) -> Result<Response, Refusal> {
    let body = forms::comment(&body.0)?;
    change.make(Command::AddComment { task, body }).await
}

async fn edit(
    change: Change,
    At(comment): At<CommentId>,
    body: Object,
) -> Result<Response, Refusal> {
    let body = forms::comment(&body.0)?;
    change.make_if(|if_version| Command::EditComment { comment, body, if_version }).await
}

async fn remove(change: Change, At(comment): At<CommentId>) -> Result<Response, Refusal> {
    change.make(Command::DeleteComment { comment }).await
}
