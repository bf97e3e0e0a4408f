//! The little of WebSocket (RFC 6455) that a load generator and the floor need: whole frames of
//! text, no fragments, no extensions.

use std::net::SocketAddr;

/// What both sides of an upgrade say here: the nonce of RFC 6455, section 1.3 ...
const NONCE: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// ... and the only right answer to it.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The opcode of text (section 5.2).
pub const TEXT: u8 = 1;
/// That of a ping ...
pub const PING: u8 = 9;
/// ... and of the answer to one.
pub const PONG: u8 = 10;

/// The masking key of section 5.7: servers must undo any key, so one will do.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: u8,
    /// Its masking key; clients' frames have one.
    pub key: Option<[u8; 4]>,
    /// Where its payload begins.
    pub start: usize,
    /// Where it ends, and the next begins.
    pub end: usize,
}

/// The first frame, if it is there whole.
pub fn first_frame(bytes: &[u8]) -> Option<Frame> {
    let (opcode, second) = (bytes.first()? & 0x0f, bytes.get(1)?);
    let masked = second & 0x80 != 0;
    let (length, mut start) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    let mut key = None;
    if masked {
        key = Some(bytes.get(start..start + 4)?.try_into().ok()?);
        start += 4;
    }
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end <= bytes.len()).then_some(Frame { opcode, key, start, end })
}

/// Appends a frame as clients send it: masked.
pub fn push_masked(opcode: u8, payload: &[u8], into: &mut Vec<u8>) {
    push_head(opcode, payload.len(), 0x80, into);
    into.extend_from_slice(&KEY);
    into.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Appends a text frame as servers send it: bare.
pub fn push_bare(text: &str, into: &mut Vec<u8>) {
    push_head(TEXT, text.len(), 0, into);
    into.extend_from_slice(text.as_bytes());
}

fn push_head(opcode: u8, length: usize, mask_bit: u8, into: &mut Vec<u8>) {
    into.push(0x80 | opcode);
    match length {
        0..126 => into.push(mask_bit | length as u8),
        126..65_536 => {
            into.push(mask_bit | 126);
            into.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            into.push(mask_bit | 127);
            into.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Undoes the mask of a payload.
pub fn unmask(payload: &mut [u8], key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// What a client asks that wants to speak WebSocket.
pub fn upgrade_request(host: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {NONCE}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    .into_bytes()
}

/// The end of the head of an HTTP message: where its body, or what follows an upgrade, begins.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// The unsigned number that follows `label` in a text.
pub fn number_after(label: &str, text: &[u8]) -> Option<u64> {
    let digits = memchr::memmem::find(text, label.as_bytes())? + label.len();
    let digits = text[digits..].iter().skip_while(|byte| matches!(byte, b' ' | b'"'));
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number, digit| {
        Some(number.unwrap_or(0u64).wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_at_every_length() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let text = "x".repeat(length);
            let mut bytes = Vec::new();
            push_masked(TEXT, text.as_bytes(), &mut bytes);
            let frame = first_frame(&bytes).unwrap();
            assert_eq!((frame.opcode, frame.end), (TEXT, bytes.len()));
            unmask(&mut bytes[frame.start..frame.end], frame.key.unwrap());
            assert_eq!(&bytes[frame.start..frame.end], text.as_bytes());

            bytes.clear();
            push_bare(&text, &mut bytes);
            let frame = first_frame(&bytes).unwrap();
            assert_eq!(frame.key, None);
            assert_eq!(&bytes[frame.start..frame.end], text.as_bytes());
        }
    }

    #[test]
    fn a_part_of_a_frame_is_no_frame() {
        let mut bytes = Vec::new();
        push_masked(TEXT, &[7; 300], &mut bytes);
        for end in 0..bytes.len() {
            assert_eq!(first_frame(&bytes[..end]), None, "{end} of {}", bytes.len());
        }
    }

    #[test]
    fn numbers_are_found_after_their_label() {
        assert_eq!(number_after("\"id\":", br#"{"an_id":1,"id":234}"#), Some(234));
        assert_eq!(number_after("\"id\":", br#"{"id": "56"}"#), Some(56));
        assert_eq!(number_after("\"id\":", br#"{"id":null}"#), None);
        assert_eq!(number_after("\"id\":", br#"{}"#), None);
    }
}
