//! The server's end of a client in a namespace: how an application answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chorus_model::ConnectionId;
use chorus_protocol::socketio::{self, EncodeError, Offset};
use chorus_protocol::websocket::FrameBuilder;
use chorus_realtime::{CloseReason, Frame, Outbox};
use serde::Serialize;

use super::application::Handshake;
use super::questions::Questions;

/// Room for most messages, so that they are written without moving.
const CAPACITY: usize = 512;

/// One client in one namespace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Socket {
    end: Arc<End>,
}

#[derive(Debug)]
struct End {
    namespace: Box<str>,
    identity: OnceLock<Identity>,
    connection: ConnectionId,
    outbox: Arc<Outbox>,
    handshake: Arc<Handshake>,
    questions: Questions,
    gone: AtomicBool,
    dismissed: AtomicBool,
}

/// What a client knows itself by in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The id that is no secret.
    pub sid: Box<str>,
    /// The secret with which it may take up the connection where it was lost, if it can.
    pub pid: Option<Box<str>>,
}

impl Socket {
    pub(crate) fn new(
        namespace: &str,
        connection: ConnectionId,
        outbox: Arc<Outbox>,
        handshake: Arc<Handshake>,
    ) -> Self {
        let (questions, gone, dismissed) = Default::default();
        let (namespace, identity) = (namespace.into(), OnceLock::new());
        let end =
            End { namespace, identity, connection, outbox, handshake, questions, gone, dismissed };
        Self { end: Arc::new(end) }
    }

    /// The namespace, beginning with `/`.
    pub fn namespace(&self) -> &str {
        &self.end.namespace
    }

    /// Settles what the client will know itself by; the first counts.
    pub fn identify(&self, identity: Identity) {
        self.end.identity.get_or_init(|| identity);
    }

    /// The id that the client knows itself by in this namespace; empty until that is settled.
    pub fn id(&self) -> &str {
        self.end.identity.get().map_or("", |identity| &identity.sid)
    }

    /// The secret with which it may take up the connection, if it has one.
    pub fn pid(&self) -> Option<&str> {
        self.end.identity.get()?.pid.as_deref()
    }

    /// What the client is to be told of the place of what has none.
    pub fn unplaced(&self) -> Offset<'static> {
        if self.pid().is_some() { Offset::Unplaced } else { Offset::Unknown }
    }

    /// The id that the hub and the log know this connection by.
    pub fn connection(&self) -> ConnectionId {
        self.end.connection
    }

    /// Where its frames wait.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.end.outbox
    }

    /// What is known of the request that began its session.
    pub fn handshake(&self) -> &Handshake {
        &self.end.handshake
    }

    /// The answer that lets the client in: `40{"sid":…}`. Must be the first frame it gets, and what
    /// it knows itself by be settled.
    pub fn accept(&self) -> Frame {
        text(|buf| socketio::write_connect(buf, self.namespace(), self.id(), self.pid()))
    }

    /// An event to this client alone.
    pub fn event<T: Serialize + ?Sized>(&self, name: &str, argument: &T) -> Frame {
        event(&self.end.namespace, self.unplaced(), name, argument)
    }

    /// Sends frames at once.
    pub fn send(&self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            self.end.outbox.push(frame);
        }
        self.end.outbox.flush();
    }

    /// Acknowledges with a JSON array of arguments, such as `[]`.
    pub fn acknowledge(&self, id: u64, arguments: &str) {
        self.send([self.acknowledgement(id, arguments)]);
    }

    /// Such an acknowledgement.
    pub fn acknowledgement(&self, id: u64, arguments: &str) -> Frame {
        text(|buf| {
            let written = socketio::write_ack(buf, &self.end.namespace, id);
            let inner = arguments.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let inner = inner.unwrap_or_default();
            let written = if inner.is_empty() { written } else { written.raw(inner) };
            whole(written.finish());
        })
    }

    /// Refuses the CONNECT: `44{"message":…}`. The session stays open.
    pub fn refuse(&self, message: &str) {
        #[derive(Serialize)]
        struct Refusal<'a> {
            message: &'a str,
        }
        self.send([text(|buf| {
            let refusal = Refusal { message };
            whole(socketio::write_connect_error(buf, &self.end.namespace, &refusal));
        })]);
    }

    /// Takes the client out of the namespace: `41`. The session stays open. False if it was out
    /// already.
    pub fn disconnect(&self) -> bool {
        self.disconnect_after([])
    }

    /// The same, behind some last words.
    pub fn disconnect_after(&self, words: impl IntoIterator<Item = Frame>) -> bool {
        let first = self.leave();
        if first {
            self.end.dismissed.store(true, Ordering::Release);
            let good_bye = text(|buf| socketio::write_disconnect(buf, &self.end.namespace));
            self.send(words.into_iter().chain([good_bye]));
        }
        first
    }

    /// Gives the client up, which has come back by another session: this one ends without a word.
    /// False if the client was out already.
    pub fn supersede(&self) -> bool {
        let first = self.leave();
        if first {
            self.close();
        }
        first
    }

    /// Ends the whole session.
    pub fn close(&self) {
        self.end.outbox.close(CloseReason::Ended);
    }

    /// Marks it as gone. False if it was already.
    pub(crate) fn leave(&self) -> bool {
        !self.end.gone.swap(true, Ordering::AcqRel)
    }

    /// Whether the client was taken out of the namespace, while its session went on.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.end.dismissed.load(Ordering::Acquire)
    }

    /// What the client was asked.
    pub(crate) fn questions(&self) -> &Questions {
        &self.end.questions
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.end.gone.load(Ordering::Acquire)
    }
}

