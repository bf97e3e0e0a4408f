//! What commands with an idempotency key were answered.

use chorus_model::{SyncId, Timestamp, UserId};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, integer};
use crate::tx::Tx;

/// Most answers that one call purges.
const CHUNK: i64 = 1_000;

/// A successful answer, to be given again when the same request comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The hash of the request: the same key with another request is a mistake.
    pub request_hash: [u8; 32],
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The cursor's id that was told.
    pub sync_id: SyncId,
    /// When it was given.
    pub at: Timestamp,
}

impl Reads<'_> {
    /// The answer that was given to this person under this key.
    pub fn kept_answer(&self, user: UserId, key: &str) -> Result<Option<KeptAnswer>, StoreError> {
        self.one(
            "select request_hash, status, body, sync_id, at from kept_answers
             where user_id = ?1 and key = ?2",
            (user.0, key),
            |row| {
                let mut c = Columns::of(row);
                Ok(KeptAnswer {
                    request_hash: c.take()?,
                    status: c.take()?,
                    body: c.take()?,
                    sync_id: c.sync_id()?,
                    at: c.instant()?,
                })
            },
        )
    }
}

impl Tx<'_> {
    /// Keeps an answer. A key that is in use already is a [`StoreError::Constraint`].
    pub fn keep_answer(
        &mut self,
        user: UserId,
        key: &str,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        self.change(
            "insert into kept_answers (user_id, key, request_hash, status, body, sync_id, at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                user.0,
                key,
                &answer.request_hash,
                answer.status,
                &answer.body,
                integer(answer.sync_id),
                answer.at.micros(),
            ),
        )?;
        Ok(())
    }

    /// Forgets the oldest answers given before `before`, at most 1,000; how many.
    pub fn purge_answers(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        self.change(
            "delete from kept_answers where (user_id, key) in
               (select user_id, key from kept_answers where at < ?1 order by at limit ?2)",
            (before.micros(), CHUNK),
        )
    }
}
