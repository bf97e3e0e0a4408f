//! One Engine.IO packet, on either transport.

use chorus_protocol::engineio::{Packet, payload};

/// A WebSocket reads nothing that polling would read otherwise, and binary survives its base64.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let polled = Packet::decode_polled(text);
    if let Ok(packet) = Packet::decode_text(text) {
        assert_eq!(polled.as_ref(), Ok(&packet));
    }
    if let Ok(Packet::Binary(bytes)) = &polled {
        let mut writer = payload::Writer::new();
        writer.push_binary(bytes);
        assert_eq!(writer.len(), payload::binary_len(bytes.len()));
        let written = writer.into_vec();
        let read = str::from_utf8(&written).map(Packet::decode_polled);
        assert_eq!(read, Ok(polled));
    }
}
