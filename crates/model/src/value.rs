//! The values of an item's fields, valid by what its kind declares.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::clock::Timestamp;
use crate::decimal::Decimal;
use crate::id::{ItemId, UserId};
use crate::kind::{Given, Kind, Shape};
use crate::text::{Invalid, Rule, bounded};

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are those of `Shape`")]
pub enum Value {
    Text(String),
    Decimal(Decimal),
    Word(&'static str),
    Flag(bool),
    Instant(Timestamp),
    Texts(Vec<String>),
    Member(UserId),
    Item(ItemId),
}

impl Value {
    /// What is written of it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Decimal(decimal) => json!(decimal),
            Self::Word(word) => json!(word),
            Self::Flag(flag) => json!(flag),
            Self::Instant(at) => json!(at),
            Self::Texts(texts) => json!(texts),
            Self::Member(user) => json!(user),
            Self::Item(item) => json!(item),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl Shape {
    /// Reads what a client wrote in place of a value; null is none.
    pub fn read(&self, value: &Json) -> Result<Value, Rule> {
        match (*self, value) {
            (Self::Text(most), Json::String(text)) => bounded(text, 0, most).map(Value::Text),
            (Self::FileName(most), Json::String(text)) => file_name(text, most).map(Value::Text),
            (Self::MediaType, Json::String(text)) => media_type(text).map(Value::Text),
            (Self::Decimal(scale, low, high), _) => {
                let decimal = Decimal::read(value, scale)?;
                let within = decimal.is_within(low, high);
                within.then_some(Value::Decimal(decimal)).ok_or(Rule::Range(low, high))
            }
            (Self::Word(words), Json::String(text)) => {
                let word = words.iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
                word.map(|word| Value::Word(word)).ok_or(Rule::OneOf(words))
            }
            (Self::Flag, Json::Bool(flag)) => Ok(Value::Flag(*flag)),
            (Self::Instant, Json::String(text)) => Timestamp::parse(text)
                .map(Value::Instant)
                .ok_or(Rule::Form("an ISO 8601 date or date-time")),
            (Self::Texts(most, longest), Json::Array(texts)) => {
                if texts.len() > most {
                    return Err(Rule::TooMany(most));
                }
                let read = |text: &Json| match text.as_str() {
                    Some(text) => bounded(text, 1, longest),
                    None => Err(Rule::Type("a list of strings")),
                };
                texts.iter().map(read).collect::<Result<_, _>>().map(Value::Texts)
            }
            (Self::Member, _) => id(value).map(|id| Value::Member(UserId(id))),
            (Self::Item(_), _) => id(value).map(|id| Value::Item(ItemId(id))),
            (
                Self::Text(_) | Self::FileName(_) | Self::MediaType | Self::Word(_) | Self::Instant,
                _,
            ) => Err(Rule::Type("a string")),
            (Self::Flag, _) => Err(Rule::Type("a boolean")),
            (Self::Texts(..), _) => Err(Rule::Type("a list of strings")),
        }
    }

    /// Reads what was written of a value that was valid then: bounds may have changed since.
    fn stored(&self, value: &Json) -> Result<Value, Rule> {
        match (*self, value) {
            (Self::Text(_) | Self::FileName(_) | Self::MediaType, Json::String(text)) => {
                Ok(Value::Text(text.clone()))
            }
            (Self::Decimal(scale, ..), _) => Decimal::read(value, scale).map(Value::Decimal),
            (Self::Texts(..), Json::Array(texts)) => {
                let texts = texts.iter().map(|text| text.as_str().map(str::to_owned)).collect();
                Option::map(texts, Value::Texts).ok_or(Rule::Type("a list of strings"))
            }
            _ => self.read(value),
        }
    }
}

/// What people see of a file: no separators of any system, nothing that is not shown or turns the
/// direction of what follows, and not the two names that mean a place.
fn file_name(text: &str, most: usize) -> Result<String, Rule> {
    let name = bounded(text, 1, most)?;
    if name.chars().any(steers) || name.chars().all(|c| c == '.') {
        return Err(Rule::Form(
            "a file name without slashes and control characters, more than dots",
        ));
    }
    Ok(name)
}

fn steers(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}')
}

fn media_type(text: &str) -> Result<String, Rule> {
    let wrong = || Rule::Form("a media type such as image/png");
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/').ok_or_else(wrong)?;
    let is_name = |name: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=127).contains(&name.len()) && name.bytes().all(plain)
    };
    if is_name(kind) && is_name(subtype) { Ok(essence) } else { Err(wrong()) }
}

