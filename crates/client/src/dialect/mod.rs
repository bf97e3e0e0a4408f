//! The words of each dialect, one file each: what a client says for a wish, what it hears of a
//! fact, and where it connects. A new dialect is a file here and its line in [`DIALECTS`].

mod envelope;
mod flux;
mod native;
mod prodsight;
mod room;
mod skybuild;
mod taskmanager;
mod word;

use serde_json::Value;

use crate::Failure;

pub(crate) use room::Room;
pub(crate) use word::{AnsweredBy, Expected, Fact, Person, Say, Wish};

/// Every dialect that the client speaks.
const DIALECTS: &[&dyn Dialect] = &[
    &taskmanager::Taskmanager,
    &flux::Flux,
    &prodsight::Prodsight,
    &skybuild::Skybuild,
    &envelope::Envelope,
    &native::Native,
];

/// What every dialect calls a refusal of something that was said.
pub(crate) const ERROR: &str = "error";

/// The words of one kind of client.
pub(crate) trait Dialect: Sync {
    /// What it is called on the command line.
    fn name(&self) -> &'static str;

    /// Where it is spoken over Socket.IO, if it is.
    fn socketio(&self) -> Option<SocketIo> {
        None
    }

    /// Where it is spoken over a raw WebSocket, if it is.
    fn raw(&self) -> Option<Raw> {
        None
    }

    /// What a client says for a wish; `None` if there is no word for it.
    fn say(&self, wish: &Wish) -> Option<Say>;

    /// What a client hears of a fact, in order; nothing if there is no word for it.
    fn told(&self, fact: &Fact<'_>) -> Vec<Expected>;

    /// Why an answer is a refusal, if it is one.
    fn refusal(&self, _answer: &Value) -> Option<String> {
        None
    }

    /// Which tour shows what a server of this dialect should do.
    fn tour(&self) -> Tour;
}

/// A place on a Socket.IO server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketIo {
    /// The namespace of the dialect, on every listener.
    pub(crate) namespace: &'static str,
    /// Where the token is shown.
    pub(crate) token: TokenIn,
}

/// Where a Socket.IO client shows its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenIn {
    /// In the query of the handshake, as `token`.
    Query,
    /// In the payload of CONNECT, as `token`.
    Auth,
}

/// A place for a raw WebSocket; the token is in the query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw {
    /// The path of the upgrade.
    pub(crate) path: &'static str,
    /// How a message is one JSON text.
    pub(crate) form: RawForm,
}

/// How a message is one JSON text on a raw WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawForm {
    /// `{"type", "id", "data"}`, answered by `{"type": "reply", "id", …}`.
    Replying,
    /// `{"type", …}`, the argument's keys beside the type; nothing is answered by its id.
    Beside,
}

/// A walk through what a server should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tour {
    /// Two people at one board.
    Board,
    /// One person and a task of his own.
    Own,
    /// One person's frames, counted, in rooms that nobody has made.
    Frames,
}

/// The names of all dialects.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DIALECTS.iter().map(|dialect| dialect.name())
}

/// The dialect of a name.
pub(crate) fn named(name: &str) -> Result<&'static dyn Dialect, Failure> {
    let found = DIALECTS.iter().find(|dialect| dialect.name() == name);
    found.copied().ok_or_else(|| {
        let known: Vec<_> = names().collect();
        Failure::Usage(format!("no dialect {name}; there are {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests;
