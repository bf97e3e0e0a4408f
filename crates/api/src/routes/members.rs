//! Who belongs to a project.

use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use chorus_collab::{Collab, Command, forms};
use chorus_model::{ProjectId, UserId};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::error::Refusal;
use crate::origins::Origins;
use crate::path::At;

pub(crate) fn routes<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/projects/{id}/members", get(list).post(add))
        .route("/projects/{id}/members/{user_id}", patch(set_role).put(set_role).delete(remove))
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
) -> Result<Response, Refusal> {
    Ok(Json(collab.members(caller.user.id, project).await?).into_response())
}

async fn add(
    change: Change,
    At(project): At<ProjectId>,
    Object(object): Object,
) -> Result<Response, Refusal> {
    let (user, role) = forms::new_member(&object)?;
    change.make(Command::AddMember { project, user, role }).await
}

async fn set_role(
    change: Change,
    At((project, user)): At<(ProjectId, UserId)>,
    Object(object): Object,
) -> Result<Response, Refusal> {
    let role = forms::role(&object)?;
    change.make(Command::SetRole { project, user, role }).await
}

async fn remove(
    change: Change,
    At((project, user)): At<(ProjectId, UserId)>,
) -> Result<Response, Refusal> {
    change.make(Command::RemoveMember { project, user }).await
}
