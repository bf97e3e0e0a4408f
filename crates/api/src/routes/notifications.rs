//! What the caller should know.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::{get, post};
use chorus_collab::fields::id_of;
use chorus_collab::{Collab, Command, Fields};
use chorus_model::{Invalid, NotificationId, Rule};
use serde_json::Value;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::query::{Asked, flag};

/// Most notifications that one request may name: what is marked in one transaction.
const MOST: usize = 1_000;

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
    let notifications = named(ids)?;
    change.make(Command::MarkRead { notifications }).await
}

/// The notifications that are named; without any list, all of them.
fn named(ids: Option<&Value>) -> Result<Option<Vec<NotificationId>>, Invalid> {
    let invalid = || Invalid::new("ids", Rule::Type("a list of at most 1000 ids"));
    match ids {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(ids)) if ids.len() <= MOST => {
            let ids: Option<Vec<_>> = ids.iter().map(|id| id_of(id).map(NotificationId)).collect();
            ids.map(Some).ok_or_else(invalid)
        }
        Some(_) => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_names_some_and_its_absence_all() {
        assert_eq!(named(None), Ok(None));
        assert_eq!(named(Some(&json!(null))), Ok(None));
        assert_eq!(named(Some(&json!([]))), Ok(Some(vec![])));
        let two = Ok(Some(vec![NotificationId(1), NotificationId(2)]));
        assert_eq!(named(Some(&json!([1, "2"]))), two);
        for wrong in [json!(1), json!(["x"]), json!(vec![1; MOST + 1])] {
            assert!(named(Some(&wrong)).is_err());
        }
    }
}
