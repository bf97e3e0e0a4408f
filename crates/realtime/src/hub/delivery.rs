//! Frames on their way into outboxes.

use std::collections::VecDeque;
use std::sync::Arc;

use chorus_model::{ConnectionId, Room};

use super::{Attached, Hub, Tally};
use crate::connection::Connection;
use crate::frame::{Frame, FrameKey};
use crate::mutation::{self, Mutation};
use crate::outbox::{Outbox, PushOutcome};

/// Who hears something.
pub(super) struct Hearers<'a> {
    pub(super) rooms: &'a [Room],
    /// Members of these do not.
    pub(super) unless: &'a [Room],
    /// Nor does this connection.
    pub(super) except: Option<ConnectionId>,
}

impl<'a> Hearers<'a> {
    pub(super) fn of(rooms: &'a [Room]) -> Self {
        Self { rooms, unless: &[], except: None }
    }
}

impl Hub {
    /// Frames that belong together, to each hearer once.
    pub(super) fn deliver(&mut self, to: &Hearers<'_>, key: FrameKey, frames: &[Frame]) -> Tally {
        self.deliveries += 1;
        let mut dirty = std::mem::take(&mut self.dirty);
        let mut passing = Passing { frames, dirty: &mut dirty, tally: Tally::default() };
        let mut full = Vec::new();
        if to.rooms.contains(&Room::Everyone) {
            for Attached { connection, places, .. } in self.attached.values() {
                // Before it has entered its user's own room it has not been welcomed.
                let welcomed = places.iter().any(|spot| matches!(spot.room, Room::User(_)));
                if connection.key() == key && welcomed && !passing.to(connection) {
                    full.push(connection.id);
                }
            }
        } else {
            let groups = to.rooms.iter().filter_map(|room| self.rooms.get(room)?.peek(key));
            for connection in groups.flatten() {
                let shut_out = || {
                    to.except == Some(connection.id)
                        || (!to.unless.is_empty() && self.is_in_any(connection.id, to.unless))
                };
                if connection.first_time(self.deliveries) && !shut_out() && !passing.to(connection)
                {
                    full.push(connection.id);
                }
            }
        }
        let tally = Tally { fell_behind: full.len() as u64, ..passing.tally };
        self.dirty = dirty;
        for id in full {
            self.fall_behind(id);
        }
        tally
    }
}

/// Frames on their way into outboxes.
struct Passing<'a> {
    frames: &'a [Frame],
    dirty: &'a mut VecDeque<Arc<Outbox>>,
    tally: Tally,
}

impl Passing<'_> {
    /// False if the outbox has no room for what must arrive.
    fn to(&mut self, connection: &Connection) -> bool {
        if connection.is_behind() && !mutation::made(Mutation::Overtaken) {
            self.tally.passed_over += 1;
            return true;
        }
        let outcome = connection.outbox.offer(self.frames);
        match outcome {
            PushOutcome::First | PushOutcome::Queued => {
                self.tally.frames += self.frames.len() as u64;
            }
            PushOutcome::Full => self.tally.passed_over += 1,
            PushOutcome::Dropped | PushOutcome::Closed => {}
        }
        if outcome == PushOutcome::First {
            self.dirty.push_back(Arc::clone(&connection.outbox));
        }
        outcome != PushOutcome::Full
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.frames += other.frames;
        self.passed_over += other.passed_over;
        self.fell_behind += other.fell_behind;
    }
}
