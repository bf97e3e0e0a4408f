//! The feed for clients without sockets: what happened after a cursor, and may be seen.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{Cursor, Event, Room, Scope, SyncId, UserId};
use chorus_storage::{Interval, Place, ResetReason};

use crate::collab::Collab;
use crate::fault::Fault;

/// Events in one answer, at most.
pub const MOST: usize = 500;

/// An answer of the feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What happened, oldest first. Empty after a reset.
    pub events: Vec<Arc<Event>>,
    /// Where to go on from.
    pub cursor: Cursor,
    /// Whether there is more right now.
    pub more: bool,
    /// The cursor was out of reach, for this reason: fetch everything anew, then go on from
    /// [`cursor`](Self::cursor).
    pub reset: Option<&'static str>,
}

impl Collab {
    /// What happened after `since` and concerns `user`; without `since`, where the log ends now.
    pub async fn feed(&self, user: UserId, since: Option<String>) -> Result<Feed, Fault> {
        let tail = Arc::clone(self.parts.realtime.tail());
        self.query(user, move |reads, user| {
            let head = reads.head()?;
            let Some(since) = since else {
                return Ok(Feed::at(head));
            };
            let Ok(cursor) = since.parse::<Cursor>() else {
                return Ok(Feed::reset(head, "not_a_cursor"));
            };
            let intervals = reads.intervals_of(user.id)?;
            let rooms = rooms(&intervals, user.id);
            let after = match reads.place(&cursor, &rooms)? {
                Place::At(id) => id,
                Place::Reset(reason) => return Ok(Feed::reset(head, reason_name(reason))),
            };
            let (events, scanned) = match tail.between(after, head.id, &rooms, MOST) {
                Some(found) => found,
                None => reads.events_in_rooms(&rooms, after, head.id, MOST)?,
            };
            let scanned = scanned.max(after);
            let events =
                events.into_iter().filter(|event| may_see(event, &intervals, user.id)).collect();
            let more = scanned < head.id;
            Ok(Feed { events, cursor: Cursor { id: scanned, ..head }, more, reset: None })
        })
        .await
    }
}

impl Feed {
    fn at(cursor: Cursor) -> Self {
        Self { events: Vec::new(), cursor, more: false, reset: None }
    }

    fn reset(cursor: Cursor, reason: &'static str) -> Self {
        Self { reset: Some(reason), ..Self::at(cursor) }
    }
}

/// Where a person ever was, and his own room.
fn rooms(intervals: &[Interval], user: UserId) -> Rooms {
    let mut rooms: Rooms =
        intervals.iter().map(|interval| Room::Project(interval.project)).collect();
    rooms.extend([Room::User(user), Room::Everyone]);
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

/// Whether the event happened while the person belonged to where it happened, both ends included.
fn may_see(event: &Event, intervals: &[Interval], user: UserId) -> bool {
    match event.scope {
        Scope::User(id) => id == user,
        Scope::Everyone => true,
        Scope::Project(project) => intervals.iter().any(|interval| {
            let until = interval.to.unwrap_or(SyncId(u64::MAX));
            interval.project == project && (interval.from..=until).contains(&event.sync_id)
        }),
    }
}

/// The word for a reset on the wire.
fn reason_name(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::UnknownEpoch => "unknown_epoch",
        ResetReason::Ahead => "ahead",
        ResetReason::Rewritten => "rewritten",
        ResetReason::Trimmed => "trimmed",
    }
}
