//! One line per request, and one more in the figures.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use chorus_model::Clock;
use http::{Method, StatusCode};

use crate::requests::Requests;

/// What it takes to tell of requests.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) requests: Arc<Requests>,
}

/// A request that is not answered yet.
pub(crate) struct Asked {
    method: Method,
    route: Option<MatchedPath>,
    at: Duration,
}

impl Witness {
    /// Notes what is asked, and when.
    pub(crate) fn note(&self, request: &Request) -> Asked {
        Asked {
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            at: self.clock.monotonic(),
        }
    }

    /// Writes method, route, status and time taken. The path is the pattern that matched: neither
    /// queries nor tokens are written, and not what somebody typed in place of a path.
    pub(crate) fn tell(&self, Asked { method, route, at }: &Asked, status: StatusCode) {
        let route = route.as_ref().map_or("unknown", MatchedPath::as_str);
        self.requests.count(route, status);
        tracing::debug!(
            %method,
            path = route,
            status = status.as_u16(),
            millis = self.clock.monotonic().saturating_sub(*at).as_millis(),
            "request"
        );
    }
}
