//! The hot paths: what is walked, and how often. The same turn each time, without clock and
//! without randomness.

mod commit;
mod decode;
mod encode;
mod hub;
mod material;

use crate::failure::Failure;

/// A path of the server that many clients walk often.
#[derive(Debug)]
pub struct Path {
    /// Its name.
    pub name: &'static str,
    /// What one turn of it is.
    pub turn: &'static str,
    /// Turns that are enough for the differences between runs to vanish.
    pub turns: u64,
    /// How many equal parts a turn has; one of them is told.
    pub shares: u64,
    /// Walks it so many times.
    pub walk: fn(u64) -> Result<(), Failure>,
}

/// In the order in which a change passes them.
pub const PATHS: &[Path] = &[
    Path {
        name: "decode-taskmanager",
        turn: "a masked frame with a Socket.IO event to a typed ask",
        turns: 5_000,
        shares: 1,
        walk: decode::taskmanager,
    },
    Path {
        name: "decode-native",
        turn: "a masked frame of a raw socket to a typed ask",
        turns: 5_000,
        shares: 1,
        walk: decode::native,
    },
    Path {
        name: "commit",
        turn: "a task changed and its event appended, in a transaction of its own",
        turns: 500,
        shares: 1,
        walk: commit::alone,
    },
    Path {
        name: "encode-taskmanager",
        turn: "an event to a finished frame",
        turns: 5_000,
        shares: 1,
        walk: encode::taskmanager,
    },
    Path {
        name: "encode-envelope",
        turn: "an event to a finished frame",
        turns: 5_000,
        shares: 1,
        walk: encode::envelope,
    },
    Path {
        name: "encode-native",
        turn: "an event to a finished frame",
        turns: 5_000,
        shares: 1,
        walk: encode::native,
    },
    Path {
        name: "push",
        turn: "an event to one of 1,000 in a room: queued, and out by its link",
        turns: 100,
        shares: hub::CROWD,
        walk: hub::push,
    },
    Path {
        name: "join",
        turn: "a connection that comes, enters its own room and one of 1,000, and goes",
        turns: 5_000,
        shares: 1,
        walk: hub::join,
    },
];
