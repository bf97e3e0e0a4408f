//! The HTTP door of the server.

use std::pin::pin;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::dialect::Wish;
use crate::{Failure, Target};

/// Where the routes are.
const ROOT: &str = "/api/v1";
/// The most bytes of an answer that are taken.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A client of the routes under `/api/v1`, as one person or as nobody.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    target: Target,
    token: Option<String>,
}

impl Rest {
    /// Asks as nobody.
    pub(crate) fn nobody(target: &Target) -> Self {
        Self { target: target.clone(), token: None }
    }

    /// Asks as whoever holds `token`.
    pub(crate) fn with_token(target: &Target, token: &str) -> Self {
        Self { target: target.clone(), token: Some(token.to_owned()) }
    }

    /// The body of a request that must succeed; `null` where there is none. `path` is taken from
    /// `/api/v1`.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.send(method, path, body, HeaderMap::new()).await
    }

    /// The same under a key of the caller's: sent again, it is done once.
    pub(crate) async fn ask_once(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Result<Value, Failure> {
        let key = key.parse().map_err(|_| Failure::Usage(format!("{key} is no key")))?;
        let headers = HeaderMap::from_iter([(HeaderName::from_static("idempotency-key"), key)]);
        self.send(method, path, Some(body), headers).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        mut headers: HeaderMap,
    ) -> Result<Value, Failure> {
        if let Some(token) = &self.token {
            let bearer = format!("Bearer {token}").parse();
            let bearer = bearer.map_err(|_| Failure::Usage("the token is no token".into()))?;
            headers.insert(header::AUTHORIZATION, bearer);
        }
        if body.is_some() {
            headers
                .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let asked = format!("{method} {ROOT}{path}");
        let answer =
            exchange(&self.target, method, &format!("{ROOT}{path}"), headers, text).await?;
        if answer.status.is_success() {
            return Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null));
        }
        Err(Failure::Rest {
            request: asked,
            status: answer.status.as_u16(),
            message: reason(&answer.body),
        })
    }

    /// Does over HTTP what a dialect has no word for; `None` if HTTP has none either.
    pub(crate) async fn wish(&self, wish: &Wish) -> Option<Result<Value, Failure>> {
        let task = |task: &u64| format!("/tasks/{task}");
        Some(match wish {
            Wish::CreateTask { project, title } => {
                let body = json!({"title": title});
                self.ask(Method::POST, &format!("/projects/{project}/tasks"), Some(&body)).await
            }
            Wish::UpdateTask { task: id, fields } => {
                self.ask(Method::PATCH, &task(id), Some(&fields.clone().into())).await
            }
            Wish::SetStatus { task: id, status } => {
                self.ask(Method::PATCH, &task(id), Some(&json!({"status": status}))).await
            }
            Wish::DeleteTask { task: id, .. } => self.ask(Method::DELETE, &task(id), None).await,
            _ => return None,
        })
    }

    /// A token for an account.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Result<String, Failure> {
        let body = json!({"username": username, "password": password});
        let asked = self.ask(Method::POST, "/auth/login", Some(&body)).await;
        let told = asked.map_err(|failure| match failure {
            Failure::Rest { status: 401 | 403, message, .. } => {
                Failure::LogIn { username: username.to_owned(), message }
            }
            other => other,
        })?;
        let token = told["access_token"].as_str();
        token.map(str::to_owned).ok_or_else(|| {
            Failure::Protocol(format!("a login answered without an access_token: {told}"))
        })
    }
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// The server's own words in the body of a refusal, whichever of the usual keys they stand under;
/// otherwise the beginning of the body.
pub(crate) fn reason(body: &[u8]) -> String {
    let told: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let said = ["/error/message", "/message", "/detail", "/reason"]
        .iter()
        .find_map(|pointer| told.pointer(pointer)?.as_str());
    if let Some(said) = said {
        return said.to_owned();
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() { "no reason was given".into() } else { text.chars().take(200).collect() }
}

/// The id that an answer tells.
pub(crate) fn id_of(told: &Value) -> Result<u64, Failure> {
    let id = told["id"].as_u64();
    id.ok_or_else(|| Failure::Protocol(format!("an answer without an id: {told}")))
}

/// One request on a connection of its own.
pub(crate) async fn exchange(
    target: &Target,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: String,
) -> Result<Answer, Failure> {
    let lost = |error: hyper::Error| Failure::Lost(error.to_string());
    let stream = target.dial().await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = method;
    *request.uri_mut() =
        path.parse().map_err(|_| Failure::Usage(format!("{path} cannot be asked for")))?;
    *request.headers_mut() = headers;
    let host = target.authority().parse();
    let host = host.map_err(|_| Failure::Usage("the host's name cannot be sent".into()))?;
    request.headers_mut().insert(header::HOST, host);
    // The server hangs up, so that no port of this side is kept from use afterwards.
    request.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    let mut answer = pin!(async move {
        let response = sender.send_request(request).await.map_err(lost)?;
        let status = response.status();
        let body = http_body_util::Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|error| Failure::Lost(error.to_string()))?.to_bytes();
        Ok(Answer { status, body })
    });
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => {
            ended.map_err(lost)?;
            answer.await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_in_the_servers_words() {
        let check = |body: &str, expected: &str| assert_eq!(reason(body.as_bytes()), expected);
        check(r#"{"error":{"message":"first"},"message":"second"}"#, "first");
        check(r#"{"detail":"only"}"#, "only");
        check(r#"{"code":4401,"reason":"Missing token"}"#, "Missing token");
        check("<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>");
        check("", "no reason was given");
    }
}
