//! The HTTP door as an OpenAPI document (version 3.1.0).

use std::collections::BTreeSet;

use chorus_model::Emoji;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::about::{About, Success};
use super::routes::Described;
use super::schemas::{self, Schemas, reference};
use crate::error::Written;
use crate::path::without_slash;
use crate::routes;
use crate::state::Api;

/// Where the native paths are; `/chorus/v1` is the same.
const PREFIX: &str = "/api/v1";

/// The OpenAPI document, as JSON.
pub fn openapi() -> String {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    let mut refusals = Map::new();
    for (prefix, described) in [
        (PREFIX, routes::native::<Api>().into_described()),
        ("", routes::root::<Api>(std::sync::Arc::default()).into_described()),
    ] {
        for Described { path, method, about } in described {
            let whole = format!("{prefix}{path}");
            let whole = without_slash(&whole);
            let written = operation(whole, method, &about, &mut schemas, &mut refusals);
            let entry = paths.entry(whole.to_owned()).or_insert_with(|| json!({}));
            entry[method] = written;
        }
    }
    schemas::written::<Written<'_>>(&mut schemas);
    super::pretty(&json!({
        "openapi": "3.1.0",
        "info": super::headline("Chorus REST"),
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "responses": refusals,
            "headers": headers(),
            "securitySchemes": {
                "service": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "A token of the type `service`: `chorus token NAME --service`.",
                },
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "access_token" },
            },
        },
    }))
}

fn operation(
    path: &str,
    method: &str,
    about: &About,
    schemas: &mut Schemas,
    refusals: &mut Map<String, Value>,
) -> Value {
    // With a body `PUT` does what `PATCH` does.
    let suffix = if method == "put" && about.form.is_some() { "_by_put" } else { "" };
    let mut written = json!({
        "operationId": format!("{}{suffix}", about.id),
        "summary": about.summary,
        "parameters": parameters(path, about, schemas),
        "responses": responses(about, schemas, refusals),
        "security": about.security.iter().map(|name| json!({ *name: [] })).collect::<Vec<_>>(),
    });
    if let Some(form) = &about.form {
        written["requestBody"] = json!({
            "required": about.form_required,
            "content": { "application/json": { "schema": form(schemas) } },
        });
    }
    if about.takes_file {
        // Without a body the file is empty.
        written["requestBody"] =
            json!({ "required": false, "content": { "application/octet-stream": {} } });
    }
    written
}

fn parameters(path: &str, about: &About, schemas: &mut Schemas) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let ids = names.map(|name| {
        let schema = match name {
            "emoji" => schemas::read::<Emoji>(schemas),
            _ => json!({ "type": "integer", "format": "int64", "minimum": 1 }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    let ids: Vec<_> = ids.collect();
    let others = about.parameters.iter().map(|parameter| parameter.write(schemas));
    ids.into_iter().chain(others).collect()
}

fn responses(about: &About, schemas: &mut Schemas, refusals: &mut Map<String, Value>) -> Value {
    let mut responses = Map::new();
    for success in &about.successes {
        responses.insert(success.status.to_string(), answer(success, schemas));
    }
    for (status, codes) in &about.refusals {
        let name = codes.iter().fold(format!("Refused-{status}"), |name, code| name + "-" + code);
        responses.insert(
            status.to_string(),
            json!({ "$ref": format!("#/components/responses/{name}") }),
        );
        refusals.entry(name).or_insert_with(|| refusal(*status, codes, schemas));
    }
    Value::Object(responses)
}

fn answer(success: &Success, schemas: &mut Schemas) -> Value {
    let mut response = json!({ "description": phrase(success.status) });
    if let Some(schema) = &success.schema {
        response["content"] = json!({ (success.media): { "schema": schema(schemas) } });
    }
    if !success.headers.is_empty() {
        response["headers"] = header_references(&success.headers);
    }
    response
}

fn refusal(status: u16, codes: &BTreeSet<&str>, schemas: &mut Schemas) -> Value {
    let code = json!({ "properties": { "code": { "enum": codes } } });
    let schema = json!({
        "allOf": [schemas::written::<Written<'_>>(schemas)],
        "properties": { "error": code },
    });
    let mut response = json!({
        "description": phrase(status),
        "content": { "application/json": { "schema": schema } },
    });
    let header = match status {
        401 => Some("WWW-Authenticate"),
        412 => Some("ETag"),
        503 => Some("Retry-After"),
        _ => None,
    };
    if let Some(header) = header {
        response["headers"] = header_references(&[header]);
    }
    response
}

fn header_references(names: &[&str]) -> Value {
    let references = names.iter().map(|name| {
        ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    });
    Value::Object(references.collect())
}

fn headers() -> Value {
    let header = |description: &str, example: &str| {
        let schema = json!({ "type": "string", "examples": [example] });
        json!({ "description": description, "schema": schema })
    };
    json!({
        "Chorus-Cursor": {
            "description": "Where in the log the change is.",
            "schema": reference("Cursor"),
        },
        "ETag": header("The version of the entity.", "\"3\""),
        "Idempotency-Replayed": header("The answer is that of an earlier request.", "true"),
        "Link": header(
            "The next part of the list, if there is one (RFC 8288).",
            "</api/v1/tasks?limit=1&offset=1>; rel=\"next\"",
        ),
        "Retry-After": header("With `busy`: seconds to wait.", "1"),
        "Set-Cookie": header(
            "The tokens, one cookie each.",
            "access_token=…; HttpOnly; Path=/; SameSite=Lax",
        ),
        "WWW-Authenticate": header(
            "The scheme of the tokens; absent where none was asked for.",
            "Bearer",
        ),
    })
}

fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}
