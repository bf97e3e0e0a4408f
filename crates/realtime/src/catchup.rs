//! What a connection that could not follow is told instead: events of the log, by where it was
//! when they happened, in the words of its key. Plain functions and state; the hub keeps one
//! [`Behind`] per such connection, the publisher has its [`Question`]s answered by the readers of
//! the log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chorus_model::signal::Named;
use chorus_model::{Body, Event, ProjectId, Room, SyncId, UserId, UserRef};
use smallvec::SmallVec;

use crate::connection::Connection;
use crate::frame::{self, Encoder, Frame, FrameKey, Told};
use crate::made::Made;
use crate::mutation::{self, Mutation};
use crate::outbox::PushOutcome;

/// Events of one answer, at most.
pub(crate) const BATCH: usize = 256;
/// Bytes of one answer after which no more is added to it.
const BATCH_BYTES: usize = 1 << 20;
/// Stays in rooms that are kept of one connection.
const MOST_STAYS: usize = 4_096;
/// Changes of presence that are kept for one connection.
const MOST_CHANGES: usize = 4_096;

/// A time in a room: heard are the events after `from`, up to and with `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) room: Room,
    pub(crate) from: SyncId,
    pub(crate) until: Option<SyncId>,
}

/// What is kept of a connection that is served from the log.
#[derive(Debug)]
pub(crate) struct Behind {
    /// The last event that was looked at for it.
    pub(crate) cursor: SyncId,
    /// Which of its questions the next answer must be to.
    pub(crate) turn: u64,
    stays: Vec<Stay>,
    /// What it was told before it was taken back to an earlier place.
    told: Vec<Stay>,
    /// Up to here what it is told says nothing of how far it is.
    quiet: SyncId,
    /// Who came and went, and which lists of who is there have changed: told when it has caught up.
    pub(crate) missed: Missed,
    /// What it is to be told between events, as that it was put out of rooms.
    pub(crate) words: VecDeque<Word>,
    stall: Option<(u64, Duration)>,
}

/// What a connection is to be told behind an event.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) after: SyncId,
    /// The room that it was put out of, if that is what is told.
    pub(crate) room: Option<Room>,
    pub(crate) frame: Frame,
}

/// The session is ending.
#[derive(Debug)]
pub(crate) struct Ending;

/// Presence that a connection was not told.
#[derive(Debug, Default)]
pub struct Missed {
    pub(crate) changes: BTreeMap<(UserId, Room), Change>,
    pub(crate) lists: BTreeSet<Room>,
}

/// What became of one person in one room.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) user: UserRef,
    /// What the room is called, if it has no entity.
    pub(crate) name: Option<Arc<str>>,
    /// Whether the client takes the person for being there.
    known: bool,
    /// Whether that is so.
    pub(crate) present: bool,
}

impl Change {
    /// Whether the client must be told.
    pub(crate) fn is_news(&self) -> bool {
        self.known != self.present
    }
}

impl Missed {
    /// Notes that a person came to a room or left it.
    pub(crate) fn note(&mut self, user: &UserRef, room: Room, names: &[Named], arrived: bool) {
        let fresh = || {
            let name = names.iter().find(|named| named.room == room);
            let name = name.map(|named| Arc::clone(&named.name));
            Change { user: user.clone(), name, known: !arrived, present: arrived }
        };
        self.changes.entry((user.id, room)).or_insert_with(fresh).present = arrived;
    }

    /// The client was shown who is in a room: what it missed there is no news any more.
    pub(crate) fn shown(&mut self, room: Room) {
        for ((_, other), change) in &mut self.changes {
            if *other == room {
                change.known = change.present;
            }
        }
    }
}

impl Behind {
    /// A connection that is in rooms since some event, and was told everything up to `cursor`.
    pub(crate) fn new(cursor: SyncId, rooms: impl Iterator<Item = (Room, SyncId)>) -> Self {
        let stays = rooms.map(|(room, from)| Stay { room, from, until: None }).collect();
        let (told, words) = (Vec::new(), VecDeque::new());
        let (quiet, missed) = (SyncId::ZERO, Missed::default());
        Self { cursor, turn: 0, stays, told, quiet, missed, words, stall: None }
    }

