//! What was counted and timed, for Prometheus. No token is asked for: it tells nothing of anybody.

use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;

use crate::document::{About, Routes, get};
use crate::exposition::{self, Figure, Figures};
use crate::requests::Requests;
use crate::state::Build;

/// The path at which Prometheus looks.
pub(crate) fn root<S>(requests: Arc<Requests>) -> Routes<S>
where
    Figures: FromRef<S>,
    Build: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let tell = async move |State(figures): State<Figures>, State(build): State<Build>| {
        tell(&figures, build, &requests)
    };
    let about = About::new("metrics", "What was counted and timed, for Prometheus.");
    Routes::new().at("/metrics", [get(tell, about.answers_text("text/plain"))])
}

fn tell(figures: &Figures, build: Build, requests: &Requests) -> impl IntoResponse + use<> {
    let mut all = figures();
    all.push(Figure::samples(
        "chorus_http_requests_total",
        "HTTP requests answered, by the route that matched and the class of the status.",
        requests.read(),
    ));
    let labels = vec![("version", build.version.into()), ("commit", build.commit.into())];
    all.push(Figure::facts("chorus_build_info", "What is running.", labels));
    ([(CONTENT_TYPE, exposition::CONTENT_TYPE)], exposition::render(&all))
}
