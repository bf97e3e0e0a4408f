//! Waiting where there is no event to wait for.

use std::time::Duration;

/// Waits before the next attempt, or as long as a person would.
#[expect(clippy::disallowed_methods, reason = "a real back-off: there is no event to wait for")]
pub(crate) async fn back_off(pause: Duration) {
    tokio::time::sleep(pause).await;
}
