//! What the environment says.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use chorus_gateway::engine::config::RawConfig;
use chorus_gateway::engine::{AddressLimits, Config, Pace};
use chorus_realtime::OutboxLimits;

/// How the server is to behave. Times are in milliseconds.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `PORT`: where it listens; 0 for a free one.
    pub(crate) port: u16,
    /// `FIXTURE=client`: whether the handlers for the suite of `socket.io-client` are there.
    pub(crate) fixture: bool,
    /// `RECOVERY=1`: whether clients that were lost may come back.
    pub(crate) recovers: bool,
    ping_interval: u64,
    ping_timeout: u64,
    connect_timeout: u64,
    max_payload: usize,
}

/// Messages and frames of the largest cases of WebSocket suites.
const MAX_RAW_MESSAGE: usize = 16 << 20;
/// More than any suite sends in a second.
const UNLIMITED: Pace = Pace { rate: 1_000_000, burst: 1_000_000 };
/// Fine, because the suites measure heartbeats in milliseconds.
const TICK: Duration = Duration::from_micros(250);

impl Settings {
    /// Reads them; a value that cannot be read is named in the error.
    pub(crate) fn read() -> io::Result<Self> {
        let fixture = match text("FIXTURE").as_deref() {
            None => false,
            Some("client") => true,
            Some(other) => return Err(refused("FIXTURE", other)),
        };
        Ok(Self {
            port: number("PORT", 3000)?,
            fixture,
            recovers: number::<u8>("RECOVERY", fixture.into())? > 0,
            ping_interval: number("PING_INTERVAL", if fixture { 2000 } else { 300 })?,
            ping_timeout: number("PING_TIMEOUT", 200)?,
            connect_timeout: number("CONNECT_TIMEOUT", 1000)?,
            max_payload: number("MAX_PAYLOAD", 1_000_000)?,
        })
    }

    /// The same for the engine. There is no limit on the rate, because suites send as fast as they
    /// can.
    pub(crate) fn engine(&self) -> Config {
        Config {
            ping_interval: Duration::from_millis(self.ping_interval),
            ping_timeout: Duration::from_millis(self.ping_timeout),
            connect_timeout: Duration::from_millis(self.connect_timeout),
            max_payload: self.max_payload,
            outbox: OutboxLimits { frames: 1 << 16, bytes: 4 * MAX_RAW_MESSAGE },
            messages: UNLIMITED,
            kibibytes: UNLIMITED,
            addresses: AddressLimits { handshakes: UNLIMITED, ..AddressLimits::default() },
            tick: TICK,
            raw: RawConfig { max_message: MAX_RAW_MESSAGE, ..RawConfig::default() },
            keep_headers: self.fixture,
            ..Config::default()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where an example reads its environment")]
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number<N: FromStr>(name: &str, default: N) -> io::Result<N> {
    match text(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| refused(name, &text)),
    }
}

fn refused(name: &str, value: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{name} cannot be {value:?}"))
}
