//! Routes that are described: none is served without its description.

use std::borrow::Cow;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use super::about::{About, Parts};
use crate::path::without_slash;

/// One method of a path.
pub(crate) struct Operation<S> {
    pub(super) method: &'static str,
    route: MethodRouter<S>,
    pub(super) about: About,
}

/// A described operation, without what serves it.
pub(crate) struct Described {
    pub(super) path: Cow<'static, str>,
    pub(super) method: &'static str,
    pub(super) about: About,
}

/// Routes, and what is told of them.
pub(crate) struct Routes<S> {
    served: Vec<(Cow<'static, str>, MethodRouter<S>)>,
    described: Vec<Described>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new() -> Self {
        Self { served: Vec::new(), described: Vec::new() }
    }

    /// Serves `path` by these methods.
    pub(crate) fn at<const N: usize>(
        mut self,
        path: impl Into<Cow<'static, str>>,
        operations: [Operation<S>; N],
    ) -> Self {
        let path = path.into();
        for Operation { method, route, about } in operations {
            self.served.push((path.clone(), route));
            self.described.push(Described { path: path.clone(), method, about });
        }
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.served.extend(other.served);
        self.described.extend(other.described);
        self
    }

    /// Serves them under each of the `prefixes`. The paths are written out: a nested router would
    /// rewrite the address of each request.
    pub(crate) fn serve(self, router: Router<S>, prefixes: &[&str]) -> Router<S> {
        let places = prefixes.iter().flat_map(|prefix| {
            self.served.iter().map(move |(path, route)| (format!("{prefix}{path}"), route))
        });
        places
            .fold(router, |router, (path, route)| router.route(without_slash(&path), route.clone()))
    }

    /// What is told of them.
    pub(crate) fn into_described(self) -> Vec<Described> {
        self.described
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {$(
        $(#[$doc])+
        pub(crate) fn $name<H, T, S>(handler: H, about: About) -> Operation<S>
        where
            H: Handler<T, S>,
            T: Parts + 'static,
            S: Clone + Send + Sync + 'static,
        {
            let about = T::tell(about).complete();
            Operation { method: stringify!($name), route: routing::$name(handler), about }
        }
    )+};
}

methods! {
    /// Reads.
    get,
    /// Makes.
    post,
    /// Changes the fields that are given.
    patch,
    /// The same as `PATCH`.
    put,
    /// Deletes.
    delete,
}
