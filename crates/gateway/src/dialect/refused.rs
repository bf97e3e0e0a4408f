//! Who was refused within the last minute.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For how long it is remembered.
const MEMORY: Duration = Duration::from_secs(60);
/// How many are remembered; when all places are taken, everybody counts as refused before.
const PLACES: usize = 16_384;

/// Tokens and addresses by their hashes, and when each was refused first.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Its keys are random, so that nobody can make others share his place.
    hasher: RandomState,
    since: Mutex<HashMap<u64, Duration>>,
}

impl Refused {
    /// Notes a refusal; whether it is the first of this address and of these tokens.
    pub(super) fn is_first(
        &self,
        address: Option<IpAddr>,
        tokens: &[String],
        now: Duration,
    ) -> bool {
        let tokens = tokens.iter().map(|token| self.hasher.hash_one(token));
        let keys = address.iter().map(|address| self.hasher.hash_one(address)).chain(tokens);
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.len() >= PLACES {
            since.retain(|_, since| now.saturating_sub(*since) < MEMORY);
        }
        let mut first = since.len() < PLACES;
        for key in keys {
            let noted = since.get(&key).is_some_and(|since| now.saturating_sub(*since) < MEMORY);
            first &= !noted;
            if !noted && since.len() < PLACES {
                since.insert(key, now);
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_token_and_of_an_address_within_a_minute() {
        let refused = Refused::default();
        let is_first = |address: &str, token: &str, at| {
            let address = Some(address.parse().unwrap());
            refused.is_first(address, &[token.to_owned()], Duration::from_secs(at))
        };
        assert!(is_first("192.0.2.1", "one", 0));
        assert!(!is_first("192.0.2.1", "two", 1), "the address was there");
        assert!(!is_first("192.0.2.2", "one", 2), "the token was there");
        assert!(is_first("192.0.2.3", "three", 3));
        assert!(is_first("192.0.2.1", "one", 62), "both are forgotten");
    }
}
