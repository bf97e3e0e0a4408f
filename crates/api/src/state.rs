//! What the server hands over. Each route takes of it only what it names in its bounds.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRef;
use chorus_collab::Collab;

use crate::cookies::CookieRules;
use crate::exposition::Figures;
use crate::origins::{Origins, Trusts};
use crate::pages::Page;

/// Everything that the HTTP door is made of. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Where things happen.
    pub collab: Collab,
    /// What is running.
    pub build: Build,
    /// Which origins may act in a user's name, besides the server's own.
    pub trusts: Trusts,
    /// Whether session cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// What was counted elsewhere.
    pub figures: Figures,
    /// Files of the web page, each with its path.
    pub pages: Arc<[Page]>,
}

/// What is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The released version, such as `0.1.0`.
    pub version: &'static str,
    /// The commit that it was built from.
    pub commit: &'static str,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("build", &self.build).finish_non_exhaustive()
    }
}

impl FromRef<Api> for Collab {
    fn from_ref(api: &Api) -> Self {
        api.collab.clone()
    }
}

impl FromRef<Api> for Build {
    fn from_ref(api: &Api) -> Self {
        api.build
    }
}

impl FromRef<Api> for Figures {
    fn from_ref(api: &Api) -> Self {
        Self::clone(&api.figures)
    }
}

impl FromRef<Api> for Origins {
    fn from_ref(api: &Api) -> Self {
        Self::new(Arc::clone(&api.trusts))
    }
}

impl FromRef<Api> for CookieRules {
    fn from_ref(api: &Api) -> Self {
        Self { secure: api.secure_cookies }
    }
}

impl FromRef<Api> for Arc<[Page]> {
    fn from_ref(api: &Api) -> Self {
        Self::clone(&api.pages)
    }
}
