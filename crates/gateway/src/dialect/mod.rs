//! The languages that applications speak.
//!
//! A [`Dialect`] is a set of plain functions between the words of one kind of client and the
//! facts of Chorus; it does nothing by itself. [`Interpreter`] stands between the engine and
//! `collab` and asks the dialect of each client; [`Lexicon`] gives the hub the frames of an event
//! in every dialect. Event names of an application appear in its own file and nowhere else.
//!
//! In reading order: this file, `taskmanager` (the language of the Task Manager app, over
//! Socket.IO), `envelope` (that of the Project Manager app, over a raw socket), `native` (our own,
//! over both), `lexicon`, `interpreter`, `peer`.

pub mod envelope;
pub mod interpreter;
pub mod lexicon;
pub mod native;
mod peer;
pub mod taskmanager;

use std::borrow::Cow;

use chorus_collab::live::RoomName;
use chorus_collab::{Command, Done, Fault, TokenRules};
use chorus_model::event::Rooms;
use chorus_model::{Cursor, Event, ProjectId, Signal, TaskId, Timestamp, UserRef};
use chorus_realtime::{Deliveries, Frame, Present};
use serde::Serialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::engine::{Handshake, Said, plain, socket};

pub use envelope::Envelope;
pub use interpreter::{Door, Interpreter};
pub use lexicon::Lexicon;
pub use native::Native;
pub use taskmanager::Taskmanager;

/// A language.
pub trait Dialect: Send + Sync + std::fmt::Debug {
    /// Its name: of its namespace on every listener, and in the configuration.
    fn name(&self) -> &'static str;

    /// How its tokens name the user.
    fn token_rules(&self) -> TokenRules;

    /// The tokens that a client shows, best first; the first that is good counts.
    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]>;

    /// Whether connections enter the projects of their user by themselves.
    fn auto_joins(&self) -> bool;

    /// Connections that one user may have.
    fn connections_per_user(&self) -> u32 {
        64
    }

    /// How somebody is refused: over Socket.IO the message of the `CONNECT_ERROR` (the code does
    /// not count), on a raw socket a close code and its reason.
    fn refusal(&self, fault: &Fault) -> Refusal;

    /// What a client hears first.
    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, at: &Place<'_>) -> Frames;

    /// What a client asks for by a Socket.IO event.
    fn decode(&self, _name: &str, _args: &[&RawValue]) -> Decoded {
        Decoded::Unknown
    }

    /// What a client asks for by a message on a raw socket.
    fn read(&self, _said: Said<'_>) -> Decoded {
        Decoded::Unknown
    }

    /// What the caller hears of what he asked for.
    fn reply(&self, wire: &Wire<'_>, to: &To<'_>, reply: &Reply) -> Frames;

    /// The arguments of the acknowledgement, as a JSON array.
    fn acknowledgement(&self, _to: &To<'_>, _outcome: Result<&Reply, &Fault>) -> Cow<'static, str> {
        "[]".into()
    }

    /// What the caller hears when it did not happen.
    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames;

    /// A complaint in the dialect's own words.
    fn complaint(&self, wire: &Wire<'_>, text: &str, now: Timestamp) -> Frame;

    /// What a client hears when the time of its token is over.
    fn expiry(&self) -> &'static str;

    /// In which rooms an event is heard; none where there is no word for it.
    fn audience(&self, event: &Event) -> Rooms;

    /// The one durable frame of an event.
    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame>;

    /// A signal, and who hears it.
    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries;
}

/// Frames for one client.
pub type Frames = SmallVec<[Frame; 2]>;

/// Where words are written to.
#[derive(Debug, Clone, Copy)]
pub enum Wire<'a> {
    /// A Socket.IO namespace.
    SocketIo {
        /// Its name.
        namespace: &'a str,
    },
    /// A raw socket.
    Raw,
}

impl Wire<'_> {
    /// A finished message with one argument. On a raw socket the argument is all of it, and says
    /// its name itself.
    pub fn event<T: Serialize + ?Sized>(&self, name: &str, argument: &T) -> Frame {
        match self {
            Self::SocketIo { namespace } => socket::event(namespace, name, argument),
            Self::Raw => plain::json(argument),
        }
    }
}

/// When and where in the log something takes effect.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// When.
    pub now: Timestamp,
    /// After the last event that was announced.
    pub cursor: &'a Cursor,
}

/// Whom a reply is for, and what it answers.
#[derive(Debug, Clone, Copy)]
pub struct To<'a> {
    /// The caller.
    pub user: &'a UserRef,
    /// What is repeated to him.
    pub echo: &'a Echo,
    /// When.
    pub now: Timestamp,
}

/// How somebody is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A WebSocket close code of the application's own (4000 to 4999).
    pub code: u16,
    /// Why.
    pub reason: Cow<'static, str>,
}

/// A packet in the terms of Chorus.
#[derive(Debug)]
pub enum Decoded {
    /// The dialect has no such word: nothing is said, not even an acknowledgement.
    Unknown,
    /// Known, but to be passed over in silence.
    Silent,
    /// It breaks a rule of the dialect, which says so in its own words.
    Wrong(String),
    /// It breaks a rule of the server, which the dialect tells like any other fault.
    Refused(Fault, Echo),
    /// A typed, valid ask, and what is repeated to the caller.
    Ask(Ask, Echo),
}

/// What a client can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// That something happens.
    Command(Command),
    /// To hear a project.
    Join(ProjectId),
    /// To hear it no longer.
    Leave(ProjectId),
    /// To hear a room by its name.
    JoinNamed(RoomName),
    /// To hear it no longer.
    LeaveNamed(RoomName),
    /// To say something to it, a JSON object.
    Say(RoomName, Box<str>),
    /// That the others know of the typing.
    Typing {
        /// On which task.
        task: TaskId,
        /// Whether it goes on.
        typing: bool,
    },
    /// Who is there: in one project, or in any of the caller's.
    Online(Option<ProjectId>),
    /// A sign of life.
    Ping,
}

/// What is repeated to the caller as he wrote it. Opaque to everyone but the dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// The word that was used.
    pub word: &'static str,
    /// The id in it, as JSON.
    pub written: Box<str>,
}

/// What was done, as far as its caller is told by a reply rather than by the event itself.
#[derive(Debug)]
pub enum Reply {
    /// Typing was told, or a message relayed.
    Done,
    /// The caller hears a room now; the greeting there has said so.
    Entered,
    /// A command was run.
    Ran(Box<Done>),
    /// The caller hears the project now.
    Joined(ProjectId),
    /// The caller hears it no longer.
    Left(ProjectId),
    /// The caller hears the room of this name now.
    JoinedNamed(RoomName),
    /// The caller hears it no longer, or did not before.
    LeftNamed {
        /// Its name.
        name: RoomName,
        /// Whether the caller was there.
        was_there: bool,
    },
    /// These people are there.
    Online(Vec<Present>),
    /// The sign of life was heard.
    Pong,
}
