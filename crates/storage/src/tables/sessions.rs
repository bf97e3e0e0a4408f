//! Connections that their clients may take up again where they were lost.

use chorus_model::{ConnectionId, Epoch, SyncId, Timestamp, UserId, WorkspaceRole};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, integer};
use crate::tx::Tx;

/// Most sessions that one call changes or removes.
const CHUNK: i64 = 500;
/// Lost sessions that are kept of one person: as many as he may have connections.
const MOST_LOST: i64 = 64;

/// A connection as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// What its client knows itself by.
    pub sid: String,
    /// Whose.
    pub user: UserId,
    /// Where it was made, in the terms of who made it.
    pub space: String,
    /// What its user was in the workspace.
    pub role: WorkspaceRole,
    /// The connection that it is, or was last.
    pub connection: ConnectionId,
    /// How often it was taken up.
    pub generation: i64,
    /// In which run of the server it is held, or was last; none once it was lost.
    pub held_by: Option<String>,
    /// When it was lost.
    pub left_at: Option<Timestamp>,
}

/// A hold on a session: it is void once somebody else has taken the session up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which session: a secret.
    pub pid: Box<str>,
    /// In which generation.
    pub generation: i64,
}

impl Reads<'_> {
    /// A session.
    pub fn session(&self, pid: &str) -> Result<Option<StoredSession>, StoreError> {
        self.one(
            "select sid, user_id, space, role, connection, generation, held_by, left_at
             from sessions where pid = ?1",
            [pid],
            |row| {
                let mut c = Columns::of(row);
                Ok(StoredSession {
                    sid: c.take()?,
                    user: UserId(c.take()?),
                    space: c.take()?,
                    role: c.word(WorkspaceRole::parse)?,
                    connection: ConnectionId(c.take::<i64>()?.cast_unsigned()),
                    generation: c.take()?,
                    held_by: c.take()?,
                    left_at: c.maybe_instant()?,
                })
            },
        )
    }

    /// The rooms that a session's client has asked to be in, each since after an event; and those,
    /// without one, that it has left and stays out of.
    pub fn session_rooms(&self, pid: &str) -> Result<Vec<(String, Option<SyncId>)>, StoreError> {
        let sql = "select room, from_id from session_rooms where pid = ?1 order by room";
        self.many(sql, [pid], |row| {
            let mut c = Columns::of(row);
            Ok((c.take()?, c.take::<Option<u64>>()?.map(SyncId)))
        })
    }
}

impl Tx<'_> {
    /// Keeps a new session, which is held. Of a person's lost ones the oldest beyond 64 go.
    pub fn open_session(&mut self, pid: &str, new: &StoredSession) -> Result<Hold, StoreError> {
        let StoredSession { sid, user, space, role, connection, generation, held_by, .. } = new;
        let connection = connection.0.cast_signed();
        self.change(
            "insert into sessions
               (pid, sid, user_id, space, role, connection, generation, held_by)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (pid, sid, user.0, space, role.as_str(), connection, generation, held_by),
        )?;
        self.change(
            "delete from sessions where pid in
               (select pid from sessions where user_id = ?1 and left_at is not null
                order by left_at desc limit -1 offset ?2)",
            (user.0, MOST_LOST),
        )?;
        Ok(Hold { pid: pid.into(), generation: *generation })
    }

    /// Takes a session up from whoever held it, as this connection of this run of the server. None if another was
    /// faster.
    pub fn take_session(
        &mut self,
        hold: &Hold,
        connection: ConnectionId,
        by: &Epoch,
    ) -> Result<Option<Hold>, StoreError> {
        let (next, connection) = (hold.generation + 1, connection.0.cast_signed());
        let taken = self.change(
            "update sessions set generation = ?3, connection = ?4, held_by = ?5, left_at = null
             where pid = ?1 and generation = ?2",
            (&*hold.pid, hold.generation, next, connection, by.as_str()),
        )?;
        Ok((taken > 0).then(|| Hold { pid: hold.pid.clone(), generation: next }))
    }

    /// A session's connection was lost; it can be taken up for a while. Nothing if the hold is void.
    pub fn lose_session(&mut self, hold: &Hold) -> Result<(), StoreError> {
        let now = self.now().micros();
        self.change(
            "update sessions set held_by = null, left_at = ?3 where pid = ?1 and generation = ?2",
            (&*hold.pid, hold.generation, now),
        )
        .map(drop)
    }

    /// Forgets a session, for good. Nothing if the hold is void.
    pub fn end_session(&mut self, hold: &Hold) -> Result<(), StoreError> {
        let sql = "delete from sessions where pid = ?1 and generation = ?2";
        self.change(sql, (&*hold.pid, hold.generation)).map(drop)
    }

    /// Notes that a session's client is in a room since the event `from`. False if it was already,
    /// or the hold is void.
    pub fn enter_session_room(
        &mut self,
        hold: &Hold,
        room: &str,
        from: SyncId,
    ) -> Result<bool, StoreError> {
        let changed = self.change(
            "insert into session_rooms (pid, room, from_id)
             select pid, ?3, ?4 from sessions where pid = ?1 and generation = ?2
             on conflict do update set from_id = excluded.from_id where from_id is null",
            (&*hold.pid, hold.generation, room, integer(from)),
        )?;
        Ok(changed > 0)
    }

    /// Notes that a session's client has left a room; `stays_out`: which it enters by itself
    /// otherwise. Nothing if the hold is void.
    pub fn leave_session_room(
        &mut self,
        hold: &Hold,
        room: &str,
        stays_out: bool,
    ) -> Result<(), StoreError> {
        let sql = if stays_out {
            "insert into session_rooms (pid, room)
             select pid, ?3 from sessions where pid = ?1 and generation = ?2
             on conflict do update set from_id = null"
        } else {
            "delete from session_rooms where pid = ?1 and room = ?3 and exists
               (select 1 from sessions where pid = ?1 and generation = ?2)"
        };
        self.change(sql, (&*hold.pid, hold.generation, room)).map(drop)
    }

    /// Forgets sessions that were lost before `before`, and notes that those were lost at `began`
    /// that another run of the server than `run` held: of either at most 500. How many.
    pub fn purge_sessions(
        &mut self,
        before: Timestamp,
        run: &Epoch,
        began: Timestamp,
    ) -> Result<usize, StoreError> {
        let lost = self.change(
            "update sessions set held_by = null, left_at = ?2 where pid in
               (select pid from sessions where held_by < ?1 or held_by > ?1 limit ?3)",
            (run.as_str(), began.micros(), CHUNK),
        )?;
        let forgotten = self.change(
            "delete from sessions where pid in
               (select pid from sessions where left_at < ?1 order by left_at limit ?2)",
            (before.micros(), CHUNK),
        )?;
        Ok(lost + forgotten)
    }
}
