//! JSON objects in bodies: bounded in bytes, in depth, and in the time they take to come.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use bytes::Bytes;
use chorus_model::{Invalid, Rule};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::error::Refusal;

/// Most bytes of a body.
pub(crate) const MOST: usize = 1 << 20;
/// Most levels of lists and objects in one another.
pub(crate) const DEPTH: usize = 32;
/// For how long a body may come in.
const PATIENCE: Duration = Duration::from_secs(30);

/// A body that is a JSON object. As `Option` it may be absent.
#[derive(Debug, PartialEq)]
pub(crate) struct Object(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_type(request.headers())?;
        parse(&read(request.into_body()).await?)
    }
}

impl<S: Send + Sync> OptionalFromRequest<S> for Object {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        check_type(&parts.headers)?;
        parse(&bytes).map(Some)
    }
}

/// Whether the body is announced as JSON. Demanding it keeps forms of other sites' pages out:
/// a browser asks before it sends this type across origins.
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let announced = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = announced.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let suffixed = essence.starts_with("application/") && essence.ends_with("+json");
    if essence == "application/json" || suffixed {
        Ok(())
    } else {
        Err(Refusal::NotAnnouncedAsJson)
    }
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let whole = Limited::new(body, MOST).collect();
    match tokio::time::timeout(PATIENCE, whole).await {
        Err(_) => Err(Refusal::TooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Incomplete),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
    }
}

fn parse(bytes: &[u8]) -> Result<Object, Refusal> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::NotJson { line: error.line(), column: error.column() })?;
    if deeper_than(&value, DEPTH) {
        return Err(Refusal::TooDeep);
    }
    match value {
        Value::Object(fields) => Ok(Object(fields)),
        _ => Err(Invalid::new("body", Rule::Type("an object")).into()),
    }
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let inner = |value| levels == 0 || deeper_than(value, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(inner),
        Value::Object(fields) => levels == 0 || fields.values().any(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    async fn sent(kind: Option<&str>, body: impl Into<Body>) -> Result<Object, Refusal> {
        let mut request = Request::builder();
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let request = request.body(body.into()).unwrap();
        <Object as FromRequest<()>>::from_request(request, &()).await
    }

    fn nested(levels: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
    }

    #[tokio::test]
    async fn only_objects_announced_as_json_are_read() {
        let object = Object(Map::from_iter([("a".to_owned(), json!(1))]));
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            assert_eq!(sent(Some(kind), r#"{"a":1}"#).await.as_ref(), Ok(&object), "{kind}");
        }
        for kind in [None, Some("text/plain"), Some("text/json"), Some("application/jsonx")] {
            let refused = sent(kind, "{}").await;
            assert_eq!(refused, Err(Refusal::NotAnnouncedAsJson), "{kind:?}");
        }
        let list = sent(Some("application/json"), "[]").await.unwrap_err();
        assert_eq!(list.to_string(), "body must be an object");
    }

    #[tokio::test]
    async fn malformed_json_is_told_by_its_place() {
        let refused = sent(Some("application/json"), "{\"a\":\n x}").await;
        assert_eq!(refused, Err(Refusal::NotJson { line: 2, column: 2 }));
        let empty = sent(Some("application/json"), "").await;
        assert!(matches!(empty, Err(Refusal::NotJson { .. })));
    }

    #[tokio::test]
    async fn depth_and_size_are_bounded() {
        let json = Some("application/json");
        assert!(sent(json, nested(DEPTH)).await.is_ok());
        assert_eq!(sent(json, nested(DEPTH + 1)).await, Err(Refusal::TooDeep));
        assert!(matches!(sent(json, nested(5_000)).await, Err(Refusal::NotJson { .. })));
        let most = format!("{{\"a\":\"{}\"}}", "x".repeat(MOST - 8));
        assert!(sent(json, most.clone()).await.is_ok());
        assert_eq!(sent(json, most + " ").await, Err(Refusal::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let body =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(sent(Some("application/json"), body).await, Err(Refusal::TooSlow));
    }

    #[tokio::test]
    async fn an_optional_body_may_be_absent_but_not_wrong() {
        use axum::response::IntoResponse as _;
        let optional = async |body: &'static str| {
            let request = Request::new(Body::from(body));
            <Object as OptionalFromRequest<()>>::from_request(request, &()).await
        };
        assert_eq!(optional("").await, Ok(None));
        let refused = optional("{}").await.unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
