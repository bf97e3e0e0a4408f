//! Mistakes that are made where the simulator asks for them, so that it shows that it would find
//! them. Without the feature `mutations` there is nothing to ask, and no such code.

/// A mistake, in the code as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// What was not handed over is not read from the log: a lost hint is a lost event.
    HolesUnread,
    /// A commit is announced although one before it is missing.
    HolesSkipped,
    /// Who comes back is told from one event too early.
    OneTooMany,
    /// Who comes back is told again what this connection has told him.
    ToldAgain,
    /// A connection goes live one event before it has caught up.
    LiveTooEarly,
    /// Those who are behind are told what happens at once.
    Overtaken,
    /// Who comes back is told of times in which he did not belong there.
    IntervalsCrossed,
    /// Whoever loses a membership goes on hearing.
    EvictionForgotten,
    /// Who is gone stays in the lists.
    Ghost,
    /// Who is gone is taken out of the lists, and nobody is told.
    DepartureUntold,
    /// Queues take whatever comes.
    Unbounded,
}

impl Mutation {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::HolesUnread,
        Self::HolesSkipped,
        Self::OneTooMany,
        Self::ToldAgain,
        Self::LiveTooEarly,
        Self::Overtaken,
        Self::IntervalsCrossed,
        Self::EvictionForgotten,
        Self::Ghost,
        Self::DepartureUntold,
        Self::Unbounded,
    ];
}

#[cfg(feature = "mutations")]
thread_local! {
    static MADE: std::cell::Cell<Option<Mutation>> = const { std::cell::Cell::new(None) };
}

/// From now on this thread makes that mistake, or none.
#[cfg(feature = "mutations")]
pub fn make(mutation: Option<Mutation>) {
    MADE.set(mutation);
}

/// Whether this thread makes a mistake.
#[cfg(feature = "mutations")]
pub(crate) fn made(mutation: Mutation) -> bool {
    MADE.get() == Some(mutation)
}

/// Never: the feature `mutations` is off.
#[cfg(not(feature = "mutations"))]
#[inline]
pub(crate) const fn made(_mutation: Mutation) -> bool {
    false
}
