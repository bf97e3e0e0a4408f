//! The thread that moves committed pages from the WAL into the database file.
//!
//! It is asked to by the writer, after so much was written, and works beside it. Only when the
//! WAL has grown although it was asked – a reader kept an old snapshot – does it make the others
//! wait.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use crate::error::StoreError;
use crate::files::Tenancy;
use crate::store::Shared;

/// Pages in the WAL above which it is emptied at the cost of a pause: 64 MiB.
const TOO_LONG: i64 = 16_384;

pub(crate) struct Checkpointer {
    pub(crate) conn: Connection,
    pub(crate) asked: Receiver<()>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) _tenancy: Tenancy,
}

impl Checkpointer {
    /// Works until the writer has ended, then empties the WAL a last time.
    pub(crate) fn run(self) {
        while let Ok(()) = self.asked.recv() {
            if self.checkpoint("pragma wal_checkpoint(passive)") > TOO_LONG {
                self.checkpoint("pragma wal_checkpoint(truncate)");
            }
        }
        self.checkpoint("pragma wal_checkpoint(truncate)");
    }

    /// How many pages the WAL holds.
    fn checkpoint(&self, sql: &str) -> i64 {
        match self.conn.query_row(sql, [], |row| row.get(1)) {
            Ok(pages) => {
                self.shared.counters.checkpoints.add(1);
                pages
            }
            Err(error) => {
                let error = StoreError::from(error);
                tracing::warn!(cause = ?error, "a checkpoint failed");
                if let Some(fault) = error.fault() {
                    self.shared.health.note(fault);
                }
                0
            }
        }
    }
}
