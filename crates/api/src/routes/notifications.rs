//! What the caller should know.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::{Collab, Command, Fields, forms};
use chorus_model::{NoticeKind, Notification, Rule};
use http::Uri;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::document::{self, About, Routes, get, object, patch, post};
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
    let wanted = About::new("show_preferences", "What one is notified of.")
        .answers(200, |_| preferences(true));
    let changed = About::new("change_preferences", "Changes what one is notified of.")
        .form(|_| preferences(false))
        .answers(200, |_| preferences(true));
    Routes::new()
        .at("/notifications", [get(list, listed)])
        .at("/notifications/preferences", [get(show_wanted, wanted), patch(want, changed)])
        .at("/notifications/count", [get(count, counted)])
        .at("/notifications/read", [post(mark_read, read)])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
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

/// Each kind, and whether it is wanted.
fn preferences(whole: bool) -> Value {
    let flag = || json!({ "type": "boolean" });
    let kinds = [
        NoticeKind::TaskAssigned,
        NoticeKind::TaskStatusChanged,
        NoticeKind::CommentAdded,
        NoticeKind::Mentioned,
        NoticeKind::Invited,
    ];
    object(kinds.map(|kind| (kind.as_str(), flag(), whole)))
}

fn told(unwanted: &[NoticeKind]) -> Json<Value> {
    let wanted = |kind: &NoticeKind| (kind.as_str().to_owned(), json!(!unwanted.contains(kind)));
    Json(Value::Object(NoticeKind::ALL.iter().map(wanted).collect()))
}

async fn show_wanted(State(collab): State<Collab>, caller: Caller) -> Result<Json<Value>, Refusal> {
    Ok(told(&collab.unwanted(caller.user.id).await?))
}

async fn want(
    State(collab): State<Collab>,
    caller: Caller,
    Object(object): Object,
) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::new(&object);
    let mut kinds = Vec::new();
    for kind in NoticeKind::ALL {
        match object.get(kind.as_str()).map(Value::as_bool) {
            None => {}
            Some(Some(wanted)) => kinds.push((*kind, wanted)),
            Some(None) => fields.note(kind.as_str(), Rule::Type("a boolean")),
        }
    }
    fields.finish()?;
    Ok(told(&collab.set_wanted(caller.user.id, kinds).await?))
}

async fn mark_read(change: Change, body: Option<Object>) -> Result<Response, Refusal> {
    let ids = body.as_ref().and_then(|Object(object)| object.get("ids"));
    let notifications = forms::notifications(ids)?;
    change.make(Command::MarkRead { notifications }).await
}
