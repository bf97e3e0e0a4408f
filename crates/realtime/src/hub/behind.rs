//! Connections that could not follow: who they are, what they are asked for, and their return to
//! live delivery.

use std::sync::Arc;
use std::time::Duration;

use chorus_model::signal::SignalBody;
use chorus_model::{ConnectionId, ProjectId, Room, Signal, SyncId, UserId, WorkspaceRole};

use super::Hub;
use crate::catchup::{Answer, Behind, Missed, Question};
use crate::frame::{Frame, FrameKey};
use crate::made::Made;
use crate::outbox::{Drains, PushOutcome};

/// What became of an answer from the log.
#[derive(Debug)]
pub(crate) enum Fed {
    /// The connection has caught up and hears on as everyone; this it was not told meanwhile.
    Live(Missed),
    /// It is told of at the drains when it can be served on.
    Waits,
    /// It is gone, or on its way.
    Gone,
}

impl Hub {
    /// Everything up to `at` counts as published.
    pub(crate) fn begin_at(&mut self, at: SyncId) {
        self.at = at;
    }

    /// Who can be served on.
    pub(crate) fn drains(&self) -> &Arc<Drains> {
        &self.drains
    }

    /// Frames that were made already.
    pub(crate) fn made(&self) -> &Arc<Made> {
        &self.made
    }

    /// How many are behind.
    pub(crate) fn behind(&self) -> usize {
        self.behind.len()
    }

    /// What a connection that is behind is to be told next; `None` if it is not behind.
    pub(crate) fn ask(&self, id: ConnectionId) -> Option<Question> {
        let (behind, attached) = (self.behind.get(&id)?, self.attached.get(&id)?);
        Some(behind.ask(&attached.connection, attached.role == WorkspaceRole::Admin, self.at))
    }

    /// Whether a user belongs to a project now.
    pub(crate) fn is_member(&self, user: UserId, project: ProjectId) -> bool {
        self.users.get(&user).is_some_and(|user| user.projects.contains(&project))
    }

    /// Queues what the log has told for a connection that is behind; how many events.
    pub(crate) fn feed(&mut self, id: ConnectionId, answer: Answer) -> (Fed, u64) {
        let (Some(behind), Some(attached)) = (self.behind.get_mut(&id), self.attached.get(&id))
        else {
            return (Fed::Gone, 0);
        };
        let connection = &attached.connection;
        let Ok((scanned, told)) = behind.pour(answer, |frames| {
            let outcome = connection.outbox.offer(frames);
            if outcome == PushOutcome::First {
                self.dirty.push(Arc::clone(&connection.outbox));
            }
            outcome
        }) else {
            return (Fed::Gone, 0);
        };
        behind.advance(scanned);
        if behind.cursor < self.at || !behind.words.is_empty() {
            connection.outbox.when_drained(id, &self.drains);
            return (Fed::Waits, told);
        }
        connection.set_behind(false);
        let missed = self.forget_behind(id).map(|behind| behind.missed);
        (Fed::Live(missed.unwrap_or_default()), told)
    }

    /// Ends the sessions of those who have read nothing for `most`, and of those for whom too much
    /// would have to be kept.
    pub(crate) fn give_up(&mut self, now: Duration, most: Duration) {
        for (id, behind) in &mut self.behind {
            let Some(attached) = self.attached.get(id) else { continue };
            let idle = behind.idle(&attached.connection, now);
            if idle >= most || behind.is_too_much() {
                attached.connection.outbox.give_up();
            }
        }
    }

    /// Queues a frame that must arrive for one connection. False if it is behind, or is from now
    /// on.
    pub(crate) fn tell_one(&mut self, id: ConnectionId, mut frame: Frame) -> bool {
        frame.ephemeral = false;
        let Some(attached) = self.attached.get(&id) else { return true };
        if attached.connection.is_behind() {
            return false;
        }
        let outcome = attached.connection.outbox.offer(&[frame]);
        match outcome {
            PushOutcome::First => self.dirty.push(Arc::clone(&attached.connection.outbox)),
            PushOutcome::Full => self.fall_behind(id),
            PushOutcome::Queued | PushOutcome::Dropped | PushOutcome::Closed => {}
        }
        outcome != PushOutcome::Full
    }

    /// What one that is behind was not told.
    pub(crate) fn missed_by(&mut self, id: ConnectionId) -> Option<&mut Missed> {
        self.behind.get_mut(&id).map(|behind| &mut behind.missed)
    }

    pub(super) fn fall_behind(&mut self, id: ConnectionId) {
        let Some(attached) = self.attached.get(&id) else { return };
        let rooms = attached.places.iter().map(|(room, _)| *room);
        self.behind.entry(id).or_insert_with(|| Behind::new(self.at, rooms));
        attached.connection.set_behind(true);
        attached.connection.outbox.when_drained(id, &self.drains);
    }

    pub(super) fn forget_behind(&mut self, id: ConnectionId) -> Option<Behind> {
        let behind = self.behind.remove(&id)?;
        if self.behind.is_empty() {
            self.made.clear();
        }
        Some(behind)
    }

    /// Notes who came and went for those who are behind.
    pub(super) fn note_presence(&mut self, signal: &Signal) {
        let SignalBody::Presence { arrived, rooms, names, .. } = &signal.body else { return };
        for (id, behind) in &mut self.behind {
            let Some(attached) = self.attached.get(id) else { continue };
            let is_in = |room: &Room| attached.places.iter().any(|(other, _)| other == room);
            for room in rooms.iter().filter(|room| signal.cause != Some(*id) && is_in(room)) {
                behind.missed.note(&signal.user, *room, names, *arrived);
            }
        }
    }

    /// Queues frames for one connection behind all that it is told of events until now.
    pub(crate) fn tell_in_order(
        &mut self,
        id: ConnectionId,
        frames: impl IntoIterator<Item = Frame>,
    ) {
        let at = self.at;
        match self.behind.get_mut(&id) {
            Some(behind) => behind.words.extend(frames.into_iter().map(|frame| (at, frame))),
            None => self.greet(id, frames),
        }
    }

    /// Notes something for those with a key in a room who are behind.
    pub(super) fn note_late(
        &mut self,
        room: Room,
        key: FrameKey,
        except: Option<ConnectionId>,
        note: impl Fn(&mut Behind),
    ) {
        let Self { behind, attached, .. } = self;
        for (id, behind) in behind.iter_mut().filter(|(id, _)| except != Some(**id)) {
            if let Some(attached) = attached.get(id)
                && attached.connection.key == key
                && attached.places.iter().any(|(other, _)| *other == room)
            {
                note(behind);
            }
        }
    }
}

#[cfg(test)]
mod tests;