/// An id as clients write it: a positive number, or its digits in a text.
fn id(value: &Json) -> Result<i64, Rule> {
    let id = match value {
        Json::Number(number) => number.as_i64(),
        Json::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    id.filter(|id| *id > 0).ok_or(Rule::Type("an id"))
}

/// The values of all fields of an item, in the order of its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Values {
    kind: &'static Kind,
    values: Vec<Option<Value>>,
}

impl Values {
    /// Those of an item of which nobody has said anything yet.
    pub fn new(kind: &'static Kind) -> Self {
        Self { kind, values: kind.fields.iter().map(crate::kind::Field::absent).collect() }
    }

    /// Reads what was written of them, as [`Serialize`] writes it; more is passed over.
    pub fn stored(kind: &'static Kind, object: &Map<String, Json>) -> Result<Self, Invalid> {
        let read = |field: &crate::kind::Field| match object.get(field.name) {
            None | Some(Json::Null) => Ok(field.absent()),
            Some(value) => {
                let value = field.shape.stored(value).map(Some);
                value.map_err(|rule| Invalid::new(field.name, rule))
            }
        };
        Ok(Self { kind, values: kind.fields.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The value of the field of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values[self.kind.place(name)?].as_ref()
    }

    /// Its text; empty if it has none.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }

    /// Its number, if it has one.
    pub fn given(&self, name: &str) -> Option<Decimal> {
        match self.get(name)? {
            Value::Decimal(decimal) => Some(*decimal),
            Value::Flag(flag) => Some(Decimal::new((*flag).into(), 0)),
            _ => None,
        }
    }

    /// Its number, zero if it has none; a flag counts.
    pub fn decimal(&self, name: &str) -> Decimal {
        self.given(name).unwrap_or_else(|| {
            let shape = self.kind.place(name).map(|place| self.kind.fields[place].shape);
            let Some(Shape::Decimal(scale, ..)) = shape else { return Decimal::new(0, 0) };
            Decimal::new(0, scale)
        })
    }

    /// Whether it is set.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Flag(true))
    }

    /// Its instant, if it has one.
    pub fn instant(&self, name: &str) -> Option<Timestamp> {
        match self.get(name)? {
            Value::Instant(at) => Some(*at),
            _ => None,
        }
    }

    /// Its texts.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// The people that are named, each under the name of its field.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, UserId)> {
        self.each().filter_map(|(name, value)| match value {
            Some(Value::Member(user)) => Some((name, *user)),
            _ => None,
        })
    }

