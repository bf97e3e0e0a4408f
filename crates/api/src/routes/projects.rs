//! Projects.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::get;
use chorus_collab::command::{NewProject, ProjectPatch};
use chorus_collab::{Collab, Command, Fault, Fields};
use chorus_model::text::{Description, Name};
use chorus_model::{ProjectId, ProjectStatus, Word};
use serde_json::{Map, Value};

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
    let new = new_project(&body.0)?;
    change.make(Command::CreateProject(new)).await
}

async fn update(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let patch = patch(&body.0)?;
    let command =
        |if_version| Command::UpdateProject { project, patch, if_version, announced: false };
    change.make_if(command).await
}

async fn remove(change: Change, At(project): At<ProjectId>) -> Result<Response, Refusal> {
    change.make(Command::DeleteProject { project }).await
}

fn new_project(object: &Map<String, Value>) -> Result<NewProject, Fault> {
    let mut fields = Fields::new(object);
    let name = fields.required("name", Name::parse);
    let description = fields.nullable_text("description", Description::parse).flatten();
    let status = fields.word("status", ProjectStatus::parse).unwrap_or(ProjectStatus::Planning);
    let start_date = fields.nullable_instant("start_date").flatten();
    let end_date = fields.nullable_instant("end_date").flatten();
    let name = fields.finish_with(name)?;
    Ok(NewProject { name, description, status, start_date, end_date })
}

fn patch(object: &Map<String, Value>) -> Result<ProjectPatch, Fault> {
    let mut fields = Fields::new(object);
    let patch = ProjectPatch {
        name: fields.text("name", Name::parse),
        description: fields.nullable_text("description", Description::parse),
        status: fields.word("status", ProjectStatus::parse).map(Word::exact),
        start_date: fields.nullable_instant("start_date"),
        end_date: fields.nullable_instant("end_date"),
    };
    fields.finish().map(|()| patch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_project_begins_as_planning() {
        let read = |body: Value| new_project(body.as_object().unwrap());
        let project = read(json!({"name": "Tower", "end_date": "2027-01-31", "owner_id": 9}));
        let project = project.unwrap();
        assert_eq!(project.status, ProjectStatus::Planning);
        assert!(project.end_date.is_some() && project.start_date.is_none());
        let said = read(json!({"status": "new"})).unwrap_err().to_string();
        assert!(said.starts_with("name is required; status must be one of: planning"), "{said}");
    }

    #[test]
    fn a_patch_tells_absent_from_none() {
        let read = |body: Value| patch(body.as_object().unwrap()).unwrap();
        assert_eq!(read(json!({"unknown": 1})), ProjectPatch::default());
        let given = read(json!({"description": null, "status": "in_progress"}));
        assert_eq!(given.description, Some(None));
        assert_eq!(given.status, Some(Word::exact(ProjectStatus::Active)));
    }
}
