//! The threads that answer queries, each with its own connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::deadline::Deadline;
use crate::error::StoreError;
use crate::files::Tenancy;
use crate::reads::Reads;
use crate::store::Shared;

/// Most time one query may take: an older snapshot keeps the WAL from being reused.
const QUERY_TIME: Duration = Duration::from_secs(1);

/// A query that waits for its answer, with its types erased.
pub(crate) type Query = Box<dyn FnOnce(&Reader) + Send>;

/// One thread's connection.
pub(crate) struct Reader {
    pub(crate) conn: Connection,
    pub(crate) deadline: Deadline,
    /// One queue for all readers: of those who wait one is woken for each query.
    pub(crate) queries: Receiver<Query>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) _tenancy: Tenancy,
}

impl Reader {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(self) {
        while let Ok(query) = self.queries.recv() {
            query(&self);
        }
    }

    fn look<T>(
        &self,
        query: impl FnOnce(&Reads<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.conn.prepare_cached("begin")?.execute([])?;
        let reads = Reads::new(&self.conn);
        let outcome =
            self.deadline.limit(QUERY_TIME, || catch_unwind(AssertUnwindSafe(|| query(&reads))));
        if !self.conn.is_autocommit() {
            self.conn.prepare_cached("rollback")?.execute([])?;
        }
        outcome.unwrap_or(Err(StoreError::Panicked))
    }
}

/// The erased form of `query`, which sends its outcome to `caller`.
pub(crate) fn erased<T: Send + 'static>(
    query: impl FnOnce(&Reads<'_>) -> Result<T, StoreError> + Send + 'static,
    caller: oneshot::Sender<Result<T, StoreError>>,
) -> Query {
    Box::new(move |reader| {
        // Who has left needs no answer, and a query has no other effect.
        if caller.is_closed() {
            return;
        }
        let outcome = reader.look(query);
        if let Err(error) = &outcome {
            reader.shared.health.note_read(error);
        }
        caller.send(outcome).ok();
    })
}
