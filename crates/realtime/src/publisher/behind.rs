//! Serving those who could not follow, from the tail or the log, at their own pace.
//!
//! Readers of the log find and encode what a connection is to be told; this task only queues it.
//! A small rest that the tail holds is served at once, so that a connection returns to live
//! delivery however much goes on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chorus_model::event::Rooms;
use chorus_model::signal::{Named, SignalBody};
use chorus_model::{ConnectionId, Cursor, Event, Signal, UserId, UserRef};
use chorus_storage::{Interval, Place, StoreError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::{Publisher, wholes};
use crate::catchup::{self, Answer, Missed, Question};
use crate::counters::{self, Counters};
use crate::frame::{Encoder, FrameKey};
use crate::hub::Fed;
use crate::made::Made;
use crate::outbox::Drains;
use crate::past::Moment;
use crate::presence::roster::Places;
use crate::tail::Tail;

/// Reads of the log under way at once, so that other queries find readers too.
const READS: usize = 2;
/// Events that are served at once, if the tail holds them.
const NEAR: u64 = 256;
/// Connections that are served in one round, at most.
const ROUND: usize = 64;
/// How often those are looked for who have stopped reading.
const LOOK: Duration = Duration::from_secs(1);

/// Reads that are under way, and who waits for one.
#[derive(Default)]
pub(super) struct Readings {
    waiting: VecDeque<ConnectionId>,
    under_way: FuturesUnordered<BoxFuture<'static, Read>>,
    /// Whose read has failed: it is tried again with the next look.
    failed: Vec<ConnectionId>,
    looked: Duration,
}

/// What a read has come to: none if the log has lost some of it.
type Read = (ConnectionId, Result<Option<Answer>, StoreError>);

impl Readings {
    /// Waits until somebody can be served on.
    pub(super) async fn some(&mut self, drains: &Drains) -> Option<Read> {
        if !self.waiting.is_empty() && self.under_way.len() < READS {
            // Left over from a round that had served enough.
            return None;
        }
        tokio::select! {
            Some(read) = self.under_way.next() => Some(read),
            () = drains.some() => None,
        }
    }
}

impl Publisher {
    /// Serves whoever can be served on.
    pub(super) fn serve(&mut self, first: Option<Read>) {
        self.take_reads(first);
        let drained = self.hub.drains().take();
        self.readings.waiting.extend(drained);
        for _ in 0..ROUND {
            if self.readings.under_way.len() == READS {
                break;
            }
            let Some(id) = self.readings.waiting.pop_front() else { break };
            self.serve_one(id);
        }
        // Those who were served from the tail may have drained at once.
        while let Some(Some(read)) = self.readings.under_way.next().now_or_never() {
            self.take_reads(Some(read));
        }
    }

    /// Ends the sessions of those who have stopped reading.
    pub(super) fn let_go(&mut self, now: Duration) {
        let some = self.hub.behind() + self.hub.away() > 0;
        if some && now.saturating_sub(self.readings.looked) >= LOOK {
            self.readings.looked = now;
            self.hub.give_up_away(now);
            self.hub.give_up(now, self.patience);
            self.readings.waiting.extend(self.readings.failed.drain(..));
        }
    }

    fn take_reads(&mut self, read: Option<Read>) {
        let Some((id, outcome)) = read else { return };
        match outcome {
            Ok(Some(answer)) => self.feed(id, answer),
            Ok(None) => {
                // What it missed is not there any more: it must load everything anew.
                if let Some(connection) = self.hub.connection(id) {
                    connection.outbox.give_up();
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot read the log for a slow client; trying again");
                self.readings.failed.push(id);
            }
        }
    }

    fn serve_one(&mut self, id: ConnectionId) {
        let Some(question) = self.hub.ask(id) else { return };
        match self.held_in_tail(&question) {
            Some(answer) => self.feed(id, answer),
            None => {
                let asked = Asked {
                    question,
                    tail: Arc::clone(&self.tail),
                    encoder: Arc::clone(&self.encoder),
                    made: Arc::clone(self.hub.made()),
                    counters: Arc::clone(&self.counters),
                };
                let read = self.past.answer(asked).map(move |outcome| (id, outcome));
                self.readings.under_way.push(read.boxed());
            }
        }
    }

    /// What is left, if it is little, in the tail, and nobody's rights change in it.
    fn held_in_tail(&self, question: &Question) -> Option<Answer> {
        let far = question.upto.0.saturating_sub(question.after.0) > NEAR;
        if far || self.hub.has_deleted_after(question.after) {
            return None;
        }
        let rooms = question.rooms();
        let limit = catchup::BATCH;
        let found = self.tail.between(question.after, question.upto, &rooms, limit)?;
        let lacks = |event: &Event| self.encoder.lacks(event, question.key()).is_some();
        if found.0.iter().any(|event| catchup::changes_rights(event) || lacks(event)) {
            return None;
        }
        let belongs = |project, _| self.hub.is_member(question.user, project);
        Some(question.answer(found, belongs, &*self.encoder, self.hub.made()))
    }

    fn feed(&mut self, id: ConnectionId, answer: Answer) {
        let (fed, told) = self.hub.feed(id, answer);
        counters::add(&self.counters.replayed, told);
        if let Fed::Live(missed) = fed {
            self.tell_missed(id, missed);
        }
    }

    /// Tells a connection that has caught up who has come and gone meanwhile.
    fn tell_missed(&mut self, id: ConnectionId, missed: Missed) {
        let Some(connection) = self.hub.connection(id).map(Arc::clone) else { return };
        let mut by_user: BTreeMap<(bool, UserId), (UserRef, Places, Vec<Named>)> = BTreeMap::new();
        for ((user, room), change) in missed.changes {
            if !change.is_news() {
                continue;
            }
            let fresh = || (change.user, Places::new(), Vec::new());
            let (_, rooms, names) = by_user.entry((change.present, user)).or_insert_with(fresh);
            rooms.push(room);
            names.extend(change.name.map(|name| Named { room, name }));
        }
        let at = self.clock.now();
        for ((arrived, id_of_user), (user, rooms, names)) in by_user {
            let mut elsewhere = self.roster.places_of(id_of_user);
            elsewhere.retain(|room| !rooms.contains(room));
            let again = names.clone();
            let body = SignalBody::Presence { arrived, rooms, names, elsewhere };
            let signal = Signal { user, at, cause: None, body };
            let untold = self.tell_one(id, &signal, connection.key());
            if let Some(missed) = self.hub.missed_by(id) {
                for room in untold {
                    missed.note(&signal.user, room, &again, arrived);
                }
            }
        }
        for room in missed.lists {
            let present = self.present(&[room]);
            if let Some(frame) = self.encoder.list(room, &present, connection.key())
                && !self.hub.tell_one(id, frame)
                && let Some(missed) = self.hub.missed_by(id)
            {
                missed.lists.insert(room);
            }
        }
    }

    /// Tells one connection a signal as if it were told everybody. Returns the rooms of what it had
    /// no room for.
    fn tell_one(&mut self, id: ConnectionId, signal: &Signal, key: FrameKey) -> Rooms {
        let mut untold = Rooms::new();
        for delivery in self.encoder.signal(signal, key) {
            let hears = |rooms: &Rooms| rooms.iter().any(|room| self.hub.is_in(id, *room));
            let passes = !hears(&delivery.rooms) || hears(&delivery.unless);
            if !passes && !self.hub.tell_one(id, delivery.frame) {
                untold.extend(delivery.rooms);
            }
        }
        untold
    }
}

/// What a connection that could not follow is to be told: a question to the log, with all that a
/// reader of it needs.
pub struct Asked {
    question: Question,
    tail: Arc<Tail>,
    encoder: Arc<dyn Encoder>,
    made: Arc<Made>,
    counters: Arc<Counters>,
}

impl Asked {
    /// The answer; none if the log has lost some of it.
    pub fn read(&self, log: &dyn Moment) -> Result<Option<Answer>, StoreError> {
        let question = &self.question;
        let rooms = question.rooms();
        let held = self.tail.between(question.after, question.upto, &rooms, catchup::BATCH);
        let found = match held {
            Some(found) => found,
            None => {
                counters::count(&self.counters.catch_up_reads);
                let from = Cursor { id: question.after, ..log.head()? };
                if matches!(log.place(&from, &rooms)?, Place::Reset(_)) {
                    return Ok(None);
                }
                log.events_in_rooms(&rooms, question.after, question.upto, catchup::BATCH)?
            }
        };
        wholes::supply(log, &*self.encoder, &found.0, &[question.key()])?;
        let intervals = log.intervals_of(question.user)?;
        let belongs = |project, at| {
            let covers = |interval: &Interval| {
                interval.project == project
                    && interval.from <= at
                    && interval.to.is_none_or(|to| at <= to)
            };
            intervals.iter().any(covers)
        };
        Ok(Some(question.answer(found, belongs, &*self.encoder, &self.made)))
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("question", &self.question).finish_non_exhaustive()
    }
}
