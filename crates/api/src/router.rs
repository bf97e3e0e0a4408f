//! All paths, and what surrounds every request.

use std::sync::Arc;

use axum::extract::{FromRef as _, Request, State};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::{Router, routing};
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Uri};
use tower_service::Service as _;

use crate::error::Refusal;
use crate::log::Witness;
use crate::origins::Origins;
use crate::state::Api;
use crate::{log, origins, pages, panics, routes};

/// The door: the native REST under `/api/v1` and `/chorus/v1`, the status paths, the web page.
///
/// Every path is served with and without a slash at its end. An unknown path is answered with
/// 404, a wrong method with 405 and `Allow`, both in the form of every other refusal.
pub fn router(api: Api) -> Router {
    let requests = Arc::default();
    let witness = Witness { clock: api.collab.clock().clone(), requests: Arc::clone(&requests) };
    let origins = Origins::from_ref(&api);
    let native = routes::native().into_router();
    let routes = Router::new()
        .nest("/api/v1", native.clone())
        .nest("/chorus/v1", native)
        .merge(routes::root(requests).into_router())
        .merge(pages::routes());
    trimming(
        with_refusals(routes)
            .layer(from_fn(panics::catch))
            .layer(map_response(guard))
            .layer(from_fn_with_state(origins, origins::tell))
            .layer(from_fn_with_state(witness, log::request))
            .with_state(api),
    )
}

/// Answers what no route does.
fn with_refusals<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .fallback(routing::any(async || Refusal::NoSuchPath))
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
}

/// Answers are for the one who asked, now, and are what they say they are.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `routes`, each also with a slash at its end. Done before routing: a redirect would cost the
/// clients that write the slash a round trip, and those that follow none an answer.
fn trimming(routes: Router) -> Router {
    Router::new().fallback(trim).with_state(routes)
}

async fn trim(State(mut routes): State<Router>, mut request: Request) -> Response {
    if let Some(uri) = trimmed(request.uri()) {
        *request.uri_mut() = uri;
    }
    let Ok(response) = routes.call(request).await;
    response
}

/// `uri` without the slash at the end of its path; none if there is none, or nothing else.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http::header::ALLOW;
    use http::{Method, StatusCode};

    use super::*;

    async fn ask(method: Method, path: &str) -> Response {
        let routes = Router::new().route("/tasks/{id}", get(async || "a task").delete(async || ""));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let Ok(response) = trimming(with_refusals(routes)).call(request).await;
        response
    }

    #[test]
    fn one_slash_is_trimmed_and_the_query_stays() {
        for (uri, expected) in [
            ("/", None),
            ("/tasks", None),
            ("/tasks/", Some("/tasks")),
            ("/tasks//", Some("/tasks/")),
            ("/tasks/?q=a/", Some("/tasks?q=a/")),
            ("http://host/tasks/", Some("http://host/tasks")),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(trimmed(&uri).map(|uri| uri.to_string()).as_deref(), expected, "{uri}");
        }
    }

    #[tokio::test]
    async fn both_spellings_are_served() {
        for path in ["/tasks/7", "/tasks/7/", "/tasks/7/?a=b"] {
            assert_eq!(ask(Method::GET, path).await.status(), StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn what_no_route_answers_is_refused() {
        let unknown = ask(Method::GET, "/nothing").await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        let wrong = ask(Method::POST, "/tasks/7/").await;
        assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong.headers()[ALLOW], "GET,HEAD,DELETE");
        assert_eq!(wrong.headers()[http::header::CONTENT_TYPE], "application/json");
    }

    #[tokio::test]
    async fn answers_are_not_kept_unless_they_say_so() {
        let kept = guard(
            Response::builder().header(CACHE_CONTROL, "no-cache").body(Body::empty()).unwrap(),
        )
        .await;
        assert_eq!(kept.headers()[CACHE_CONTROL], "no-cache");
        let plain = guard(Response::new(Body::empty())).await;
        assert_eq!(plain.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(plain.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
