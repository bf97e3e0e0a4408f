//! Commands: made once per key, on condition of a version, answered with their cursor.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use chorus_collab::forms::tasks::TaskEntry;
use chorus_collab::invitations::NewInvitation;
use chorus_collab::items::form::Given;
use chorus_collab::{
    Answer, Caller as Asker, Collab, Command, Done, Emission, Fault, IdempotencyKey, TokenFault,
};
use chorus_model::{Cursor, Invalid, ProjectId, Rule};
use http::header::{ETAG, IF_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::auth::{Caller, bearer};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::routes::bulk::Bulk;
use crate::upload::Upload;

const CURSOR: HeaderName = HeaderName::from_static("chorus-cursor");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY: &str = "idempotency-key";

/// A request to change something, by somebody.
#[derive(Debug)]
pub(crate) struct Change {
    collab: Collab,
    asker: Asker,
    /// `If-Match`: only if the entity still has this version.
    if_version: Option<i64>,
}

impl<S> FromRequestParts<S> for Change
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let asker = Asker { key: key(&parts.headers)?, ..Asker::user(caller.user.id) };
        let if_version = if_match(&parts.headers)?;
        Ok(Self { collab: Collab::from_ref(state), asker, if_version })
    }
}

/// A request of another back end, with a service token.
#[derive(Debug)]
pub(crate) struct Backend(Change);

impl<S> FromRequestParts<S> for Backend
where
    Collab: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or(TokenFault::Missing)?;
        let collab = Collab::from_ref(state);
        let user = collab.authenticate_backend(token).await?.user;
        let asker = Asker { key: key(&parts.headers)?, ..Asker::user(user.id) };
        let if_version = if_match(&parts.headers)?;
        Ok(Self(Change { collab, asker, if_version }))
    }
}

impl Backend {
    /// Tells custom events.
    pub(crate) async fn emit(self, emissions: Vec<Emission>) -> Result<Response, Refusal> {
        let Self(Change { collab, asker, if_version }) = self;
        if if_version.is_some() {
            return Err(Refusal::UnknownPrecondition);
        }
        let done = collab.emit(asker, emissions).await?;
        Ok(answer(done, StatusCode::CREATED))
    }
}

impl Change {
    /// Makes a change that compares no version.
    pub(crate) async fn make(self, command: Command) -> Result<Response, Refusal> {
        if self.if_version.is_some() {
            return Err(Refusal::UnknownPrecondition);
        }
        self.make_if(|_| command).await
    }

    /// Takes in a file and makes an asset of it.
    pub(crate) async fn take(
        self,
        collab: &Collab,
        project: ProjectId,
        given: Given,
        file: Upload,
    ) -> Result<Response, Refusal> {
        if self.if_version.is_some() {
            return Err(Refusal::UnknownPrecondition);
        }
        let done = collab.upload(self.asker, project, given, file).await?;
        Ok(answer(done, StatusCode::CREATED))
    }

    /// Asks somebody into a project. The secret of the link is told this once.
    pub(crate) async fn invite(self, new: NewInvitation) -> Result<Response, Refusal> {
        if self.if_version.is_some() {
            return Err(Refusal::UnknownPrecondition);
        }
        let (done, secret) = self.collab.invite(self.asker, new).await?;
        Ok(told(done, StatusCode::CREATED, secret.as_deref()))
    }

    /// Changes tasks, each for itself.
    pub(crate) async fn make_many(self, items: Vec<TaskEntry>) -> Result<Response, Refusal> {
        if self.if_version.is_some() {
            return Err(Refusal::UnknownPrecondition);
        }
        let done = self.collab.update_tasks(self.asker, items).await?;
        Ok(answer(done, StatusCode::OK))
    }

    /// Makes a change on condition of the version that the caller named, if any.
    pub(crate) async fn make_if(
        self,
        command: impl FnOnce(Option<i64>) -> Command,
    ) -> Result<Response, Refusal> {
        let command = command(self.if_version);
        let status = status(&command);
        let done = self.collab.execute(self.asker, command).await?;
        Ok(answer(done, status))
    }
}

/// Answers with an entity and the version that `If-Match` takes.
pub(crate) fn versioned(entity: impl Serialize, version: i64) -> Response {
    ([(ETAG, etag(version))], Json(entity)).into_response()
}

