//! Lists that tasks have, and changes of many tasks at once.

use chorus_model::text::{Label, Rule};
use chorus_model::{TaskId, TaskStatus, Word};
use serde_json::Value;

use super::{FARTHEST, MOST_DEPENDENCIES, MOST_LABELS, Object, task_patch};
use crate::command::TaskPatch;
use crate::fault::Fault;
use crate::fields::{Fields, id_of};

/// Tasks that one request changes.
pub const MOST_BULK: usize = 500;

/// A change of one of many tasks.
pub type TaskEntry = (TaskId, TaskPatch);

/// Labels: each once, in their order; null for none.
pub(super) fn labels(fields: &mut Fields<'_>, object: &Object) -> Option<Vec<Label>> {
    let read = |value: &Value| {
        let many = Rule::Type("a list of at most 20 labels");
        let Some(list) = list(value, MOST_LABELS) else { return Err(many) };
        let mut labels = Vec::new();
        for one in list {
            let text = one.as_str().ok_or(many.clone())?;
            let label = Label::parse("labels", text).map_err(|invalid| invalid.rule)?;
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        Ok(labels)
    };
    noted(fields, "labels", object.get("labels").map(read)?)
}

/// Tasks to wait for: each once, by id; null for none.
pub(super) fn depends_on(fields: &mut Fields<'_>, object: &Object) -> Option<Vec<TaskId>> {
    let read = |value: &Value| {
        let ids = list(value, MOST_DEPENDENCIES).and_then(ids);
        ids.ok_or(Rule::Type("a list of at most 50 ids"))
    };
    noted(fields, "depends_on", object.get("depends_on").map(read)?)
}

/// One change of many tasks: `task_ids`, and fields to change.
pub fn bulk(object: &Object) -> Result<Vec<TaskEntry>, Fault> {
    let patch = task_patch(object)?;
    let mut fields = Fields::new(object);
    let form = Rule::Type("a list of 1 to 500 ids");
    let found = object.get("task_ids").and_then(|value| list(value, MOST_BULK)).and_then(ids);
    let found = match found.filter(|found| !found.is_empty()) {
        Some(found) => Some(found),
        None if object.contains_key("task_ids") => {
            fields.note("task_ids", form);
            None
        }
        None => {
            fields.note("task_ids", Rule::Required);
            None
        }
    };
    let found = fields.finish_with(found)?;
    Ok(found.into_iter().map(|id| (id, patch.clone())).collect())
}

/// New places of many tasks: `orders`, each an id and a position; `status`: and the same status.
pub fn reorder(object: &Object) -> Result<Vec<TaskEntry>, Fault> {
    let mut fields = Fields::new(object);
    let status = fields.word("status", TaskStatus::parse).map(Word::exact);
    let form = Rule::Form("a list of 1 to 500 objects with an id and a position");
    let place = |one: &Value| {
        let id = one.get("id").and_then(id_of).map(TaskId)?;
        let position = one.get("position")?.as_f64()?;
        (position.abs() <= f64::from(FARTHEST)).then(|| {
            let position = Some(position);
            (id, TaskPatch { status, position, ..TaskPatch::default() })
        })
    };
    let orders = object.get("orders").and_then(Value::as_array);
    let orders = orders.filter(|orders| (1..=MOST_BULK).contains(&orders.len()));
    let orders = orders.and_then(|orders| orders.iter().map(place).collect::<Option<Vec<_>>>());
    if orders.is_none() {
        let missing = !object.contains_key("orders");
        fields.note("orders", if missing { Rule::Required } else { form });
    }
    fields.finish_with(orders)
}

/// Where a task is moved to: `position`, and `status` if it gets another.
pub fn moved(object: &Object) -> Result<TaskPatch, Fault> {
    let mut fields = Fields::new(object);
    let status = fields.word("status", TaskStatus::parse).map(Word::exact);
    let position = fields.nullable_number("position", -FARTHEST, FARTHEST).flatten();
    if position.is_none() && object.get("position").is_none_or(Value::is_null) {
        fields.note("position", Rule::Required);
    }
    fields.finish().map(|()| TaskPatch { status, position, ..TaskPatch::default() })
}

/// The values of a list of at most so many; those of null are none.
fn list(value: &Value, most: usize) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        Value::Array(values) if values.len() <= most => Some(values),
        _ => None,
    }
}

fn ids(values: &[Value]) -> Option<Vec<TaskId>> {
    let mut ids: Vec<TaskId> =
        values.iter().map(|one| id_of(one).map(TaskId)).collect::<Option<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

fn noted<T>(fields: &mut Fields<'_>, name: &'static str, read: Result<T, Rule>) -> Option<T> {
    read.map_err(|rule| fields.note(name, rule)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(body: &Value) -> Result<Vec<TaskEntry>, String> {
        bulk(body.as_object().unwrap()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn many_tasks_get_one_change() {
        let found = items(&json!({"task_ids": ["7", 3, 7], "status": "done"})).unwrap();
        assert_eq!(found.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [3, 7]);
        assert!(found.iter().all(|(_, patch)| patch.status.is_some()));
        assert_eq!(items(&json!({})).unwrap_err(), "task_ids is required");
        for wrong in [json!([]), json!(null), json!([0]), json!(vec![1; 501])] {
            let said = items(&json!({ "task_ids": wrong })).unwrap_err();
            assert_eq!(said, "task_ids must be a list of 1 to 500 ids");
        }
    }

    #[test]
    fn labels_and_dependencies_are_lists_without_repetition() {
        let read = |body: Value| {
            let patch = task_patch(body.as_object().unwrap());
            patch.map(|patch| (patch.labels, patch.depends_on)).map_err(|fault| fault.to_string())
        };
        let label = |text| Label::parse("labels", text).unwrap();
        let given = read(json!({"labels": ["b", "a", " b "], "depends_on": [9, "2", 9]}));
        let expected = (vec![label("b"), label("a")], vec![TaskId(2), TaskId(9)]);
        assert_eq!(given, Ok((Some(expected.0), Some(expected.1))));
        assert_eq!(read(json!({"labels": null})), Ok((Some(vec![]), None)));
        let wrong = read(json!({"labels": [""], "depends_on": {}})).unwrap_err();
        assert_eq!(wrong, "labels is required; depends_on must be a list of at most 50 ids");
    }
}
