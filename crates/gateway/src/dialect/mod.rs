//! The languages that applications speak.
//!
//! A [`Dialect`] is a set of plain functions between the words of one kind of client and the
//! facts of Chorus; it does nothing by itself. [`Interpreter`] stands between the engine and
//! `collab` and asks the dialect of each client; [`Lexicon`] gives the hub the frames of an event
//! in every dialect. Event names of an application appear in its own file and nowhere else.
//!
//! In reading order: this file, `taskmanager` (the language of the Task Manager app, over
//! Socket.IO), `flux` (that of Flux Studio), `prodsight` (that of the ProdSight app) and
//! `skybuild` (that of the SkyBuild Pro app), all over Socket.IO, `envelope` (that of the Project
//! Manager app, over a raw socket), `native` (our own, over both), `lexicon`, `interpreter`, `peer`,
//! `wholes` (what some events are told with), `recalls` (connections that can be taken up), `crowd`
//! (what one user may do), `refused` (who was refused lately), `shown` (where tokens are).

pub mod audience;
mod crowd;
pub mod envelope;
#[cfg(test)]
mod fixture;
pub mod flux;
pub mod interpreter;
pub mod lexicon;
pub mod native;
mod peer;
pub mod prodsight;
mod recalls;
mod refused;
pub mod shown;
pub mod skybuild;
pub mod taskmanager;
mod wholes;

use std::borrow::Cow;
use std::time::Duration;

use chorus_collab::chat::Unread;
use chorus_collab::live::RoomName;
use chorus_collab::resume::Resumed;
use chorus_collab::{Command, Done, Fault, IdempotencyKey, Pulse, TokenRules};
use chorus_model::event::Rooms;
use chorus_model::{
    Cursor, CustomEvent, Event, Kind, ProjectId, Room, Signal, TaskId, Timestamp, UserRef, Whole,
};
use chorus_protocol::socketio::Offset;
use chorus_realtime::{Deliveries, Enters, Frame, Present};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::engine::{Handshake, Said, plain, socket};

pub use audience::Audiences;
pub use crowd::UserLimits;
pub use envelope::Envelope;
pub use flux::Flux;
pub use interpreter::{Door, Interpreter};
pub use lexicon::Lexicon;
pub use native::Native;
pub use prodsight::Prodsight;
pub use skybuild::Skybuild;
pub use taskmanager::Taskmanager;

/// A language.
pub trait Dialect: Send + Sync + std::fmt::Debug {
    /// Its name: of its namespace on every listener, and in the configuration.
    fn name(&self) -> &'static str;

    /// Its namespaces on its own listeners, beside the one with its name that every listener has.
    fn namespaces(&self) -> &'static [&'static str] {
        &["/"]
    }

    /// What the app's own back end says of its health: an object, now. `None` where it has no
    /// words of its own, or none that Chorus has not.
    fn health(&self, _vitals: &Vitals) -> Option<Value> {
        None
    }

    /// Whether it says of the database how it answers.
    fn checks_database(&self) -> bool {
        false
    }

    /// How its tokens name the user.
    fn token_rules(&self) -> TokenRules;

    /// The tokens that a client shows, best first; the first that is good counts.
    fn credentials<'a>(
        &self,
        handshake: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]>;

    /// What connections enter by themselves.
    fn enters(&self) -> Enters {
        Enters::Nothing
    }

    /// Whether who enters a project is told who is there.
    fn asks_who(&self) -> bool {
        false
    }

    /// Connections that one user may have.
    fn connections_per_user(&self, limits: &UserLimits) -> u32 {
        limits.connections
    }

    /// Whether somebody's first refusal on a raw socket is a close frame on a socket that was
    /// opened for it; otherwise, and for the next minute, it is an HTTP answer.
    fn opens_to_refuse(&self) -> bool {
        false
    }

    /// How somebody is refused: over Socket.IO the message of the `CONNECT_ERROR` (the code does
    /// not count), on a raw socket a close code and its reason.
    fn refusal(&self, fault: &Fault) -> Refusal;

    /// Whether the welcome tells what its user has not read.
    fn counts_unread(&self) -> bool {
        false
    }

    /// What a client hears first.
    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, at: &Place<'_>) -> Frames;

    /// Whether clients are told the head of the log with every heartbeat.
    fn tells_head(&self) -> bool {
        false
    }

    /// The head of the log.
    fn head(&self, _wire: &Wire<'_>, _at: &Place<'_>) -> Option<Frame> {
        None
    }

    /// Whether what a client says is acknowledged where it asks for that.
    fn acknowledges(&self) -> bool {
        true
    }

    /// Whether somebody who may not see a project is told that there is one when he joins it: by
    /// [`Fault::Forbidden`] instead of [`Fault::NotFound`].
    fn tells_strangers(&self) -> bool {
        false
    }

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

    /// Whether the acknowledgement, if one is wanted, is all that is said of a fault.
    fn acknowledges_faults(&self) -> bool {
        false
    }

    /// What the caller hears when it did not happen.
    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames;

    /// A complaint in the dialect's own words; none where it has no word for complaints.
    fn complaint(&self, wire: &Wire<'_>, text: &str, now: Timestamp) -> Option<Frame>;

    /// What a client hears that is taken out of a room of a project; `why` is what it is refused
    /// with if it asks for the room again.
    fn put_out(
        &self,
        _wire: &Wire<'_>,
        _room: Room,
        _why: &Fault,
        _now: Timestamp,
    ) -> Option<Frame> {
        None
    }

    /// What a client is told over Socket.IO before it is put out, as a
    /// [complaint](Self::complaint): because the time of its token is over, or its account was
    /// closed.
    fn farewell(&self, why: &Fault) -> Cow<'static, str>;

    /// The word for an event, if there is one: a line of [`audiences`](Self::audiences).
    fn word(&self, _event: &Event) -> Option<&'static str> {
        None
    }

    /// Who hears what; none where every event is heard by whom it is about.
    fn audiences(&self) -> Option<&Audiences> {
        None
    }

    /// In which rooms an event is heard; none where there is no word for it.
    fn audience(&self, event: &Event) -> Rooms {
        match (self.audiences(), self.word(event)) {
            (None, _) => event.body.rooms(),
            (Some(table), Some(word)) => table.rooms(word, event),
            (Some(_), None) => Rooms::new(),
        }
    }

    /// The kind of which an event is told with all that there is in its project, in place of
    /// [`encode`](Self::encode); none where it says all by itself.
    fn whole(&self, _event: &Event) -> Option<&'static Kind> {
        None
    }

    /// All there is of such a kind, as its events have it.
    fn render(&self, _kind: &'static Kind, _whole: &Whole) -> Value {
        Value::Null
    }

    /// Such an event. `whole`: what was [rendered](Self::render), or null where it could not be
    /// read.
    fn encode_whole(&self, _wire: &Wire<'_>, _event: &Event, _whole: &RawValue) -> Option<Frame> {
        None
    }

    /// The one durable frame of an event.
    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame>;

    /// A second word for an event, told just before the first.
    fn companion(&self, _wire: &Wire<'_>, _event: &Event) -> Option<Frame> {
        None
    }

    /// Whether a project is told the whole list of who is there whenever somebody came or went.
    fn lists_present(&self) -> bool {
        false
    }

    /// Such a list.
    fn list(&self, _wire: &Wire<'_>, _project: ProjectId, _present: &[Present]) -> Option<Frame> {
        None
    }

    /// A custom event of another back end, as it is. `event` is its place in the log, if it has
    /// one.
    fn custom(
        &self,
        wire: &Wire<'_>,
        custom: &CustomEvent,
        _event: Option<&Event>,
        _at: Timestamp,
    ) -> Frame {
        wire.event(&custom.event, &custom.data)
    }

    /// A signal, and who hears it.
    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries;
}

