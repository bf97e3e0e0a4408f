//! Connections that were lost and may be taken up: who came and went meanwhile, so that their
//! clients, which keep what they knew, are told of the difference.

use std::time::Duration;

use chorus_model::event::Rooms;
use chorus_model::{ConnectionId, Room};

use super::Hub;
use crate::catchup::Missed;
use crate::connection::Connection;
use crate::frame::FrameKey;

/// Connections that this is kept of; of one beyond, nothing.
const MOST: usize = 1_024;
/// Changes that are kept of one; beyond it nothing is.
const MOST_CHANGES: usize = 1_024;
/// How long it is kept.
const WINDOW: Duration = Duration::from_secs(120);

/// A connection that was lost.
#[derive(Debug)]
pub(super) struct Away {
    key: FrameKey,
    rooms: Rooms,
    missed: Missed,
    since: Duration,
}

impl Hub {
    /// Notes from now on who comes and goes in the rooms of a connection that was lost. `missed`:
    /// what it was not told before.
    pub(crate) fn stay_away(
        &mut self,
        connection: &Connection,
        rooms: Rooms,
        missed: Missed,
        now: Duration,
    ) {
        if self.away.len() < MOST {
            // Signals are told to keys that somebody has.
            self.count_key(connection.key());
            let away = Away { key: connection.key(), rooms, missed, since: now };
            self.away.insert(connection.id, away);
        }
    }

    /// A connection goes on with an earlier one: it is told of the difference when it has caught
    /// up, and which lists of who is there may have changed.
    pub(crate) fn come_back(&mut self, id: ConnectionId, before: ConnectionId, lists: &[Room]) {
        let away = self.forget_away(before);
        if let Some(missed) = self.missed_by(id) {
            missed.lists.extend(lists);
            if let Some(away) = away {
                missed.changes.extend(away.missed.changes);
            }
        }
    }

    /// Forgets those who will not come back.
    pub(crate) fn give_up_away(&mut self, now: Duration) {
        let over = |away: &Away| {
            now.saturating_sub(away.since) > WINDOW || away.missed.changes.len() > MOST_CHANGES
        };
        let gone = self.away.iter().filter(|(_, away)| over(away)).map(|(id, _)| *id);
        for id in gone.collect::<Vec<_>>() {
            self.forget_away(id);
        }
    }

    /// How many are away.
    pub(crate) fn away(&self) -> usize {
        self.away.len()
    }

    /// Notes something for those with a key who were in a room when they were lost.
    pub(super) fn note_away(&mut self, room: Room, key: FrameKey, note: impl Fn(&mut Missed)) {
        for away in self.away.values_mut() {
            if away.key == key && away.rooms.contains(&room) {
                note(&mut away.missed);
            }
        }
    }

    fn forget_away(&mut self, id: ConnectionId) -> Option<Away> {
        let away = self.away.remove(&id)?;
        self.uncount_key(away.key);
        Some(away)
    }
}
