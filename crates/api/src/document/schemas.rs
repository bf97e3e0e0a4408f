//! Schemas of what is said and heard, from the types that say and hear it.

use chorus_collab::command::NewComment;
use chorus_model::text::CommentText;
use chorus_model::{ItemId, NotificationId, ProjectRole, UserId};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// Gives the schema of something, and keeps the definitions that it refers to.
pub(crate) type Give = Box<dyn Fn(&mut Schemas) -> Value>;

/// The same of what knows nothing.
pub(crate) type Plain = fn(&mut Schemas) -> Value;

/// Collects definitions. What the server writes and what it reads differ: a field that may be null is always written, but need
/// not be sent.
pub(crate) struct Schemas {
    written: SchemaGenerator,
    read: SchemaGenerator,
    own: Map<String, Value>,
}

impl Schemas {
    /// For OpenAPI 3.1: JSON Schema 2020-12.
    pub(crate) fn new() -> Self {
        Self::with(SchemaSettings::draft2020_12)
    }

    /// For `AsyncAPI` 3.0: JSON Schema draft 07.
    pub(crate) fn draft07() -> Self {
        Self::with(SchemaSettings::draft07)
    }

    fn with(draft: fn() -> SchemaSettings) -> Self {
        let settings = || {
            draft().with_transform(tidy).with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            written: settings().for_serialize().into_generator(),
            read: settings().for_deserialize().into_generator(),
            own: Map::new(),
        }
    }

    /// The schema of this name, made by `make` when it is first asked for.
    pub(crate) fn named(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.own.contains_key(name) {
            let made = make(self);
            self.own.insert(name.to_owned(), made);
        }
        reference(name)
    }

    /// What is read as `T` less one field, named `name`.
    pub(crate) fn without<T: JsonSchema>(&mut self, name: &str, field: &str) -> Value {
        self.named(name, |schemas| {
            let mut schema = T::json_schema(&mut schemas.read);
            tidy(&mut schema);
            let mut schema = schema.to_value();
            if let Some(properties) = schema["properties"].as_object_mut() {
                properties.remove(field);
            }
            if let Some(required) = schema["required"].as_array_mut() {
                required.retain(|name| name != field);
            }
            schema
        })
    }

    /// All definitions. Those of both kinds are of types that are written as they are read.
    pub(crate) fn finish(mut self) -> Map<String, Value> {
        let mut all = self.read.take_definitions(true);
        all.extend(self.written.take_definitions(true));
        all.extend(self.own);
        all
    }
}

/// A reference to a definition.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What the server writes.
pub(crate) fn written<T: JsonSchema + ?Sized>(schemas: &mut Schemas) -> Value {
    schemas.written.subschema_for::<T>().to_value()
}

/// What the server reads.
pub(crate) fn read<T: JsonSchema + ?Sized>(schemas: &mut Schemas) -> Value {
    schemas.read.subschema_for::<T>().to_value()
}

/// A list that the server writes.
pub(crate) fn list<T: JsonSchema>(schemas: &mut Schemas) -> Value {
    json!({ "type": "array", "items": written::<T>(schemas) })
}

/// An object of these fields; those with `true` must be there.
pub(crate) fn object<const N: usize>(fields: [(&str, Value, bool); N]) -> Value {
    let required: Vec<_> = fields.iter().filter(|field| field.2).map(|field| field.0).collect();
    let required = json!(required);
    let properties: Map<_, _> =
        fields.into_iter().map(|(name, schema, _)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// The form of a new comment on a project, or on an item of it.
pub(crate) fn comment_in_project(schemas: &mut Schemas) -> Value {
    schemas.named("NewCommentInProject", |s| {
        let mut item = read::<Option<ItemId>>(s);
        item["description"] = json!("The item; without one the comment is on the project itself.");
        json!({ "allOf": [read::<NewComment>(s), object([("item_id", item, false)])] })
    })
}

/// The form of a changed comment.
pub(crate) fn comment(schemas: &mut Schemas) -> Value {
    schemas.named("CommentForm", |s| object([("body", read::<CommentText>(s), true)]))
}

/// The form of a new member.
pub(crate) fn new_member(schemas: &mut Schemas) -> Value {
    schemas.named("NewMember", |s| {
        let mut role = given_role(s);
        role["default"] = json!(ProjectRole::Member);
        object([("user_id", read::<UserId>(s), true), ("role", role, false)])
    })
}

/// The form of a member's new role.
pub(crate) fn role(schemas: &mut Schemas) -> Value {
    schemas.named("RoleForm", |s| object([("role", given_role(s), true)]))
}

/// A role that can be given: all but the owner's.
pub(super) fn given_role(_: &mut Schemas) -> Value {
    let given = ProjectRole::ALL.iter().filter(|role| **role != ProjectRole::Owner);
    json!({ "type": "string", "enum": given.collect::<Vec<_>>() })
}

/// The form that names notifications.
pub(crate) fn notifications(schemas: &mut Schemas) -> Value {
    schemas.named("ReadForm", |s| {
        let ids = json!({
            "type": ["array", "null"],
            "items": read::<NotificationId>(s),
            "maxItems": chorus_collab::forms::MOST_READ,
            "description": "Without ids all are marked.",
        });
        object([("ids", ids, false)])
    })
}

/// Which notifications were unread until now.
pub(crate) fn marked(schemas: &mut Schemas) -> Value {
    schemas.named("Marked", |s| object([("read", list::<NotificationId>(s), true)]))
}

/// A default of null says what absence says already; an integer's format says nothing that a
/// validator knows.
fn tidy(schema: &mut Schema) {
    if let Some(object) = schema.as_object_mut() {
        if object.get("default").is_some_and(Value::is_null) {
            object.remove("default");
        }
        if object.get("format").is_some_and(|f| matches!(f.as_str(), Some("uint64" | "double"))) {
            object.remove("format");
        }
    }
    schemars::transform::transform_subschemas(&mut tidy, schema);
}
