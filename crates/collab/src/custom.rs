//! Custom events: what other back ends tell, to clients of every dialect.

use chorus_model::text::{Invalid, Rule};
use chorus_model::{Body, CustomEvent, Target};
use serde_json::Value;

use crate::caller::Caller;
use crate::collab::Collab;
use crate::command::{Answer, Command, Done, Emission};
use crate::doing::Doing;
use crate::fault::{Fault, Noun};
use crate::fields::Fields;
use crate::forms::Object;

/// Custom events in one request.
pub const MOST: usize = 100;
/// Characters of a name.
pub const MAX_NAME: usize = 128;
/// Bytes of what one says, as JSON.
const MAX_DATA: usize = 64 * 1024;
/// Names that Socket.IO clients keep to themselves (`socket.io-client`, `RESERVED_EVENTS`).
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

impl Collab {
    /// Tells custom events on behalf of a service: those that are kept in one transaction, in
    /// their order, then the others. Under an idempotency key all of them are told once.
    ///
    /// That the caller is a service is for the door to know.
    pub async fn emit(&self, caller: Caller, emissions: Vec<Emission>) -> Result<Done, Fault> {
        let passing: Vec<CustomEvent> = emissions
            .iter()
            .filter(|emission| !emission.durable)
            .map(|emission| emission.event.clone())
            .collect();
        let done = self.execute(caller, Command::Emit(emissions)).await?;
        if !done.replayed {
            let now = self.clock().now();
            for event in passing {
                self.realtime().emit(event, now);
            }
        }
        Ok(done)
    }
}

/// Reads a batch of custom events, under `events`.
pub fn emissions(object: &Object) -> Result<Vec<Emission>, Fault> {
    let batch = object.get("events").ok_or(Invalid::new("events", Rule::Required))?;
    let objects = batch.as_array().and_then(|all| all.iter().map(Value::as_object).collect());
    let objects: Vec<&Object> =
        objects.ok_or(Invalid::new("events", Rule::Type("a list of objects")))?;
    if objects.is_empty() || objects.len() > MOST {
        return Err(Invalid::new("events", Rule::Form("a list of 1 to 100 events")).into());
    }
    let read = |(at, object): (usize, &Object)| {
        emission(object).map_err(|fault| match fault {
            Fault::Invalid(invalid) => Fault::Invalid(
                invalid
                    .into_iter()
                    .map(|one| Invalid::new(format!("events[{at}].{}", one.field), one.rule))
                    .collect(),
            ),
            other => other,
        })
    };
    objects.into_iter().enumerate().map(read).collect()
}

/// Reads one custom event.
pub fn emission(object: &Object) -> Result<Emission, Fault> {
    let mut fields = Fields::new(object);
    let room = fields.required("room", |field, text| {
        let form = "project:ID, user:ID, everyone, or another KIND:ID";
        text.parse::<Target>().map_err(|_| Invalid::new(field, Rule::Form(form)))
    });
    let event = fields.required("event", name);
    let data = object.get("data").cloned().unwrap_or(Value::Null);
    if data.to_string().len() > MAX_DATA {
        fields.note("data", Rule::Form("at most 65536 bytes of JSON"));
    }
    let durable = match object.get("durable") {
        None => Some(true),
        Some(value) => value.as_bool(),
    };
    match (durable, &room) {
        (None, _) => fields.note("durable", Rule::Type("a boolean")),
        (Some(true), Some(Target::Named(_))) => {
            fields.note("durable", Rule::Form("false in a room that stands for nothing stored"));
        }
        _ => {}
    }
    let (room, event, durable) =
        fields.finish_with(room.zip(event).zip(durable).map(|((r, e), d)| (r, e, d)))?;
    Ok(Emission { event: CustomEvent { room, event, data }, durable })
}

fn name(field: &'static str, text: &str) -> Result<String, Invalid> {
    let wrong = |rule| Err(Invalid::new(field, rule));
    if text.chars().count() > MAX_NAME {
        return wrong(Rule::TooLong(MAX_NAME));
    }
    if text.is_empty() || text.chars().any(char::is_control) {
        return wrong(Rule::Form("a name without control characters"));
    }
    if RESERVED.contains(&text) {
        return wrong(Rule::Form("another name: clients keep this one to themselves"));
    }
    Ok(text.to_owned())
}

pub(crate) fn emit(doing: &mut Doing<'_, '_>, emissions: &[Emission]) -> Result<Answer, Fault> {
    let mut places = Vec::with_capacity(emissions.len());
    for Emission { event, durable } in emissions {
        match event.room {
            Target::Project(id) if doing.tx.project(id)?.is_none() => {
                return Err(Fault::NotFound(Noun::Project));
            }
            Target::User(id) if doing.tx.user(id)?.is_none() => {
                return Err(Fault::NotFound(Noun::User));
            }
            _ => {}
        }
        places.push(if *durable { Some(doing.append(Body::Custom(event.clone()))?) } else { None });
    }
    Ok(Answer::Emitted(places))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Vec<Emission>, String> {
        emissions(body.as_object().unwrap()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn one_or_many() {
        let one = json!({"room": "project:7", "event": "deploy.done", "data": {"ok": true}});
        assert!(emission(one.as_object().unwrap()).unwrap().durable);
        let passing = json!({"room": "channel:9", "event": "x", "durable": false});
        assert_eq!(read(&json!({"events": [one, passing]})).unwrap().len(), 2);
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let said = read(&json!({"events": [{"room": "task:1", "event": "connect"}]})).unwrap_err();
        assert!(said.starts_with("events[0].room must be project:ID"), "{said}");
        assert!(said.contains("events[0].event must be another name"), "{said}");
        let said = read(&json!({"events": [{"room": "channel:1", "event": "x"}]})).unwrap_err();
        assert_eq!(
            said,
            "events[0].durable must be false in a room that stands for nothing stored"
        );
        assert_eq!(read(&json!({})).unwrap_err(), "events is required");
        for events in [json!([]), json!({}), json!([1]), json!(vec![json!({}); 101])] {
            assert!(read(&json!({ "events": events })).unwrap_err().contains("events must be"));
        }
        let large = json!({"room": "everyone", "event": "x", "data": "y".repeat(MAX_DATA)});
        assert!(read(&json!({ "events": [large] })).unwrap_err().contains("65536"));
    }
}
