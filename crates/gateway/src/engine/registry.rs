//! All sessions by their id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::application::Application;
use super::session::Session;

/// The sessions of an engine.
pub(crate) struct Registry<A: Application> {
    sessions: Mutex<HashMap<Box<str>, Arc<Session<A>>>>,
}

impl<A: Application> Registry<A> {
    pub(crate) fn insert(&self, session: Arc<Session<A>>) {
        self.lock(|sessions| sessions.insert(session.sid.clone(), session));
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<Session<A>>> {
        self.lock(|sessions| sessions.get(sid).cloned())
    }

    /// Forgets a session. False if it was forgotten before: somebody else ends it.
    pub(crate) fn remove(&self, sid: &str) -> bool {
        self.lock(|sessions| sessions.remove(sid).is_some())
    }

    pub(crate) fn all(&self) -> Vec<Arc<Session<A>>> {
        self.lock(|sessions| sessions.values().cloned().collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.lock(|sessions| sessions.len())
    }

    fn lock<T>(&self, f: impl FnOnce(&mut HashMap<Box<str>, Arc<Session<A>>>) -> T) -> T {
        f(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<A: Application> Default for Registry<A> {
    fn default() -> Self {
        Self { sessions: Mutex::default() }
    }
}