/// A version as an entity tag (RFC 9110, section 8.8.3).
pub(crate) fn etag(version: i64) -> HeaderValue {
    // Digits and quotes: always valid in a header.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Tells where in the log a change is.
pub(crate) fn with_cursor(mut response: Response, cursor: &Cursor) -> Response {
    // Letters, digits and a dash: always valid in a header.
    if let Ok(value) = HeaderValue::try_from(cursor.to_string()) {
        response.headers_mut().insert(CURSOR, value);
    }
    response
}

fn status(command: &Command) -> StatusCode {
    match command {
        Command::CreateProject(_)
        | Command::AddMember { .. }
        | Command::CreateTask(_)
        | Command::AddComment { .. }
        | Command::CreateItem { .. } => StatusCode::CREATED,
        Command::Chat(chat) if chat.makes() => StatusCode::CREATED,
        _ => StatusCode::OK,
    }
}

fn answer(done: Done, status: StatusCode) -> Response {
    told(done, status, None)
}

fn told(done: Done, status: StatusCode, secret: Option<&str>) -> Response {
    let body = match done.answer {
        Answer::Project(project) => versioned(&project, project.version),
        Answer::Task(task) => versioned(&task, task.version),
        Answer::Comment(comment) => versioned(&comment, comment.version),
        Answer::Item(item) => versioned(&item, item.head.version),
        Answer::Items(bulk) => Json(bulk).into_response(),
        Answer::Invitation(invitation) => {
            let mut told = json!(invitation);
            told["token"] = json!(secret);
            Json(told).into_response()
        }
        Answer::Channel(channel) => versioned(&channel, channel.version),
        Answer::Message(message) => versioned(&message, message.version),
        Answer::ChannelMember(member) => Json(member).into_response(),
        Answer::Marker(marker) => Json(marker).into_response(),
        Answer::Member(member) => Json(member).into_response(),
        Answer::Tasks(outcomes) => Json(Bulk::of(outcomes)).into_response(),
        Answer::Emitted(places) => Json(json!({ "sync_ids": places })).into_response(),
        Answer::Read(read) => Json(json!({ "read": read })).into_response(),
        // Only announcements are swallowed, and none comes through this door.
        Answer::Deleted | Answer::Swallowed => StatusCode::NO_CONTENT.into_response(),
    };
    let mut response = with_cursor(body, &done.cursor);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    if done.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Fault> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    // What is no text breaks the rules of a key as an empty one does.
    Ok(Some(IdempotencyKey::parse("Idempotency-Key", value.to_str().unwrap_or_default())?))
}

/// The version in `If-Match` (RFC 9110, section 13.1.1): one tag, with or without quotes. `*`
/// asks for nothing that a command would not. A weak tag counts like a strong one, because
/// proxies that compress weaken ours, and a version means the entity, not its bytes.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Invalid> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    let digits = inner.bytes().all(|byte| byte.is_ascii_digit());
    let version = inner.parse().ok().filter(|_| digits);
    let form = Rule::Form("one version, such as \"3\"");
    version.map(Some).ok_or(Invalid::new("If-Match", form))
}

#[cfg(test)]
mod tests {
    use chorus_model::{NotificationId, TaskId};

    use super::*;

    fn done(answer: Answer, replayed: bool) -> Done {
        Done { answer, cursor: "k3x9-42".parse().unwrap(), replayed }
    }

    #[test]
    fn if_match_names_one_version() {
        let read = |text: &'static str| {
            if_match(&HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(text))]))
        };
        for text in ["\"3\"", "3", "W/\"3\"", " \"3\" "] {
            assert_eq!(read(text), Ok(Some(3)), "{text}");
        }
        assert_eq!(read("*"), Ok(None));
        assert_eq!(if_match(&HeaderMap::new()), Ok(None));
        for text in ["", "\"\"", "\"3\", \"4\"", "+3", "-3", "\"3", "abc", "99999999999999999999"] {
            let said = read(text).unwrap_err().to_string();
            assert_eq!(said, "If-Match must be one version, such as \"3\"", "{text}");
        }
    }

    #[test]
    fn a_key_is_checked() {
        let read = |value| key(&HeaderMap::from_iter([(HeaderName::from_static(KEY), value)]));
        let good = read(HeaderValue::from_static("abc")).unwrap().unwrap();
        assert_eq!(good.as_str(), "abc");
        assert!(read(HeaderValue::from_static("")).is_err());
        assert!(read(HeaderValue::from_bytes(b"\xff").unwrap()).is_err());
        assert_eq!(key(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn a_change_is_answered_with_its_cursor() {
        let read = answer(done(Answer::Read(vec![NotificationId(1)]), false), StatusCode::OK);
        assert_eq!(read.status(), StatusCode::OK);
        assert_eq!(read.headers()[CURSOR], "k3x9-42");
        assert!(!read.headers().contains_key(REPLAYED));
    }

    #[test]
    fn a_repeated_change_is_answered_with_the_same_status() {
        let command = Command::DeleteTask { task: TaskId(1), if_version: None, announced: false };
        for replayed in [false, true] {
            let gone = answer(done(Answer::Deleted, replayed), status(&command));
            assert_eq!(gone.status(), StatusCode::NO_CONTENT);
            assert_eq!(gone.headers().contains_key(REPLAYED), replayed);
        }
    }
}
