//! A long-polling body.

use chorus_protocol::engineio::{DecodeError, Packet, payload};

const MAX_PACKETS: usize = 16;

/// The number of packets is bounded, nothing follows an error, and what was read can be written so
/// that it reads the same.
pub(crate) fn check(input: &[u8]) {
    let Ok(body) = str::from_utf8(input) else {
        return;
    };
    let mut packets = Vec::new();
    let mut split = payload::split(body, MAX_PACKETS);
    for packet in split.by_ref() {
        match packet {
            Ok(packet) => packets.push(packet),
            Err(error) => {
                let over = error == DecodeError::TooManyPackets { limit: MAX_PACKETS };
                assert_eq!(over, packets.len() == MAX_PACKETS);
                break;
            }
        }
    }
    assert!(split.next().is_none());
    assert!(packets.len() <= MAX_PACKETS);

    let written = write(&packets).into_vec();
    if !packets.is_empty() {
        let again = str::from_utf8(&written)
            .map(|body| payload::split(body, MAX_PACKETS).collect::<Result<Vec<_>, _>>());
        assert_eq!(again, Ok(Ok(packets)));
    }
}

fn write(packets: &[Packet<'_>]) -> payload::Writer {
    let mut writer = payload::Writer::new();
    for packet in packets {
        match packet {
            Packet::Open(body) => writer.push_text(format!("0{body}").as_bytes()),
            Packet::Close => writer.push_text(b"1"),
            Packet::Ping(body) => writer.push_text(format!("2{body}").as_bytes()),
            Packet::Pong(body) => writer.push_text(format!("3{body}").as_bytes()),
            Packet::Message(body) => writer.push_text(format!("4{body}").as_bytes()),
            Packet::Upgrade => writer.push_text(b"5"),
            Packet::Noop => writer.push_text(b"6"),
            Packet::Binary(bytes) => writer.push_binary(bytes),
        }
    }
    writer
}
