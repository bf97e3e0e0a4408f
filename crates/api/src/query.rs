//! What the query says, read field by field like a body.

use axum::extract::{FromRequestParts, Query};
use chorus_model::Rule;
use http::Uri;
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::document::Schemas;
use crate::error::Refusal;

/// The pairs of a query, all of them texts. An empty value counts as absent, as forms send it;
/// of several with one name the last counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        read(&parts.uri)
    }
}

/// A yes or no.
pub(crate) fn flag(word: &str) -> Result<bool, Rule> {
    match word {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Rule::OneOf(&["true", "false"])),
    }
}

/// What a yes or no may be.
pub(crate) fn flag_schema(_: &mut Schemas) -> Value {
    json!({ "type": "string", "enum": ["true", "false", "1", "0"] })
}

fn read(uri: &Uri) -> Result<Asked, Refusal> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| chorus_model::Invalid::new("query", Rule::Form("name=value pairs")))?;
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(Asked(given.map(|(name, value)| (name, Value::String(value))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_texts_and_empty_ones_absent() {
        let uri = "/tasks?q=a%20b+c&status=&limit=1&limit=2&overdue".parse().unwrap();
        let Asked(pairs) = read(&uri).unwrap();
        assert_eq!(Value::Object(pairs), json!({"q": "a b c", "limit": "2"}));
        assert_eq!(read(&"/tasks".parse().unwrap()).unwrap(), Asked(Map::new()));
    }

    #[test]
    fn flags_are_yes_or_no() {
        assert_eq!((flag("true"), flag("0")), (Ok(true), Ok(false)));
        assert_eq!(flag("yes").unwrap_err().to_string(), "must be one of: true, false");
    }
}
