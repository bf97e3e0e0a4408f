//! Where attachments belong: `{"_placeholder":true,"num":n}`.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Whether every placeholder in `raw` has an integer below `attachments`.
///
/// An escape (`"\u005fplaceholder"`) hides nothing. A text that cannot be decoded is refused.
pub(super) fn all_below(raw: &str, attachments: usize) -> bool {
    if !raw.contains("_placeholder") && !raw.contains('\\') {
        return true;
    }
    let mut json = serde_json::Deserializer::from_str(raw);
    Walk { attachments }.deserialize(&mut json).is_ok()
}

/// Visits a value with everything in it, and fails at a placeholder without an attachment.
#[derive(Clone, Copy)]
struct Walk {
    attachments: usize,
}

/// What a value can mean to the object that holds it.
enum Seen {
    True,
    Number(u64),
    Other,
}

/// What a member's name can mean to its object.
#[derive(Deserialize)]
enum Member {
    #[serde(rename = "_placeholder")]
    Placeholder,
    #[serde(rename = "num")]
    Num,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Seen;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        Ok(if value { Seen::True } else { Seen::Other })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        Ok(Seen::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        Ok(Seen::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Seen, A::Error> {
        while array.next_element_seed(self)?.is_some() {}
        Ok(Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Seen, A::Error> {
        let (mut flagged, mut number) = (false, None);
        while let Some(member) = object.next_key()? {
            let value = object.next_value_seed(self)?;
            match (member, value) {
                (Member::Placeholder, value) => flagged = matches!(value, Seen::True),
                (Member::Num, Seen::Number(found)) => number = usize::try_from(found).ok(),
                (Member::Num, _) => number = None,
                (Member::Other, _) => {}
            }
        }
        if flagged && number.is_none_or(|number| number >= self.attachments) {
            return Err(A::Error::custom("placeholder without an attachment"));
        }
        Ok(Seen::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_wherever_they_are() {
        let check = |raw: &str, attachments: usize, expected: bool| {
            assert_eq!(all_below(raw, attachments), expected, "{raw:?} with {attachments}");
        };
        let bare = r#"["x",{"_placeholder":true,"num":0}]"#;
        check(bare, 1, true);
        check(bare, 0, false);
        let deep = r#"["x",{"a":[{"b":{"num":1,"_placeholder":true}}]}]"#;
        check(deep, 2, true);
        check(deep, 1, false);
        check(r#"["x",{"\u005fplaceholder":true,"num":3}]"#, 3, false);
        check(r#"["x",{"_placeholder":true}]"#, 9, false);
        check(r#"["x",{"_placeholder":true,"num":"0"}]"#, 9, false);
        check(r#"["x",{"_placeholder":true,"num":-1}]"#, 9, false);
        check(r#"["x",{"_placeholder":true,"num":0.5}]"#, 9, false);
        check(r#"["x",{"_placeholder":true,"num":18446744073709551615}]"#, 9, false);
        check(r#"["x",{"_placeholder":true,"num":0,"num":9}]"#, 1, false);
        check(r#"["x",{"_placeholder":false,"num":7}]"#, 1, true);
        check(r#"["_placeholder",{"num":7},null,1.5,-2,"a\n"]"#, 1, true);
        check(r#"["x","\ud800"]"#, 1, false);
    }
}
