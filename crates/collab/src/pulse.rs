//! Whether the database answers.

use std::time::Duration;

use crate::collab::Collab;

/// How the database has answered a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// Whether it has.
    pub beats: bool,
    /// How long that took, or until it was clear that it does not.
    pub took: Duration,
}

impl Collab {
    /// Asks the database something small.
    pub async fn pulse(&self) -> Pulse {
        let asked = self.parts.clock.monotonic();
        let answer = self.parts.store.read(|reads| reads.head().map(drop)).await;
        let took = self.parts.clock.monotonic().saturating_sub(asked);
        Pulse { beats: answer.is_ok(), took }
    }
}
