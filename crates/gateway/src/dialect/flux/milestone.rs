//! What clients of Flux Studio hear of milestones: a line of the project's history, and nothing
//! beside it. The app has none for a milestone that is deleted.

use chorus_model::{Body, ItemChange};
use serde_json::{Value, json};

use super::tell::Line;

/// The fields that the app knows, but for the status.
const KNOWN: &[&str] = &["title", "description", "due_date"];
/// What the app calls the status `done`.
const COMPLETED: &str = "completed";

/// Whether there can be a line for this.
pub(super) fn has_line(body: &Body) -> bool {
    change(body).is_some()
}

/// The line for what happened to a milestone; none where the app would show no difference.
pub(super) fn line(body: &Body) -> Option<Line<'_>> {
    let (mut what, change) = change(body)?;
    let values = &change.item.values;
    let metadata = if what == "created" {
        json!({ "status": status_word(values.text("status")) })
    } else if let Some(status) = change.changes.get("status") {
        let word = |stored: &Value| status_word(stored.as_str().unwrap_or_default()).to_owned();
        let (old, new) = (word(&status.old), word(&status.new));
        if new == COMPLETED {
            what = COMPLETED;
        }
        json!({ "field": "status", "oldValue": old, "newValue": new })
    } else {
        KNOWN.iter().find(|name| change.changes.contains_key(**name))?;
        json!({})
    };
    let (id, title) = (change.item.head.id.to_string(), values.text("title"));
    Some(Line { entity: "milestone", id, title, what, metadata })
}

fn change(body: &Body) -> Option<(&'static str, &ItemChange)> {
    let (what, change) = match body {
        Body::ItemCreated(change) => ("created", change),
        Body::ItemUpdated(change) => ("updated", change),
        _ => return None,
    };
    (change.item.kind().name == "milestone").then_some((what, change))
}

fn status_word(stored: &str) -> &str {
    if stored == "done" { COMPLETED } else { stored }
}
