//! How the server is: for probes, dashboards, and clients that show it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use chorus_collab::Collab;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::document::{self, About, Routes, Schemas, get, object};
use crate::health::Health;
use crate::state::Build;

/// Paths at the root: where the probes of existing deployments look.
pub(crate) fn root<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let alive_is = About::new("alive", "Whether the process answers.").answers(200, ok_schema);
    let ready_is = About::new("ready", "Whether changes can be kept.")
        .answers(200, ok_schema)
        .answers(503, ok_schema);
    let sockets_are = About::new("sockets", "How many people are here, and in how many rooms.")
        .answers(200, sockets_schema);
    let connections_are = About::new("connections", "How many connections are here.")
        .answers(200, connections_schema);
    Routes::new()
        .at("/health", [get(health, healthy("health"))])
        .at("/api/health", [get(health, healthy("api_health"))])
        .at("/healthz", [get(alive, alive_is)])
        .at("/readyz", [get(ready, ready_is)])
        .at("/websocket/status", [get(sockets, sockets_are)])
        .at("/ws/status", [get(connections, connections_are)])
}

/// Paths beside the resources.
pub(crate) fn native<S>() -> Routes<S>
where
    Build: FromRef<S>,
    Collab: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let what = About::new("index", "What is running.").answers(200, index_schema);
    let any_object = |_: &mut Schemas| json!({ "type": "object", "additionalProperties": true });
    let rest = About::new("openapi", "This document.").answers(200, any_object);
    let sockets = About::new("asyncapi", "The native protocol as an AsyncAPI document.");
    let sockets = sockets.answers(200, any_object);
    Routes::new()
        .at("/", [get(index, what)])
        .at("/health", [get(health, healthy("native_health"))])
        .at("/openapi.json", [get(async || json_text(&OPENAPI), rest)])
        .at("/asyncapi.json", [get(async || json_text(&ASYNCAPI), sockets)])
}

static OPENAPI: LazyLock<String> = LazyLock::new(document::openapi);
static ASYNCAPI: LazyLock<String> = LazyLock::new(document::asyncapi);

fn json_text(document: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document)
}

fn healthy(id: &'static str) -> About {
    let about = "Whether the server runs, in the words of the listener's application.";
    About::new(id, about).answers(200, |_| {
        object([
            ("status", json!({ "type": "string", "examples": ["healthy", "ok"] }), true),
            ("message", json!({ "type": "string" }), false),
            ("service", json!({ "type": "string" }), false),
            ("timestamp", json!({ "type": "string" }), false),
            ("websocket_enabled", json!({ "const": true }), false),
            ("checks", json!({ "type": "object", "additionalProperties": true }), false),
        ])
    })
}

fn index_schema(_: &mut Schemas) -> Value {
    object(["name", "version", "commit"].map(|name| (name, json!({ "type": "string" }), true)))
}

fn ok_schema(_: &mut Schemas) -> Value {
    object([("ok", json!({ "type": "boolean" }), true)])
}

fn sockets_schema(_: &mut Schemas) -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    object([
        ("status", json!({ "const": "active" }), true),
        ("websocket_enabled", json!({ "const": true }), true),
        ("connected_users", count(), true),
        ("active_rooms", count(), true),
    ])
}

fn connections_schema(_: &mut Schemas) -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    object([
        ("enabled", json!({ "const": true }), true),
        ("redis_enabled", json!({ "const": false }), true),
        ("endpoint", json!({ "const": "/socket.io" }), true),
        ("active_connections", count(), true),
        ("active_project_rooms", count(), true),
    ])
}

/// As the SkyBuild Pro app's own server tells it.
async fn connections(State(collab): State<Collab>) -> Json<Value> {
    let gauges = collab.realtime().gauges();
    let read = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
    Json(json!({
        "enabled": true,
        "redis_enabled": false,
        "endpoint": "/socket.io",
        "active_connections": read(&gauges.connections),
        "active_project_rooms": read(&gauges.projects),
    }))
}

async fn index(State(build): State<Build>) -> Json<Value> {
    Json(json!({ "name": "chorus", "version": build.version, "commit": build.commit }))
}

async fn health(State(collab): State<Collab>, health: Health) -> Json<Value> {
    Json(health.now(&collab).await)
}

/// Whether the process answers at all.
async fn alive() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// Whether changes can be made.
async fn ready(State(collab): State<Collab>) -> impl IntoResponse {
    let ok = collab.is_ready();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ok": ok })))
}

async fn sockets(State(collab): State<Collab>) -> Json<Value> {
    let gauges = collab.realtime().gauges();
    let read = |gauge: &AtomicU64| gauge.load(Ordering::Relaxed);
    Json(json!({
        "websocket_enabled": true,
        "connected_users": read(&gauges.users),
        "active_rooms": read(&gauges.rooms),
        "status": "active",
    }))
}
