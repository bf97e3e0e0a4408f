//! Who asks, through what, and under which key.

use std::time::Duration;

use chorus_model::text::Rule;
use chorus_model::{ConnectionId, Invalid, Timestamp, UserId};

/// Who asks for something to happen.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person.
    pub user: UserId,
    /// The connection it came through, if it came through one.
    pub origin: Option<ConnectionId>,
    /// The key under which a repeated request gets the first answer.
    pub key: Option<IdempotencyKey>,
}

impl Caller {
    /// A request without connection and key.
    pub fn user(user: UserId) -> Self {
        Self { user, origin: None, key: None }
    }
}

/// A caller's name for one request: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// For how long answers are kept.
    pub const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

    /// The key, if it keeps the rules; `field` is what it is called where it was written.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let rule = Rule::Form("1 to 128 visible ASCII characters");
        valid.then(|| Self(text.to_owned())).ok_or(Invalid::new(field, rule))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of a part of the request. Whoever writes keys cannot write this one.
    pub(crate) fn part(&self, number: usize) -> Self {
        Self(format!("{} {number}", self.0))
    }

    /// When it was made, if it says so: a UUID of version 7 carries its time (RFC 9562,
    /// section 5.7).
    pub fn made_at(&self) -> Option<Timestamp> {
        let own = self.0.split(' ').next().unwrap_or_default();
        let hex: String = own.chars().filter(|c| *c != '-').collect();
        if own.len() != 36 || hex.len() != 32 || hex.as_bytes().get(12) != Some(&b'7') {
            return None;
        }
        let millis = i64::from_str_radix(&hex[..12], 16).ok()?;
        Some(Timestamp::from_micros(millis.checked_mul(1000)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_of_version_7_carries_its_time() {
        let key = IdempotencyKey::parse("key", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(key.made_at().unwrap().to_string(), "2022-02-22T19:22:22.000000Z");
        assert_eq!(key.part(3).made_at(), key.made_at());
        let v4 = IdempotencyKey::parse("key", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(v4.made_at(), None);
        assert!(
            IdempotencyKey::parse("key", "a b").is_err()
                && IdempotencyKey::parse("key", "").is_err()
        );
    }
}
