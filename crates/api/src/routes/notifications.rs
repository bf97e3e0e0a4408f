//! What the caller should know.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::{get, post};
use chorus_collab::{Collab, Command, Fields, forms};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::query::{Asked, flag};

pub(crate) fn routes<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/notifications", get(list)).route("/notifications/read", post(mark_read))
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

async fn mark_read(change: Change, body: Option<Object>) -> Result<Response, Refusal> {
    let ids = body.as_ref().and_then(|Object(object)| object.get("ids"));
    let notifications = forms::notifications(ids)?;
    change.make(Command::MarkRead { notifications }).await
}
