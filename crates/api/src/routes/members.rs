//! Who belongs to a project.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use chorus_collab::{Collab, Command, forms};
use chorus_model::{Member, ProjectId, UserId};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::document::{self, About, Routes, delete, get, new_member, patch, post, put, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::path::At;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let (forbidden, not_found) = (&["forbidden"], &["not_found"]);
    let listed = About::new("list_members", "All who belong to a project.")
        .answers(200, document::list::<Member>)
        .refuses(404, not_found);
    let added = About::new("add_member", "Takes somebody into a project.")
        .form(new_member)
        .answers(201, written::<Member>)
        .refuses(403, forbidden)
        .refuses(404, not_found)
        .refuses(409, &["already_member"]);
    let removed = About::new("remove_member", "Takes somebody out of a project, or leaves it.")
        .answers_nothing()
        .refuses(403, forbidden)
        .refuses(404, not_found);
    Routes::new().at("/projects/{id}/members", [get(list, listed), post(add, added)]).at(
        "/projects/{id}/members/{user_id}",
        [patch(set_role, changed()), put(set_role, changed()), delete(remove, removed)],
    )
}

fn changed() -> About {
    About::new("set_role", "Gives a member another role.")
        .form(document::role)
        .answers(200, written::<Member>)
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"])
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
