//! Schemas of items, from what their kinds declare.

use chorus_model::kind::{Field, Given, Shape};
use chorus_model::{Head, Kind, UserRef};
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, object, written};

/// An item as it is written.
pub(crate) fn item(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    schemas.named(&name(kind, ""), |schemas| {
        let mut properties = Map::new();
        for field in kind.fields {
            properties.insert(field.name.to_owned(), written_field(field));
            if let (Shape::Member, Some(who)) = (field.shape, field.name.strip_suffix("_id")) {
                properties.insert(who.to_owned(), written::<Option<UserRef>>(schemas));
            }
        }
        for inner in kind.inner() {
            if let Some(listed) = inner.within.and_then(|within| within.listed) {
                let list = json!({ "type": "array", "items": item(inner, schemas) });
                properties.insert(listed.to_owned(), list);
            }
        }
        let required: Vec<_> = properties.keys().cloned().collect();
        let own = json!({
            "type": "object",
            "properties": properties,
            "required": required,
        });
        let kind = json!({ "properties": { "kind": { "const": kind.name } } });
        json!({ "allOf": [written::<Head>(schemas), kind, own] })
    })
}

/// What is said of an item to make.
pub(crate) fn new(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    schemas.named(&name(kind, "New"), |_| form(kind, true))
}

/// What is said of an item to change.
pub(crate) fn patch(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    schemas.named(&name(kind, "Changed"), |_| form(kind, false))
}

/// Many items to change.
pub(crate) fn many(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    let patch = patch(kind, schemas);
    schemas.named(&name(kind, "Many"), |_| {
        let id = json!({ "type": "integer", "minimum": 1 });
        let if_version = json!({ "type": ["integer", "null"], "minimum": 1 });
        let own = object([("id", id, true), ("if_version", if_version, false)]);
        let one = json!({ "allOf": [patch, own] });
        let most = chorus_collab::items::MOST_AT_ONCE;
        let items = json!({ "type": "array", "minItems": 1, "maxItems": most, "items": one });
        object([("items", items, true)])
    })
}

/// What has come of changing many.
pub(crate) fn bulk(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    let item = item(kind, schemas);
    let error = written::<chorus_collab::items::BulkError>(schemas);
    schemas.named(&name(kind, "Bulk"), |_| {
        let count = || json!({ "type": "integer", "minimum": 0 });
        object([
            ("total", count(), true),
            ("updated", count(), true),
            ("skipped", count(), true),
            ("errors", json!({ "type": "array", "items": error }), true),
            ("items", json!({ "type": "array", "items": item }), true),
        ])
    })
}

/// What is added up of a kind.
pub(crate) fn totals(kind: &'static Kind, schemas: &mut Schemas) -> Value {
    schemas.named(&name(kind, "Totals"), |_| {
        let mut properties = Map::from_iter([("items".to_owned(), json!({ "type": "integer" }))]);
        for sum in kind.sums {
            properties.insert(sum.name.to_owned(), decimal(kind.scale(sum)));
        }
        let required: Vec<_> = properties.keys().cloned().collect();
        let sums = json!({ "type": "object", "properties": properties, "required": required });
        let section = json!({ "allOf": [sums, object([("section", text(), true)])] });
        let sections = json!({ "type": "array", "items": section });
        json!({ "allOf": [sums, object([("sections", sections, false)])] })
    })
}

/// `NewBoqItem` of the kind `boq_item`.
fn name(kind: &Kind, before: &str) -> String {
    let words = kind.name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    before.to_owned() + &words.collect::<String>()
}

fn form(kind: &'static Kind, new: bool) -> Value {
    let written = || kind.fields.iter().filter(|field| field.is_written());
    let mut properties: Map<String, Value> =
        written().map(|field| (field.name.to_owned(), read_field(field))).collect();
    let position = json!({
        "description": "Where it stands among the others; smaller is higher.",
        "type": ["number", "null"],
        "minimum": -1_000_000_000,
        "maximum": 1_000_000_000,
    });
    properties.insert("position".into(), position);
    let required = written().filter(|field| new && matches!(field.given, Given::Required));
    let required: Vec<_> = required.map(|field| field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What a client may write.
fn read_field(field: &Field) -> Value {
    let mut schema = match field.shape {
        Shape::Text(most) | Shape::FileName(most) => {
            let least = u8::from(matches!(field.given, Given::Required));
            json!({ "type": "string", "minLength": least, "maxLength": most })
        }
        Shape::MediaType => json!({ "type": "string", "maxLength": 255 }),
        Shape::Decimal(_, low, high) => json!({
            "type": ["number", "string"],
            "minimum": low,
            "maximum": high,
            "pattern": r"^ *-?\d+(\.\d+)? *$",
        }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Instant => json!({ "type": "string", "format": "date-time" }),
        Shape::Texts(most, longest) => json!({
            "type": "array",
            "maxItems": most,
            "items": { "type": "string", "minLength": 1, "maxLength": longest },
        }),
        Shape::Member | Shape::Item(_) => json!({ "type": "integer", "minimum": 1 }),
    };
    if !matches!(field.given, Given::Required) {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
    described(schema, field)
}

/// What is written.
fn written_field(field: &Field) -> Value {
    let plain = match field.shape {
        Shape::Text(_) | Shape::FileName(_) | Shape::MediaType => text(),
        Shape::Decimal(scale, ..) => decimal(scale),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Instant => json!({ "type": "string", "format": "date-time" }),
        Shape::Texts(..) => json!({ "type": "array", "items": text() }),
        Shape::Member | Shape::Item(_) => json!({ "type": "integer" }),
    };
    if field.is_nullable() {
        return described(json!({ "anyOf": [plain, { "type": "null" }] }), field);
    }
    described(plain, field)
}

fn described(mut schema: Value, field: &Field) -> Value {
    schema["description"] = json!(field.about);
    schema
}

fn decimal(scale: u8) -> Value {
    let pattern = match scale {
        0 => r"^-?\d+$".to_owned(),
        scale => format!(r"^-?\d+\.\d{{{scale}}}$"),
    };
    json!({ "type": "string", "pattern": pattern })
}

fn text() -> Value {
    json!({ "type": "string" })
}
