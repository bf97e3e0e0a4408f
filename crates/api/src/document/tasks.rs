//! The forms that change many tasks, and the place of one.

use chorus_collab::command::TaskPatch;
use chorus_collab::forms::tasks::MOST_BULK;
use chorus_model::{TaskId, TaskStatus};
use serde_json::{Value, json};

use super::native::both;
use super::schemas::{Schemas, object, read};

/// The form that changes tasks.
pub(crate) fn bulk(schemas: &mut Schemas) -> Value {
    schemas.named("BulkForm", |s| {
        let id = read::<TaskId>(s);
        let ids = json!({ "type": "array", "items": id, "minItems": 1, "maxItems": MOST_BULK });
        both(read::<TaskPatch>(s), [("task_ids", ids, true)])
    })
}

/// The form that gives tasks new places.
pub(crate) fn reorder(schemas: &mut Schemas) -> Value {
    schemas.named("ReorderForm", |s| {
        let place = object([("id", read::<TaskId>(s), true), ("position", position(), true)]);
        let orders =
            json!({ "type": "array", "items": place, "minItems": 1, "maxItems": MOST_BULK });
        object([("orders", orders, true), ("status", read::<TaskStatus>(s), false)])
    })
}

/// The form that moves a task.
pub(crate) fn moved(schemas: &mut Schemas) -> Value {
    schemas.named("MoveForm", |s| {
        object([("position", position(), true), ("status", read::<TaskStatus>(s), false)])
    })
}

fn position() -> Value {
    json!({ "type": "number", "minimum": -1_000_000_000, "maximum": 1_000_000_000 })
}
