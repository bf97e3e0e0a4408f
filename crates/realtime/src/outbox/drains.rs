//! Where it is told that outboxes have been drained.

use std::sync::{Mutex, PoisonError};

use chorus_model::ConnectionId;
use tokio::sync::Notify;

/// Connections whose outboxes have been drained: they can be served on.
#[derive(Debug, Default)]
pub(crate) struct Drains {
    drained: Mutex<Vec<ConnectionId>>,
    more: Notify,
}

impl Drains {
    /// Waits until there is one.
    pub(crate) async fn some(&self) {
        self.more.notified().await;
    }

    /// Takes all of them.
    pub(crate) fn take(&self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.drained.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn add(&self, ids: impl IntoIterator<Item = ConnectionId>) {
        self.drained.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
        self.more.notify_one();
    }
}
