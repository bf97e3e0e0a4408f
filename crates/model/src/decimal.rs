//! Exact decimals: a whole number of units and how many of its digits stand behind the point.
//!
//! Written as a text with all its decimals, `"45.50"`, because a JSON number is a binary fraction
//! to most who read it. Read as such a text or as a number: the bounds of every field keep values
//! within 15 digits, which a binary fraction of 64 bits carries unharmed.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::text::Rule;

/// A decimal number with a fixed number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

/// Most decimals.
const MOST_DECIMALS: u8 = 4;

impl Decimal {
    /// `units` of the last of `scale` decimals: `new(4550, 2)` is 45.50. At most 4 decimals.
    pub const fn new(units: i64, scale: u8) -> Self {
        assert!(scale <= MOST_DECIMALS, "more decimals than any field has");
        Self { units, scale }
    }

    /// Units of the last decimal.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// How many decimals it has.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Reads plain digits with at most `scale` decimals that say something; no exponent, no `+`.
    pub fn parse(text: &str, scale: u8) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if text.len() > 32 || !plain(whole) || !plain(part) {
            return None;
        }
        let part = part.trim_end_matches('0');
        let missing = usize::from(scale).checked_sub(part.len())?;
        let units: i64 = format!("{whole}{part}{}", "0".repeat(missing)).parse().ok()?;
        let units = if digits.len() < text.len() { -units } else { units };
        Some(Self { units, scale })
    }

    /// Reads a JSON number, or its digits in a text.
    pub fn read(value: &Value, scale: u8) -> Result<Self, Rule> {
        let text: Cow<'_, str> = match value {
            Value::String(text) => text.trim().into(),
            Value::Number(number) => number.to_string().into(),
            _ => return Err(Rule::Type("a number or its digits in a string")),
        };
        Self::parse(&text, scale).ok_or(Rule::Form(match scale {
            0 => "a whole number",
            1 => "a number with at most 1 decimal",
            2 => "a number with at most 2 decimals",
            3 => "a number with at most 3 decimals",
            _ => "a number with at most 4 decimals",
        }))
    }

    /// The sum, if it fits. Both have the same number of decimals.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        debug_assert_eq!(self.scale, other.scale, "sums are of one unit");
        Some(Self { units: self.units.checked_add(other.units)?, ..self })
    }

    /// The difference, if it fits. Both have the same number of decimals.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        debug_assert_eq!(self.scale, other.scale, "differences are of one unit");
        Some(Self { units: self.units.checked_sub(other.units)?, ..self })
    }

    /// The greater of two with the same number of decimals.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.units > self.units { other } else { self }
    }

    /// The product with `scale` decimals, if it fits. Half a unit is rounded away from zero, as
    /// invoices are.
    #[must_use]
    pub fn times(self, other: Self, scale: u8) -> Option<Self> {
        let product = i128::from(self.units) * i128::from(other.units);
        let given = u32::from(self.scale) + u32::from(other.scale);
        let units = match given.checked_sub(u32::from(scale)) {
            Some(surplus) => {
                let divisor = 10_i128.pow(surplus);
                let half = divisor / 2 * product.signum();
                (product + half) / divisor
            }
            None => product * 10_i128.pow(u32::from(scale) - given),
        };
        Some(Self { units: i64::try_from(units).ok()?, scale })
    }

    /// The nearest binary fraction, which within 15 digits is written as the same decimal.
    pub fn to_f64(self) -> f64 {
        // The text is exact, and so is what is read of it.
        self.to_string().parse().unwrap_or_default()
    }

    /// Whether it is between two whole numbers, both included.
    pub fn is_within(self, low: i64, high: i64) -> bool {
        let one = 10_i128.pow(self.scale.into());
        (i128::from(low) * one..=i128::from(high) * one).contains(&i128::from(self.units))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let one = 10_u64.pow(self.scale.into());
        let (whole, part) = (self.units.unsigned_abs() / one, self.units.unsigned_abs() % one);
        match self.scale {
            0 => write!(f, "{sign}{whole}"),
            scale => write!(f, "{sign}{whole}.{part:0width$}", width = usize::from(scale)),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Reads what was written: as many decimals as there are.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
        let scale = u8::try_from(decimals).ok().filter(|scale| *scale <= MOST_DECIMALS);
        let read = scale.and_then(|scale| Self::parse(&text, scale));
        read.ok_or_else(|| de::Error::custom("must be a decimal"))
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "An exact decimal, with all its decimals.",
            "type": "string",
            "pattern": r"^-?\d+(\.\d+)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value, scale: u8) -> Result<String, String> {
        Decimal::read(value, scale).map(|d| d.to_string()).map_err(|rule| rule.to_string())
    }

    #[test]
    fn numbers_and_texts_are_read_exactly() {
        for (value, expected) in [
            (json!(45.5), "45.50"),
            (json!("45.50"), "45.50"),
            (json!("-0.01"), "-0.01"),
            (json!(0.07), "0.07"),
            (json!(1e2), "100.00"),
            (json!(9_999_999_999_999.99), "9999999999999.99"),
            (json!("1.500"), "1.50"),
            (json!(7), "7.00"),
        ] {
            assert_eq!(read(&value, 2).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        let form = Err("must be a number with at most 2 decimals".to_owned());
        for value in [
            json!(0.001),
            json!("1.005"),
            json!("1e3"),
            json!("+1"),
            json!(""),
            json!("."),
            json!("1."),
            json!("--1"),
            json!(1e300),
            json!("99999999999999999999"),
            json!(0.300_000_000_000_000_04),
            json!("١"),
        ] {
            assert_eq!(read(&value, 2), form, "{value}");
        }
        assert_eq!(
            read(&json!(true), 2).unwrap_err(),
            "must be a number or its digits in a string"
        );
    }

    #[test]
    fn products_round_half_away_from_zero() {
        for (a, b, expected) in [
            (Decimal::new(150_000, 3), Decimal::new(455_000, 4), "6825.00"),
            (Decimal::new(1, 3), Decimal::new(50_000, 4), "0.01"),
            (Decimal::new(-1, 3), Decimal::new(50_000, 4), "-0.01"),
            (Decimal::new(1, 3), Decimal::new(49_999, 4), "0.00"),
            (Decimal::new(3, 0), Decimal::new(5, 1), "1.50"),
        ] {
            assert_eq!(a.times(b, 2).unwrap().to_string(), expected);
        }
        assert_eq!(Decimal::new(i64::MAX, 0).times(Decimal::new(2, 0), 0), None);
    }

    #[test]
    fn bounds_are_whole_numbers() {
        assert!(Decimal::new(10_000, 2).is_within(0, 100));
        assert!(!Decimal::new(10_001, 2).is_within(0, 100));
        assert!(!Decimal::new(-1, 2).is_within(0, 100));
        assert_eq!(Decimal::new(-5, 2).to_string(), "-0.05");
        let written: Decimal = serde_json::from_str("\"-0.050\"").unwrap();
        assert_eq!((written.units(), written.scale()), (-50, 3));
    }
}
