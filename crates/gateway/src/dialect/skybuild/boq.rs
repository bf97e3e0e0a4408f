//! What clients of the SkyBuild Pro app hear of bills of quantities: numbers where the store has
//! exact decimals, which within 15 digits are the same.

use chorus_model::{Event, ItemChange, ItemsChange, Kind};
use serde_json::{Map, Value, json};

/// The fields that the app knows, under the same names.
const KNOWN: &[&str] = &["code", "description", "unit", "qty", "unit_price", "allowance_amount"];

/// Whether these are the items of a bill.
pub(super) fn is_of_bill(kind: &Kind) -> bool {
    kind.name == "boq_item"
}

/// One item changed; none where the app would show no difference. It reckons the price by itself.
pub(super) fn updated(change: &ItemChange, event: &Event) -> Option<Value> {
    let values = &change.item.values;
    let changed = KNOWN.iter().filter(|name| change.changes.contains_key(**name));
    let updates: Map<String, Value> = changed
        .map(|name| {
            let number = values.given(name).map(|number| json!(number.to_f64()));
            let value = number.or_else(|| values.get(name).map(chorus_model::Value::to_json));
            ((*name).to_owned(), value.unwrap_or_default())
        })
        .collect();
    (!updates.is_empty()).then(|| {
        json!({
            "project_id": change.item.head.project_id.to_string(),
            "item_id": change.item.head.id.to_string(),
            "updates": updates,
            "updated_by": event.actor.id.to_string(),
        })
    })
}

/// Many changed: the app loads them anew.
pub(super) fn many_updated(change: &ItemsChange, event: &Event) -> Value {
    json!({
        "project_id": change.project_id.to_string(),
        "summary": change.summary,
        "updated_by": event.actor.id.to_string(),
    })
}
