//! What one address may do: how often it may begin a session, how often it may be refused one, and
//! how many sessions it may hold that nobody has let in yet. So much is known of a client before it
//! has shown a token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bucket::{Bucket, Pace};
use super::http::Refusal;

/// Limits of addresses. IPv6 addresses of one /64 count as one (RFC 6177, section 2).
#[derive(Debug, Clone, Copy)]
pub struct AddressLimits {
    /// Handshakes; one beyond is answered 429.
    pub handshakes: Pace,
    /// Handshakes and CONNECTs that are refused, as with a token whose time is over. An address that
    /// has had so many is answered 429 until it may have another: its handshakes then cost no
    /// session.
    pub refusals: Pace,
    /// Sessions of one address that are in no namespace yet; one beyond is answered 429.
    pub strangers: u32,
    /// The same of all addresses together; one beyond is answered 503.
    pub all_strangers: u32,
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self {
            handshakes: Pace { rate: 200, burst: 2_500 },
            refusals: Pace { rate: 10, burst: 250 },
            strangers: 2_500,
            all_strangers: 20_000,
        }
    }
}

/// What is known of each address that came lately.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    visits: HashMap<IpAddr, Visit>,
    strangers: u32,
    /// When there are so many, those are forgotten who have not come for a while.
    sweep_at: usize,
}

#[derive(Debug)]
struct Visit {
    handshakes: Bucket,
    refusals: Bucket,
    strangers: u32,
}

/// A session that nobody has let in yet. Counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Stranger {
    addresses: Arc<Addresses>,
    network: Option<IpAddr>,
}

/// Most addresses that are remembered; further ones are only counted together.
const REMEMBERED: usize = 65_536;
/// Fewest that are worth looking through.
const SWEEP: usize = 1_024;

impl Addresses {
    /// A handshake comes. None: the peer is no address, such as in tests.
    pub(crate) fn receive(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        limits: AddressLimits,
        now: Duration,
    ) -> Result<Stranger, Refusal> {
        let mut known = self.lock();
        if known.strangers >= limits.all_strangers {
            return Err(Refusal::TooManySessions);
        }
        let network =
            address.map(network_of).filter(|network| known.has_room(network, limits, now));
        if let Some(network) = network {
            let visit = known.visits.entry(network).or_insert_with(|| Visit::fresh(limits, now));
            if !visit.handshakes.take(1, limits.handshakes, now) {
                return Err(Refusal::TooManyHandshakes);
            }
            if !visit.refusals.has(1, limits.refusals, now) {
                return Err(Refusal::TooManyRefusals);
            }
            if visit.strangers >= limits.strangers {
                return Err(Refusal::TooManyStrangers);
            }
            visit.strangers += 1;
        }
        known.strangers += 1;
        Ok(Stranger { addresses: Arc::clone(self), network })
    }

    /// Sessions that nobody has let in yet.
    pub(crate) fn strangers(&self) -> u32 {
        self.lock().strangers
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether `network` is remembered, or can be.
    fn has_room(&mut self, network: &IpAddr, limits: AddressLimits, now: Duration) -> bool {
        if self.visits.contains_key(network) {
            return true;
        }
        if self.visits.len() >= self.sweep_at.max(SWEEP) {
            self.visits.retain(|_, visit| {
                visit.strangers > 0
                    || !visit.handshakes.has(limits.handshakes.burst, limits.handshakes, now)
                    || !visit.refusals.has(limits.refusals.burst, limits.refusals, now)
            });
            self.sweep_at = self.visits.len().saturating_mul(2).min(REMEMBERED);
        }
        self.visits.len() < REMEMBERED
    }
}

impl Visit {
    fn fresh(limits: AddressLimits, now: Duration) -> Self {
        Self {
            handshakes: Bucket::full(limits.handshakes, now),
            refusals: Bucket::full(limits.refusals, now),
            strangers: 0,
        }
    }
}

impl Stranger {
    /// It was refused, by the application or for want of a namespace.
    pub(crate) fn refused(&self, limits: AddressLimits, now: Duration) {
        let mut known = self.addresses.lock();
        if let Some(visit) = self.network.and_then(|network| known.visits.get_mut(&network)) {
            visit.refusals.drain(1, limits.refusals, now);
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut known = self.addresses.lock();
        known.strangers -= 1;
        if let Some(visit) = self.network.and_then(|network| known.visits.get_mut(&network)) {
            visit.strangers -= 1;
        }
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LIMITS: AddressLimits = AddressLimits {
        handshakes: Pace { rate: 1, burst: 3 },
        refusals: Pace { rate: 1, burst: 2 },
        strangers: 2,
        all_strangers: 4,
    };

    fn receive(addresses: &Arc<Addresses>, text: &str, at: u64) -> Result<Stranger, Refusal> {
        addresses.receive(Some(text.parse().unwrap()), LIMITS, Duration::from_secs(at))
    }

    #[test]
    fn an_address_may_come_so_often() {
        let addresses = Arc::default();
        for _ in 0..3 {
            drop(receive(&addresses, "192.0.2.1", 0).unwrap());
        }
        assert_eq!(receive(&addresses, "192.0.2.1", 0).unwrap_err(), Refusal::TooManyHandshakes);
        assert!(receive(&addresses, "192.0.2.2", 0).is_ok(), "another is not touched");
        assert!(receive(&addresses, "192.0.2.1", 1).is_ok());
    }

    #[test]
    fn an_address_may_be_refused_so_often() {
        let addresses = Arc::default();
        for _ in 0..2 {
            receive(&addresses, "192.0.2.1", 0).unwrap().refused(LIMITS, Duration::ZERO);
        }
        assert_eq!(receive(&addresses, "192.0.2.1", 0).unwrap_err(), Refusal::TooManyRefusals);
        assert!(receive(&addresses, "192.0.2.2", 0).is_ok(), "another is not touched");
        assert!(receive(&addresses, "192.0.2.1", 1).is_ok());
    }

    #[test]
    fn strangers_count_until_they_are_known_or_gone() {
        let addresses = Arc::default();
        let mut there = vec![receive(&addresses, "192.0.2.1", 0).unwrap()];
        there.push(receive(&addresses, "::ffff:192.0.2.1", 0).unwrap());
        assert_eq!(receive(&addresses, "192.0.2.1", 0).unwrap_err(), Refusal::TooManyStrangers);
        there.push(receive(&addresses, "2001:db8::1", 0).unwrap());
        there.push(receive(&addresses, "2001:db8::2", 0).unwrap());
        assert_eq!(receive(&addresses, "192.0.2.9", 0).unwrap_err(), Refusal::TooManySessions);
        drop(there);
        assert_eq!(addresses.strangers(), 0);
        assert!(receive(&addresses, "192.0.2.1", 1).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let addresses = Arc::default();
        let _there = (receive(&addresses, "2001:db8::1", 0), receive(&addresses, "2001:db8::2", 0));
        assert_eq!(receive(&addresses, "2001:db8::3", 0).unwrap_err(), Refusal::TooManyStrangers);
        assert!(receive(&addresses, "2001:db8:0:1::3", 0).is_ok());
    }

    #[test]
    fn who_has_not_come_for_a_while_is_forgotten() {
        let addresses = Arc::<Addresses>::default();
        for n in 0..10_000u32 {
            let address = IpAddr::V4(Ipv4Addr::from_bits(n));
            let at = Duration::from_secs(u64::from(n));
            drop(addresses.receive(Some(address), LIMITS, at).unwrap());
        }
        assert!(addresses.lock().visits.len() <= SWEEP);
    }
}
