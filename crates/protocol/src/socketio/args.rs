//! The array an event or acknowledgement carries.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{DecodeError, Limits};
use super::{json, placeholder};

/// Names a client library gives a meaning of its own; a packet that carries one would forge it.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// Arguments as they came: slices of the packet's text, each one well-formed JSON.
#[derive(Debug, Clone)]
pub struct Args<'a> {
    raw: &'a str,
    name: Option<Cow<'a, str>>,
    elements: Vec<&'a RawValue>,
}

impl<'a> Args<'a> {
    /// Reads the array of an event, whose first element names it.
    pub(super) fn of_event(raw: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let mut args = Self::of_ack(raw, limits)?;
        let first = args.elements.first().ok_or(DecodeError::BadEventName)?;
        let name = event_name(first)?;
        if RESERVED.contains(&&*name) {
            return Err(DecodeError::ReservedEventName);
        }
        args.name = Some(name);
        Ok(args)
    }

    /// Reads the array of an acknowledgement.
    pub(super) fn of_ack(raw: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let raw = raw.trim_ascii();
        if raw.is_empty() {
            return Err(DecodeError::MissingPayload);
        }
        let limit = limits.max_depth;
        if !json::nests_within(raw, limit) {
            return Err(DecodeError::TooDeep { limit });
        }
        let limit = limits.max_args;
        let elements = elements(raw, limit).ok_or(DecodeError::NotAnArray)?;
        if elements.len() > limit {
            return Err(DecodeError::TooManyArgs { limit });
        }
        Ok(Self { raw, name: None, elements })
    }

    /// The event's name; `None` for an acknowledgement. A number is its own text, as JavaScript
    /// clients can use one for a name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The arguments, without the event's name.
    pub fn items(&self) -> &[&'a RawValue] {
        &self.elements[usize::from(self.name.is_some())..]
    }

    /// The text of the whole array, an event's name included.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Whether every `{"_placeholder":true,"num":n}`, however deep, stands for one of this many
    /// attachments (Socket.IO protocol 5, "Binary event").
    pub fn placeholders_ok(&self, attachments: usize) -> bool {
        placeholder::all_below(self.raw, attachments)
    }
}

fn event_name(element: &RawValue) -> Result<Cow<'_, str>, DecodeError> {
    let text = element.get();
    match text.as_bytes() {
        [b'"', .., b'"'] if !text.contains('\\') => Ok(Cow::Borrowed(&text[1..text.len() - 1])),
        [b'"', ..] => {
            serde_json::from_str(text).map(Cow::Owned).map_err(|_| DecodeError::BadEventName)
        }
        [b'-' | b'0'..=b'9', ..] => Ok(Cow::Borrowed(text)),
        _ => Err(DecodeError::BadEventName),
    }
}

/// The elements of a JSON array, or one more than `limit` of them if there are more.
fn elements(raw: &str, limit: usize) -> Option<Vec<&RawValue>> {
    let mut json = serde_json::Deserializer::from_str(raw);
    let elements = json.deserialize_seq(Elements { limit }).ok()?;
    json.end().ok()?;
    Some(elements)
}

struct Elements {
    limit: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::with_capacity(4);
        while elements.len() <= self.limit {
            match array.next_element()? {
                Some(element) => elements.push(element),
                None => return Ok(elements),
            }
        }
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(elements)
    }
}
