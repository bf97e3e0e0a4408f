//! The newest events, in memory: what a client that was away for a moment missed is found here
//! without a read of the log.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use chorus_model::{Event, Room, SyncId};
use tokio::sync::watch;

/// A window over the end of the log, and how far it was announced.
#[derive(Debug)]
pub struct Tail {
    window: RwLock<VecDeque<Arc<Event>>>,
    capacity: usize,
    published: watch::Sender<SyncId>,
}

impl Tail {
    /// An empty window of at most `capacity` events, behind which `published` was announced.
    pub fn new(capacity: usize, published: SyncId) -> Self {
        Self {
            window: RwLock::new(VecDeque::new()),
            capacity,
            published: watch::Sender::new(published),
        }
    }

    /// The last event that was announced.
    pub fn published(&self) -> SyncId {
        *self.published.borrow()
    }

    /// Tells whoever waits when more was announced.
    pub fn watch(&self) -> watch::Receiver<SyncId> {
        self.published.subscribe()
    }

    /// The events after `after` that concern one of `rooms`, oldest first, at most `limit`, and
    /// the last event that was looked at. `None` if the window does not reach back that far.
    pub fn since(
        &self,
        after: SyncId,
        rooms: &[Room],
        limit: usize,
    ) -> Option<(Vec<Arc<Event>>, SyncId)> {
        let window = self.window.read().unwrap_or_else(PoisonError::into_inner);
        let last = window.back().map_or_else(|| self.published(), |event| event.sync_id);
        if after >= last {
            return Some((Vec::new(), after.min(last)));
        }
        let first = window.front()?.sync_id;
        if after.next() < first {
            return None;
        }
        let skip = usize::try_from(after.0 + 1 - first.0).ok()?;
        let mut found = Vec::new();
        for event in window.iter().skip(skip) {
            if event.body.rooms().iter().any(|room| rooms.contains(room)) {
                found.push(Arc::clone(event));
                if found.len() == limit {
                    return Some((found, event.sync_id));
                }
            }
        }
        Some((found, last))
    }

    /// Adds the next event. The publisher calls this in order, without holes.
    pub(crate) fn push(&self, event: Arc<Event>) {
        let mut window = self.window.write().unwrap_or_else(PoisonError::into_inner);
        if window.back().is_some_and(|last| last.sync_id.next() != event.sync_id) {
            window.clear();
        }
        if window.len() == self.capacity {
            window.pop_front();
        }
        window.push_back(event);
    }

    /// Everything up to `id` was announced.
    pub(crate) fn announce(&self, id: SyncId) {
        self.published.send_replace(id);
    }
}
