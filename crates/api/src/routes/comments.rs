//! Comments on tasks, on items, and on projects.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::command::NewComment;
use chorus_collab::forms::comments as forms;
use chorus_collab::{Collab, Command, Fields};
use chorus_model::{Comment, CommentId, ItemId, ProjectId, TaskId, Topic};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::document::{
    About, Routes, comment, comment_in_project, delete, get, list as many, patch, post, put, read,
    written,
};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;
use http::Uri;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let not_found = &["not_found"];
    let listed = About::new("list_comments", "Comments on a task, oldest first.")
        .pages(many::<Comment>)
        .refuses(404, not_found);
    let added = About::new("add_comment", "Comments on a task, or answers a comment on it.")
        .form(read::<NewComment>)
        .answers(201, written::<Comment>)
        .tells("ETag")
        .refuses(404, not_found);
    let in_project = "Comments on a project itself, or on an item of it, oldest first.";
    let listed_in_project = About::new("list_project_comments", in_project)
        .query("item_id", "The item, and not the project itself.", read::<ItemId>)
        .pages(many::<Comment>)
        .refuses(404, not_found);
    let on_project =
        "Comments on a project itself, or on an item of it, or answers such a comment.";
    let added_in_project = About::new("add_project_comment", on_project)
        .form(comment_in_project)
        .answers(201, written::<Comment>)
        .tells("ETag")
        .refuses(404, not_found);
    let shown = About::new("show_comment", "A comment.")
        .answers(200, written::<Comment>)
        .tells("ETag")
        .refuses(404, not_found);
    let removed = About::new("delete_comment", "Deletes a comment.")
        .answers_nothing()
        .refuses(403, &["forbidden"])
        .refuses(404, not_found);
    Routes::new()
        .at("/tasks/{id}/comments", [get(list, listed), post(add, added)])
        .at(
            "/projects/{id}/comments",
            [get(list_in_project, listed_in_project), post(add_in_project, added_in_project)],
        )
        .at(
            "/comments/{id}",
            [get(show, shown), patch(edit, edited()), put(edit, edited()), delete(remove, removed)],
        )
}

fn edited() -> About {
    About::new("edit_comment", "Changes a comment that one wrote.")
        .form(comment)
        .conditional()
        .answers(200, written::<Comment>)
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    At(task): At<TaskId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let comments = collab.comments(caller.user.id, Topic::Task(task), window.page()).await?;
    Ok(window.answer(&uri, comments))
}

async fn list_in_project(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    let item = fields.nullable_id("item_id").flatten().map(ItemId);
    fields.finish()?;
    let topic = Topic::Project(project, item);
    let comments = collab.comments(caller.user.id, topic, window.page()).await?;
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
    let (topic, new) = (Topic::Task(task), forms::new_comment(&body.0)?);
    change.make(Command::AddComment { topic, new }).await
}

async fn add_in_project(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let (topic, new) = forms::new_in_project(project, &body.0)?;
    change.make(Command::AddComment { topic, new }).await
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
