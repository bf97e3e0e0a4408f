//! The native form of items: what a client says of one.

use chorus_model::kind::Given as From;
use chorus_model::{Invalid, ItemId, Kind, ProjectId, Rule, Value};
use serde::Serialize;

use super::bulk::{BulkEntry, BulkError, MOST_AT_ONCE};
use super::{Spot, bulk};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::forms::{Object, position};

/// Values that a client gives for fields of an item; the others stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Given {
    /// Each by the name of its field.
    pub values: Vec<(&'static str, Option<Value>)>,
    /// Where it is to stand.
    pub position: Option<f64>,
}

impl Given {
    /// The text that is given for a field; empty where there is none.
    pub fn text(&self, field: &str) -> &str {
        let given = self.values.iter().find(|(name, _)| *name == field);
        match given {
            Some((_, Some(Value::Text(text)))) => text,
            _ => "",
        }
    }
}

/// An item to make.
pub fn new(kind: &'static Kind, object: &Object) -> Result<Given, Fault> {
    let mut fields = Fields::new(object);
    for field in kind.fields {
        if matches!(field.given, From::Required) && !fields.has(field.name) {
            fields.note(field.name, Rule::Required);
        }
    }
    read(kind, fields)
}

/// New values of an item's fields.
pub fn patch(kind: &'static Kind, object: &Object) -> Result<Given, Fault> {
    read(kind, Fields::new(object))
}

/// Changes of many items: `items`, each with its `id`, its `if_version` and its new values. One
/// that breaks a rule is refused by itself, later.
pub fn many(kind: &'static Kind, object: &Object) -> Result<Vec<BulkEntry>, Fault> {
    let wrong = || Invalid::new("items", Rule::Form("a list of 1 to 500 objects"));
    let items = object.get("items").ok_or(Invalid::new("items", Rule::Required))?;
    let items = items.as_array().filter(|items| (1..=MOST_AT_ONCE).contains(&items.len()));
    let items = items.ok_or_else(wrong)?;
    let read = |(at, item): (usize, &serde_json::Value)| {
        let object = item.as_object().ok_or_else(wrong)?;
        let mut fields = Fields::new(object);
        let id = fields.required_id("id").map(ItemId);
        let if_version = fields.nullable_id("if_version").flatten();
        let id = fields.finish_with(id).map_err(|fault| within(&fault, at))?;
        let given = patch(kind, object).map_err(|fault| BulkError::of(id, &fault));
        Ok(BulkEntry { id, if_version, given })
    };
    items.iter().enumerate().map(read).collect()
}

/// Of which kind an object is said to be.
pub(crate) fn kind(object: &Object) -> Result<&'static Kind, Fault> {
    let mut fields = Fields::new(object);
    let kind = fields.required("kind", |name, text| {
        Kind::named(text).ok_or_else(|| Invalid::new(name, Rule::Unknown("a kind of items")))
    });
    fields.finish_with(kind)
}

/// Where an object is to be made: in the project or the item that it names.
pub(crate) fn spot(kind: &Kind, object: &Object) -> Result<Spot, Fault> {
    let mut fields = Fields::new(object);
    let spot = match kind.outer() {
        Some(_) => {
            fields.nullable_id("project_id");
            fields.required_id("parent_id").map(|id| Spot::Inside(ItemId(id)))
        }
        None => {
            if fields.nullable_id("parent_id").flatten().is_some() {
                fields.note("parent_id", Rule::Form("null: these lie directly in a project"));
            }
            fields.required_id("project_id").map(|id| Spot::Project(ProjectId(id)))
        }
    };
    fields.finish_with(spot)
}

fn read(kind: &'static Kind, mut fields: Fields<'_>) -> Result<Given, Fault> {
    let mut given = Given::default();
    for field in kind.fields.iter().filter(|field| field.is_written()) {
        if let Some(value) = fields.of(field) {
            given.values.push((field.name, value));
        }
    }
    given.position = position(&mut fields);
    fields.finish().map(|()| given)
}

/// A mistake in the entry at a place.
fn within(fault: &Fault, at: usize) -> Fault {
    let Fault::Invalid(invalid) = fault else { return fault.clone() };
    let named =
        |one: &Invalid| Invalid::new(format!("items[{at}].{}", one.field), one.rule.clone());
    Fault::Invalid(invalid.iter().map(named).collect())
}

const _: () = assert!(bulk::MOST_AT_ONCE == 500, "the texts of this file say so");

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn boq() -> &'static Kind {
        Kind::named("boq_item").unwrap()
    }

    fn said<T: std::fmt::Debug>(read: Result<T, Fault>) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn every_mistake_is_named_with_its_field_and_rule() {
        let body = json!({"qty": -1, "unit_price": 0.00001, "unit": 7, "position": 1e300});
        assert_eq!(
            said(new(boq(), body.as_object().unwrap())),
            "description is required; unit must be a string; \
             qty must be between 0 and 100000000; \
             unit_price must be a number with at most 4 decimals; \
             position must be between -1000000000 and 1000000000"
        );
    }

    #[test]
    fn what_follows_from_others_is_passed_over() {
        let body = json!({"total_price": 5, "unknown": 1, "qty": null});
        let given = patch(boq(), body.as_object().unwrap()).unwrap();
        let zero = chorus_model::Decimal::new(0, 3);
        assert_eq!(given.values, [("qty", Some(Value::Decimal(zero)))]);
    }

    #[test]
    fn of_many_each_is_read_by_itself() {
        let read = |body: Json| many(boq(), body.as_object().unwrap());
        let both = read(json!({"items": [{"id": 1, "qty": "x"}, {"id": "2", "if_version": 3}]}));
        let both = both.unwrap();
        let error = both[0].given.as_ref().unwrap_err();
        assert_eq!((error.item_id, error.field.as_deref()), (ItemId(1), Some("qty")));
        assert_eq!((both[1].id, both[1].if_version), (ItemId(2), Some(3)));
        assert_eq!(said(read(json!({"items": [{"id": 1}, {}]}))), "items[1].id is required");
        assert_eq!(said(read(json!({}))), "items is required");
        for items in [json!([]), json!({}), json!([1]), json!(vec![json!({"id": 1}); 501])] {
            assert_eq!(
                said(read(json!({"items": items}))),
                "items must be a list of 1 to 500 objects"
            );
        }
    }
}
