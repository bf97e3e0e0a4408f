//! A transaction as queries see it.
//!
//! The questions that can be asked are with the nouns, in [`tables`](crate::tables), and with the
//! log; here is how they are put.

use std::cell::Cell;
use std::fmt;

use rusqlite::{Connection, Params, Row};

use crate::error::{Fault, StoreError};

/// One transaction's view of the database: all that is read through it is of one moment.
pub struct Reads<'a> {
    conn: &'a Connection,
    fault: Cell<Option<Fault>>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most this many; above [`Page::MOST`] it counts as that.
    pub limit: u32,
    /// After skipping this many.
    pub offset: u32,
}

impl Page {
    /// Most rows of one page.
    pub const MOST: u32 = 1_000;

    /// The first and largest page.
    pub const FIRST: Self = Self { limit: Self::MOST, offset: 0 };

    pub(crate) fn limit(self) -> i64 {
        self.limit.min(Self::MOST).into()
    }

    pub(crate) fn offset(self) -> i64 {
        self.offset.into()
    }
}

impl<'a> Reads<'a> {
    /// The caller has begun a transaction on `conn`.
    pub(crate) fn new(conn: &'a Connection) -> Self {
        Self { conn, fault: Cell::new(None) }
    }

    /// What has ended the transaction before its time, if anything. After that no statement runs
    /// any more: behind a transaction that the engine rolled back it would commit by itself.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// The first row, if there is one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let found = self.run(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            rows.next()?.map(map).transpose()
        })?;
        Ok(found)
    }

    /// The first row, which is there, as of an aggregate.
    pub(crate) fn single<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.one(sql, params, map)?.ok_or(StoreError::Missing)
    }

    /// All rows. The statement bounds their number.
    pub(crate) fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.run(|conn| conn.prepare_cached(sql)?.query_map(params, map)?.collect())
    }

    /// Changes rows and returns how many. Only a [`Tx`](crate::Tx) can: readers' connections
    /// refuse.
    pub(crate) fn change(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.run(|conn| conn.prepare_cached(sql)?.execute(params))
    }

    fn run<T>(
        &self,
        statement: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if let Some(fault) = self.fault.get() {
            return Err(fault.into());
        }
        statement(self.conn).map_err(|error| self.note(error))
    }

    fn note(&self, error: rusqlite::Error) -> StoreError {
        let error = StoreError::from(error);
        let gone = self.conn.is_autocommit().then_some(Fault::Lost);
        self.fault.set(error.fault().or(gone));
        error
    }
}

impl fmt::Debug for Reads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads").field("fault", &self.fault).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Reads<'_> {
    /// Counts to `n` in the engine, which takes long when `n` is large.
    pub(crate) fn count_to(&self, n: i64) -> Result<i64, StoreError> {
        self.single(
            "with recursive c (i) as (select 1 union all select i + 1 from c where i < ?1)
             select count(*) from c",
            [n],
            |row| row.get(0),
        )
    }

    /// Writes `n` settings in one statement, which takes long when `n` is large.
    pub(crate) fn write_settings(&self, n: i64) -> Result<usize, StoreError> {
        self.change(
            "insert into settings (name, value)
             with recursive c (i) as (select 1 union all select i + 1 from c where i < ?1)
             select 'setting ' || i, '' from c",
            [n],
        )
    }

    /// The database file.
    pub(crate) fn path(&self) -> Result<std::path::PathBuf, StoreError> {
        let sql = "select file from pragma_database_list";
        self.single(sql, [], |row| row.get::<_, String>(0).map(Into::into))
    }

    /// Leaves the database room for `pages` more.
    pub(crate) fn leave_room_for(&self, pages: i64) -> Result<i64, StoreError> {
        let now: i64 = self.single("pragma page_count", [], |row| row.get(0))?;
        let sql = format!("pragma max_page_count = {}", now + pages);
        self.single(&sql, [], |row| row.get(0))
    }
}
