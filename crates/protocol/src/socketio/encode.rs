//! Writing packets, each with the Engine.IO `4` in front, so that the result is a whole message.
//!
//! Everything is appended to the caller's buffer, usually that of a
//! [`FrameBuilder`](crate::websocket::FrameBuilder): arguments are serialised once, in place.
//! Namespaces are written as they are; one that a packet was decoded from never holds a comma.

use serde::Serialize;
use serde_json::Value;

/// Begins `42/ns,17["name"`; the arguments follow.
pub fn write_event<'b>(
    buf: &'b mut Vec<u8>,
    ns: &str,
    ack: Option<u64>,
    name: &str,
) -> ArgsWriter<'b> {
    ArgsWriter::begin(buf, "42", ns, ack).arg(name)
}

/// Begins `43/ns,17[`, the answer to the event that asked under `id`; the arguments follow.
pub fn write_ack<'b>(buf: &'b mut Vec<u8>, ns: &str, id: u64) -> ArgsWriter<'b> {
    ArgsWriter::begin(buf, "43", ns, Some(id))
}

/// Begins `452-/ns,17["name"` for an event with two attachments, which the caller sends as binary
/// messages right after it; the arguments, placeholders among them, follow.
pub fn write_binary_event<'b>(
    buf: &'b mut Vec<u8>,
    ns: &str,
    ack: Option<u64>,
    attachments: usize,
    name: &str,
) -> ArgsWriter<'b> {
    ArgsWriter::begin(buf, &format!("45{attachments}-"), ns, ack).arg(name)
}

/// Begins `462-/ns,17[` for an acknowledgement with two attachments, which the caller sends as binary
/// messages right after it; the arguments, placeholders among them, follow.
pub fn write_binary_ack<'b>(
    buf: &'b mut Vec<u8>,
    ns: &str,
    id: u64,
    attachments: usize,
) -> ArgsWriter<'b> {
    ArgsWriter::begin(buf, &format!("46{attachments}-"), ns, Some(id))
}

/// Writes `40/ns,{"sid":…}`, the agreement to a CONNECT; `pid` is the secret with which a client may
/// recover the connection.
pub fn write_connect(buf: &mut Vec<u8>, ns: &str, sid: &str, pid: Option<&str>) {
    push_head(buf, "40", ns);
    buf.extend_from_slice(b"{\"sid\":");
    push_string(buf, sid);
    if let Some(pid) = pid {
        buf.extend_from_slice(b",\"pid\":");
        push_string(buf, pid);
    }
    buf.push(b'}');
}

/// Writes `40/ns,{…}`, a client's wish to join a namespace, with its credentials if it has any. On
/// an error nothing was written.
pub fn write_connect_request<T: Serialize + ?Sized>(
    buf: &mut Vec<u8>,
    ns: &str,
    payload: Option<&T>,
) -> Result<(), EncodeError> {
    let start = buf.len();
    push_head(buf, "40", ns);
    let Some(payload) = payload else { return Ok(()) };
    serde_json::to_writer(&mut *buf, payload).map_err(|error| {
        buf.truncate(start);
        EncodeError(error)
    })
}

/// Writes `44/ns,{…}`, the refusal of a CONNECT. On an error nothing was written.
pub fn write_connect_error<T: Serialize + ?Sized>(
    buf: &mut Vec<u8>,
    ns: &str,
    payload: &T,
) -> Result<(), EncodeError> {
    let start = buf.len();
    push_head(buf, "44", ns);
    serde_json::to_writer(&mut *buf, payload).map_err(|error| {
        buf.truncate(start);
        EncodeError(error)
    })
}

/// Writes `41/ns,`, the end of a connection to a namespace.
pub fn write_disconnect(buf: &mut Vec<u8>, ns: &str) {
    push_head(buf, "41", ns);
}

/// Where an event is among all that a client can be sent again: the offset of connection state
/// recovery (Socket.IO 4.6). A client that was given a `pid` takes any string at the end of an event,
/// its name too, for an offset, and hands the last one back when it reconnects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset<'a> {
    /// The client knows nothing of offsets.
    Unknown,
    /// The client knows them, but the event has none: it must not end in a string.
    Unplaced,
    /// Here.
    At(&'a str),
}

/// A packet whose arguments are being written. It is whole only after [`ArgsWriter::finish`].
#[derive(Debug)]
#[must_use = "the packet is whole only after `finish`"]
pub struct ArgsWriter<'b> {
    buf: &'b mut Vec<u8>,
    start: usize,
    first: bool,
    error: Option<serde_json::Error>,
}

impl<'b> ArgsWriter<'b> {
    fn begin(buf: &'b mut Vec<u8>, kind: &str, ns: &str, id: Option<u64>) -> Self {
        let start = buf.len();
        push_head(buf, kind, ns);
        if let Some(id) = id {
            push_decimal(buf, id);
        }
        buf.push(b'[');
        Self { buf, start, first: true, error: None }
    }

    /// Adds an argument. What goes wrong is told by [`ArgsWriter::finish`].
    pub fn arg<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.separate();
        if let Err(error) = serde_json::to_writer(&mut *self.buf, value) {
            self.error.get_or_insert(error);
        }
        self
    }

    /// Adds an argument that is JSON already.
    pub fn raw(mut self, json: &str) -> Self {
        self.separate();
        self.buf.extend_from_slice(json.as_bytes());
        self
    }

    /// Adds what connection state recovery asks for behind all other arguments.
    pub fn offset(self, offset: Offset<'_>) -> Self {
        match offset {
            Offset::At(offset) => self.arg(offset),
            Offset::Unplaced if self.buf.ends_with(b"\"") => self.raw("null"),
            Offset::Unplaced | Offset::Unknown => self,
        }
    }

    /// Ends the packet. On an error the buffer is again as it was before the packet.
    pub fn finish(self) -> Result<(), EncodeError> {
        match self.error {
            None => {
                self.buf.push(b']');
                Ok(())
            }
            Some(error) => {
                self.buf.truncate(self.start);
                Err(EncodeError(error))
            }
        }
    }

    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.buf.push(b',');
        }
    }
}

/// A value cannot be expressed in JSON, such as a map with keys that are no strings. Always the
/// fault of the server's own code.
#[derive(Debug, thiserror::Error)]
#[error("a value cannot be written as JSON")]
pub struct EncodeError(#[source] serde_json::Error);

fn push_head(buf: &mut Vec<u8>, kind: &str, ns: &str) {
    buf.extend_from_slice(kind.as_bytes());
    if ns != "/" {
        buf.extend_from_slice(ns.as_bytes());
        buf.push(b',');
    }
}

fn push_string(buf: &mut Vec<u8>, text: &str) {
    buf.extend_from_slice(Value::from(text).to_string().as_bytes());
}

fn push_decimal(buf: &mut Vec<u8>, number: u64) {
    buf.extend_from_slice(number.to_string().as_bytes());
}

#[cfg(test)]
mod tests;
