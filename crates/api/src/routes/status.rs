//! How the server is: for probes, dashboards, and clients that show it.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use chorus_collab::Collab;
use http::StatusCode;
use serde_json::{Value, json};

use crate::state::Build;

/// Paths at the root: where the probes of existing deployments look.
pub(crate) fn root<S>() -> Router<S>
where
    Collab: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/health", get(health))
        .route("/api/health", get(health))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/websocket/status", get(sockets))
}

/// Paths beside the resources.
pub(crate) fn native<S>() -> Router<S>
where
    Build: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/", get(index)).route("/health", get(health))
}

async fn index(State(build): State<Build>) -> Json<Value> {
    Json(json!({ "name": "chorus", "version": build.version, "commit": build.commit }))
}

async fn health() -> Json<Value> {
    Json(json!({
        "status": "healthy",
        "message": "Chorus is running",
        "websocket_enabled": true,
    }))
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
