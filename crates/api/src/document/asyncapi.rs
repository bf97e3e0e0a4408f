//! The native protocol as an `AsyncAPI` document (version 3.0.0).

use chorus_model::{Body, Cursor, Event};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::native::{self, Request};
use super::schemas::{Schemas, object, written};

/// A way to the native protocol.
struct Channel {
    name: &'static str,
    address: &'static str,
    description: &'static str,
    /// Whether a message is wrapped, as there is nothing else to carry its name.
    wraps: bool,
}

const CHANNELS: [Channel; 2] = [
    Channel {
        name: "socketio",
        address: "/native",
        description: "A namespace of Socket.IO (protocol 5, over Engine.IO 4). A message is an \
                      event with one argument; a reply is its acknowledgement.",
        wraps: false,
    },
    Channel {
        name: "raw",
        address: "/api/v1/ws/native",
        description: "A WebSocket. A message is one text of JSON.",
        wraps: true,
    },
];

/// The `AsyncAPI` document, as JSON.
pub fn asyncapi() -> String {
    let mut schemas = Schemas::draft07();
    let told = told(&mut schemas);
    let requests = native::requests();
    let mut messages = Map::new();
    let mut channels = Map::new();
    let mut operations = Map::new();
    for channel in &CHANNELS {
        let own = told_on(channel, &told, &mut schemas);
        operations.insert(format!("{}.tell", channel.name), tell(channel, &own));
        let mut all = own;
        for request in requests.iter().filter(|request| channel.wraps || !request.raw) {
            let (asked, answered) = exchange(channel, request, &mut schemas);
            let name = request.name;
            operations.insert(format!("{}.{name}", channel.name), take(channel, name));
            all.insert(format!("ask.{name}"), asked);
            all.insert(format!("reply.{name}"), answered);
        }
        let references = all.keys().map(|key| (key.clone(), message_reference(channel, key)));
        let references: Map<_, _> = references.collect();
        channels.insert(
            channel.name.to_owned(),
            json!({
                "address": channel.address,
                "description": channel.description,
                "messages": references,
            }),
        );
        messages.extend(all.into_iter().map(|(key, all)| (format!("{}.{key}", channel.name), all)));
    }
    super::pretty(&json!({
        "asyncapi": "3.0.0",
        "info": super::headline("Chorus native"),
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas.finish() },
    }))
}

/// Everything that the server says unasked: names, and schemas of the arguments.
fn told(schemas: &mut Schemas) -> Vec<(String, Value)> {
    let event = written::<Event>(schemas);
    let mut told: Vec<_> = kinds()
        .into_iter()
        .map(|kind| {
            let of_kind = json!({ "properties": { "kind": { "const": kind } } });
            let name = component(&kind);
            let schema = json!({ "allOf": [event, of_kind] });
            (kind, schemas.named(&name, |_| schema))
        })
        .collect();
    for (name, give) in native::signals() {
        told.push((name.to_owned(), schemas.named(&component(name), give)));
    }
    told
}

/// What can happen, as the log writes it.
fn kinds() -> Vec<String> {
    let body = SchemaSettings::default().for_serialize().into_generator();
    let body = body.into_root_schema_for::<Body>().to_value();
    let variants = body["oneOf"].as_array().into_iter().flatten();
    let kinds = variants.filter_map(|variant| variant["properties"]["kind"]["const"].as_str());
    kinds.map(str::to_owned).collect()
}

/// `TaskCreatedTold` of `task.created`.
fn component(name: &str) -> String {
    let words = name.split(['.', '_']);
    let words = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    words.collect::<String>() + "Told"
}

fn told_on(
    channel: &Channel,
    told: &[(String, Value)],
    schemas: &mut Schemas,
) -> Map<String, Value> {
    let cursor = written::<Cursor>(schemas);
    let messages = told.iter().map(|(name, schema)| {
        let payload = if channel.wraps {
            object([
                ("type", json!({ "const": name }), true),
                ("data", schema.clone(), true),
                ("cursor", cursor.clone(), false),
            ])
        } else {
            schema.clone()
        };
        (name.clone(), json!({ "name": name, "payload": payload }))
    });
    messages.collect()
}

/// The messages of a request and of its answer.
fn exchange(channel: &Channel, request: &Request, schemas: &mut Schemas) -> (Value, Value) {
    let name = request.name;
    let argument =
        schemas.named(&component(name).replace("Told", "Asked"), |s| native::argument(request, s));
    let done = native::done(request, schemas);
    let refused = native::refusal(schemas);
    let outcome = json!({ "oneOf": [done, refused] });
    let outcome = schemas.named(&component(name).replace("Told", "Answered"), |_| outcome);
    if !channel.wraps {
        return (
            json!({ "name": name, "payload": argument }),
            json!({ "name": format!("{name} (acknowledgement)"), "payload": outcome }),
        );
    }
    let id = json!({ "description": "Anything of at most 64 bytes, as the request has it." });
    let asked = object([
        ("type", json!({ "const": name }), true),
        ("id", id.clone(), false),
        ("data", argument, false),
    ]);
    let kind = ("type", json!({ "const": "reply" }), true);
    let answered = native::both(outcome, [kind, ("id", id, true)]);
    (json!({ "name": name, "payload": asked }), json!({ "name": "reply", "payload": answered }))
}

fn message_reference(channel: &Channel, key: &str) -> Value {
    json!({ "$ref": format!("#/components/messages/{}.{key}", channel.name) })
}

fn channel_reference(channel: &Channel) -> Value {
    json!({ "$ref": format!("#/channels/{}", channel.name) })
}

fn channel_message(channel: &Channel, key: &str) -> Value {
    json!({ "$ref": format!("#/channels/{}/messages/{key}", channel.name) })
}

/// The operation of saying something unasked.
fn tell(channel: &Channel, told: &Map<String, Value>) -> Value {
    let messages: Vec<_> = told.keys().map(|key| channel_message(channel, key)).collect();
    json!({ "action": "send", "channel": channel_reference(channel), "messages": messages })
}

/// The operation of taking a request and answering it.
fn take(channel: &Channel, name: &str) -> Value {
    json!({
        "action": "receive",
        "channel": channel_reference(channel),
        "messages": [channel_message(channel, &format!("ask.{name}"))],
        "reply": {
            "channel": channel_reference(channel),
            "messages": [channel_message(channel, &format!("reply.{name}"))],
        },
    })
}