/// An event with one argument, finished for every client of a namespace that is told as much of
/// places.
pub fn event<T: Serialize + ?Sized>(
    namespace: &str,
    offset: Offset<'_>,
    name: &str,
    argument: &T,
) -> Frame {
    text(|buf| {
        let written = socketio::write_event(buf, namespace, None, name).arg(argument);
        whole(written.offset(offset).finish());
    })
}

/// A text message that `write` writes.
pub(crate) fn text(write: impl FnOnce(&mut Vec<u8>)) -> Frame {
    let mut builder = FrameBuilder::text(CAPACITY);
    write(builder.payload());
    Frame::durable(builder.finish())
}

/// Fails for maps with keys that are no strings, which our own types do not have.
pub(crate) fn whole(written: Result<(), EncodeError>) {
    if let Err(error) = written {
        tracing::error!(%error, "an argument has no JSON form; an empty frame was sent");
    }
}

#[cfg(test)]
mod tests {
    use chorus_realtime::{Counters, OutboxLimits};

    use super::super::emit::{Values, packets_of};
    use super::*;

    fn socket() -> Socket {
        let outbox = Outbox::new(OutboxLimits::default(), Arc::new(Counters::default()));
        Socket::new("/", ConnectionId(1), Arc::new(outbox), Arc::default())
    }

    fn told(socket: &Socket) -> Vec<String> {
        let frames = socket.outbox().take(usize::MAX).into_iter();
        let packets = frames.flat_map(packets_of).map(|(_, packet)| packet.to_vec());
        packets.map(|packet| String::from_utf8(packet).unwrap()).collect()
    }

    #[test]
    fn acknowledgements_keep_the_brackets_of_their_arguments() {
        let socket = socket();
        for arguments in ["[]", "[1]", "[[1],[2]]", "[[]]"] {
            socket.acknowledge(3, arguments);
        }
        assert_eq!(told(&socket), ["433[]", "433[1]", "433[[1],[2]]", "433[[]]"]);
    }

    #[test]
    fn a_question_is_open_until_it_is_answered() {
        let socket = socket();
        let id = socket.ask("name?", Values::default());
        assert_eq!(told(&socket), [r#"420["name?"]"#]);
        assert!(socket.questions().close(id) && !socket.questions().close(id));
    }
}
