//! Who is measured, and what each of them can do.

use crate::way::Way;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// The plain lower bound.
    Floor,
    /// The server of this project.
    Chorus,
    /// A Socket.IO library in Rust.
    Socketioxide,
    /// The Socket.IO library, on Node.
    Node,
    /// The same on Bun, with the engine for it.
    Bun,
    /// The Socket.IO library for Python, on uvicorn.
    Uvicorn,
    /// Flask-SocketIO with eventlet.
    Eventlet,
    /// A server that passes on what is published, by a protocol of its own.
    Nats,
}

/// What a scenario may ask of a server beside telling a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Long-polling.
    Polling,
    /// Taking a lost connection up.
    Recovery,
    /// Telling who comes and goes.
    Presence,
    /// Changes that are kept, over REST.
    Keeping,
    /// Asking each client every 25 seconds whether it is there.
    Heartbeats,
}

impl Name {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Floor,
        Self::Chorus,
        Self::Socketioxide,
        Self::Node,
        Self::Bun,
        Self::Uvicorn,
        Self::Eventlet,
        Self::Nats,
    ];

    /// As the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Chorus => "Chorus",
            Self::Socketioxide => "socketioxide",
            Self::Node => "socket.io on Node",
            Self::Bun => "socket.io on Bun",
            Self::Uvicorn => "python-socketio on uvicorn",
            Self::Eventlet => "Flask-SocketIO with eventlet",
            Self::Nats => "NATS",
        }
    }

    /// How its clients speak.
    pub fn way(self) -> Way {
        if self == Self::Nats { Way::Nats } else { Way::SocketIo }
    }

    /// Whether the short form has it.
    pub fn is_short(self) -> bool {
        matches!(self, Self::Floor | Self::Chorus | Self::Socketioxide | Self::Node)
    }

    /// Whether it can do this.
    pub fn can(self, ability: Ability) -> bool {
        match ability {
            Ability::Polling | Ability::Presence => !matches!(self, Self::Floor | Self::Nats),
            Ability::Heartbeats => self != Self::Nats,
            Ability::Recovery => matches!(self, Self::Chorus | Self::Node | Self::Bun),
            Ability::Keeping => self == Self::Chorus,
        }
    }
}
