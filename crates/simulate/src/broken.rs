//! What must be true, and where it is not.

use std::fmt;

/// What must be true in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Events come in the order of the log, from one answer to the next.
    Order,
    /// Nobody is told an event twice.
    Once,
    /// Everybody is told every event that he is to hear, before a cursor says so.
    Gap,
    /// Nobody is told of what he may not hear.
    Rights,
    /// Frames arrive whole, and those of one event together.
    Whole,
    /// Who is shown in a room is there, and whoever is there is shown.
    Presence,
    /// A client that takes itself to be in a room is there.
    Rooms,
    /// What waits for a client is bounded.
    Bounds,
    /// When nothing happens any more, all come to rest.
    Rest,
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub rule: Rule,
    /// How.
    pub how: String,
}

impl Broken {
    /// A rule that did not hold.
    pub fn new(rule: Rule, how: String) -> Self {
        Self { rule, how }
    }

    /// The same, of somebody.
    #[must_use]
    pub fn of(self, whom: &str) -> Self {
        Self { how: format!("{whom}: {}", self.how), ..self }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.how)
    }
}
