//! Packets with any arguments, attachments among them, and how a packet stays in one piece.
//!
//! A packet with attachments is several messages that nothing may come between (Socket.IO protocol
//! 5, "Binary event"). They are finished as one [`Frame`], so that every outbox takes all of them
//! or none, and everyone who gets them shares one buffer.

use bytes::Bytes;
use chorus_protocol::socketio::{self, ArgsWriter, Offset};
use chorus_protocol::websocket::{self, Opcode};
use chorus_realtime::Frame;
use serde_json::value::RawValue;

use super::application::Incoming;
use super::socket::{Socket, text, whole};

/// The arguments of an event or an acknowledgement, without an event's name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// The arguments; `{"_placeholder":true,"num":n}` in them stands for attachment `n`.
    pub items: &'a [&'a RawValue],
    /// The attachments.
    pub attachments: &'a [Bytes],
}

impl Incoming<'_> {
    /// What the client said, in the form in which it can be said again.
    pub fn values(&self) -> Values<'_> {
        Values { items: self.args.items(), attachments: &self.attachments }
    }
}

impl Socket {
    /// Sends an event to this client alone.
    pub fn emit(&self, name: &str, values: Values<'_>) {
        self.send([emission(self.namespace(), self.unplaced(), name, values)]);
    }

    /// Sends an event that the client is to acknowledge, and returns the id under which
    /// [`acknowledged`](super::Application::acknowledged) will be told of it: once, or never.
    ///
    /// Of a client that owes many answers, the oldest are not waited for any more.
    pub fn ask(&self, name: &str, values: Values<'_>) -> u64 {
        let id = self.questions().ask();
        // What is to be acknowledged has no place, and is not taken for one.
        self.send([event(self.namespace(), Some(id), Offset::Unknown, name, values)]);
        id
    }

    /// Acknowledges the event that the client sent under `id`.
    pub fn answer(&self, id: u64, values: Values<'_>) {
        let packet = text(|buf| {
            let (namespace, attachments) = (self.namespace(), values.attachments.len());
            let written = match attachments {
                0 => socketio::write_ack(buf, namespace, id),
                _ => socketio::write_binary_ack(buf, namespace, id, attachments),
            };
            whole(values.write(written).finish());
        });
        self.send([attached(packet, values.attachments)]);
    }
}

/// An event, finished for every client of a namespace that is told as much of places.
pub fn emission(namespace: &str, offset: Offset<'_>, name: &str, values: Values<'_>) -> Frame {
    event(namespace, None, offset, name, values)
}

/// The Engine.IO packets in what an outbox took as one frame, for transports without frames.
pub(crate) fn packets_of(mut bytes: Bytes) -> impl Iterator<Item = (Opcode, Bytes)> {
    std::iter::from_fn(move || {
        let len = frame_len(&bytes)?;
        // What waits in an outbox was made whole by a `FrameBuilder`.
        websocket::split(&bytes.split_to(len))
    })
}

impl Values<'_> {
    fn write<'b>(&self, written: ArgsWriter<'b>) -> ArgsWriter<'b> {
        self.items.iter().fold(written, |written, item| written.raw(item.get()))
    }
}

fn event(
    namespace: &str,
    ack: Option<u64>,
    offset: Offset<'_>,
    name: &str,
    values: Values<'_>,
) -> Frame {
    let packet = text(|buf| {
        let written = match values.attachments.len() {
            0 => socketio::write_event(buf, namespace, ack, name),
            count => socketio::write_binary_event(buf, namespace, ack, count, name),
        };
        whole(values.write(written).offset(offset).finish());
    });
    attached(packet, values.attachments)
}

fn attached(packet: Frame, attachments: &[Bytes]) -> Frame {
    if attachments.is_empty() {
        return packet;
    }
    let mut frames = vec![packet.bytes];
    frames.extend(attachments.iter().map(|bytes| websocket::binary_frame(bytes)));
    Frame::durable(frames.concat().into())
}

/// How long the first of some server frames is (RFC 6455, section 5.2); `None` if it is not whole.
fn frame_len(frames: &[u8]) -> Option<usize> {
    let (&[_, len], rest) = frames.split_first_chunk()?;
    let (header, payload) = match len {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let len = payload.checked_add(header)?;
    (len <= frames.len()).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).unwrap()
    }

    fn packets(frame: Frame) -> Vec<(Opcode, Bytes)> {
        packets_of(frame.bytes).collect()
    }

    #[test]
    fn arguments_are_written_as_they_came() {
        let (one, two) = (raw(r#"{"a": [1.50]}"#), raw("null"));
        let values = Values { items: &[&one, &two], attachments: &[] };
        let packets = packets(event("/custom", Some(7), Offset::Unknown, "told", values));
        let expected = r#"42/custom,7["told",{"a": [1.50]},null]"#;
        assert_eq!(packets, [(Opcode::Text, Bytes::from_static(expected.as_bytes()))]);
        let silent = emission("/", Offset::Unknown, "told", Values::default());
        assert_eq!(&silent.bytes[2..], br#"42["told"]"#);
    }

    #[test]
    fn attachments_of_every_length_stay_with_their_packet() {
        let item = raw(PLACEHOLDER);
        for len in [0, 1, 125, 126, 65_535, 65_536] {
            let attachments = [Bytes::from(vec![9; len]), Bytes::from_static(b"second")];
            let values = Values { items: &[&item], attachments: &attachments };
            let packets = packets(emission("/", Offset::Unknown, "told", values));
            let text = format!(r#"452-["told",{PLACEHOLDER}]"#);
            let [first, second] = attachments;
            let expected =
                [(Opcode::Text, text.into()), (Opcode::Binary, first), (Opcode::Binary, second)];
            assert_eq!(packets, expected, "{len} bytes");
        }
    }

    #[test]
    fn half_a_frame_is_none() {
        let frames = attached(
            emission("/", Offset::Unknown, "told", Values::default()),
            &[Bytes::from(vec![1; 200])],
        );
        for len in 0..frames.bytes.len() {
            let whole = packets_of(frames.bytes.slice(..len)).count();
            assert_eq!(whole, usize::from(len >= 12), "{len} bytes of {}", frames.bytes.len());
        }
    }
}
