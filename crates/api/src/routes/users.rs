//! People, and one's own account.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use chorus_collab::{Collab, Fields};
use chorus_model::text::{Email, Name};
use chorus_model::{User, UserId, WorkspaceRole};
use http::Uri;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::with_cursor;
use crate::document::{self, About, Routes, Schemas, get, object, patch, put, read, written};
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
    let listed =
        About::new("list_users", "Everybody with an account.").pages(document::list::<Person<'_>>);
    let shown = About::new("show_user", "A person.")
        .answers(200, written::<Person<'_>>)
        .refuses(404, &["not_found"]);
    let own = |id| About::new(id, "One's own account.").answers(200, written::<Person<'_>>);
    Routes::new()
        .at("/users", [get(list, listed)])
        .at("/users/{id}", [get(show, shown)])
        .at(
            "/users/me",
            [
                get(me, own("show_me")),
                patch(change_me, changed("change_me")),
                put(change_me, changed("change_me")),
            ],
        )
        .at(
            "/auth/me",
            [
                get(me, own("show_account")),
                patch(change_me, changed("change_account")),
                put(change_me, changed("change_account")),
            ],
        )
}

fn changed(id: &'static str) -> About {
    About::new(id, "Changes one's own account.")
        .form(account_patch)
        .answers(200, written::<Person<'_>>)
        .tells("Chorus-Cursor")
        .refuses(409, &["email_taken"])
}

fn account_patch(schemas: &mut Schemas) -> Value {
    schemas.named("AccountPatch", |s| {
        object([("full_name", read::<Name>(s), false), ("email", read::<Option<Email>>(s), false)])
    })
}

/// A person as others see him.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Person<'a> {
    id: UserId,
    username: &'a str,
    /// Absent where it is none of the reader's business.
    #[serde(flatten)]
    address: Option<Address<'a>>,
    role: WorkspaceRole,
    full_name: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Address<'a> {
    email: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// With everything, for the person himself.
    pub(crate) fn whole(user: &'a User) -> Self {
        Self {
            id: user.id,
            username: &user.username,
            address: Some(Address { email: user.email.as_deref() }),
            role: user.role,
            full_name: &user.full_name,
        }
    }

    /// As `reader` may see him: addresses are for admins and for oneself.
    fn seen_by(user: &'a User, reader: &User) -> Self {
        let whole = Self::whole(user);
        if reader.id == user.id || reader.role == WorkspaceRole::Admin {
            whole
        } else {
            Self { address: None, ..whole }
        }
    }
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let users = collab.users(caller.user.id, window.page()).await?;
    let seen = users.iter().map(|user| Person::seen_by(user, &caller.user)).collect();
    Ok(window.answer(&uri, seen))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<UserId>,
) -> Result<Response, Refusal> {
    let user = collab.user(caller.user.id, id).await?;
    Ok(Json(Person::seen_by(&user, &caller.user)).into_response())
}

async fn me(caller: Caller) -> Response {
    Json(Person::whole(&caller.user)).into_response()
}

async fn change_me(
    State(collab): State<Collab>,
    caller: Caller,
    body: Object,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&body.0);
    let full_name = fields.text("full_name", Name::parse);
    let email = fields.nullable_text("email", |_, text| Email::parse(text));
    fields.finish()?;
    let user = collab.change_account(caller.user.id, full_name, email).await?;
    // The log's end is not before the change: who has seen it has seen the change.
    let cursor = collab.feed(user.id, None).await?.cursor;
    Ok(with_cursor(Json(Person::whole(&user)).into_response(), &cursor))
}

#[cfg(test)]
mod tests {
    use chorus_model::Timestamp;
    use serde_json::json;

    use super::*;

    fn user(id: i64, role: WorkspaceRole) -> User {
        User {
            id: UserId(id),
            username: "ann".into(),
            email: None,
            full_name: "Ann".into(),
            role,
            is_active: true,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    #[test]
    fn addresses_are_for_admins_and_oneself() {
        let ann = user(1, WorkspaceRole::User);
        let bare = json!({"id": 1, "username": "ann", "role": "user", "full_name": "Ann"});
        let mut whole = bare.clone();
        whole["email"] = json!(null);
        for (reader, expected) in [
            (user(1, WorkspaceRole::User), &whole),
            (user(2, WorkspaceRole::Admin), &whole),
            (user(2, WorkspaceRole::User), &bare),
        ] {
            let seen = serde_json::to_value(Person::seen_by(&ann, &reader)).unwrap();
            assert_eq!(&seen, expected, "{reader:?}");
        }
    }
}
