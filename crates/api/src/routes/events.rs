//! Custom events of other back ends.

use axum::extract::FromRef;
use axum::response::Response;
use chorus_collab::{Collab, custom};
use serde_json::{Value, json};

use crate::body::Object;
use crate::change::Backend;
use crate::document::{About, Routes, Schemas, post};
use crate::error::Refusal;
use crate::origins::Origins;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let one = About::new("emit_event", "Tells a custom event to clients of every dialect.")
        .form(event)
        .answers(201, places)
        .refuses(404, &["not_found"]);
    let many = About::new("emit_events", "Tells custom events, all or none of them.")
        .form(events)
        .answers(201, places)
        .refuses(404, &["not_found"]);
    Routes::new().at("/events", [post(emit, one)]).at("/events/batch", [post(emit_batch, many)])
}

async fn emit(backend: Backend, body: Object) -> Result<Response, Refusal> {
    let emission = custom::emission(&body.0)?;
    backend.emit(vec![emission]).await
}

async fn emit_batch(backend: Backend, body: Object) -> Result<Response, Refusal> {
    let emissions = custom::emissions(&body.0)?;
    backend.emit(emissions).await
}

fn event(schemas: &mut Schemas) -> Value {
    schemas.named("NewCustomEvent", |_| {
        json!({
            "type": "object",
            "properties": {
                "room": {
                    "type": "string",
                    "description": "`project:ID`, `user:ID`, `everyone`, or another `KIND:ID`.",
                },
                "event": { "type": "string", "minLength": 1, "maxLength": custom::MAX_NAME },
                "data": { "description": "Any JSON of at most 64 KiB." },
                "durable": {
                    "type": "boolean", "default": true,
                    "description": "Whether it goes into the log.",
                },
            },
            "required": ["room", "event"],
        })
    })
}

fn events(schemas: &mut Schemas) -> Value {
    let one = event(schemas);
    json!({
        "type": "object",
        "properties": {
            "events": { "type": "array", "items": one, "minItems": 1, "maxItems": custom::MOST },
        },
        "required": ["events"],
    })
}

fn places(_: &mut Schemas) -> Value {
    json!({
        "type": "object",
        "properties": {
            "sync_ids": {
                "type": "array",
                "items": { "type": ["integer", "null"] },
                "description": "The place of each event in the log; null if it is not kept.",
            },
        },
        "required": ["sync_ids"],
        "additionalProperties": false,
    })
}
