//! When rooms are told the whole list of who is there: at once after a quiet time, then at most
//! once in a while, however many come and go.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chorus_model::{ConnectionId, Room};

/// The least time between two lists of one room.
const PAUSE: Duration = Duration::from_millis(250);

/// Which rooms were told lately, and which are to be told again.
#[derive(Debug, Default)]
pub struct Lists {
    /// The ends of the pauses.
    until: BTreeSet<(Duration, Room)>,
    /// What has become of the list since the pause began.
    paused: HashMap<Room, Paused>,
}

#[derive(Debug, Clone, Copy)]
enum Paused {
    Same,
    /// Last by the coming of this connection, which was answered with the list as it is now; or by
    /// somebody's going.
    Changed(Option<ConnectionId>),
}

impl Lists {
    /// Who is in `room` has changed, by the coming of `knows` if somebody came. Whether it is told
    /// now; otherwise it becomes due.
    pub fn changed(&mut self, room: Room, knows: Option<ConnectionId>, now: Duration) -> bool {
        if let Some(paused) = self.paused.get_mut(&room) {
            *paused = Paused::Changed(knows);
            return false;
        }
        self.pause(room, now);
        true
    }

    /// The rooms that are told at `now`, each with the one connection that knows already.
    pub fn due(&mut self, now: Duration) -> Vec<(Room, Option<ConnectionId>)> {
        let mut due = Vec::new();
        while let Some(&(end, room)) = self.until.first()
            && end <= now
        {
            self.until.pop_first();
            if let Some(Paused::Changed(knows)) = self.paused.remove(&room) {
                due.push((room, knows));
            }
        }
        for (room, _) in &due {
            self.pause(*room, now);
        }
        due
    }

    /// When a pause ends next.
    pub fn next(&self) -> Option<Duration> {
        self.until.first().map(|(end, _)| *end)
    }

    fn pause(&mut self, room: Room, now: Duration) {
        self.until.insert((now + PAUSE, room));
        self.paused.insert(room, Paused::Same);
    }
}

#[cfg(test)]
mod tests {
    use chorus_model::ProjectId;

    use super::*;

    #[test]
    fn one_list_at_once_and_one_after_the_pause() {
        let (room, at) = (Room::Project(ProjectId(1)), Duration::from_millis);
        let (first, last) = (Some(ConnectionId(1)), Some(ConnectionId(2)));
        let mut lists = Lists::default();
        assert!(lists.changed(room, None, at(0)));
        assert!(!lists.changed(room, first, at(10)) && !lists.changed(room, last, at(20)));
        assert_eq!(lists.next(), Some(at(250)));
        assert!(lists.due(at(249)).is_empty());
        assert_eq!(lists.due(at(250)), [(room, last)], "who came last was told of all the others");
        assert!(!lists.changed(room, last, at(260)), "a new pause has begun");
        assert!(!lists.changed(room, None, at(270)));
        assert_eq!(lists.due(at(500)), [(room, None)], "somebody went after that");
        assert!(lists.due(at(750)).is_empty() && lists.next().is_none());
        assert!(lists.changed(room, None, at(751)));
    }
}
