//! Notifications.

use chorus_model::{Notice, Notification, NotificationId, UserId, UserRef};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::{Columns, to_json};
use crate::tx::Tx;

/// Most notifications that one call marks as read.
const MOST_MARKED: i64 = 1_000;

macro_rules! select {
    ($rest:literal) => {
        concat!("select id, user_id, actor, notice, created_at, read_at from notifications ", $rest)
    };
}

impl Reads<'_> {
    /// A person's notifications, newest first.
    pub fn notifications_of(
        &self,
        user: UserId,
        unread_only: bool,
        page: Page,
    ) -> Result<Vec<Notification>, StoreError> {
        let sql = if unread_only {
            select!("where user_id = ?1 and read_at is null order by id desc limit ?2 offset ?3")
        } else {
            select!("where user_id = ?1 order by id desc limit ?2 offset ?3")
        };
        self.many(sql, (user.0, page.limit(), page.offset()), notification)
    }

    /// How many notifications a person has not read.
    pub fn unread_count(&self, user: UserId) -> Result<u64, StoreError> {
        let sql = "select count(*) from notifications where user_id = ?1 and read_at is null";
        self.single(sql, [user.0], |row| row.get(0))
    }
}

impl Tx<'_> {
    /// Tells `user` what `actor` has caused.
    pub fn insert_notification(
        &mut self,
        user: UserId,
        actor: &UserRef,
        notice: &Notice,
    ) -> Result<Notification, StoreError> {
        let now = self.now();
        let id = self.single(
            "insert into notifications (user_id, actor, notice, created_at)
             values (?1, ?2, ?3, ?4) returning id",
            (user.0, to_json(actor)?, to_json(notice)?, now.micros()),
            |row| row.get(0).map(NotificationId),
        )?;
        Ok(Notification {
            id,
            user_id: user,
            actor: actor.clone(),
            notice: notice.clone(),
            created_at: now,
            read_at: None,
        })
    }

    /// Marks as read those of `ids` that are this person's, or with `None` all of his, and
    /// returns the ones that were unread. At most 1,000, the oldest first: after that many, call
    /// again.
    pub fn mark_notifications_read(
        &mut self,
        user: UserId,
        ids: Option<&[NotificationId]>,
    ) -> Result<Vec<NotificationId>, StoreError> {
        let ids = ids.map(|ids| to_json(&ids)).transpose()?;
        let mut marked = self.many(
            "update notifications set read_at = ?2 where id in
               (select id from notifications where user_id = ?1 and read_at is null
                  and (?3 is null or id in (select value from json_each(?3)))
                order by id limit ?4)
             returning id",
            (user.0, self.now().micros(), ids, MOST_MARKED),
            |row| row.get(0).map(NotificationId),
        )?;
        // The engine promises no order for what it returns.
        marked.sort_unstable();
        Ok(marked)
    }
}

fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    let mut c = Columns::of(row);
    Ok(Notification {
        id: NotificationId(c.take()?),
        user_id: UserId(c.take()?),
        actor: c.json()?,
        notice: c.json()?,
        created_at: c.instant()?,
        read_at: c.maybe_instant()?,
    })
}
