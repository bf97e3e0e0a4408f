//! One Engine.IO packet: a type character and what follows it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The close packet, as it travels.
pub const CLOSE: &str = "1";
/// The heartbeat the server sends, as it travels.
pub const PING: &str = "2";
/// The client's answer to [`PING`], as it travels.
pub const PONG: &str = "3";
/// The client's word that the upgrade is done, as it travels.
pub const UPGRADE: &str = "5";
/// The packet that ends a held poll without saying anything, as it travels.
pub const NOOP: &str = "6";
/// What a client sends first on a WebSocket it wants to upgrade to.
pub const PROBE_PING: &str = "2probe";
/// The server's answer to [`PROBE_PING`].
pub const PROBE_PONG: &str = "3probe";

/// Base64 as long-polling carries it. Padding is written, and not demanded: some clients omit it.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A decoded packet, borrowing from the text it came in (Engine.IO protocol 4, "Packet types").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: the handshake; only a server sends it.
    Open(&'a str),
    /// `1`: the sender ends the session.
    Close,
    /// `2`: a heartbeat, or `probe` while upgrading.
    Ping(&'a str),
    /// `3`: the answer to a heartbeat, or `probe` while upgrading.
    Pong(&'a str),
    /// `4`: a message for the layer above.
    Message(&'a str),
    /// `5`: the client moves to the probed transport.
    Upgrade,
    /// `6`: nothing, used to end a poll.
    Noop,
    /// A binary message: a WebSocket binary message as it is, or `b` and base64 when polled.
    Binary(Cow<'a, [u8]>),
}

impl<'a> Packet<'a> {
    /// Decodes one WebSocket text message.
    ///
    /// What follows `1`, `5` or `6` is ignored, as the reference implementation does.
    pub fn decode_text(text: &'a str) -> Result<Self, DecodeError> {
        let kind = text.chars().next().ok_or(DecodeError::Empty)?;
        let body = &text[kind.len_utf8()..];
        match kind {
            '0' => Ok(Self::Open(body)),
            '1' => Ok(Self::Close),
            '2' => Ok(Self::Ping(body)),
            '3' => Ok(Self::Pong(body)),
            '4' => Ok(Self::Message(body)),
            '5' => Ok(Self::Upgrade),
            '6' => Ok(Self::Noop),
            other => Err(DecodeError::UnknownType(other)),
        }
    }

    /// Decodes one packet of a long-polling payload, where binary messages travel as `b` and base64.
    pub fn decode_polled(text: &'a str) -> Result<Self, DecodeError> {
        match text.strip_prefix('b') {
            Some(encoded) => {
                let bytes = BASE64.decode(encoded).map_err(|_| DecodeError::BadBase64)?;
                Ok(Self::Binary(Cow::Owned(bytes)))
            }
            None => Self::decode_text(text),
        }
    }
}

/// Why a packet or payload was refused. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There was not even a packet type.
    #[error("empty packet")]
    Empty,
    /// The first character names no packet type of this transport.
    #[error("unknown packet type {0:?}")]
    UnknownType(char),
    /// What followed `b` is not base64.
    #[error("binary packet is not base64")]
    BadBase64,
    /// One payload held more packets than the server takes at once.
    #[error("more than {limit} packets in one payload")]
    TooManyPackets {
        /// How many would have been taken.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_packets_decode_as_the_protocol_says() {
        let table: &[(&str, Result<Packet<'_>, DecodeError>)] = &[
            ("0{\"sid\":\"x\"}", Ok(Packet::Open("{\"sid\":\"x\"}"))),
            (CLOSE, Ok(Packet::Close)),
            ("1ignored", Ok(Packet::Close)),
            (PING, Ok(Packet::Ping(""))),
            (PROBE_PING, Ok(Packet::Ping("probe"))),
            (PONG, Ok(Packet::Pong(""))),
            (PROBE_PONG, Ok(Packet::Pong("probe"))),
            ("4hello", Ok(Packet::Message("hello"))),
            ("4", Ok(Packet::Message(""))),
            ("4€", Ok(Packet::Message("€"))),
            (UPGRADE, Ok(Packet::Upgrade)),
            (NOOP, Ok(Packet::Noop)),
            ("", Err(DecodeError::Empty)),
            ("7", Err(DecodeError::UnknownType('7'))),
            ("abc", Err(DecodeError::UnknownType('a'))),
            ("€4", Err(DecodeError::UnknownType('€'))),
            ("bAQIDBA==", Err(DecodeError::UnknownType('b'))),
        ];
        for (text, expected) in table {
            assert_eq!(&Packet::decode_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn only_polled_packets_may_be_base64() {
        let bytes = |bytes: &[u8]| Ok(Packet::Binary(Cow::Owned(bytes.to_vec())));
        let table: &[(&str, Result<Packet<'_>, DecodeError>)] = &[
            ("bAQIDBA==", bytes(&[1, 2, 3, 4])),
            ("bAQIDBA", bytes(&[1, 2, 3, 4])),
            ("b", bytes(&[])),
            ("b*", Err(DecodeError::BadBase64)),
            ("bAQID\nBA==", Err(DecodeError::BadBase64)),
            ("4b", Ok(Packet::Message("b"))),
            ("", Err(DecodeError::Empty)),
        ];
        for (text, expected) in table {
            assert_eq!(&Packet::decode_polled(text), expected, "{text:?}");
        }
    }
}
