//! Frames a server sends: unmasked, never fragmented, finished once and shared by every connection.

use bytes::Bytes;

use super::header::MAX_CONTROL;

/// The longest header a server sends: two bytes and a 64-bit length.
const HEADER_ROOM: usize = 10;

/// What a frame is (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// More of a fragmented message.
    Continuation,
    /// A text message, or its beginning.
    Text,
    /// A binary message, or its beginning.
    Binary,
    /// The end of the connection.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Opcode {
    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }
}

/// Builds one frame in one buffer: room for the header is left in front of the payload, and the
/// shortest header is written directly before it, so that nothing is moved.
///
/// ```
/// use chorus_protocol::{socketio, websocket::FrameBuilder};
///
/// let mut frame = FrameBuilder::text(64);
/// socketio::write_event(frame.payload(), "/", None, "hello").arg("world").finish()?;
/// assert_eq!(&frame.finish()[..], b"\x81\x1342[\"hello\",\"world\"]");
/// # Ok::<(), socketio::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct FrameBuilder {
    opcode: Opcode,
    buf: Vec<u8>,
}

impl FrameBuilder {
    /// A text frame whose payload will have about `capacity` bytes, all UTF-8.
    pub fn text(capacity: usize) -> Self {
        Self::new(Opcode::Text, capacity)
    }

    /// A binary frame whose payload will have about `capacity` bytes.
    pub fn binary(capacity: usize) -> Self {
        Self::new(Opcode::Binary, capacity)
    }

    /// Where the payload is written, by appending only: what is there already belongs to the header.
    pub fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// The frame: header and payload.
    pub fn finish(mut self) -> Bytes {
        if self.buf.len() < HEADER_ROOM {
            self.buf.resize(HEADER_ROOM, 0);
        }
        let (header, len) = header(self.opcode, self.buf.len() - HEADER_ROOM);
        let start = HEADER_ROOM - len;
        self.buf[start..HEADER_ROOM].copy_from_slice(&header[..len]);
        Bytes::from(self.buf).slice(start..)
    }

    fn new(opcode: Opcode, capacity: usize) -> Self {
        let mut buf = Vec::with_capacity(HEADER_ROOM + capacity);
        buf.resize(HEADER_ROOM, 0);
        Self { opcode, buf }
    }

    fn with_payload(mut self, payload: &[u8]) -> Bytes {
        self.buf.extend_from_slice(payload);
        self.finish()
    }
}

/// A text frame with this payload.
pub fn text_frame(payload: &str) -> Bytes {
    FrameBuilder::text(payload.len()).with_payload(payload.as_bytes())
}

/// A binary frame with this payload.
pub fn binary_frame(payload: &[u8]) -> Bytes {
    FrameBuilder::binary(payload.len()).with_payload(payload)
}

/// A close frame (RFC 6455, section 5.5.1). A reason of more than 123 bytes is cut after the last
/// character that fits.
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let mut ends = (0..=reason.len().min(MAX_CONTROL - 2)).rev();
    let reason = ends.find_map(|end| reason.get(..end)).unwrap_or_default();
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    FrameBuilder::new(Opcode::Close, payload.len()).with_payload(&payload)
}

/// A ping frame. A payload of more than 125 bytes is cut.
pub fn ping_frame(payload: &[u8]) -> Bytes {
    control_frame(Opcode::Ping, payload)
}

/// The answer to a ping, with the ping's payload. A payload of more than 125 bytes is cut.
pub fn pong_frame(payload: &[u8]) -> Bytes {
    control_frame(Opcode::Pong, payload)
}

/// Takes a finished server frame apart again, for transports that carry only the payload; `None` if
/// the bytes are not exactly one such frame. The payload is a slice of the frame, not a copy.
pub fn split(frame: &Bytes) -> Option<(Opcode, Bytes)> {
    let [first, second, ..] = **frame else {
        return None;
    };
    let opcode = Opcode::from_bits(first & 0x0f)?;
    let start = match second {
        0..=125 => 2,
        126 => 4,
        127 => HEADER_ROOM,
        _ => return None,
    };
    let payload = frame.len().checked_sub(start)?;
    let (expected, len) = header(opcode, payload);
    (frame[..start] == expected[..len]).then(|| (opcode, frame.slice(start..)))
}

fn control_frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(MAX_CONTROL)];
    FrameBuilder::new(opcode, payload.len()).with_payload(payload)
}

/// The shortest header for so many bytes of payload, and how many bytes of it count.
fn header(opcode: Opcode, payload: usize) -> ([u8; HEADER_ROOM], usize) {
    let mut header = [0; HEADER_ROOM];
    header[0] = 0x80 | opcode.bits();
    let len = match (u8::try_from(payload), u16::try_from(payload)) {
        (Ok(short @ 0..=125), _) => {
            header[1] = short;
            2
        }
        (_, Ok(medium)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&medium.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(payload as u64).to_be_bytes());
            HEADER_ROOM
        }
    };
    (header, len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_unmasked_examples_of_the_rfc_are_built() {
        assert_eq!(&text_frame("Hello")[..], b"\x81\x05Hello");
        assert_eq!(&ping_frame(b"Hello")[..], b"\x89\x05Hello");
        assert_eq!(&pong_frame(b"Hello")[..], b"\x8a\x05Hello");
        assert_eq!(binary_frame(&[7; 256])[..5], [0x82, 0x7e, 0x01, 0x00, 7]);
        let large = binary_frame(&vec![7; 65_536]);
        assert_eq!(large[..11], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]);
    }

    #[test]
    fn lengths_change_their_form_at_the_right_byte() {
        for (payload, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(binary_frame(&vec![0; payload]).len(), header + payload);
        }
    }

    #[test]
    fn control_frames_never_outgrow_their_limit() {
        assert_eq!(&close_frame(1000, "")[..], b"\x88\x02\x03\xe8");
        assert_eq!(&close_frame(1001, "bye")[..], b"\x88\x05\x03\xe9bye");
        let cut = close_frame(1002, &"€".repeat(50));
        assert_eq!(cut[1], 2 + 41 * 3);
        assert_eq!(cut.len(), 2 + 2 + 41 * 3);
        assert_eq!(ping_frame(&[0; 200]).len(), 2 + 125);
    }

    #[test]
    fn a_builder_survives_a_writer_that_takes_too_much_away() {
        let mut frame = FrameBuilder::text(8);
        frame.payload().clear();
        assert_eq!(&frame.finish()[..], b"\x81\x00");
    }

    #[test]
    fn what_is_no_server_frame_does_not_split() {
        let bad: &[&[u8]] = &[
            b"",
            b"\x81",
            b"\x83\x00",
            b"\x81\x05Hell",
            b"\x81\x05Hello!",
            b"\x01\x00",
            b"\x81\x80",
        ];
        for bytes in bad {
            assert_eq!(split(&Bytes::copy_from_slice(bytes)), None, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn frames_split_into_what_they_were_made_of(
            payload in prop::collection::vec(any::<u8>(), 0..300),
            factor in prop_oneof![Just(1_usize), Just(300)],
        ) {
            let payload = payload.repeat(factor);
            let frame = binary_frame(&payload);
            let (opcode, split) = split(&frame).unwrap();
            prop_assert_eq!(opcode, Opcode::Binary);
            prop_assert_eq!(split, payload);
        }
    }
}
