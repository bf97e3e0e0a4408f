//! What the dialects have words for.

use serde_json::{Map, Value};

use super::Room;

/// What a person wants done over a connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// To hear a room.
    Join(Room),
    /// To hear it no more.
    Leave(Room),
    /// To say something to a room.
    Send { room: Room, text: String },
    /// To tell that one types there, or no longer does.
    Typing { room: Room, on: bool },
    /// To hear that the server is there.
    Ping,
    /// To know who is in a project, or in any.
    Who(Option<u64>),
    /// A new task.
    CreateTask { project: u64, title: String },
    /// Other fields for a task.
    UpdateTask { task: u64, fields: Map<String, Value> },
    /// Another status for a task.
    SetStatus { task: u64, status: String },
    /// A task gone.
    DeleteTask { task: u64, project: u64 },
}

/// A message to the server, and what answers it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Say {
    pub(crate) name: &'static str,
    pub(crate) argument: Value,
    pub(crate) answered_by: AnsweredBy,
}

impl Say {
    /// A message that is acknowledged, or replied to by its id.
    pub(crate) fn acknowledged(name: &'static str, argument: Value) -> Self {
        Self { name, argument, answered_by: AnsweredBy::Acknowledgement }
    }

    /// A message that is answered by these events, one after another.
    pub(crate) fn told(
        name: &'static str,
        argument: Value,
        events: &'static [&'static str],
    ) -> Self {
        Self { name, argument, answered_by: AnsweredBy::Events(events) }
    }

    /// A message that nothing answers, unless it is refused.
    pub(crate) fn unanswered(name: &'static str, argument: Value) -> Self {
        Self::told(name, argument, &[])
    }
}

/// What answers a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnsweredBy {
    /// An acknowledgement of Socket.IO, or a raw `reply`.
    Acknowledgement,
    /// These events, or one that is an error; nothing, if there are none.
    Events(&'static [&'static str]),
}

impl AnsweredBy {
    /// Whether nothing answers.
    pub(crate) fn is_nothing(self) -> bool {
        self == Self::Events(&[])
    }

    /// Whether an event of this name is the answer, or a refusal.
    pub(crate) fn is_by(self, name: &str) -> bool {
        name == super::ERROR || matches!(self, Self::Events(events) if events.contains(&name))
    }
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) token: String,
}

/// Something that is so, and that a client may hear of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fact<'a> {
    /// This connection was let in.
    Welcome(&'a Person),
    /// This connection joined a room.
    Joined(&'a Room, &'a Person),
    /// This connection left a room.
    Left(&'a Room, &'a Person),
    /// The server is there.
    Pong,
    /// Somebody else came to a project.
    Arrived(&'a Person),
    /// Somebody said something in a room.
    Message { room: &'a Room, who: &'a Person, text: &'a str },
    /// Somebody else types at a task.
    Typing { task: u64, who: &'a Person },
    /// A task was made.
    TaskCreated { task: u64, title: &'a str },
    /// A task has another title.
    TaskRenamed { task: u64, title: &'a str },
    /// A task has another status.
    StatusChanged { task: u64, status: &'a str },
    /// A task is gone.
    TaskDeleted { task: u64 },
}

/// A message that should come: its name, and what its argument must have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    pub(crate) name: &'static str,
    /// JSON pointers (RFC 6901) into the argument, and what stands there; `None` for anything but
    /// nothing.
    parts: Vec<(&'static str, Option<Value>)>,
}

impl Expected {
    /// A message of this name.
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name, parts: Vec::new() }
    }

    /// With this value at a pointer.
    pub(crate) fn with(mut self, pointer: &'static str, value: impl Into<Value>) -> Self {
        self.parts.push((pointer, Some(value.into())));
        self
    }

    /// With anything at a pointer.
    pub(crate) fn having(mut self, pointer: &'static str) -> Self {
        self.parts.push((pointer, None));
        self
    }

    /// Whether a message is this one.
    pub(crate) fn is(&self, name: &str, told: &Value) -> bool {
        self.name == name
            && self.parts.iter().all(|(pointer, value)| {
                let found = told.pointer(pointer);
                value.as_ref().map_or(found.is_some(), |value| found == Some(value))
            })
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        let parts = self.parts.iter().map(|(pointer, value)| match value {
            Some(value) => format!("{pointer} = {value}"),
            None => format!("{pointer} there"),
        });
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " with {}", parts.join(", ")) }
    }
}
