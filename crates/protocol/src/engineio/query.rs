//! The query string of a request to the Engine.IO path.

use std::borrow::Cow;

/// How many name-value pairs a query string may have. Clients send five or six; more than this is
/// only work for the server.
pub const MAX_PAIRS: usize = 64;

/// What a request asks for (Engine.IO protocol 4, "Protocol: request parameters").
///
/// Of a name that occurs twice the first value counts. Values are percent-decoded with `+` as space;
/// a `%` that begins no escape stands for itself, and bytes that are not UTF-8 are replaced.
#[derive(Debug, Clone)]
pub struct OpenQuery<'a> {
    raw: &'a str,
    /// `EIO`: the protocol version the client speaks.
    pub eio: Option<Cow<'a, str>>,
    /// `transport`: `None` when it is missing or names none that exists.
    pub transport: Option<Transport>,
    /// `sid`: the session the request belongs to; `None` asks for a new one.
    pub sid: Option<Cow<'a, str>>,
}

impl<'a> OpenQuery<'a> {
    /// Reads the raw query string, without the `?`.
    pub fn parse(raw: &'a str) -> Result<Self, QueryError> {
        if raw_pairs(raw).nth(MAX_PAIRS).is_some() {
            return Err(QueryError::TooManyPairs);
        }
        let transport = first(raw, "transport");
        Ok(Self {
            raw,
            eio: first(raw, "EIO"),
            transport: transport.as_deref().and_then(Transport::from_name),
            sid: first(raw, "sid"),
        })
    }

    /// Whether the client speaks protocol 4, the only one served.
    pub fn is_protocol_4(&self) -> bool {
        self.eio.as_deref() == Some("4")
    }

    /// The value of the first pair called `name`; empty when the pair has no `=`.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        first(self.raw, name)
    }

    /// All pairs in their order, decoded.
    pub fn pairs(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        raw_pairs(self.raw).map(|(name, value)| (decode(name), decode(value)))
    }
}

/// The two ways in which packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// A WebSocket connection.
    WebSocket,
}

impl Transport {
    /// The transport of this name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::WebSocket),
            _ => None,
        }
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

/// Why a query string was refused. Always the client's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// More pairs than [`MAX_PAIRS`].
    #[error("more than {MAX_PAIRS} query parameters")]
    TooManyPairs,
}

fn first<'a>(raw: &'a str, name: &str) -> Option<Cow<'a, str>> {
    raw_pairs(raw).find(|(key, _)| decode(key) == name).map(|(_, value)| decode(value))
}

fn raw_pairs(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(raw);
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [byte, tail @ ..] = rest {
        let (value, after) = match (byte, escaped(tail)) {
            (b'%', Some(found)) => found,
            (b'+', _) => (b' ', tail),
            _ => (*byte, tail),
        };
        decoded.push(value);
        rest = after;
    }
    let text = String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Cow::Owned(text)
}

/// The byte two hexadecimal digits stand for, and what follows them.
fn escaped(digits: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = digits.split_first_chunk::<2>()?;
    let nibble =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some((nibble(*high)? << 4 | nibble(*low)?, rest))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_parameters_of_the_protocol_are_found() {
        let query = OpenQuery::parse("EIO=4&transport=polling&t=O8Xk&sid=ab_C").unwrap();
        assert!(query.is_protocol_4());
        assert_eq!(query.transport, Some(Transport::Polling));
        assert_eq!(query.sid.as_deref(), Some("ab_C"));
        assert_eq!(query.get("t").as_deref(), Some("O8Xk"));
        assert_eq!(query.get("j"), None);
    }

    #[test]
    fn missing_and_odd_parameters_are_told_apart_from_good_ones() {
        let check = |raw: &str, protocol_4: bool, transport: Option<Transport>| {
            let query = OpenQuery::parse(raw).unwrap();
            assert_eq!(query.is_protocol_4(), protocol_4, "{raw:?}");
            assert_eq!(query.transport, transport, "{raw:?}");
        };
        check("", false, None);
        check("EIO=3&transport=websocket", false, Some(Transport::WebSocket));
        check("EIO=4&transport=abc", true, None);
        check("EIO=04&transport=", false, None);
        check("EIO=4&EIO=3&transport=websocket&transport=x", true, Some(Transport::WebSocket));
        check("%45IO=%34&transport=web%73ocket", true, Some(Transport::WebSocket));
    }

    #[test]
    fn values_are_percent_decoded() {
        let check = |raw: &str, expected: &str| {
            let raw = format!("x=1&token={raw}");
            let query = OpenQuery::parse(&raw).unwrap();
            assert_eq!(query.get("token").as_deref(), Some(expected), "{raw:?}");
        };
        check("plain", "plain");
        check("a+b%20c", "a b c");
        check("%E2%82%AC", "€");
        check("a=b", "a=b");
        check("%zz%4", "%zz%4");
        check("%+1", "% 1");
        check("%ff", "\u{fffd}");
        check("", "");
    }

    #[test]
    fn a_plain_value_is_not_copied() {
        let query = OpenQuery::parse("sid=abc").unwrap();
        assert!(matches!(query.sid, Some(Cow::Borrowed("abc"))));
    }

    #[test]
    fn too_many_pairs_are_refused() {
        let at_limit = "a=1&".repeat(MAX_PAIRS);
        assert_eq!(OpenQuery::parse(&at_limit).unwrap().pairs().count(), MAX_PAIRS);
        let over = format!("{at_limit}b=2");
        assert_eq!(OpenQuery::parse(&over).unwrap_err(), QueryError::TooManyPairs);
    }

    #[test]
    fn transports_know_their_names() {
        for transport in [Transport::Polling, Transport::WebSocket] {
            assert_eq!(Transport::from_name(transport.name()), Some(transport));
        }
    }

    proptest! {
        #[test]
        fn every_encoded_value_comes_back(name in ".{1,8}", value in ".{0,16}") {
            let encode = |text: &str| text.bytes().fold(String::new(), |mut out, byte| {
                write!(out, "%{byte:02x}").unwrap();
                out
            });
            let raw = format!("{}={}", encode(&name), encode(&value));
            let query = OpenQuery::parse(&raw).unwrap();
            let found = query.get(&name);
            prop_assert_eq!(found.as_deref(), Some(value.as_str()));
            prop_assert_eq!(query.pairs().collect::<Vec<_>>(), vec![(name.into(), value.into())]);
        }

        #[test]
        fn any_text_is_read_without_panic(raw in ".*") {
            if let Ok(query) = OpenQuery::parse(&raw) {
                prop_assert!(query.pairs().count() <= MAX_PAIRS);
            }
        }
    }
}
