//! Projects.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::command::{NewProject, ProjectPatch};
use chorus_collab::{Collab, Command, Fields, forms};
use chorus_model::{Project, ProjectId};
use http::Uri;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::document::{self, About, Routes, delete, get, patch, post, put, read, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let listed = About::new("list_projects", "Projects that one belongs to.")
        .pages(document::list::<Project>);
    let created = About::new("create_project", "Makes a project, and owns it.")
        .form(read::<NewProject>)
        .answers(201, written::<Project>)
        .tells("ETag");
    let shown = About::new("show_project", "A project.")
        .answers(200, written::<Project>)
        .tells("ETag")
        .refuses(404, &["not_found"]);
    let removed = About::new("delete_project", "Deletes a project with all that is in it.")
        .answers_nothing()
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"]);
    Routes::new().at("/projects", [get(list, listed), post(create, created)]).at(
        "/projects/{id}",
        [
            get(show, shown),
            patch(update, updated()),
            put(update, updated()),
            delete(remove, removed),
        ],
    )
}

fn updated() -> About {
    About::new("update_project", "Changes the fields of a project that are given.")
        .form(read::<ProjectPatch>)
        .conditional()
        .answers(200, written::<Project>)
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
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
