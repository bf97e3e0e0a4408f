//! A command on its way through the writer, with its types erased.

use chorus_model::SyncId;
use tokio::sync::oneshot;

use crate::error::{Fault, WriteError};
use crate::store::Written;
use crate::tx::Tx;

/// A command that waits for its answer. It may run more than once; the last time counts.
pub(crate) trait Job: Send {
    /// Runs the command; whether it accepts.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;

    /// How many things it changes one after the other, at most.
    fn parts(&self) -> u32;

    /// Tells the caller, who may have left.
    fn answer(self: Box<Self>, verdict: Verdict);
}

/// What became of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    /// What it decided, its refusal too, stands.
    Stands {
        /// The last event it appended; if none, the head it was decided at.
        at: SyncId,
        /// Whether it appended an event.
        appended: bool,
    },
    /// It panicked and was undone.
    Panicked,
    /// It was undone because of this.
    Failed(Fault),
}

/// The only kind of [`Job`].
pub(crate) struct Command<F, T, E> {
    body: F,
    parts: u32,
    decided: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<Written<T>, WriteError<E>>>,
}

impl<F, T, E> Command<F, T, E> {
    pub(crate) fn new(
        body: F,
        parts: u32,
        caller: oneshot::Sender<Result<Written<T>, WriteError<E>>>,
    ) -> Self {
        Self { body, parts, decided: None, caller }
    }
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        // A decision of a transaction that was lost must not outlive a panic in the second try.
        self.decided = None;
        self.decided.insert((self.body)(tx)).is_ok()
    }

    fn parts(&self) -> u32 {
        self.parts
    }

    fn answer(self: Box<Self>, verdict: Verdict) {
        let outcome = match (verdict, self.decided) {
            (Verdict::Stands { at, appended }, Some(Ok(value))) => {
                Ok(Written { value, at, appended })
            }
            (Verdict::Stands { .. }, Some(Err(refusal))) => Err(WriteError::Refused(refusal)),
            (Verdict::Panicked, _) => Err(WriteError::Panicked),
            (Verdict::Failed(Fault::TooSlow), _) => Err(WriteError::TooSlow),
            (Verdict::Failed(_) | Verdict::Stands { .. }, _) => Err(WriteError::Unavailable),
        };
        // The caller may have left; his command stands all the same.
        self.caller.send(outcome).ok();
    }
}
