//! Connections that could not follow: who they are, what they are asked for, and their return to
//! live delivery.

use std::sync::Arc;
use std::time::Duration;

use chorus_model::signal::SignalBody;
use chorus_model::{ConnectionId, ProjectId, Room, Signal, SyncId, UserId, WorkspaceRole};

use super::Hub;
use crate::catchup::{Answer, Behind, Missed, Question, Word};
use crate::frame::{Frame, FrameKey};
use crate::made::Made;
use crate::mutation::{self, Mutation};
use crate::orders::Rewind;
use crate::outbox::{Drains, PushOutcome};

/// What became of an answer from the log.
#[derive(Debug)]
pub(crate) enum Fed {
    /// The connection has caught up and hears on as everyone; this it was not told meanwhile.
    Live(Missed),
    /// It is told of at the drains when it can be served on.
    Waits,
    /// It is gone, or on its way; or the question was an old one.
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

    /// What a connection that is behind is to be told next; `None` if it is not behind. The answer
    /// to the last question counts, and to no other.
    pub(crate) fn ask(&mut self, id: ConnectionId) -> Option<Question> {
        let (behind, attached) = (self.behind.get_mut(&id)?, self.attached.get(&id)?);
        self.turns += 1;
        behind.turn = self.turns;
        Some(behind.ask(&attached.connection, attached.role == WorkspaceRole::Admin, self.at))
    }

    /// The event up to which a connection was told everything.
    pub(crate) fn told_upto(&self, id: ConnectionId) -> SyncId {
        self.behind.get(&id).map_or(self.at, |behind| behind.cursor)
    }

    /// Has a connection told what happened in rooms that it is in after `since`, as far as it was
    /// not told before, and then what happens. With a key all its rooms are meant, otherwise
    /// `entered`.
    pub(crate) fn rewind(&mut self, id: ConnectionId, entered: &[Room], rewind: &Rewind) {
        if let Some(key) = rewind.key {
            self.rekey(id, key);
        }
        let (Ok(since), Some(attached)) = (rewind.since, self.attached.get_mut(&id)) else {
            return;
        };
        let early = u64::from(mutation::made(Mutation::OneTooMany));
        let since = SyncId(since.min(self.at).0.saturating_sub(early));
        let places = &mut attached.places;
        let (at, spots) = (self.at, || places.iter().map(|spot| (spot.room, spot.from)));
        let behind = self.behind.entry(id).or_insert_with(|| Behind::new(at, spots()));
        behind.note_told(spots());
        let again = |room: &Room| rewind.key.is_some() || entered.contains(room);
        let spots = places.iter_mut().filter(|spot| again(&spot.room));
        let stays = spots.flat_map(|spot| {
            let since = rewind.since_in(spot.room, since);
            spot.from = spot.from.min(since);
            rewind.stays(spot.room, since)
        });
        behind.rewind(since, stays.collect(), rewind.key.is_some());
        attached.connection.set_behind(true);
        attached.connection.outbox.when_drained(id, &self.drains);
    }

    /// From now on a connection is told in the words of another key.
    fn rekey(&mut self, id: ConnectionId, key: FrameKey) {
        let Some(attached) = self.attached.get(&id) else { return };
        let (connection, places) = (Arc::clone(&attached.connection), attached.places.clone());
        if connection.key() == key {
            return;
        }
        // It moves between groups, and is nowhere else meanwhile.
        let behind = self.behind.remove(&id);
        for spot in &places {
            self.leave(id, spot.room);
        }
        self.uncount_key(connection.key());
        connection.set_key(key);
        self.count_key(key);
        for spot in &places {
            self.join(id, spot.room);
        }
        if let Some(attached) = self.attached.get_mut(&id) {
            for spot in &mut attached.places {
                let before = places.iter().find(|old| old.room == spot.room);
                spot.from = before.map_or(spot.from, |old| old.from);
            }
        }
        self.behind.extend(behind.map(|behind| (id, behind)));
    }

    /// Whether a project was deleted by an event after `after`. Such an event is told in the
    /// project alone, and yet changes what its members hear of their tasks in their own rooms.
    pub(crate) fn has_deleted_after(&self, after: SyncId) -> bool {
        self.project_deleted > after
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
        if behind.turn != answer.turn {
            return (Fed::Gone, 0);
        }
        let connection = &attached.connection;
        let Ok((scanned, told)) = behind.pour(answer, |frames| {
            let outcome = connection.outbox.offer(frames);
            if outcome == PushOutcome::First {
                self.dirty.push_back(Arc::clone(&connection.outbox));
            }
            outcome
        }) else {
            return (Fed::Gone, 0);
        };
        behind.advance(scanned);
        let early = u64::from(mutation::made(Mutation::LiveTooEarly));
        if behind.cursor.0 + early < self.at.0 || !behind.words.is_empty() {
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
            PushOutcome::First => self.dirty.push_back(Arc::clone(&attached.connection.outbox)),
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
        let spots = attached.places.iter().map(|spot| (spot.room, spot.from));
        self.behind.entry(id).or_insert_with(|| Behind::new(self.at, spots));
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

    /// Notes who came to rooms and left them for those with a key who are behind.
    pub(super) fn note_presence(&mut self, signal: &Signal, key: FrameKey, rooms: &[Room]) {
        let SignalBody::Presence { arrived, names, .. } = &signal.body else { return };
        for room in rooms {
            self.note_late(*room, key, signal.cause, |behind| {
                behind.missed.note(&signal.user, *room, names, *arrived);
            });
            self.note_away(*room, key, |missed| missed.note(&signal.user, *room, names, *arrived));
        }
    }

    /// Tells a connection something behind all that it is told of events until now; of each, which
    /// room it was put out of, if it is that.
    pub(crate) fn tell_in_order(
        &mut self,
        id: ConnectionId,
        words: impl IntoIterator<Item = (Option<Room>, Frame)>,
    ) {
        let (after, words) = (self.at, words.into_iter());
        match self.behind.get_mut(&id) {
            Some(behind) => {
                behind.words.extend(words.map(|(room, frame)| Word { after, room, frame }));
            }
            None => self.greet(id, words.map(|(_, frame)| frame)),
        }
    }

    /// A connection enters rooms anew before it was told that it was put out of them: told after
    /// the answer, it would take itself to be out.
    pub(crate) fn take_back_words(&mut self, id: ConnectionId, rooms: &[Room]) {
        if let Some(behind) = self.behind.get_mut(&id) {
            behind.words.retain(|word| word.room.is_none_or(|room| !rooms.contains(&room)));
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
                && attached.connection.key() == key
                && attached.is_in(room)
            {
                note(behind);
            }
        }
    }
}

#[cfg(test)]
mod tests;