    /// All of them with their names.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, Option<&Value>)> {
        self.kind.fields.iter().map(|field| field.name).zip(self.values.iter().map(Option::as_ref))
    }

    /// Sets the value of the field at a place.
    pub fn set(&mut self, place: usize, value: Option<Value>) {
        self.values[place] = value;
    }

    /// Sets what follows from the others anew, and tells which of it is out of bounds.
    pub fn compute(&mut self) -> Result<(), Invalid> {
        for (place, field) in self.kind.fields.iter().enumerate() {
            if let Given::Computed(of) = field.given {
                self.values[place] = Some(Value::Decimal(of(self)));
            }
            if let (Some(Value::Decimal(decimal)), Shape::Decimal(_, low, high)) =
                (&self.values[place], field.shape)
                && !decimal.is_within(low, high)
            {
                return Err(Invalid::new(field.name, Rule::Range(low, high)));
            }
        }
        Ok(())
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, value) in self.each() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.each()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(shape: Shape, value: &Json) -> Result<Json, String> {
        shape.read(value).map(|value| value.to_json()).map_err(|rule| rule.to_string())
    }

    #[test]
    fn each_shape_says_its_rule() {
        let words = Shape::Word(&["int", "ext"]);
        let cases = [
            (Shape::Text(3), json!(" abc "), Ok(json!("abc"))),
            (Shape::Text(3), json!("abcd"), Err("must be 3 characters or less")),
            (Shape::Text(3), json!(3), Err("must be a string")),
            (Shape::Decimal(2, 0, 10), json!("9.5"), Ok(json!("9.50"))),
            (Shape::Decimal(2, 0, 10), json!(10.01), Err("must be between 0 and 10")),
            (words, json!("EXT"), Ok(json!("ext"))),
            (words, json!("x"), Err("must be one of: int, ext")),
            (Shape::Flag, json!("yes"), Err("must be a boolean")),
            (Shape::Instant, json!("soon"), Err("must be an ISO 8601 date or date-time")),
            (Shape::Texts(2, 3), json!(["a", " b"]), Ok(json!(["a", "b"]))),
            (Shape::Texts(2, 3), json!(["a", "b", "c"]), Err("must have 2 entries or less")),
            (Shape::Texts(2, 3), json!(["a", 1]), Err("must be a list of strings")),
            (Shape::Member, json!("12"), Ok(json!(12))),
            (Shape::Member, json!(0), Err("must be an id")),
            (Shape::MediaType, json!("Text/HTML; charset=x"), Ok(json!("text/html"))),
            (Shape::MediaType, json!("a/b\r\nc"), Err("must be a media type such as image/png")),
        ];
        for (shape, value, expected) in cases {
            assert_eq!(read(shape, &value), expected.map_err(str::to_owned), "{shape:?} {value}");
        }
    }

    #[test]
    fn names_of_files_steer_nothing() {
        let read = |name: &str| read(Shape::FileName(20), &json!(name));
        for name in ["plan.pdf", ".profile", "a b (1).tar.gz", "план…", "CON"] {
            assert_eq!(read(name), Ok(json!(name)), "{name}");
        }
        for name in ["../etc", "a/b", "a\\b", "..", ".", "a\u{0}", "a\nb", "a\u{202e}gpj.exe"] {
            assert!(read(name).unwrap_err().starts_with("must be "), "{name:?}");
        }
        assert_eq!(read(" ").unwrap_err(), "is required");
        assert_eq!(read(&"x".repeat(21)).unwrap_err(), "must be 20 characters or less");
    }

    #[test]
    fn what_is_computed_follows_and_is_bounded() {
        let kind = Kind::named("boq_item").unwrap();
        let mut item = Values::new(kind);
        let mut set = |name, text| {
            let place = kind.place(name).unwrap();
            let value = kind.fields[place].read(&json!(text)).unwrap();
            item.set(place, value);
            item.compute().map(|()| item.decimal("total_price").to_string())
        };
        assert_eq!(set("qty", "2.5"), Ok("0.00".into()));
        assert_eq!(set("unit_price", "0.0333"), Ok("0.08".into()));
        set("qty", "100000000").unwrap();
        let wrong = set("unit_price", "100000000").unwrap_err();
        assert_eq!(wrong.to_string(), "total_price must be between 0 and 999999999999");
    }

    #[test]
    fn what_was_written_is_read() {
        let kind = Kind::named("budget_category").unwrap();
        let values = Values::new(kind);
        let Json::Object(written) = serde_json::to_value(&values).unwrap() else { panic!() };
        assert_eq!(Values::stored(kind, &written).unwrap(), values);
        assert_eq!(written["spent"], "0.00");
        assert_eq!(written["forecast"], Json::Null);
    }
}
