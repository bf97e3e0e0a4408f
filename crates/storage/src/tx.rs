//! A transaction as commands see it.

use std::ops::Deref;
use std::sync::Arc;

use chorus_model::event::Draft;
use chorus_model::{Event, SyncId, Timestamp, crash};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::log;
use crate::reads::Reads;

/// A command's transaction: all that [`Reads`] can ask, including what this and the earlier
/// commands of the batch wrote, and what can be changed. The changes are with the nouns, in
/// [`tables`](crate::tables).
#[derive(Debug)]
pub struct Tx<'a> {
    reads: Reads<'a>,
    growth: &'a mut Growth,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: &'a Connection, growth: &'a mut Growth) -> Self {
        Self { reads: Reads::new(conn), growth }
    }

    /// When this happens: one instant for all that is committed together, never earlier than
    /// the last event.
    pub fn now(&self) -> Timestamp {
        self.growth.now
    }

    /// The last event, those of this transaction included.
    pub fn head(&self) -> SyncId {
        self.growth.head
    }

    /// Appends what happened to the log, files it under its rooms, and tells its place. It
    /// becomes visible and is announced when the command has been accepted and committed.
    pub fn append(&mut self, draft: Draft) -> Result<SyncId, StoreError> {
        let Draft { actor, origin, body } = draft;
        let event = Event {
            sync_id: self.growth.head.next(),
            scope: body.scope(),
            actor,
            origin,
            at: self.growth.now,
            body,
        };
        self.growth.volume = log::insert(&self.reads, &event, self.growth.volume)?;
        self.growth.head = event.sync_id;
        self.growth.events.push(Arc::new(event));
        crash::point(crash::IN_COMMAND);
        Ok(self.growth.head)
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Reads<'a>;

    fn deref(&self) -> &Reads<'a> {
        &self.reads
    }
}

/// How far a transaction has taken the log. Ids are counted here and not by the engine, so that
/// what is undone leaves no hole.
#[derive(Debug)]
pub(crate) struct Growth {
    now: Timestamp,
    head: SyncId,
    volume: i64,
    events: Vec<Arc<Event>>,
    /// Whether an accepted command has changed a row.
    pub(crate) wrote: bool,
}

/// A place to go back to.
#[derive(Debug)]
pub(crate) struct Mark {
    head: SyncId,
    volume: i64,
}

impl Growth {
    /// None yet, of the transaction just begun on `conn`.
    pub(crate) fn begin(conn: &Connection, now: Timestamp) -> Result<Self, StoreError> {
        let end = log::end(&Reads::new(conn))?;
        Ok(Self {
            now: now.max(end.at),
            head: end.head,
            volume: end.volume,
            events: Vec::new(),
            wrote: false,
        })
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { head: self.head, volume: self.volume }
    }

    pub(crate) fn undo_to(&mut self, mark: &Mark) {
        self.events.retain(|event| event.sync_id <= mark.head);
        self.head = mark.head;
        self.volume = mark.volume;
    }

    pub(crate) fn grew_since(&self, mark: &Mark) -> bool {
        self.head > mark.head
    }

    pub(crate) fn head(&self) -> SyncId {
        self.head
    }

    pub(crate) fn into_events(self) -> Vec<Arc<Event>> {
        self.events
    }
}
