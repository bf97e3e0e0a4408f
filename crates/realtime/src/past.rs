//! Where the publisher reads what happened: the log of the store, or one that keeps a time of its
//! own.

use std::fmt;
use std::sync::Arc;

use chorus_model::{Cursor, Event, Room, SyncId, UserId, Whole};
use chorus_storage::{Interval, Place, Reads, Store, StoreError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub use crate::catchup::Answer;
use crate::frame::Wanted;
use crate::publisher::{Asked, Lacking};

/// The log, read beside the one who announces.
pub trait Past: Send + Sync + fmt::Debug {
    /// The current epoch, and the last event.
    fn head(&self) -> Cursor;

    /// The events after `after`, oldest first: all there are, or `limit`.
    fn events(&self, after: SyncId, limit: usize) -> Reading<Vec<Arc<Event>>>;

    /// Has what encoding lacks [read](Lacking::read) at one moment of the log.
    fn supply(&self, lacking: Lacking) -> Reading<()>;

    /// Has somebody [read](Asked::read) at one moment of the log.
    fn answer(&self, asked: Asked) -> Reading<Option<Answer>>;
}

/// What the log will say.
pub type Reading<T> = BoxFuture<'static, Result<T, StoreError>>;

/// The log as it is at one moment: all that is asked of it fits together.
pub trait Moment {
    /// As [`Reads::head`].
    fn head(&self) -> Result<Cursor, StoreError>;

    /// As [`Reads::place`].
    fn place(&self, cursor: &Cursor, rooms: &[Room]) -> Result<Place, StoreError>;

    /// As [`Reads::events_in_rooms`].
    fn events_in_rooms(
        &self,
        rooms: &[Room],
        after: SyncId,
        upto: SyncId,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, SyncId), StoreError>;

    /// As [`Reads::intervals_of`].
    fn intervals_of(&self, user: UserId) -> Result<Vec<Interval>, StoreError>;

    /// As [`Reads::whole`].
    fn whole(&self, wanted: Wanted, bytes: u32) -> Result<Whole, StoreError>;
}

impl Past for Store {
    fn head(&self) -> Cursor {
        self.head()
    }

    fn events(&self, after: SyncId, limit: usize) -> Reading<Vec<Arc<Event>>> {
        let store = self.clone();
        async move { store.read(move |reads| reads.events(after, limit)).await }.boxed()
    }

    fn supply(&self, lacking: Lacking) -> Reading<()> {
        let store = self.clone();
        async move { store.read(move |reads| lacking.read(reads)).await }.boxed()
    }

    fn answer(&self, asked: Asked) -> Reading<Option<Answer>> {
        let store = self.clone();
        async move { store.read(move |reads| asked.read(reads)).await }.boxed()
    }
}

impl Moment for Reads<'_> {
    fn head(&self) -> Result<Cursor, StoreError> {
        self.head()
    }

    fn place(&self, cursor: &Cursor, rooms: &[Room]) -> Result<Place, StoreError> {
        self.place(cursor, rooms)
    }

    fn events_in_rooms(
        &self,
        rooms: &[Room],
        after: SyncId,
        upto: SyncId,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, SyncId), StoreError> {
        self.events_in_rooms(rooms, after, upto, limit)
    }

    fn intervals_of(&self, user: UserId) -> Result<Vec<Interval>, StoreError> {
        self.intervals_of(user)
    }

    fn whole(&self, wanted: Wanted, bytes: u32) -> Result<Whole, StoreError> {
        self.whole(wanted.project, wanted.kind, bytes)
    }
}
