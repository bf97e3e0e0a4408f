//! Items of every kind: the same routes for each, at the path that it declares.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::items::{Spot, form};
use chorus_collab::{Collab, Command, Fields};
use chorus_model::kind::KINDS;
use chorus_model::{ItemId, Kind, ProjectId, Totals};
use http::Uri;
use serde_json::json;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::document::{About, Routes, delete, get, kinds, patch, post, put};
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
    KINDS.iter().fold(Routes::new(), |routes, kind| {
        let routes = within(routes, kind);
        let routes = one(routes, kind);
        if kind.bulk { many(routes, kind) } else { routes }
    })
}

/// The list that items lie in: that of a project, or of another item.
fn within<S>(routes: Routes<S>, kind: &'static Kind) -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let (name, path) = (kind.name, kind.path);
    let spot = move |id: i64| match kind.outer() {
        None => Spot::Project(ProjectId(id)),
        Some(_) => Spot::Inside(ItemId(id)),
    };
    let listed =
        About::new(format!("list_{name}"), format!("{} All of them, in order.", kind.about))
            .pages(move |s| json!({ "type": "array", "items": kinds::item(kind, s) }))
            .refuses(404, &["not_found"]);
    let list =
        move |collab: State<Collab>, caller: Caller, At(id): At<i64>, uri: Uri, asked: Asked| {
            list(collab, caller, (kind, spot(id)), uri, asked)
        };
    let made = About::new(format!("create_{name}"), format!("{} Makes one.", kind.about))
        .form(move |s| kinds::new(kind, s))
        .answers(201, move |s| kinds::item(kind, s))
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"]);
    let make = move |change: Change, At(id): At<i64>, body: Object| async move {
        let given = form::new(kind, &body.0)?;
        change.make(Command::CreateItem { kind, spot: spot(id), given }).await
    };
    let summed = About::new(
        format!("total_{name}"),
        format!("{} What is added up of all in a project, and of each section.", kind.about),
    )
    .answers(200, move |s| kinds::totals(kind, s))
    .refuses(404, &["not_found"]);
    let sum = move |State(collab): State<Collab>, caller: Caller, At(project): At<ProjectId>| async move {
        let totals = collab.totals(caller.user.id, kind, project).await?;
        Ok::<Json<Totals>, Refusal>(Json(totals))
    };
    let around = kind.outer().map_or("projects", |outer| outer.path);
    let routes = if kind.outer().is_some() { all(routes, kind) } else { routes };
    routes
        .at(format!("/{around}/{{id}}/{path}"), [get(list, listed), post(make, made)])
        .at(format!("/projects/{{id}}/{path}/totals"), [get(sum, summed)])
}

/// The list of all in a project, of what lies in other items.
fn all<S>(routes: Routes<S>, kind: &'static Kind) -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let (name, about) = (kind.name, kind.about);
    let listed = About::new(format!("list_all_{name}"), format!("{about} All of a project."))
        .pages(move |s| json!({ "type": "array", "items": kinds::item(kind, s) }))
        .refuses(404, &["not_found"]);
    let list = move |collab: State<Collab>,
                     caller: Caller,
                     At(project): At<ProjectId>,
                     uri: Uri,
                     asked: Asked| {
        list(collab, caller, (kind, Spot::Project(project)), uri, asked)
    };
    routes.at(format!("/projects/{{id}}/{}", kind.path), [get(list, listed)])
}

/// One item.
fn one<S>(routes: Routes<S>, kind: &'static Kind) -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let name = kind.name;
    let shown = About::new(format!("show_{name}"), kind.about)
        .answers(200, move |s| kinds::item(kind, s))
        .tells("ETag")
        .refuses(404, &["not_found"]);
    let show = move |State(collab): State<Collab>, caller: Caller, At(id): At<ItemId>| async move {
        let item = collab.item(caller.user.id, kind, id).await?;
        Ok::<Response, Refusal>(versioned(&item, item.head.version))
    };
    let changed = move || {
        let about = format!("{} Changes the fields that are given.", kind.about);
        About::new(format!("update_{name}"), about)
            .form(move |s| kinds::patch(kind, s))
            .conditional()
            .answers(200, move |s| kinds::item(kind, s))
            .tells("ETag")
            .refuses(403, &["forbidden"])
            .refuses(404, &["not_found"])
    };
    let update = move |change: Change, At(item): At<ItemId>, body: Object| async move {
        let given = form::patch(kind, &body.0)?;
        let command = |if_version| Command::UpdateItem { kind, item, given, if_version };
        change.make_if(command).await
    };
    let removed = About::new(
        format!("delete_{name}"),
        format!("{} Deletes it, with what lies in it.", kind.about),
    )
    .conditional()
    .answers_nothing()
    .refuses(403, &["forbidden"])
    .refuses(404, &["not_found"]);
    let remove = move |change: Change, At(item): At<ItemId>| async move {
        change.make_if(|if_version| Command::DeleteItem { kind, item, if_version }).await
    };
    routes.at(
        format!("/{}/{{id}}", kind.path),
        [
            get(show, shown),
            patch(update, changed()),
            put(update, changed()),
            delete(remove, removed),
        ],
    )
}

/// Many items at once.
fn many<S>(routes: Routes<S>, kind: &'static Kind) -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let about = format!("{} Changes many, each by itself kept or refused.", kind.about);
    let changed = About::new(format!("update_many_{}", kind.name), about)
        .form(move |s| kinds::many(kind, s))
        .answers(200, move |s| kinds::bulk(kind, s));
    let change = move |change: Change, body: Object| async move {
        let entries = form::many(kind, &body.0)?;
        change.make(Command::UpdateItems { kind, entries }).await
    };
    routes.at(format!("/{}/bulk", kind.path), [post(change, changed)])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    (kind, spot): (&'static Kind, Spot),
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let items = collab.items(caller.user.id, kind, spot, window.page()).await?;
    Ok(window.answer(&uri, items))
}
