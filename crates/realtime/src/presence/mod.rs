//! Who is in which room. [`roster`] is the pure state, [`lists`] says when whole lists are told;
//! the publisher drives both: it enters and leaves with the rooms and asks for what has expired.

pub mod lists;
pub mod roster;

use std::sync::Arc;

use chorus_model::{Timestamp, UserRef};

pub use lists::Lists;
pub use roster::Roster;

/// A person who is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// Who.
    pub user: Arc<UserRef>,
    /// Since when without a break.
    pub since: Timestamp,
    /// When one of the person's clients last said something.
    pub last_activity: Timestamp,
}
