//! Signs that people leave under messages.

use chorus_model::{MessageId, UserId};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

impl Reads<'_> {
    /// How many signs there are under a message.
    pub fn reaction_count(&self, message: MessageId) -> Result<u64, StoreError> {
        let sql = "select count(*) from reactions where message_id = ?1";
        self.single(sql, [message.0], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Leaves a sign; whether it was not there.
    pub fn insert_reaction(
        &mut self,
        message: MessageId,
        emoji: &str,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let sql = "insert into reactions (message_id, emoji, user_id) values (?1, ?2, ?3)
                   on conflict do nothing";
        Ok(self.change(sql, (message.0, emoji, user.0))? > 0)
    }

    /// Takes a sign back; whether it was there.
    pub fn delete_reaction(
        &mut self,
        message: MessageId,
        emoji: &str,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let sql = "delete from reactions where message_id = ?1 and emoji = ?2 and user_id = ?3";
        Ok(self.change(sql, (message.0, emoji, user.0))? > 0)
    }
}
