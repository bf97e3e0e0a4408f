//! Files of assets.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::Collab;
use chorus_collab::items::form;
use chorus_model::kind::Shape;
use chorus_model::{ItemId, Kind, ProjectId};
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::change::Change;
use crate::document::{About, Routes, get, kinds, post};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::path::At;
use crate::query::Asked;
use crate::upload::{Upload, given_out};

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let Some(kind) = Kind::named("asset") else { return Routes::new() };
    let taken = About::new("upload_asset", "Takes the body as a file, and makes an asset of it.")
        .query("name", "What the file is called.", |_| text("name"))
        .query("description", "What is in it.", |_| text("description"))
        .takes_file()
        .answers(201, move |s| kinds::item(kind, s))
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found", "no_files"])
        .refuses(413, &["file_too_large"]);
    let take = async move |State(collab): State<Collab>,
                           change: Change,
                           At(project): At<ProjectId>,
                           Asked(mut asked): Asked,
                           file: Upload| {
        asked.retain(|name, _| name == "name" || name == "description");
        if let Some(media_type) = &file.media_type {
            asked.insert("media_type".into(), Value::String(media_type.clone()));
        }
        let given = form::new(kind, &asked)?;
        change.take(&collab, project, given, file).await
    };
    let told = About::new("download_asset", "The file of an asset, to be kept.")
        .answers_text("*/*")
        .refuses(404, &["not_found"]);
    Routes::new()
        .at("/projects/{id}/assets/upload", [post(take, taken)])
        .at("/assets/{id}/file", [get(give, told)])
}

async fn give(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ItemId>,
) -> Result<Response, Refusal> {
    Ok(given_out(collab.content(caller.user.id, id).await?))
}

/// What a text of the query may be: as in the form of an asset.
fn text(field: &str) -> Value {
    let shape = Kind::named("asset").and_then(|kind| Some(kind.fields[kind.place(field)?].shape));
    match shape {
        Some(Shape::Text(most) | Shape::FileName(most)) => {
            json!({ "type": "string", "maxLength": most })
        }
        _ => json!({ "type": "string" }),
    }
}
