//! The resources, one file each. Every file states what it needs of the state in its bounds.

mod activity;
mod auth;
pub(crate) mod bulk;
mod channels;
mod comments;
mod events;
mod files;
mod invitations;
mod items;
mod members;
mod messages;
mod metrics;
mod mutes;
mod notifications;
mod projects;
mod search;
mod snapshot;
mod status;
mod sync;
mod tasks;
mod users;

use std::sync::Arc;

use axum::extract::FromRef;
use chorus_collab::Collab;

use crate::cookies::CookieRules;
use crate::document::Routes;
use crate::exposition::Figures;
use crate::origins::Origins;
use crate::requests::Requests;
use crate::state::Build;

/// The native REST, to be nested under a prefix.
pub(crate) fn native<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    CookieRules: FromRef<S>,
    Build: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Routes::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(projects::routes())
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(mutes::routes())
        .merge(tasks::routes())
        .merge(bulk::routes())
        .merge(comments::routes())
        .merge(items::routes())
        .merge(files::routes())
        .merge(channels::routes())
        .merge(messages::routes())
        .merge(events::routes())
        .merge(notifications::routes())
        .merge(search::routes())
        .merge(activity::routes())
        .merge(snapshot::routes())
        .merge(sync::routes())
        .merge(status::native())
}

/// What is served at the root beside the web page.
pub(crate) fn root<S>(requests: Arc<Requests>) -> Routes<S>
where
    Collab: FromRef<S>,
    Build: FromRef<S>,
    Figures: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    status::root().merge(metrics::root(requests))
}
