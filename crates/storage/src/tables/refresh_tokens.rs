//! Refresh tokens, of which only a hash is kept.

use chorus_model::{Timestamp, UserId};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

impl Reads<'_> {
    /// Whose token has this hash, if it is valid at `now` and the person active.
    pub fn refresh_token_valid(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        self.one(
            "select u.id from refresh_tokens t join users u on u.id = t.user_id
             where t.hash = ?1 and t.expires_at > ?2 and u.is_active",
            (hash, now.micros()),
            |row| row.get(0).map(UserId),
        )
    }
}

impl Tx<'_> {
    /// Keeps a token, and forgets those of the same person that have expired.
    pub fn insert_refresh_token(
        &mut self,
        hash: &[u8; 32],
        user: UserId,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(
            "delete from refresh_tokens where user_id = ?1 and expires_at <= ?2",
            (user.0, self.now().micros()),
        )?;
        self.change(
            "insert into refresh_tokens (hash, user_id, expires_at) values (?1, ?2, ?3)",
            (hash, user.0, expires_at.micros()),
        )?;
        Ok(())
    }

    /// Forgets a token; whether there was one.
    pub fn revoke_refresh_token(&mut self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let gone = self.change("delete from refresh_tokens where hash = ?1", [hash])?;
        Ok(gone > 0)
    }

    /// Forgets all tokens of a person; how many there were.
    pub fn revoke_refresh_tokens_of(&mut self, user: UserId) -> Result<usize, StoreError> {
        self.change("delete from refresh_tokens where user_id = ?1", [user.0])
    }
}
