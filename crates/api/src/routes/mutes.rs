//! Projects that the caller does not want to be notified of.

use axum::Json;
use axum::extract::{FromRef, State};
use chorus_collab::Collab;
use chorus_model::ProjectId;
use http::StatusCode;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::document::{About, Routes, delete, get, object, put};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::path::At;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let missing = |about: About| about.refuses(404, &["not_found"]);
    let shown = About::new("show_mute", "Whether one is not notified of a project.")
        .answers(200, |_| object([("muted", json!({ "type": "boolean" }), true)]));
    let muted = About::new("mute_project", "No notifications of a project.").answers_nothing();
    let unmuted =
        About::new("unmute_project", "Notifications of a project again.").answers_nothing();
    Routes::new().at(
        "/projects/{id}/mute",
        [get(show, missing(shown)), put(mute, missing(muted)), delete(unmute, missing(unmuted))],
    )
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
) -> Result<Json<Value>, Refusal> {
    let muted = collab.is_muted(caller.user.id, project).await?;
    Ok(Json(json!({ "muted": muted })))
}

async fn mute(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
) -> Result<StatusCode, Refusal> {
    collab.mute(caller.user.id, project, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unmute(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
) -> Result<StatusCode, Refusal> {
    collab.mute(caller.user.id, project, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
