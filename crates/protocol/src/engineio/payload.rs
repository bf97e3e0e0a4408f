//! Long-polling bodies: several packets separated by the record separator (Engine.IO protocol 4,
//! "HTTP long-polling: packet encoding").

use base64::Engine as _;

use super::packet::{BASE64, DecodeError, Packet};

/// U+001E. JSON escapes it, so that no Socket.IO packet contains it.
const SEPARATOR: char = '\x1e';

/// The packets of a POST body, one after another, of which at most `max_packets` are taken.
///
/// The iterator ends after its first error: what follows a malformed packet cannot be trusted.
pub fn split(body: &str, max_packets: usize) -> Split<'_> {
    Split { rest: Some(body), left: max_packets, limit: max_packets }
}

/// How many bytes a binary message of `bytes` bytes takes in a payload, without a separator.
pub fn binary_len(bytes: usize) -> usize {
    1 + bytes.div_ceil(3).saturating_mul(4)
}

/// The iterator [`split`] returns.
#[derive(Debug, Clone)]
pub struct Split<'a> {
    rest: Option<&'a str>,
    left: usize,
    limit: usize,
}

impl<'a> Iterator for Split<'a> {
    type Item = Result<Packet<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        if self.left == 0 {
            return Some(Err(DecodeError::TooManyPackets { limit: self.limit }));
        }
        self.left -= 1;
        let (packet, tail) = match rest.split_once(SEPARATOR) {
            Some((packet, tail)) => (packet, Some(tail)),
            None => (rest, None),
        };
        let decoded = Packet::decode_polled(packet);
        if decoded.is_ok() {
            self.rest = tail;
        }
        Some(decoded)
    }
}

impl std::iter::FusedIterator for Split<'_> {}

/// Writes the body of a GET answer.
#[derive(Debug, Default)]
pub struct Writer {
    body: Vec<u8>,
}

impl Writer {
    /// An empty body; it owns no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a packet that is already encoded, such as `42["hello"]`; it is not empty and holds no
    /// record separator.
    pub fn push_text(&mut self, packet: &[u8]) {
        self.separate();
        self.body.extend_from_slice(packet);
    }

    /// Adds a binary message as `b` and base64.
    pub fn push_binary(&mut self, message: &[u8]) {
        self.separate();
        self.body.push(b'b');
        self.body.extend_from_slice(BASE64.encode(message).as_bytes());
    }

    /// How many bytes the body has so far, separators included.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The finished body.
    pub fn into_vec(self) -> Vec<u8> {
        self.body
    }

    fn separate(&mut self) {
        if !self.body.is_empty() {
            self.body.push(SEPARATOR as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_splits_into_its_packets() {
        let packets: Result<Vec<_>, _> = split("4hello\x1e2\x1ebAQIDBA==\x1e4\x1e1", 8).collect();
        let expected = vec![
            Packet::Message("hello"),
            Packet::Ping(""),
            Packet::Binary(Cow::Borrowed(&[1, 2, 3, 4])),
            Packet::Message(""),
            Packet::Close,
        ];
        assert_eq!(packets, Ok(expected));
    }

    #[test]
    fn splitting_stops_at_the_first_fault() {
        let check = |body: &str, max: usize, good: usize, fault: DecodeError| {
            let all: Vec<_> = split(body, max).collect();
            assert_eq!(all.len(), good + 1, "{body:?}");
            assert!(all[..good].iter().all(Result::is_ok), "{body:?}");
            assert_eq!(all[good], Err(fault), "{body:?}");
        };
        check("", 8, 0, DecodeError::Empty);
        check("4a\x1e", 8, 1, DecodeError::Empty);
        check("4a\x1e\x1e4b", 8, 1, DecodeError::Empty);
        check("4a\x1eabc\x1e4b", 8, 1, DecodeError::UnknownType('a'));
        check("4a\x1e4b\x1e4c", 2, 2, DecodeError::TooManyPackets { limit: 2 });
        check("4a", 0, 0, DecodeError::TooManyPackets { limit: 0 });
    }

    #[test]
    fn the_example_of_the_protocol_is_written() {
        let mut writer = Writer::new();
        assert!(writer.is_empty());
        writer.push_text(b"4hello");
        writer.push_text(b"2");
        writer.push_text(b"4world");
        assert_eq!(writer.len(), 15);
        assert_eq!(writer.into_vec(), b"4hello\x1e2\x1e4world");
    }

    /// A packet kind and its body, as a server or client would have it before encoding.
    fn packets() -> impl Strategy<Value = Vec<(u8, String, Vec<u8>)>> {
        let packet = (0_u8..8, "[^\x1e]{0,12}", prop::collection::vec(any::<u8>(), 0..12));
        prop::collection::vec(packet, 1..8)
    }

    proptest! {
        #[test]
        fn what_is_written_splits_into_the_same(packets in packets()) {
            let mut writer = Writer::new();
            let mut expected = Vec::new();
            for (kind, text, bytes) in &packets {
                let before = writer.len();
                let packet = match kind {
                    0 => Packet::Open(text),
                    1 => Packet::Close,
                    2 => Packet::Ping(text),
                    3 => Packet::Pong(text),
                    4 => Packet::Message(text),
                    5 => Packet::Upgrade,
                    6 => Packet::Noop,
                    _ => Packet::Binary(Cow::Borrowed(bytes.as_slice())),
                };
                if *kind == 7 {
                    writer.push_binary(bytes);
                    let separator = usize::from(before > 0);
                    prop_assert_eq!(writer.len() - before, binary_len(bytes.len()) + separator);
                } else {
                    let bodiless = matches!(kind, 1 | 5 | 6);
                    let body = if bodiless { "" } else { text.as_str() };
                    writer.push_text(format!("{kind}{body}").as_bytes());
                }
                expected.push(packet);
            }
            let body = String::from_utf8(writer.into_vec()).unwrap();
            let decoded: Result<Vec<_>, _> = split(&body, packets.len()).collect();
            prop_assert_eq!(decoded, Ok(expected));
        }

        #[test]
        fn any_text_splits_without_panic_and_within_the_limit(body in ".*", max in 0_usize..5) {
            prop_assert!(split(&body, max).flatten().count() <= max);
        }
    }
}
