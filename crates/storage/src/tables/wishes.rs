//! What people do not want to be notified of.

use chorus_model::{NoticeKind, ProjectId, UserId};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::Columns;
use crate::tx::Tx;

impl Reads<'_> {
    /// Whether a person does not want to be notified of a project.
    pub fn is_muted(&self, user: UserId, project: ProjectId) -> Result<bool, StoreError> {
        let sql = "select exists(select 1 from mutes where user_id = ?1 and project_id = ?2)";
        self.single(sql, (user.0, project.0), |row| row.get(0))
    }

    /// What kinds of notifications a person does not want.
    pub fn unwanted(&self, user: UserId) -> Result<Vec<NoticeKind>, StoreError> {
        let sql = "select kind from unwanted where user_id = ?1 order by kind";
        self.many(sql, [user.0], |row| Columns::of(row).word(NoticeKind::parse))
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

    /// Notes whether a person wants notifications of a kind.
    pub fn set_wanted(
        &mut self,
        user: UserId,
        kind: NoticeKind,
        wanted: bool,
    ) -> Result<(), StoreError> {
        let sql = if wanted {
            "delete from unwanted where user_id = ?1 and kind = ?2"
        } else {
            "insert into unwanted (user_id, kind) values (?1, ?2) on conflict do nothing"
        };
        self.change(sql, (user.0, kind.as_str())).map(drop)
    }
}
