//! A message that comes in several frames (RFC 6455, section 5.4).

use super::super::violation::Violation;
use super::{Message, utf8};

/// What a fragmented message is; its first frame says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
}

/// The fragments so far. Text is checked as it comes, so that a wrong byte is not waited behind.
#[derive(Debug)]
pub(super) struct Fragments {
    kind: Kind,
    bytes: Vec<u8>,
    /// How many of the bytes are known to be whole characters.
    checked: usize,
}

impl Fragments {
    pub(super) fn new(kind: Kind, payload: &[u8]) -> Result<Self, Violation> {
        let mut fragments = Self { kind, bytes: Vec::new(), checked: 0 };
        fragments.push(payload)?;
        Ok(fragments)
    }

    pub(super) fn push(&mut self, payload: &[u8]) -> Result<(), Violation> {
        self.bytes.extend_from_slice(payload);
        if self.kind == Kind::Text {
            self.check()?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The message, once its last fragment is there.
    pub(super) fn message(&self) -> Result<Message<'_>, Violation> {
        match self.kind {
            Kind::Text => Ok(Message::Text(utf8(&self.bytes)?)),
            Kind::Binary => Ok(Message::Binary(&self.bytes)),
        }
    }

    fn check(&mut self) -> Result<(), Violation> {
        match str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_some() => return Err(Violation::BadUtf8),
            Err(error) => self.checked += error.valid_up_to(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = "aß€😀z";
        for cut in 0..=text.len() {
            let (start, end) = text.as_bytes().split_at(cut);
            let mut fragments = Fragments::new(Kind::Text, start).unwrap();
            fragments.push(end).unwrap();
            assert_eq!(fragments.message(), Ok(Message::Text(text)), "{cut}");
        }
    }

    #[test]
    fn text_fails_with_the_byte_that_spoils_it() {
        let mut fragments = Fragments::new(Kind::Text, b"\xce\xba\xf4").unwrap();
        assert_eq!(fragments.push(b"\x90"), Err(Violation::BadUtf8));
        assert!(Fragments::new(Kind::Text, b"ab\xff").is_err());
        let unfinished = Fragments::new(Kind::Text, b"\xe2\x82").unwrap();
        assert_eq!(unfinished.message(), Err(Violation::BadUtf8));
        assert!(Fragments::new(Kind::Binary, b"ab\xff").is_ok());
    }
}
