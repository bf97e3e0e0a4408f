//! What clients of the SkyBuild Pro app say.

use std::borrow::Cow;
use std::collections::HashMap;

use chorus_collab::fields::id_of;
use chorus_model::ProjectId;
use serde_json::Value;
use serde_json::value::RawValue;

use super::NO_ACCESS;
use crate::dialect::{Ask, Decoded, Echo};

pub(super) fn decode(name: &str, args: &[&RawValue]) -> Decoded {
    let first = args.first().map(|raw| object(raw)).unwrap_or_default();
    match name {
        "join_project" => join_project(&first),
        "leave_project" => leave_project(&first),
        "ping" => ping(&first),
        _ => Decoded::Unknown,
    }
}

/// The token of a CONNECT. One that is there but no text is told apart from none at all: it is
/// shown as the JSON that it is, which no token looks like.
pub(super) fn token(payload: &RawValue) -> Option<String> {
    match given(&object(payload), "token")? {
        Value::String(token) => Some(token),
        other => Some(other.to_string()),
    }
}

fn join_project(object: &Object<'_>) -> Decoded {
    let Some(written) = given(object, "project_id") else {
        return Decoded::Wrong("project_id required".to_owned());
    };
    match project_of(&written) {
        Some(project) => ask(Ask::Join(project), "join_project", written.to_string()),
        None => Decoded::Wrong(NO_ACCESS.to_owned()),
    }
}

fn leave_project(object: &Object<'_>) -> Decoded {
    match given(object, "project_id").as_ref().and_then(project_of) {
        Some(project) => ask(Ask::Leave(project), "leave_project", String::new()),
        None => Decoded::Silent,
    }
}

fn ping(object: &Object<'_>) -> Decoded {
    let timestamp = object.get("timestamp").map_or("null", |raw| raw.get());
    ask(Ask::Ping, "ping", timestamp.to_owned())
}

/// Ids of projects are texts in this app; a number names none.
fn project_of(written: &Value) -> Option<ProjectId> {
    written.is_string().then(|| id_of(written)).flatten().map(ProjectId)
}

/// A JSON object whose values were not read yet.
type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

/// The object; anything else is one without fields.
fn object(raw: &RawValue) -> Object<'_> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// A field that says something: the app takes null, false, 0 and what is empty for missing.
fn given(object: &Object<'_>, name: &str) -> Option<Value> {
    let value = serde_json::from_str(object.get(name)?.get()).ok()?;
    let says = match &value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    };
    says.then_some(value)
}

fn ask(ask: Ask, word: &'static str, written: String) -> Decoded {
    Decoded::Ask(ask, Echo { word, written: written.into() })
}