/// How the server is.
#[derive(Debug, Clone, Copy)]
pub struct Vitals {
    /// When.
    pub now: Timestamp,
    /// For how long it has served.
    pub up: Duration,
    /// How the database answers, if the dialect [checks](Dialect::checks_database) that.
    pub database: Option<Pulse>,
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
        /// What its client is told of where in the log something is.
        offset: Offset<'a>,
    },
    /// A raw socket.
    Raw,
    /// A raw socket whose client is told where in the log something is: here.
    RawAt(&'a str),
}

/// A message on a raw socket with its place in the log.
#[derive(Serialize)]
struct Placed<'a, T: Serialize + ?Sized> {
    #[serde(flatten)]
    message: &'a T,
    cursor: &'a str,
}

impl<'a> Wire<'a> {
    /// The same for something that is at a place in the log, for who is to be told that.
    pub(crate) fn at(self, cursor: &'a str) -> Self {
        match self {
            Self::SocketIo { namespace, offset: Offset::Unplaced } => {
                Self::SocketIo { namespace, offset: Offset::At(cursor) }
            }
            Self::Raw => Self::RawAt(cursor),
            other => other,
        }
    }

    /// A finished message with one argument. On a raw socket the argument is all of it, and says
    /// its name itself.
    pub fn event<T: Serialize + ?Sized>(&self, name: &str, argument: &T) -> Frame {
        match self {
            Self::SocketIo { namespace, offset } => {
                socket::event(namespace, *offset, name, argument)
            }
            Self::Raw => plain::json(argument),
            Self::RawAt(cursor) => plain::json(&Placed { message: argument, cursor }),
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
    /// What the user has not read, if the dialect [counts](Dialect::counts_unread) it.
    pub unread: Option<&'a Unread>,
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
    /// Whether over Socket.IO a DISCONNECT (`41`) comes first: what it takes to keep some clients
    /// from trying again at once.
    pub hangs_up: bool,
}

impl Refusal {
    /// With a close code for raw sockets and a reason for all.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into(), hangs_up: false }
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
    /// It breaks a rule of the server, which the dialect tells like any other fault.
    Refused(Fault, Echo),
    /// A typed, valid ask, and what is repeated to the caller.
    Ask(Ask, Echo),
}

/// What a client can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// That something happens; under a key, once however often it is asked.
    Command(Box<Command>, Option<IdempotencyKey>),
    /// To hear a project.
    Join(ProjectId),
    /// To hear it no longer.
    Leave(ProjectId),
    /// To hear a room by its name.
    JoinNamed(RoomName),
    /// To hear it no longer.
    LeaveNamed(RoomName),
    /// To be told what happened.
    Resume {
        /// After this cursor; from now on, if there is none.
        since: Option<String>,
        /// Rooms to enter.
        rooms: Vec<RoomName>,
        /// Whether in all the caller's rooms, and with cursors from now on, which only raw sockets
        /// can carry; otherwise in these.
        whole: bool,
    },
    /// To say something to it: the words, under `content`, and what goes with them.
    Say(RoomName, Map<String, Value>),
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
    Joined {
        /// Which.
        project: ProjectId,
        /// Who was there before, longest first, if the dialect [asks](Dialect::asks_who).
        present: Vec<Present>,
    },
    /// The caller hears it no longer.
    Left(ProjectId),
    /// The caller hears the room of this name now.
    JoinedNamed(RoomName),
    /// The caller is told what happened, from a cursor on.
    Resumed(Resumed),
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
