//! Registering, logging in and out, passwords.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use chorus_collab::accounts::{Login, NewAccount};
use chorus_collab::forms::invitations as forms;
use chorus_collab::invitations::Shown;
use chorus_collab::{Collab, Fault, Fields, TokenFault};
use chorus_model::text::{Email, Name, Password, Username};
use chorus_model::{Invalid, Rule};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::users::Person;
use crate::auth::Caller;
use crate::body::Object;
use crate::cookies::{CookieRules, SessionCookies};
use crate::document::{About, Routes, Schemas, object, post, read, written};
use crate::error::Refusal;
use crate::origins::Origins;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    CookieRules: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let registered = About::new("register", "Makes an account.")
        .form(registration_form)
        .answers(201, written::<Person<'_>>)
        .refuses(400, &["username_taken", "email_taken"])
        .refuses(403, &["registration_closed", "not_invited"])
        .refuses(404, &["not_found"])
        .refuses(
            410,
            &[
                "invitation_accepted",
                "invitation_declined",
                "invitation_revoked",
                "invitation_expired",
            ],
        );
    let logged_in = About::new("log_in", "Gets tokens for a name and a password.")
        .form(|s| s.named("Credentials", credentials_schema))
        .answers(200, written::<LoggedIn<'_>>)
        .tells("Set-Cookie")
        .refuses(401, &["bad_credentials"])
        .refuses(403, &["deactivated"]);
    let refreshed = About::new("refresh", "Gets another access token.")
        .form(refresh_form)
        .answers(200, written::<LoggedIn<'_>>)
        .tells("Set-Cookie")
        .refuses(401, &["not_authenticated", "invalid_token", "token_expired"])
        .refuses(401, &["wrong_token_type", "unknown_user"]);
    let logged_out = About::new("log_out", "Ends a refresh token.")
        .form(refresh_form)
        .answers_nothing()
        .tells("Set-Cookie");
    let out_everywhere =
        About::new("log_out_everywhere", "Ends all one's own tokens and connections.")
            .answers_nothing()
            .tells("Set-Cookie");
    let changed = About::new("change_password", "Changes one's own password; all tokens end.")
        .form(password_form)
        .answers_nothing();
    Routes::new()
        .at("/auth/register", [post(register, registered)])
        .at("/auth/login", [post(log_in, logged_in)])
        .at("/auth/refresh", [post(refresh, refreshed)])
        .at("/auth/logout", [post(log_out, logged_out)])
        .at("/auth/logout-all", [post(log_out_everywhere, out_everywhere)])
        .at("/auth/password", [post(change_password, changed)])
}

fn registration_form(schemas: &mut Schemas) -> Value {
    schemas.named("Registration", |s| {
        let secret = json!({
            "type": ["string", "null"], "maxLength": 256,
            "description": "The secret of an invitation, to be in its project.",
        });
        let invitation = object([("invitation", secret, false)]);
        json!({ "allOf": [read::<NewAccount>(s), invitation] })
    })
}

fn credentials_schema(_: &mut Schemas) -> Value {
    let text = || json!({ "type": "string" });
    let nullable = json!({ "type": ["string", "null"] });
    let fields = object([
        ("username", nullable, false),
        ("email", text(), false),
        ("password", text(), true),
    ]);
    let mut form = fields;
    form["anyOf"] = json!([{ "required": ["username"] }, { "required": ["email"] }]);
    form
}

fn refresh_form(schemas: &mut Schemas) -> Value {
    schemas.named("RefreshForm", |_| {
        object([("refresh_token", json!({ "type": ["string", "null"] }), false)])
    })
}

fn password_form(schemas: &mut Schemas) -> Value {
    schemas.named("PasswordForm", |s| {
        let old = json!({ "type": "string" });
        object([("old_password", old, true), ("new_password", read::<Password>(s), true)])
    })
}

/// Who has just logged in.
#[derive(Serialize, JsonSchema)]
struct LoggedIn<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    user: Person<'a>,
}

async fn register(State(collab): State<Collab>, body: Object) -> Result<Response, Refusal> {
    let account = new_account(&body.0)?;
    let registered = collab.register(account, invitation(&body.0)?).await;
    let user = registered.map_err(|fault| match fault {
        Fault::Taken(taken) => Refusal::TakenAtRegistration(taken),
        fault => fault.into(),
    })?;
    Ok((StatusCode::CREATED, Json(Person::whole(&user))).into_response())
}

async fn log_in(
    State(collab): State<Collab>,
    State(rules): State<CookieRules>,
    body: Object,
) -> Result<Response, Refusal> {
    let (name, password) = credentials(&body.0)?;
    logged_in(&collab.log_in(name, password).await?, rules)
}

async fn refresh(
    State(collab): State<Collab>,
    State(rules): State<CookieRules>,
    cookies: SessionCookies,
    body: Option<Object>,
) -> Result<Response, Refusal> {
    let token = refresh_token(body)?.or(cookies.refresh).ok_or(TokenFault::Missing)?;
    logged_in(&collab.refresh(token).await?, rules)
}

/// Ends the refresh token. The browser forgets its cookies only if its page may act for the
/// user: no other site logs him out.
async fn log_out(
    State(collab): State<Collab>,
    State(rules): State<CookieRules>,
    cookies: SessionCookies,
    body: Option<Object>,
) -> Result<Response, Refusal> {
    if let Some(token) = refresh_token(body)?.or(cookies.refresh) {
        collab.log_out(&token).await?;
    }
    let clear = cookies.trusted.then(|| rules.clear()).transpose()?;
    Ok((clear, StatusCode::NO_CONTENT).into_response())
}

async fn log_out_everywhere(
    State(collab): State<Collab>,
    State(rules): State<CookieRules>,
    caller: Caller,
) -> Result<Response, Refusal> {
    collab.log_out_everywhere(caller.user.id).await?;
    Ok((rules.clear()?, StatusCode::NO_CONTENT).into_response())
}

async fn change_password(
    State(collab): State<Collab>,
    caller: Caller,
    body: Object,
) -> Result<StatusCode, Refusal> {
    let mut fields = Fields::new(&body.0);
    let old = fields.required("old_password", as_written);
    let new = fields.required("new_password", |name, text| {
        Password::parse(text).map_err(|invalid| Invalid::new(name, invalid.rule))
    });
    let (old, new) = fields.finish_with(old.zip(new))?;
    let changed = collab.change_password(caller.user.id, old, new).await;
    changed.map_err(|fault| match fault {
        // Not 401: the caller is known, and need not log in again.
        Fault::BadCredentials => {
            Invalid::new("old_password", Rule::Form("the current password")).into()
        }
        fault => fault,
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn new_account(object: &Map<String, Value>) -> Result<NewAccount, Fault> {
    let mut fields = Fields::new(object);
    let username = fields.required("username", |_, text| Username::parse(text));
    let password = fields.required("password", |_, text| Password::parse(text));
    let email = fields.nullable_text("email", |_, text| Email::parse(text)).flatten();
    let full_name = fields.nullable_text("full_name", Name::parse).flatten();
    let (username, password) = fields.finish_with(username.zip(password))?;
    Ok(NewAccount { username, email, full_name, password })
}

/// The secret of an invitation, if one is shown.
fn invitation(object: &Map<String, Value>) -> Result<Option<Shown>, Fault> {
    let mut fields = Fields::new(object);
    let secret = fields.nullable_text("invitation", forms::secret).flatten();
    fields.finish().map(|()| secret.map(|secret| Shown::secret(&secret)))
}

/// Name and password. The name is a username, or else an address.
fn credentials(object: &Map<String, Value>) -> Result<(String, String), Fault> {
    let mut fields = Fields::new(object);
    let by_address =
        matches!(object.get("username"), None | Some(Value::Null)) && fields.has("email");
    let name = fields.required(if by_address { "email" } else { "username" }, as_written);
    let password = fields.required("password", as_written);
    fields.finish_with(name.zip(password))
}

fn refresh_token(body: Option<Object>) -> Result<Option<String>, Fault> {
    let Some(Object(object)) = body else { return Ok(None) };
    let mut fields = Fields::new(&object);
    let token = fields.nullable_text("refresh_token", as_written).flatten();
    fields.finish().map(|()| token)
}

fn logged_in(login: &Login, rules: CookieRules) -> Result<Response, Refusal> {
    let body = LoggedIn {
        access_token: &login.access_token,
        refresh_token: &login.refresh_token,
        token_type: "bearer",
        expires_in: login.expires_in,
        user: Person::whole(&login.user),
    };
    Ok((rules.keep(login)?, Json(body)).into_response())
}

/// A text to compare with what is stored: it has no rules of its own.
#[expect(clippy::unnecessary_wraps, reason = "the form of a field's parser")]
fn as_written(_: &'static str, text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said<T>(read: Result<T, Fault>) -> String {
        read.map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_login_names_the_user_either_way() {
        let read = |body: Value| credentials(body.as_object().unwrap());
        let expected = Ok(("ann".to_owned(), " pw ".to_owned()));
        assert_eq!(read(json!({"username": "ann", "password": " pw "})), expected);
        assert_eq!(read(json!({"email": "ann", "username": null, "password": " pw "})), expected);
        assert_eq!(
            said(read(json!({"password": 5}))),
            "username is required; password must be a string"
        );
    }

    #[test]
    fn an_account_needs_a_name_and_a_password() {
        let read = |body: Value| new_account(body.as_object().unwrap());
        let account = read(json!({
            "username": "Ann", "password": "correct horse", "email": null, "role": "admin",
        }));
        let account = account.unwrap();
        assert_eq!((account.username.as_str(), account.email), ("ann", None));
        assert_eq!(
            said(read(json!({"username": "1", "password": "short", "email": "x"}))),
            "username must be more than digits; password must be at least 8 characters; \
             email must be an e-mail address"
        );
    }

    #[test]
    fn a_refresh_token_may_be_absent() {
        let read = |body: Value| refresh_token(Some(Object(body.as_object().unwrap().clone())));
        assert_eq!(refresh_token(None), Ok(None));
        assert_eq!(read(json!({"refresh_token": null})), Ok(None));
        assert_eq!(read(json!({"refresh_token": "r"})), Ok(Some("r".into())));
        assert_eq!(said(read(json!({"refresh_token": 1}))), "refresh_token must be a string");
    }
}
