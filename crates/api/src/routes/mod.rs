//! The resources, one file each. Every file states what it needs of the state in its bounds.

mod auth;
mod comments;
mod members;
pub(crate) mod metrics;
mod notifications;
mod projects;
pub(crate) mod status;
mod sync;
mod tasks;
mod users;

use axum::Router;
use axum::extract::FromRef;
use chorus_collab::Collab;

use crate::cookies::CookieRules;
use crate::origins::Origins;
use crate::state::Build;

/// The native REST, to be nested under a prefix.
pub(crate) fn native<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    CookieRules: FromRef<S>,
    Build: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(projects::routes())
        .merge(members::routes())
        .merge(tasks::routes())
        .merge(comments::routes())
        .merge(notifications::routes())
        .merge(sync::routes())
        .merge(status::native())
}
