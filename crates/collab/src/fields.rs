//! JSON objects read field by field. Every mistake is noted, so that the caller hears of all at
//! once; unknown fields are ignored.

use chorus_model::kind::Field;
use chorus_model::text::Rule;
use chorus_model::{Invalid, Timestamp};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// A reader over one object.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    invalid: Vec<Invalid>,
}

impl<'a> Fields<'a> {
    /// Reads `object`.
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, invalid: Vec::new() }
    }

    /// Whether the field is there, null included.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// A text that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, Invalid>,
    ) -> Option<T> {
        if matches!(self.object.get(name), None | Some(Value::Null)) {
            self.note(name, Rule::Required);
            return None;
        }
        self.text(name, parse)
    }

    /// A text that may be absent, but not null.
    pub fn text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, Invalid>,
    ) -> Option<T> {
        match self.object.get(name)? {
            Value::String(text) => match parse(name, text) {
                Ok(value) => Some(value),
                Err(invalid) => {
                    self.invalid.push(invalid);
                    None
                }
            },
            _ => {
                self.note(name, Rule::Type("a string"));
                None
            }
        }
    }

    /// A text that may be absent, or null for none; an empty text is none too.
    pub fn nullable_text<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'static str, &str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        match self.object.get(name)? {
            Value::Null => Some(None),
            Value::String(text) if text.trim().is_empty() => Some(None),
            _ => self.text(name, parse).map(Some),
        }
    }

    /// A word of a closed vocabulary.
    pub fn word<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        self.text(name, |name, text| parse(text).map_err(|rule| Invalid::new(name, rule)))
    }

    /// A yes or no that may be absent.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let flag = self.object.get(name)?.as_bool();
        if flag.is_none() {
            self.note(name, Rule::Type("a boolean"));
        }
        flag
    }

    /// An instant that may be absent, or null for none.
    pub fn nullable_instant(&mut self, name: &'static str) -> Option<Option<Timestamp>> {
        self.nullable_text(name, |name, text| {
            let form = Rule::Form("an ISO 8601 date or date-time");
            Timestamp::parse(text).ok_or(Invalid::new(name, form))
        })
    }

    /// An id that must be there: a positive number, or its digits in a string.
    pub fn required_id(&mut self, name: &'static str) -> Option<i64> {
        match self.object.get(name) {
            None | Some(Value::Null) => {
                self.note(name, Rule::Required);
                None
            }
            Some(_) => self.nullable_id(name).flatten(),
        }
    }

    /// An id that may be absent, or null for none.
    pub fn nullable_id(&mut self, name: &'static str) -> Option<Option<i64>> {
        let value = self.object.get(name)?;
        if value.is_null() {
            return Some(None);
        }
        let id = id_of(value);
        if id.is_none() {
            self.note(name, Rule::Type("an id"));
        }
        id.map(Some)
    }

    /// A number between bounds that may be absent, or null for none.
    pub fn nullable_number(
        &mut self,
        name: &'static str,
        low: i32,
        high: i32,
    ) -> Option<Option<f64>> {
        match self.object.get(name)? {
            Value::Null => Some(None),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                if (f64::from(low)..=f64::from(high)).contains(&number) {
                    return Some(Some(number));
                }
                self.note(name, Rule::Range(low.into(), high.into()));
                None
            }
            _ => {
                self.note(name, Rule::Type("a number"));
                None
            }
        }
    }

    /// The value of a field that a kind of items declares: none where it is absent.
    pub fn of(&mut self, field: &'static Field) -> Option<Option<chorus_model::Value>> {
        match field.read(self.object.get(field.name)?) {
            Ok(value) => Some(value),
            Err(rule) => {
                self.note(field.name, rule);
                None
            }
        }
    }

    /// Notes a mistake that the caller of this reader found.
    pub fn note(&mut self, name: &'static str, rule: Rule) {
        self.invalid.push(Invalid::new(name, rule));
    }

    /// Fails if anything was wrong.
    pub fn finish(self) -> Result<(), Fault> {
        if self.invalid.is_empty() { Ok(()) } else { Err(Fault::Invalid(self.invalid)) }
    }

    /// Fails if anything was wrong, or if a value that must be there is not.
    pub fn finish_with<T>(self, value: Option<T>) -> Result<T, Fault> {
        let invalid = self.invalid;
        match value {
            Some(value) if invalid.is_empty() => Ok(value),
            _ => Err(Fault::Invalid(invalid)),
        }
    }
}

/// An id as clients write it: a positive number, or its digits in a string.
pub fn id_of(value: &Value) -> Option<i64> {
    let id = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) if text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse().ok()?
        }
        _ => return None,
    };
    (id > 0).then_some(id)
}

#[cfg(test)]
mod tests {
    use chorus_model::text::{Description, Title};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_mistake_is_told_at_once() {
        let object =
            json!({"description": 5, "due_date": "soon", "estimated_hours": -1, "id": "x"});
        let mut fields = Fields::new(object.as_object().unwrap());
        fields.required("title", Title::parse);
        fields.nullable_text("description", Description::parse);
        fields.nullable_instant("due_date");
        fields.nullable_number("estimated_hours", 0, 100);
        fields.required_id("id");
        assert_eq!(
            fields.finish().unwrap_err().to_string(),
            "title is required; description must be a string; \
             due_date must be an ISO 8601 date or date-time; \
             estimated_hours must be between 0 and 100; id must be an id"
        );
    }

    #[test]
    fn absent_null_and_given_are_three_things() {
        let object = json!({"a": null, "b": " ", "c": "text"});
        let mut fields = Fields::new(object.as_object().unwrap());
        assert_eq!(fields.nullable_text("x", Description::parse), None);
        assert_eq!(fields.nullable_text("a", Description::parse), Some(None));
        assert_eq!(fields.nullable_text("b", Description::parse), Some(None));
        let given = fields.nullable_text("c", Description::parse).unwrap().unwrap();
        assert_eq!(given.as_str(), "text");
    }

    #[test]
    fn ids_come_as_numbers_and_digits() {
        for (value, expected) in [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(0), None),
            (json!(-7), None),
            (json!(7.5), None),
            (json!("7a"), None),
            (json!("99999999999999999999"), None),
            (json!([7]), None),
        ] {
            assert_eq!(id_of(&value), expected, "{value}");
        }
    }
}
