//! What the caller should know.

use axum::Json;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use chorus_collab::{Collab, Command, Fields, forms};
use chorus_model::Notification;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::document::{self, About, Routes, get, object, post};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::query::{Asked, flag, flag_schema};

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let listed = About::new("list_notifications", "One's own notifications, newest first.")
        .query("unread_only", "Whether to leave out what was read.", flag_schema)
        .pages(document::list::<Notification>);
    let read = About::new("mark_read", "Marks notifications as read.")
        .form(document::notifications)
        .answers(200, document::marked);
    let counted = About::new("count_notifications", "How many of one's own are not read.")
        .answers(200, |_| object([("unread", json!({ "type": "integer", "minimum": 0 }), true)]));
    Routes::new()
        .at("/notifications", [get(list, listed)])
        .at("/notifications/count", [get(count, counted)])
        .at("/notifications/read", [post(mark_read, read)])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let unread_only = fields.word("unread_only", flag).unwrap_or(false);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let found = collab.notifications(caller.user.id, unread_only, window.page()).await?;
    Ok(window.answer(&uri, found))
}

async fn count(State(collab): State<Collab>, caller: Caller) -> Result<Json<Value>, Refusal> {
    let unread = collab.unread(caller.user.id).await?;
    Ok(Json(json!({ "unread": unread })))
}

async fn mark_read(change: Change, body: Option<Object>) -> Result<Response, Refusal> {
    let ids = body.as_ref().and_then(|Object(object)| object.get("ids"));
    let notifications = forms::notifications(ids)?;
    change.make(Command::MarkRead { notifications }).await
}
