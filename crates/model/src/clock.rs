//! Instants, and the two things no code may take from the air: time and randomness.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// Where the time comes from. The server passes the system's clock, tests one that they move.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, in UTC.
    fn now(&self) -> Timestamp;
    /// Time since an arbitrary origin; never goes back.
    fn monotonic(&self) -> Duration;
    /// CPU time that this thread has used since an arbitrary origin. A clock that does not know it
    /// tells the time.
    fn worked(&self) -> Duration {
        self.monotonic()
    }
}

/// Where randomness comes from: cryptographically strong bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// A random number.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A random word of `len` characters out of a 32-letter alphabet (5 bits each).
    pub fn word(&self, len: usize) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = vec![0; len];
        self.fill(&mut bytes);
        bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 31)])).collect()
    }
}

/// An instant in UTC, in microseconds since 1970-01-01.
///
/// The native form is RFC 3339 with microseconds and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, JsonSchema)]
#[schemars(transparent)]
#[schemars(description = "An instant in UTC with microseconds (RFC 3339). Read as well: other \
                          offsets, none for UTC, and a date alone.")]
pub struct Timestamp(#[schemars(with = "String", extend("format" = "date-time"))] i64);

const NAIVE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]");
const MILLIS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const NAIVE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const NAIVE_ANY: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][first [T] [ ]][hour]:[minute][optional [:[second][optional [.[subsecond]]]]]"
);
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

impl Timestamp {
    /// The instant that is `micros` microseconds after 1970-01-01, clamped to the years 0 to 9999
    /// so that every timestamp can be written.
    pub fn from_micros(micros: i64) -> Self {
        const MIN: i64 = -62_167_219_200_000_000;
        const MAX: i64 = 253_402_300_799_999_999;
        Self(micros.clamp(MIN, MAX))
    }

    /// Microseconds since 1970-01-01.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01, as in the `exp` of a token.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by `duration` into the future.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// This instant moved by `duration` into the past.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// Reads RFC 3339, or a date and time without a zone (taken as UTC), or a date alone
    /// (taken as its midnight).
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 40 {
            return None;
        }
        let instant = OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .or_else(|| {
                PrimitiveDateTime::parse(text, NAIVE_ANY).ok().map(PrimitiveDateTime::assume_utc)
            })
            .or_else(|| Date::parse(text, DAY).ok().map(|d| d.midnight().assume_utc()))?;
        let micros = i64::try_from(instant.unix_timestamp_nanos() / 1000).ok()?;
        Some(Self::from_micros(micros)).filter(|t| t.0 == micros)
    }

    /// `2026-11-20T10:28:55.034831`: no zone, always six digits.
    pub fn naive(self) -> String {
        self.date_time().format(NAIVE).unwrap_or_default()
    }

    /// As [`naive`](Self::naive), without the fraction when it is zero: `2026-12-31T23:59:59`.
    pub fn naive_short(self) -> String {
        if self.0.rem_euclid(1_000_000) == 0 {
            self.date_time().format(NAIVE_SECONDS).unwrap_or_default()
        } else {
            self.naive()
        }
    }

    /// `2026-11-20T10:28:55.034831+00:00`.
    pub fn with_offset(self) -> String {
        format!("{}+00:00", self.naive())
    }

    /// `2026-11-20T10:28:55.034Z`, as `toISOString` of JavaScript writes it.
    pub fn iso_millis(self) -> String {
        self.date_time().format(MILLIS).unwrap_or_default()
    }

    /// `2026-11-20`.
    pub fn day(self) -> String {
        self.date_time().format(DAY).unwrap_or_default()
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.naive())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("must be an ISO 8601 date or date-time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_write() {
        let cases = [
            ("2026-12-31T23:59:59", "2026-12-31T23:59:59.000000Z"),
            ("2026-12-31T23:59:59.5", "2026-12-31T23:59:59.500000Z"),
            ("2026-12-31 23:59", "2026-12-31T23:59:00.000000Z"),
            ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59.000000Z"),
            ("2026-12-31T23:59:59.123456+02:00", "2026-12-31T21:59:59.123456Z"),
            ("2024-10-15", "2024-10-15T00:00:00.000000Z"),
        ];
        for (text, expected) in cases {
            let read = Timestamp::parse(text).map(|t| t.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in ["", "tomorrow", "2026-13-01", "2026-02-30T00:00:00Z", "12:00", "1700000000"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_each_form() {
        let at = Timestamp::parse("2026-11-20T10:28:55.034831Z").unwrap();
        assert_eq!(at.naive(), "2026-11-20T10:28:55.034831");
        assert_eq!(at.iso_millis(), "2026-11-20T10:28:55.034Z");
        assert_eq!(at.day(), "2026-11-20");
        assert_eq!(Timestamp::parse("2026-11-20").unwrap().naive_short(), "2026-11-20T00:00:00");
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
    }
}
