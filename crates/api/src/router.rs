//! All paths, and what surrounds every request.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef as _, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Uri};
use tower_service::Service as _;

use crate::error::Refusal;
use crate::log::Witness;
use crate::origins::{self, Origins};
use crate::path::without_slash;
use crate::state::Api;
use crate::{pages, panics, routes};

/// Where the native REST is.
const PREFIXES: [&str; 2] = ["/api/v1", "/chorus/v1"];

/// The native REST, the status paths, the web page. Cheap to clone.
///
/// Every path is served with and without a slash at its end. An unknown path is answered with
/// 404, a wrong method with 405 and `Allow`, both in the form of every other refusal.
#[derive(Debug, Clone)]
pub struct Rest(Router);

impl Rest {
    /// Everything that the HTTP door is made of, behind one handle.
    pub fn new(api: Api) -> Self {
        let requests = Arc::default();
        let around = Arc::new(Around {
            witness: Witness {
                clock: Arc::clone(api.collab.clock()),
                requests: Arc::clone(&requests),
            },
            origins: Origins::from_ref(&api),
        });
        let served = routes::native().serve(Router::new(), &PREFIXES);
        let served = routes::root(requests).serve(served, &[""]).merge(pages::routes());
        Self(surrounded(served, around).with_state(api))
    }

    /// Answers a request.
    pub async fn answer(&mut self, mut request: Request) -> Response {
        // Before routing: a redirect would cost the clients that write the slash a round trip, and
        // those that follow none an answer.
        if let Some(uri) = trimmed(request.uri()) {
            *request.uri_mut() = uri;
        }
        let Ok(response) = self.0.call(request).await;
        response
    }
}

/// What is around every request.
struct Around {
    witness: Witness,
    origins: Origins,
}

/// Answers also what no route does, and all in one layer: each costs a copy of the route, a box,
/// and a move of the request.
fn surrounded<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    around: Arc<Around>,
) -> Router<S> {
    routes
        .fallback(routing::any(async || Refusal::NoSuchPath))
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .layer(from_fn_with_state(around, surround))
}

async fn surround(State(around): State<Arc<Around>>, request: Request, next: Next) -> Response {
    let asked = around.witness.note(&request);
    let reader = around.origins.reader(request.headers());
    let mut response = match origins::preflight(request.method(), request.headers()) {
        Some(response) => response,
        None => {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let mut response = panics::caught(&method, &uri, next.run(request)).await;
            guard(response.headers_mut());
            response
        }
    };
    reader.mark(response.headers_mut());
    around.witness.tell(&asked, response.status());
    response
}

/// Answers are for the one who asked, now, and are what they say they are.
fn guard(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// `uri` without the slash at the end of its path; none if there is none, or nothing else.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = Some(without_slash(uri.path())).filter(|path| *path != uri.path())?;
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
    use std::time::Duration;

    use axum::body::Body;
    use axum::routing::get;
    use chorus_model::{Clock, Timestamp};
    use http::header::ALLOW;
    use http::{Method, StatusCode};

    use super::*;

    #[derive(Debug)]
    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
    }

    async fn ask(method: Method, path: &str) -> Response {
        let routes = Router::new().route("/tasks/{id}", get(async || "a task").delete(async || ""));
        let around = Arc::new(Around {
            witness: Witness { clock: Arc::new(Noon), requests: Arc::default() },
            origins: Origins::new(Arc::new(|_: &str| false)),
        });
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Rest(surrounded(routes, around)).answer(request).await
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
        let plain = ask(Method::GET, "/tasks/7").await;
        assert_eq!(plain.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(plain.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        let mut kept =
            HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
        guard(&mut kept);
        assert_eq!(kept[CACHE_CONTROL], "no-cache");
    }
}