    /// Notes what it was told until now: `rooms` are where it is, and after which event it was told
    /// of each. Of these its stays say too little, because they are forgotten as it is told of them.
    pub(crate) fn note_told(&mut self, rooms: impl Iterator<Item = (Room, SyncId)>) {
        let cursor = self.cursor;
        let upto = |room, from, until: SyncId| Stay { room, from, until: Some(until.min(cursor)) };
        let left = self.stays.iter();
        let left = left.filter_map(|stay| Some(upto(stay.room, stay.from, stay.until?)));
        let told = left.chain(rooms.map(|(room, from)| upto(room, from, cursor)));
        let again = mutation::made(Mutation::ToldAgain);
        self.told.extend(told.filter(|stay| stay.from < cursor && !again));
    }

    /// It is to be told of these stays too, after `since`, but of nothing that was [noted as
    /// told](Self::note_told). `whole`: they are all its rooms, so that from then on what it is told
    /// says how far it is.
    pub(crate) fn rewind(&mut self, since: SyncId, stays: Vec<Stay>, whole: bool) {
        let cursor = self.cursor;
        self.stays.extend(stays);
        self.quiet = if whole { SyncId::ZERO } else { self.quiet.max(cursor) };
        self.cursor = cursor.min(since);
        // Whatever was asked before is out of date.
        self.turn = 0;
    }

    /// It entered a room after event `at`. The event after which it counts as being there: an
    /// earlier one if it had left with `at` itself, and has missed nothing.
    pub(crate) fn enter(&mut self, room: Room, at: SyncId) -> SyncId {
        let again = self.stays.iter_mut().find(|stay| stay.room == room && stay.until == Some(at));
        if let Some(stay) = again {
            stay.until = None;
            return stay.from;
        }
        self.stays.push(Stay { room, from: at, until: None });
        at
    }

    /// It left a room with event `at`, which it still hears.
    pub(crate) fn exit(&mut self, room: Room, at: SyncId) {
        let open = |stay: &&mut Stay| stay.room == room && stay.until.is_none();
        for stay in self.stays.iter_mut().filter(open) {
            stay.until = Some(at);
        }
        self.missed.changes.retain(|(_, other), _| *other != room);
        self.missed.lists.remove(&room);
    }

    /// Everything up to `cursor` was looked at.
    pub(crate) fn advance(&mut self, cursor: SyncId) {
        self.cursor = self.cursor.max(cursor);
        let to_come = |stay: &Stay| stay.until.is_none_or(|until| until > cursor);
        self.stays.retain(to_come);
        self.told.retain(to_come);
    }

    /// Offers what an answer tells, and the words between, in order, as far as there is room: how
    /// far that is, and how many events. Fails if the session is ending.
    pub(crate) fn pour(
        &mut self,
        answer: Answer,
        mut offer: impl FnMut(&[Frame]) -> PushOutcome,
    ) -> Result<(SyncId, u64), Ending> {
        let mut told = 0;
        let end = (answer.scanned.next(), Told::new());
        for (at, frames) in answer.told.into_iter().chain([end]) {
            while let Some(word) = self.words.front().filter(|word| word.after < at) {
                match offer(std::slice::from_ref(&word.frame)) {
                    PushOutcome::Full => return Ok((word.after, told)),
                    PushOutcome::Closed => return Err(Ending),
                    _ => self.words.pop_front(),
                };
            }
            if frames.is_empty() {
                break;
            }
            match offer(&frames) {
                PushOutcome::Full => return Ok((SyncId(at.0.saturating_sub(1)), told)),
                PushOutcome::Closed => return Err(Ending),
                _ => told += 1,
            }
        }
        Ok((answer.scanned, told))
    }

    /// Whether more is kept for it than may be.
    pub(crate) fn is_too_much(&self) -> bool {
        self.stays.len() + self.told.len() > MOST_STAYS
            || self.missed.changes.len() + self.words.len() > MOST_CHANGES
    }

    /// For how long its client has read nothing of what waits for it, at `now`.
    pub(crate) fn idle(&mut self, connection: &Connection, now: Duration) -> Duration {
        let gone = connection.outbox.gone();
        match self.stall {
            Some((then, since)) if then == gone && !connection.outbox.is_empty() => {
                now.saturating_sub(since)
            }
            _ => {
                self.stall = Some((gone, now));
                Duration::ZERO
            }
        }
    }

    /// What it is to be told next, of the events up to `upto`.
    pub(crate) fn ask(&self, connection: &Connection, admin: bool, upto: SyncId) -> Question {
        let stays = self.stays.iter().filter(|stay| stay.from < upto).copied().collect();
        let (key, plain, user) = (connection.key(), connection.plain, connection.user.id);
        let Self { turn, quiet, cursor: after, .. } = *self;
        let told = self.told.clone();
        Question { turn, key, plain, quiet, user, admin, stays, told, after, upto }
    }
}

