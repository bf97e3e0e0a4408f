//! Hints between nodes. A hint says that there is more in the log; it carries no event, so that a
//! lost hint costs a moment (the publisher polls the head) and a doubled one nothing.

use std::fmt;

use chorus_model::Cursor;
use tokio::sync::broadcast;

/// Carries hints to every node, including the one that gave it. At most once, in any order.
pub trait Bus: Send + Sync + fmt::Debug {
    /// Tells the others that the log now reaches to `head`. Never waits.
    fn hint(&self, head: &Cursor);

    /// The hints from now on. A receiver that is too slow misses some.
    fn hints(&self) -> broadcast::Receiver<Cursor>;
}

/// The bus between nodes of one process.
#[derive(Debug)]
pub struct MemoryBus {
    sender: broadcast::Sender<Cursor>,
}

impl MemoryBus {
    /// A bus that keeps `capacity` hints for slow receivers.
    pub fn new(capacity: usize) -> Self {
        Self { sender: broadcast::Sender::new(capacity) }
    }
}

impl Bus for MemoryBus {
    fn hint(&self, head: &Cursor) {
        // Fails only when nobody listens, and then nobody needs it.
        drop(self.sender.send(head.clone()));
    }

    fn hints(&self) -> broadcast::Receiver<Cursor> {
        self.sender.subscribe()
    }
}
