//! Projects.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::get;
use chorus_collab::{Collab, Command, Fields, forms};
use chorus_model::ProjectId;

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
        .route("/projects", get(list).post(create))
        .route("/projects/{id}", get(show).patch(update).put(update).delete(remove))
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let projects = collab.projects(caller.user.id, window.page()).await?;
    Ok(window.answer(&uri, projects))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ProjectId>,
) -> Result<Response, Refusal> {
    let project = collab.project(caller.user.id, id).await?;
    Ok(versioned(&project, project.version))
}

async fn create(change: Change, body: Object) -> Result<Response, Refusal> {
    let new = forms::new_project(&body.0)?;
    change.make(Command::CreateProject(new)).await
}

async fn update(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let patch = forms::project_patch(&body.0)?;
    let command =
        |if_version| Command::UpdateProject { project, patch, if_version, announced: false };
    change.make_if(command).await
}

async fn remove(change: Change, At(project): At<ProjectId>) -> Result<Response, Refusal> {
    change.make(Command::DeleteProject { project }).await
}
