//! How each kind of client comes back, and what it hears.

mod raw;
mod socketio;

use super::WORD;
use raw::{ENVELOPE, NATIVE, Raw};
use socketio::SocketIo;

/// One kind of client that keeps its place: what it says, and what the server's messages mean to
/// it. It is given every message, so that it can hold whatever its protocol asks for.
pub(super) trait Way: Send {
    /// What the report calls it.
    fn name(&self) -> &'static str;

    /// Where its WebSocket is. It remembers the token for as long as it connects.
    fn path(&mut self, token: &str) -> String;

    /// The kinds of the log that it is told of.
    fn hears(&self) -> &'static [&'static str];

    /// Something that it says too often.
    fn chatter(&self) -> &'static str;

    /// What a message means.
    fn read(&mut self, text: &str) -> Read;
}

/// What a message means to a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It is to be answered by this.
    Say(String),
    /// The client is back after this place in the log, or else the reason why it cannot be.
    Came(Result<u64, String>),
    /// The server is in no state to let it come back.
    Refused(String),
    /// Something happened.
    Told(Told),
    /// Nothing.
    Nothing,
}

/// Something that a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its place in the log.
    pub place: u64,
    /// What was written there, if it can be read.
    pub word: Option<u64>,
}

/// What is written, as the native dialect tells it.
const TOLD: &[&str] = &["task.created", "task.updated", "comment.created"];

/// Makes a client that hears these projects.
type Maker = fn(&[u64]) -> Box<dyn Way>;

/// Every kind of client.
pub(super) const WAYS: &[Maker] = &[
    |projects| Box::new(Raw::new(&NATIVE, projects)),
    |projects| Box::new(Raw::new(&ENVELOPE, projects)),
    |projects| Box::new(SocketIo::new(projects)),
];

/// The place in the log of a cursor, which is opaque to all other clients.
fn place(cursor: &str) -> Option<u64> {
    cursor.rsplit_once('-')?.1.parse().ok()
}

/// The number of a word in a text.
pub fn word(text: &str) -> Option<u64> {
    text.strip_prefix(WORD)?.parse().ok()
}
