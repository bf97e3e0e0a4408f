//! The languages that applications speak.
//!
//! A [`Dialect`] is a set of plain functions between the words of one kind of client and the
//! facts of Chorus; it does nothing by itself. [`Interpreter`] stands between the engine and
//! `collab` and asks the dialect of each client; [`Lexicon`] gives the hub the frames of an event
//! in every dialect. Event names of an application appear in its own file and nowhere else.
//!
//! In reading order: this file, `taskmanager` (the language of the Task Manager app), `lexicon`,
//! `interpreter`.

pub mod interpreter;
pub mod lexicon;
pub mod taskmanager;

use std::borrow::Cow;

use chorus_collab::{Command, Fault, TokenRules};
use chorus_model::event::Rooms;
use chorus_model::{Event, ProjectId, Signal, TaskId, Timestamp};
use chorus_realtime::{Deliveries, Frame, Present};
use serde::Serialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::engine::{Handshake, socket};

pub use interpreter::{Interpreter, Listener};
pub use lexicon::Lexicon;
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

    /// How a CONNECT is refused: the message of the `CONNECT_ERROR`.
    fn refusal(&self, fault: &Fault) -> Cow<'static, str>;

    /// What a client hears first.
    fn welcome(&self, wire: &Wire<'_>, user: chorus_model::UserId, now: Timestamp) -> Frames;

    /// What a client asks for.
    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded;

    /// What the caller hears of what he asked for.
    fn reply(&self, wire: &Wire<'_>, echo: &Echo, reply: &Reply, now: Timestamp) -> Frames;

    /// What the caller hears when it did not happen.
    fn fault(&self, wire: &Wire<'_>, echo: &Echo, fault: &Fault) -> Frames;

    /// A complaint in the dialect's own words.
    fn complaint(&self, wire: &Wire<'_>, text: &str) -> Frame;

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
pub struct Wire<'a> {
    /// The Socket.IO namespace.
    pub namespace: &'a str,
}

impl Wire<'_> {
    /// A finished event with one argument.
    pub fn event<T: Serialize + ?Sized>(&self, name: &str, argument: &T) -> Frame {
        socket::event(self.namespace, name, argument)
    }
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
    /// A command was run, or typing told.
    Done,
    /// The caller hears the project now.
    Joined(ProjectId),
    /// The caller hears it no longer.
    Left(ProjectId),
    /// These people are there.
    Online(Vec<Present>),
    /// The sign of life was heard.
    Pong,
}
