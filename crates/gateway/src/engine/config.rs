//! Intervals and limits of the engine. Each limit has one outcome, named here.

use std::time::Duration;

use chorus_realtime::OutboxLimits;

use super::addresses::AddressLimits;
use super::bucket::Pace;

/// Settings of an engine.
#[derive(Debug, Clone)]
pub struct Config {
    /// Time from a pong to the next ping.
    pub ping_interval: Duration,
    /// Time for a pong to come; after it the session ends.
    pub ping_timeout: Duration,
    /// Time from the handshake to the first CONNECT; after it the session ends.
    pub connect_timeout: Duration,
    /// Time for the body of a POST to arrive; after it the session ends (408).
    pub body_timeout: Duration,
    /// Time for an upgrade from its handshake to its completion; after it the new socket is
    /// closed and the session goes on as it was.
    pub upgrade_timeout: Duration,
    /// Most bytes of one message, of a posted body, and of the answer to a poll. A longer message
    /// ends the session (WebSocket: 1009; POST: 413).
    pub max_payload: usize,
    /// What may wait for a slow client.
    pub outbox: OutboxLimits,
    /// Messages that a session may send; the excess is answered once and not read.
    pub messages: Pace,
    /// The same in units of 1,024 bytes, each message rounded up. A burst must hold the largest
    /// message.
    pub kibibytes: Pace,
    /// Messages beyond the rate that are tolerated, unread, before the session ends.
    pub flood_tolerance: u32,
    /// Namespaces that one session may be in; a CONNECT beyond ends the session.
    pub namespaces: usize,
    /// What one address may do.
    pub addresses: AddressLimits,
    /// How exact heartbeats and deadlines are.
    pub tick: Duration,
    /// What differs for raw sockets.
    pub raw: RawConfig,
    /// Whether the headers of handshakes are kept for the application: up to a request's head per
    /// session.
    pub keep_headers: bool,
    /// Which origins may send credentials.
    pub origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            body_timeout: Duration::from_secs(30),
            upgrade_timeout: Duration::from_secs(5),
            max_payload: 1_000_000,
            outbox: OutboxLimits::default(),
            messages: Pace { rate: 100, burst: 300 },
            kibibytes: Pace { rate: 1_024, burst: 8_192 },
            flood_tolerance: 2_000,
            namespaces: 16,
            addresses: AddressLimits::default(),
            tick: Duration::from_secs(1),
            raw: RawConfig::default(),
            keep_headers: false,
            origins: Origins::default(),
        }
    }
}

impl Config {
    /// Interval and timeout of the heartbeat.
    pub(crate) fn pulse(&self, raw: bool) -> (Duration, Duration) {
        if raw {
            (self.raw.ping_interval, self.raw.ping_timeout)
        } else {
            (self.ping_interval, self.ping_timeout)
        }
    }
}

/// Settings of sockets without Engine.IO.
#[derive(Debug, Clone)]
pub struct RawConfig {
    /// Time from a pong to the next ping (RFC 6455, section 5.5.2).
    pub ping_interval: Duration,
    /// Time for a pong to come; after it the session ends.
    pub ping_timeout: Duration,
    /// Most bytes of one message; a longer one ends the session with 1009.
    pub max_message: usize,
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(20),
            max_message: 1 << 20,
        }
    }
}

/// Which origins are trusted: loopback on any port, and those that were named.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Origins such as `https://app.example`, in lower case.
    pub allowed: Vec<String>,
}

impl Origins {
    /// Whether pages of this origin may read answers that were made with a user's credentials.
    pub fn trusts(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        self.allowed.contains(&origin) || is_loopback(&origin)
    }
}

fn is_loopback(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let Some(authority) = host else { return false };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_named_origins_are_trusted() {
        let origins = Origins { allowed: vec!["https://app.example".into()] };
        for good in
            ["http://localhost:5173", "https://LOCALHOST", "http://[::1]:80", "https://app.example"]
        {
            assert!(origins.trusts(good), "{good}");
        }
        for bad in ["null", "http://localhost.evil.example", "http://app.example", "localhost", ""]
        {
            assert!(!origins.trusts(bad), "{bad}");
        }
    }
}
