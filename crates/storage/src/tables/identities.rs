//! Who people are by the tokens of other back ends.

use chorus_model::UserId;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

impl Reads<'_> {
    /// Whom another back end calls `subject`.
    pub fn identity(&self, realm: &str, subject: &str) -> Result<Option<UserId>, StoreError> {
        let sql = "select user_id from identities where realm = ?1 and subject = ?2";
        self.one(sql, (realm, subject), |row| row.get(0).map(UserId))
    }
}

impl Tx<'_> {
    /// Notes whom another back end calls `subject`.
    ///
    /// [`StoreError::Constraint`] if that was noted already, or there is no such user.
    pub fn put_identity(
        &mut self,
        realm: &str,
        subject: &str,
        user: UserId,
    ) -> Result<(), StoreError> {
        let sql = "insert into identities (realm, subject, user_id) values (?1, ?2, ?3)";
        self.change(sql, (realm, subject, user.0)).map(drop)
    }
}
