//! Of what projects people do not want to be notified.

use chorus_model::{ProjectId, UserId};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::tx::Tx;

impl Reads<'_> {
    /// Whether a person does not want to be notified of a project.
    pub fn is_muted(&self, user: UserId, project: ProjectId) -> Result<bool, StoreError> {
        let sql = "select exists(select 1 from mutes where user_id = ?1 and project_id = ?2)";
        self.single(sql, (user.0, project.0), |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Notes whether a person wants to be notified of a project.
    pub fn set_muted(
        &mut self,
        user: UserId,
        project: ProjectId,
        muted: bool,
    ) -> Result<(), StoreError> {
        let sql = if muted {
            "insert into mutes (user_id, project_id) values (?1, ?2) on conflict do nothing"
        } else {
            "delete from mutes where user_id = ?1 and project_id = ?2"
        };
        self.change(sql, (user.0, project.0)).map(drop)
    }
}
