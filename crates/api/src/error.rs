//! Why a request was refused, as status and JSON: one table for the whole door.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use chorus_collab::{Fault, Taken, TokenFault};
use chorus_model::Invalid;
use http::header::{ETAG, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

/// A refusal. Up to and including [`UnknownPrecondition`](Self::UnknownPrecondition) it is the
/// caller's fault unless the fault inside says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What `collab` says.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Somebody registers with a name that another has. Clients of old expect 400 here.
    #[error("{}", Fault::Taken(*.0))]
    TakenAtRegistration(Taken),
    /// The body is not JSON.
    #[error("The body is not valid JSON (line {line}, column {column})")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Lists and objects in the body are in one another too often.
    #[error("The JSON is nested more than {} levels deep", crate::body::DEPTH)]
    TooDeep,
    /// The body says that it is something else than JSON.
    #[error("The content type must be application/json")]
    NotAnnouncedAsJson,
    /// The body is a form where a file is wanted.
    #[error("Send the file itself as the body, not a form")]
    Form,
    /// The body has too many bytes.
    #[error("The body is larger than {} bytes", crate::body::MOST)]
    TooLarge,
    /// The body took too long to come.
    #[error("The body did not arrive in time")]
    TooSlow,
    /// The body ended before its end.
    #[error("The body is incomplete")]
    Incomplete,
    /// No such path.
    #[error("Not found")]
    NoSuchPath,
    /// The path takes other methods.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// The change compares no version, so it must not be made on condition of one (RFC 9110,
    /// section 13.1.1).
    #[error("If-Match cannot be honoured here")]
    UnknownPrecondition,
    /// A mistake in the server: the request's code panicked.
    #[error("Internal error")]
    Panicked,
}

impl Refusal {
    /// Status, and the word that programs compare.
    fn verdict(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Fault(fault) => verdict(fault),
            Self::TakenAtRegistration(taken) => {
                (StatusCode::BAD_REQUEST, Fault::Taken(*taken).code())
            }
            Self::NotJson { .. } => (StatusCode::BAD_REQUEST, "malformed_json"),
            Self::TooDeep => (StatusCode::BAD_REQUEST, "json_too_deep"),
            Self::NotAnnouncedAsJson | Self::Form => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::Incomplete => (StatusCode::BAD_REQUEST, "body_incomplete"),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "no_such_path"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::UnknownPrecondition => (StatusCode::BAD_REQUEST, "unknown_precondition"),
            Self::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// The fields that break rules, each with what is wrong with it.
    fn fields(&self) -> BTreeMap<&str, String> {
        match self {
            Self::Fault(Fault::Invalid(invalid)) => {
                invalid.iter().map(|one| (&*one.field, one.rule.to_string())).collect()
            }
            Self::Fault(Fault::Taken(taken)) | Self::TakenAtRegistration(taken) => {
                let field = match taken {
                    Taken::Username => "username",
                    Taken::Email => "email",
                };
                BTreeMap::from([(field, "is taken".to_owned())])
            }
            _ => BTreeMap::new(),
        }
    }

    /// The header that a client needs beside the status.
    fn header(&self) -> Option<(http::HeaderName, HeaderValue)> {
        let Self::Fault(fault) = self else { return None };
        match fault {
            Fault::Unauthenticated(_) | Fault::BadCredentials => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Fault::Busy => Some((RETRY_AFTER, HeaderValue::from_static("1"))),
            Fault::VersionConflict { current } => Some((ETAG, crate::change::etag(*current))),
            _ => None,
        }
    }
}

fn verdict(fault: &Fault) -> (StatusCode, &'static str) {
    let status = match fault {
        Fault::Invalid(_) | Fault::KeyReused | Fault::KeyExpired => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Fault::Unauthenticated(_) | Fault::BadCredentials => StatusCode::UNAUTHORIZED,
        Fault::Deactivated
        | Fault::Forbidden
        | Fault::RegistrationClosed
        | Fault::NotThere
        | Fault::NotInvited => StatusCode::FORBIDDEN,
        Fault::NotFound(_) | Fault::NoFiles => StatusCode::NOT_FOUND,
        Fault::FileTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::Taken(_) | Fault::NameTaken | Fault::AlreadyMember | Fault::AlreadyInvited => {
            StatusCode::CONFLICT
        }
        Fault::InvitationOver(_) => StatusCode::GONE,
        Fault::VersionConflict { .. } => StatusCode::PRECONDITION_FAILED,
        Fault::TooManyConnections | Fault::TooManyRequests | Fault::TooManyRooms => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Fault::Busy | Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, fault.code())
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Fault(invalid.into())
    }
}

impl From<TokenFault> for Refusal {
    fn from(fault: TokenFault) -> Self {
        Self::Fault(fault.into())
    }
}

/// The JSON form. `detail` and `message` repeat the sentence where older clients look for it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refusal")]
pub(crate) struct Written<'a> {
    error: Reason<'a>,
    detail: &'a str,
    message: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Reason<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<&'a str, String>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.verdict();
        let message = &*self.to_string();
        let error = Reason { code, message, fields: self.fields() };
        let body = Json(Written { error, detail: message, message });
        let mut response = (status, body).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use chorus_collab::Noun;
    use chorus_model::Rule;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    async fn told(refusal: Refusal) -> (StatusCode, http::HeaderMap, Value) {
        let (parts, body) = refusal.into_response().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn every_broken_rule_is_told_with_its_field() {
        let invalid = vec![
            Invalid::new("title", Rule::Required),
            Invalid::new("due_date", Rule::Form("a date")),
        ];
        let (status, _, body) = told(Fault::Invalid(invalid).into()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let message = "title is required; due_date must be a date";
        assert_eq!(
            body,
            json!({
                "error": {
                    "code": "invalid",
                    "message": message,
                    "fields": {"title": "is required", "due_date": "must be a date"},
                },
                "detail": message,
                "message": message,
            })
        );
    }

    #[tokio::test]
    async fn a_name_that_is_taken_is_a_conflict_except_at_registration() {
        let (status, _, body) = told(Refusal::TakenAtRegistration(Taken::Username)).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("Username taken")));
        let (status, _, body) = told(Fault::Taken(Taken::Email).into()).await;
        assert_eq!((status, &body["error"]["code"]), (StatusCode::CONFLICT, &json!("email_taken")));
    }

    #[tokio::test]
    async fn headers_say_what_to_do_next() {
        let (status, headers, _) = told(TokenFault::Missing.into()).await;
        assert_eq!((status.as_u16(), headers[WWW_AUTHENTICATE].as_bytes()), (401, &b"Bearer"[..]));
        let (status, headers, _) = told(Fault::BadCredentials.into()).await;
        assert_eq!((status.as_u16(), headers[WWW_AUTHENTICATE].as_bytes()), (401, &b"Bearer"[..]));
        let (status, headers, _) = told(Fault::Busy.into()).await;
        assert_eq!((status.as_u16(), headers[RETRY_AFTER].as_bytes()), (503, &b"1"[..]));
        let (status, headers, _) = told(Fault::VersionConflict { current: 7 }.into()).await;
        assert_eq!((status.as_u16(), headers[ETAG].as_bytes()), (412, &b"\"7\""[..]));
    }

    #[tokio::test]
    async fn other_refusals_name_no_fields() {
        let (status, _, body) = told(Fault::NotFound(Noun::Task).into()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(body["error"], json!({"code": "not_found", "message": "Task not found"}));
    }
}
