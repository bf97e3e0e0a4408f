//! The feed for clients without sockets: what happened after a cursor, and may be seen.

use std::sync::Arc;
use std::time::Duration;

use chorus_model::event::Rooms;
use chorus_model::{Cursor, Event, Room, Scope, SyncId, UserId};
use chorus_storage::{ChannelInterval, Interval, Place, Reads, ResetReason, StoreError};

use crate::collab::Collab;
use crate::fault::Fault;

/// Events in one answer, at most.
pub const MOST: usize = 500;
/// How many may wait for news at a time; whoever comes then is answered at once.
pub const MOST_WAITING: usize = 4_096;
/// Seconds that a request may wait for news, at most.
pub const LONGEST_WAIT: u32 = 30;

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
    /// As [`feed`](Self::feed), but waits for news for so long if there are none: what an answer
    /// tells is the same, it only comes when there is something to tell.
    pub async fn feed_in_time(
        &self,
        user: UserId,
        since: Option<String>,
        wait: Duration,
    ) -> Result<Feed, Fault> {
        let waits = since.is_some() && !wait.is_zero();
        let (feed, rooms) = self.feed_and_rooms(user, since).await?;
        let silent = feed.events.is_empty() && !feed.more && feed.reset.is_none();
        let place = self.waiting.try_acquire();
        if !waits || !silent || place.is_err() {
            return Ok(feed);
        }
        let news = async {
            tokio::select! {
                () = self.parts.closing.cancelled() => {}
                () = self.news(feed.cursor.id, &rooms) => {}
            }
        };
        // Late or not, the feed tells how far it was looked at.
        tokio::time::timeout(wait, news).await.unwrap_or_default();
        self.feed(user, Some(feed.cursor.to_string())).await
    }

    /// Waits until something is announced after `id` that concerns one of `rooms`. Looks at each
    /// event in memory once, so that waiting costs the database nothing. (A project that somebody
    /// joins is told in his own room.)
    async fn news(&self, mut id: SyncId, rooms: &Rooms) {
        let tail = self.parts.realtime.tail();
        let mut published = tail.watch();
        loop {
            let upto = *published.borrow_and_update();
            if upto > id {
                match tail.between(id, upto, rooms, 1) {
                    Some((found, scanned)) if found.is_empty() => id = scanned,
                    _ => return,
                }
            }
            if published.changed().await.is_err() {
                return;
            }
        }
    }

    /// How many wait for news now.
    pub fn waiting(&self) -> usize {
        MOST_WAITING - self.waiting.available_permits()
    }

    /// What happened after `since` and concerns `user`; without `since`, where the log ends now.
    pub async fn feed(&self, user: UserId, since: Option<String>) -> Result<Feed, Fault> {
        Ok(self.feed_and_rooms(user, since).await?.0)
    }

    async fn feed_and_rooms(
        &self,
        user: UserId,
        since: Option<String>,
    ) -> Result<(Feed, Rooms), Fault> {
        let tail = Arc::clone(self.parts.realtime.tail());
        self.query(user, move |reads, user| {
            let head = reads.head()?;
            let Some(since) = since else {
                return Ok((Feed::at(head), Rooms::new()));
            };
            let intervals = reads.intervals_of(user.id)?;
            let channels = reads.channel_intervals_of(user.id)?;
            let rooms = rooms(&intervals, &channels, user.id);
            let after = match place(reads, &since, &rooms)? {
                Ok(id) => id,
                Err(reason) => return Ok((Feed::reset(head, reason), rooms)),
            };
            let (events, scanned) = match tail.between(after, head.id, &rooms, MOST) {
                Some(found) => found,
                None => reads.events_in_rooms(&rooms, after, head.id, MOST)?,
            };
            let scanned = scanned.max(after);
            let events = events
                .into_iter()
                .filter(|event| may_see(event, &intervals, &channels, user.id))
                .collect();
            let more = scanned < head.id;
            let cursor = Cursor { id: scanned, ..head };
            Ok((Feed { events, cursor, more, reset: None }, rooms))
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

/// After which event `since` goes on for who hears `rooms`, or the word for why not.
pub(crate) fn place(
    reads: &Reads<'_>,
    since: &str,
    rooms: &[Room],
) -> Result<Result<SyncId, &'static str>, StoreError> {
    let Ok(cursor) = since.parse::<Cursor>() else { return Ok(Err("not_a_cursor")) };
    Ok(match reads.place(&cursor, rooms)? {
        Place::At(id) => Ok(id),
        Place::Reset(reason) => Err(reason_name(reason)),
    })
}

/// Where a person ever was, and his own room.
pub(crate) fn rooms(intervals: &[Interval], channels: &[ChannelInterval], user: UserId) -> Rooms {
    let mut rooms: Rooms =
        intervals.iter().map(|interval| Room::Project(interval.project)).collect();
    rooms.extend(channels.iter().map(|channel| Room::Private(channel.project, channel.channel)));
    rooms.extend([Room::User(user), Room::Everyone]);
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

/// Whether the event happened while the person belonged to where it happened, both ends included.
fn may_see(
    event: &Event,
    intervals: &[Interval],
    channels: &[ChannelInterval],
    user: UserId,
) -> bool {
    let during = |from: SyncId, to: Option<SyncId>| {
        from <= event.sync_id && to.is_none_or(|to| event.sync_id <= to)
    };
    match event.scope {
        Scope::User(id) => id == user,
        Scope::Everyone => true,
        Scope::Project(project) => {
            intervals.iter().any(|one| one.project == project && during(one.from, one.to))
        }
        Scope::Channel(channel) => {
            channels.iter().any(|one| one.channel == channel && during(one.from, one.to))
        }
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
