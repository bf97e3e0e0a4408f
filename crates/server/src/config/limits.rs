//! Limits that can be set. What lies beyond each is told where it holds: in
//! [`Config`] and [`UserLimits`].

use chorus_gateway::dialect::UserLimits;
use chorus_gateway::engine::{AddressLimits, Config, Pace};

use super::sources::{Key, Sources};
use super::values;

/// What clients may do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Messages of a session.
    pub messages: Pace,
    /// Units of 1,024 bytes of a session.
    pub kibibytes: Pace,
    /// What an address may do.
    pub addresses: AddressLimits,
    /// What a user may do.
    pub users: UserLimits,
    /// Seconds between pings on raw sockets.
    pub raw_ping_seconds: u32,
    /// Most bytes of one message on a raw socket.
    pub raw_message_bytes: u32,
    /// Seconds that a client that could not follow may read nothing before its session is ended.
    pub stalled_seconds: u32,
}

const fn key(variables: &'static [&'static str], file: &'static str) -> Key {
    Key { variables, file }
}

const MESSAGES: Key = key(&["CHORUS_MESSAGES_PER_SECOND"], "limits.messages_per_second");
const BURST: Key = key(&["CHORUS_MESSAGE_BURST"], "limits.message_burst");
const KIBIBYTES: Key = key(&["CHORUS_KIB_PER_SECOND"], "limits.kib_per_second");
const KIB_BURST: Key = key(&["CHORUS_KIB_BURST"], "limits.kib_burst");
const REQUESTS: Key = key(&["CHORUS_USER_REQUESTS_PER_SECOND"], "limits.user_requests_per_second");
const REQUEST_BURST: Key = key(&["CHORUS_USER_REQUEST_BURST"], "limits.user_request_burst");
const PER_USER: Key = key(&["CHORUS_CONNECTIONS_PER_USER"], "limits.connections_per_user");
const RAW_PER_USER: Key = key(&["WS_MAX_CONNECTIONS_PER_USER"], "limits.raw_connections_per_user");
const RAW_PING: Key = key(&["WS_HEARTBEAT_INTERVAL"], "limits.raw_ping_seconds");
const RAW_BYTES: Key = key(&["WS_MESSAGE_MAX_SIZE"], "limits.raw_message_bytes");
const STALLED: Key = key(&["CHORUS_STALLED_SECONDS"], "limits.stalled_seconds");
const HANDSHAKES: Key = key(&["CHORUS_HANDSHAKES_PER_SECOND"], "limits.handshakes_per_second");
const HANDSHAKE_BURST: Key = key(&["CHORUS_HANDSHAKE_BURST"], "limits.handshake_burst");
const REFUSALS: Key = key(&["CHORUS_REFUSALS_PER_SECOND"], "limits.refusals_per_second");
const REFUSAL_BURST: Key = key(&["CHORUS_REFUSAL_BURST"], "limits.refusal_burst");
const STRANGERS: Key = key(&["CHORUS_STRANGERS_PER_ADDRESS"], "limits.strangers_per_address");
const ALL_STRANGERS: Key = key(&["CHORUS_STRANGERS"], "limits.strangers");

impl Limits {
    pub(super) fn read(from: &mut Sources<'_>) -> Self {
        let Config { messages, kibibytes, addresses, .. } = Config::default();
        let users = UserLimits::default();
        let mut count = |key: &Key, default| from.value(None, key, default, values::count);
        let mut pace = |rate: &Key, burst: &Key, default: Pace| Pace {
            rate: count(rate, default.rate),
            burst: count(burst, default.burst),
        };
        let messages = pace(&MESSAGES, &BURST, messages);
        let kibibytes = pace(&KIBIBYTES, &KIB_BURST, kibibytes);
        let handshakes = pace(&HANDSHAKES, &HANDSHAKE_BURST, addresses.handshakes);
        let refusals = pace(&REFUSALS, &REFUSAL_BURST, addresses.refusals);
        let requests = pace(&REQUESTS, &REQUEST_BURST, users.requests);
        Self {
            messages,
            kibibytes,
            addresses: AddressLimits {
                handshakes,
                refusals,
                strangers: count(&STRANGERS, addresses.strangers),
                all_strangers: count(&ALL_STRANGERS, addresses.all_strangers),
            },
            users: UserLimits {
                requests,
                connections: count(&PER_USER, users.connections),
                raw_connections: count(&RAW_PER_USER, users.raw_connections),
            },
            raw_ping_seconds: count(&RAW_PING, 30),
            raw_message_bytes: count(&RAW_BYTES, 1 << 20),
            stalled_seconds: count(&STALLED, 60),
        }
    }
}
