//! One Socket.IO packet: type, attachments, namespace, acknowledgement id, payload.

use std::num::NonZeroUsize;

use serde_json::value::RawValue;

use super::args::Args;
use super::error::{DecodeError, Limits};
use super::json;

/// 2^53 - 1, the largest integer a JavaScript counter holds exactly.
const MAX_ACK_ID: u64 = (1 << 53) - 1;

/// A decoded packet, borrowing from the Engine.IO message it came in (Socket.IO protocol 5, "Packet
/// encoding"). `ns` is `/` when the packet names no namespace.
#[derive(Debug, Clone)]
pub enum Packet<'a> {
    /// `0`: the client asks to join a namespace, or the server agrees.
    Connect {
        /// The namespace.
        ns: &'a str,
        /// A JSON object: the client's credentials, or the server's socket id.
        payload: Option<&'a RawValue>,
    },
    /// `1`: the sender leaves a namespace.
    Disconnect {
        /// The namespace.
        ns: &'a str,
    },
    /// `2`: something happened.
    Event {
        /// The namespace.
        ns: &'a str,
        /// The id under which the sender wants an acknowledgement.
        ack: Option<u64>,
        /// The name and the arguments.
        args: Args<'a>,
    },
    /// `3`: the answer to an event that asked for one.
    Ack {
        /// The namespace.
        ns: &'a str,
        /// The id the event asked under.
        id: u64,
        /// The arguments.
        args: Args<'a>,
    },
    /// `4`: the server refuses a CONNECT; a client has no use for it.
    ConnectError {
        /// The namespace.
        ns: &'a str,
        /// A JSON object or string.
        payload: Option<&'a RawValue>,
    },
    /// `5`: an event of which some values follow as binary messages.
    BinaryEvent {
        /// The namespace.
        ns: &'a str,
        /// The id under which the sender wants an acknowledgement.
        ack: Option<u64>,
        /// How many binary messages follow.
        attachments: NonZeroUsize,
        /// The name and the arguments; every placeholder in them has its attachment.
        args: Args<'a>,
    },
    /// `6`: an acknowledgement of which some values follow as binary messages.
    BinaryAck {
        /// The namespace.
        ns: &'a str,
        /// The id the event asked under.
        id: u64,
        /// How many binary messages follow.
        attachments: NonZeroUsize,
        /// The arguments; every placeholder in them has its attachment.
        args: Args<'a>,
    },
}

impl<'a> Packet<'a> {
    /// Decodes the body of an Engine.IO message (without its `4`).
    ///
    /// As strict as the reference parser, and stricter where that lets pass what no client sends:
    /// an event without a payload, an acknowledgement without an id, an id on a CONNECT.
    pub fn decode(text: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        let kind = text.chars().next().ok_or(DecodeError::Empty)?;
        let mut head = Head { rest: &text[kind.len_utf8()..] };
        match kind {
            '0' => Ok(Self::Connect { ns: head.namespace(limits)?, payload: head.object(limits)? }),
            '1' => Ok(Self::Disconnect { ns: head.last_namespace(limits)? }),
            '2' => {
                let (ns, ack) = (head.namespace(limits)?, head.ack_id()?);
                Ok(Self::Event { ns, ack, args: Args::of_event(head.rest, limits)? })
            }
            '3' => {
                let (ns, id) = (head.namespace(limits)?, head.own_ack_id()?);
                Ok(Self::Ack { ns, id, args: Args::of_ack(head.rest, limits)? })
            }
            '4' => {
                let ns = head.namespace(limits)?;
                Ok(Self::ConnectError { ns, payload: head.object_or_string(limits)? })
            }
            '5' => {
                let attachments = head.attachments(limits)?;
                let (ns, ack) = (head.namespace(limits)?, head.ack_id()?);
                let args = with_placeholders(Args::of_event(head.rest, limits)?, attachments)?;
                Ok(Self::BinaryEvent { ns, ack, attachments, args })
            }
            '6' => {
                let attachments = head.attachments(limits)?;
                let (ns, id) = (head.namespace(limits)?, head.own_ack_id()?);
                let args = with_placeholders(Args::of_ack(head.rest, limits)?, attachments)?;
                Ok(Self::BinaryAck { ns, id, attachments, args })
            }
            other => Err(DecodeError::UnknownType(other)),
        }
    }
}

fn with_placeholders(args: Args<'_>, attachments: NonZeroUsize) -> Result<Args<'_>, DecodeError> {
    if args.placeholders_ok(attachments.get()) {
        Ok(args)
    } else {
        Err(DecodeError::BadPlaceholder)
    }
}

/// What of a packet is not read yet.
struct Head<'a> {
    rest: &'a str,
}

impl<'a> Head<'a> {
    fn digits(&mut self) -> &'a str {
        let end = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        digits
    }

    fn attachments(&mut self, limits: &Limits) -> Result<NonZeroUsize, DecodeError> {
        let digits = self.digits();
        self.rest = self.rest.strip_prefix('-').ok_or(DecodeError::BadAttachments)?;
        if digits.is_empty() {
            return Err(DecodeError::BadAttachments);
        }
        let limit = limits.max_attachments;
        // Digits that do not fit a number are too many as well.
        let count: usize = digits.parse().unwrap_or(usize::MAX);
        if count > limit {
            return Err(DecodeError::TooManyAttachments { limit });
        }
        NonZeroUsize::new(count).ok_or(DecodeError::BadAttachments)
    }

    fn namespace(&mut self, limits: &Limits) -> Result<&'a str, DecodeError> {
        if !self.rest.starts_with('/') {
            return Ok("/");
        }
        let (ns, rest) = self.rest.split_once(',').unwrap_or((self.rest, ""));
        let limit = limits.max_namespace_len;
        if ns.len() > limit {
            return Err(DecodeError::NamespaceTooLong { limit });
        }
        self.rest = rest;
        Ok(ns)
    }

    fn last_namespace(&mut self, limits: &Limits) -> Result<&'a str, DecodeError> {
        let ns = self.namespace(limits)?;
        if self.rest.is_empty() { Ok(ns) } else { Err(DecodeError::UnexpectedPayload) }
    }

    fn ack_id(&mut self) -> Result<Option<u64>, DecodeError> {
        let digits = self.digits();
        if digits.is_empty() {
            return Ok(None);
        }
        let id: Option<u64> = digits.parse().ok().filter(|id| *id <= MAX_ACK_ID);
        id.map(Some).ok_or(DecodeError::AckIdTooLarge)
    }

    fn own_ack_id(&mut self) -> Result<u64, DecodeError> {
        self.ack_id()?.ok_or(DecodeError::MissingAckId)
    }

    fn object(&self, limits: &Limits) -> Result<Option<&'a RawValue>, DecodeError> {
        self.value_starting_with(&['{'], limits)
    }

    fn object_or_string(&self, limits: &Limits) -> Result<Option<&'a RawValue>, DecodeError> {
        self.value_starting_with(&['{', '"'], limits)
    }

    fn value_starting_with(
        &self,
        starts: &[char],
        limits: &Limits,
    ) -> Result<Option<&'a RawValue>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let limit = limits.max_depth;
        if !json::nests_within(self.rest, limit) {
            return Err(DecodeError::TooDeep { limit });
        }
        let value: &RawValue =
            serde_json::from_str(self.rest).map_err(|_| DecodeError::NotAnObject)?;
        if value.get().starts_with(starts) {
            Ok(Some(value))
        } else {
            Err(DecodeError::NotAnObject)
        }
    }
}

#[cfg(test)]
mod tests;
