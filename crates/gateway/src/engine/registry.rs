//! All sessions by their id.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::application::Application;
use super::session::Session;
use super::tally::Transports;

/// The sessions of an engine.
pub(crate) struct Registry<A: Application> {
    sessions: Mutex<Sessions<A>>,
}

struct Sessions<A: Application> {
    by_id: HashMap<Box<str>, Arc<Session<A>>>,
    transports: Transports,
}

impl<A: Application> Registry<A> {
    pub(crate) fn insert(&self, session: Arc<Session<A>>) {
        self.lock(|sessions| {
            *sessions.transports.of(session.transport()) += 1;
            sessions.by_id.insert(session.sid.clone(), session);
        });
    }

    pub(crate) fn get(&self, sid: &str) -> Option<Arc<Session<A>>> {
        self.lock(|sessions| sessions.by_id.get(sid).cloned())
    }

    /// Notes that a WebSocket has taken over a session that was polled.
    pub(crate) fn upgraded(&self, session: &Session<A>) {
        self.lock(|sessions| {
            if !sessions.by_id.contains_key(&session.sid) {
                return;
            }
            *sessions.transports.of(session.transport()) -= 1;
            session.upgraded.store(true, Ordering::Relaxed);
            *sessions.transports.of(session.transport()) += 1;
        });
    }

    /// Forgets a session. False if it was forgotten before: somebody else ends it.
    pub(crate) fn remove(&self, sid: &str) -> bool {
        self.lock(|sessions| {
            let removed = sessions.by_id.remove(sid);
            if let Some(session) = &removed {
                *sessions.transports.of(session.transport()) -= 1;
            }
            removed.is_some()
        })
    }

    pub(crate) fn all(&self) -> Vec<Arc<Session<A>>> {
        self.lock(|sessions| sessions.by_id.values().cloned().collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.lock(|sessions| sessions.by_id.len())
    }

    /// How many there are of each kind.
    pub(crate) fn transports(&self) -> Transports {
        self.lock(|sessions| sessions.transports)
    }

    fn lock<T>(&self, f: impl FnOnce(&mut Sessions<A>) -> T) -> T {
        f(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<A: Application> Default for Registry<A> {
    fn default() -> Self {
        let (by_id, transports) = (HashMap::new(), Transports::default());
        Self { sessions: Mutex::new(Sessions { by_id, transports }) }
    }
}