/// What a connection is to be told of the events in `(after, upto]`.
#[derive(Debug)]
pub(crate) struct Question {
    turn: u64,
    key: FrameKey,
    /// The key of events up to and with `quiet`.
    plain: FrameKey,
    quiet: SyncId,
    pub(crate) user: UserId,
    /// Whether the user is an admin of the workspace.
    pub(crate) admin: bool,
    stays: Vec<Stay>,
    told: Vec<Stay>,
    pub(crate) after: SyncId,
    pub(crate) upto: SyncId,
}

/// What a connection that could not follow is told: frames of events in order, and the last event
/// that was looked at.
#[derive(Debug, Default)]
pub struct Answer {
    pub(crate) turn: u64,
    pub(crate) told: Vec<(SyncId, Told)>,
    pub(crate) scanned: SyncId,
}

impl Question {
    /// The key of what it is told.
    pub(crate) fn key(&self) -> FrameKey {
        self.key
    }

    /// The rooms that the log files what it may hear under.
    pub(crate) fn rooms(&self) -> Vec<Room> {
        let mut rooms: Vec<Room> = self.stays.iter().flat_map(|stay| filed(stay.room)).collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms
    }

    /// What it hears of `events`, which are those of its rooms up to and with `scanned`.
    /// `belongs`: whether the user belonged to a project when an event happened.
    pub(crate) fn answer(
        &self,
        (events, scanned): (Vec<Arc<Event>>, SyncId),
        belongs: impl Fn(ProjectId, SyncId) -> bool,
        encoder: &dyn Encoder,
        made: &Made,
    ) -> Answer {
        let (mut told, mut bytes) = (Vec::new(), 0);
        for event in &events {
            if !self.hears(event, &belongs, encoder) {
                continue;
            }
            let key = if event.sync_id <= self.quiet { self.plain } else { self.key };
            let frames = made.get(event.sync_id, key, || frame::told(encoder, event, key));
            bytes += frames.iter().map(|frame| frame.bytes.len()).sum::<usize>();
            if !frames.is_empty() {
                told.push((event.sync_id, frames));
            }
            if bytes > BATCH_BYTES {
                return Answer { turn: self.turn, told, scanned: event.sync_id };
            }
        }
        Answer { turn: self.turn, told, scanned: scanned.max(self.after) }
    }

    fn hears(
        &self,
        event: &Event,
        belongs: &impl Fn(ProjectId, SyncId) -> bool,
        encoder: &dyn Encoder,
    ) -> bool {
        let at = event.sync_id;
        let was_in = |room: Room, stays: &[Stay]| {
            let there = |stay: &Stay| stay.from < at && stay.until.is_none_or(|until| at <= until);
            let room = if room == Room::Everyone { Room::User(self.user) } else { room };
            stays.iter().any(|stay| stay.room == room && there(stay))
        };
        // As when it happened: in his own room somebody hears of his tasks while he belongs to
        // their project.
        let may = |room: Room| match (room, event.body.task()) {
            (Room::User(_), Some(task)) => self.admin || belongs(task.project_id, at),
            _ => true,
        };
        let mut rooms = encoder.audience(event, self.key);
        rooms.retain(|room| may(*room));
        let hears = |stays: &[Stay]| rooms.iter().any(|room| was_in(*room, stays));
        hears(&self.stays) && !hears(&self.told)
    }
}

/// Whether an event may change what somebody hears from then on.
pub(crate) fn changes_rights(event: &Event) -> bool {
    matches!(
        event.body,
        Body::ProjectCreated { .. }
            | Body::ProjectDeleted { .. }
            | Body::MemberAdded { .. }
            | Body::MemberUpdated { .. }
            | Body::MemberRemoved { .. }
            | Body::UserUpdated { .. }
            | Body::UserDeactivated { .. }
    )
}

/// Where the log has the events of a room: who is in his own also hears what everyone does.
fn filed(room: Room) -> SmallVec<[Room; 2]> {
    match room {
        Room::User(_) => SmallVec::from_slice(&[room, Room::Everyone]),
        Room::Named(_) => SmallVec::new(),
        Room::Channel(..) | Room::Private(..) => SmallVec::from_slice(&[room]),
        _ => room.project().map(Room::Project).into_iter().collect(),
    }
}
