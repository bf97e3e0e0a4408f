//! Putting a binary packet together: its text first, then one binary message per attachment.

use std::num::NonZeroUsize;

use bytes::Bytes;

use super::error::{DecodeError, Limits};
use super::packet::Packet;

/// A binary packet that waits for attachments (Socket.IO protocol 5, "Binary event").
#[derive(Debug)]
pub struct Assembly {
    packet: Assembled,
    missing: NonZeroUsize,
    room: usize,
    limit: usize,
}

impl Assembly {
    /// Begins with the text of a packet that decoded as [`Packet::BinaryEvent`] or
    /// [`Packet::BinaryAck`] and promised `attachments`, which may have `max_bytes` together.
    pub fn begin(text: &str, attachments: NonZeroUsize, max_bytes: usize) -> Self {
        Self {
            packet: Assembled { text: text.into(), attachments: Vec::new() },
            missing: attachments,
            room: max_bytes,
            limit: max_bytes,
        }
    }

    /// Takes the next attachment.
    pub fn attach(mut self, attachment: Bytes) -> Result<Progress, AssemblyError> {
        self.room = self
            .room
            .checked_sub(attachment.len())
            .ok_or(AssemblyError::TooLarge { limit: self.limit })?;
        self.packet.attachments.push(attachment);
        Ok(match NonZeroUsize::new(self.missing.get() - 1) {
            Some(missing) => Progress::Waiting(Self { missing, ..self }),
            None => Progress::Complete(self.packet),
        })
    }
}

/// Where an [`Assembly`] stands after an attachment.
#[derive(Debug)]
pub enum Progress {
    /// More attachments are to come.
    Waiting(Assembly),
    /// That was the last one.
    Complete(Assembled),
}

/// A binary packet with all its attachments.
#[derive(Debug)]
pub struct Assembled {
    text: Box<str>,
    /// The attachments; a placeholder's `num` is an index into them.
    pub attachments: Vec<Bytes>,
}

impl Assembled {
    /// The packet, decoded from its text again: between its frames the connection kept only that.
    pub fn packet(&self, limits: &Limits) -> Result<Packet<'_>, DecodeError> {
        Packet::decode(&self.text, limits)
    }
}

/// Why an attachment was refused. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// The attachments together have more bytes than one packet may bring.
    #[error("attachments of more than {limit} bytes")]
    TooLarge {
        /// How many bytes would have been taken.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"52-7["up",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

    fn begin(max_bytes: usize) -> Assembly {
        let Ok(Packet::BinaryEvent { attachments, .. }) = Packet::decode(TEXT, &Limits::default())
        else {
            panic!("{TEXT} is a binary event");
        };
        Assembly::begin(TEXT, attachments, max_bytes)
    }

    #[test]
    fn a_packet_is_complete_with_its_last_attachment() {
        let Ok(Progress::Waiting(assembly)) = begin(5).attach(Bytes::from_static(b"abc")) else {
            panic!("one of two attachments is not enough");
        };
        let Ok(Progress::Complete(assembled)) = assembly.attach(Bytes::from_static(b"de")) else {
            panic!("two of two attachments are enough");
        };
        assert_eq!(assembled.attachments, [&b"abc"[..], &b"de"[..]]);
        let Ok(Packet::BinaryEvent { ns: "/", ack: Some(7), args, .. }) =
            assembled.packet(&Limits::default())
        else {
            panic!("the text decodes as it did before");
        };
        assert_eq!(args.name(), Some("up"));
        assert_eq!(args.items().len(), 2);
    }

    #[test]
    fn the_bytes_of_all_attachments_count_together() {
        let Ok(Progress::Waiting(assembly)) = begin(4).attach(Bytes::from_static(b"abc")) else {
            panic!("three bytes fit four");
        };
        let refused = assembly.attach(Bytes::from_static(b"de"));
        assert!(matches!(refused, Err(AssemblyError::TooLarge { limit: 4 })));
    }
}
