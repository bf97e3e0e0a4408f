//! Between columns and nouns.

use std::error::Error;

use chorus_model::{Kind, Rule, SyncId, Timestamp, UserId, UserRef};
use rusqlite::Row;
use rusqlite::types::{FromSql, Type};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// Takes the columns of a row one after the other, in the order of its `select`.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> Columns<'r, 's> {
    pub(crate) fn of(row: &'r Row<'s>) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    pub(crate) fn instant(&mut self) -> rusqlite::Result<Timestamp> {
        self.take().map(Timestamp::from_micros)
    }

    pub(crate) fn maybe_instant(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.take::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    pub(crate) fn sync_id(&mut self) -> rusqlite::Result<SyncId> {
        self.take().map(SyncId)
    }

    /// A word of a vocabulary.
    pub(crate) fn word<T>(&mut self, parse: fn(&str) -> Result<T, Rule>) -> rusqlite::Result<T> {
        let text: String = self.take()?;
        parse(&text).map_err(|rule| self.unreadable(format!("`{text}` {rule}").into()))
    }

    /// A kind of items.
    pub(crate) fn known_kind(&mut self) -> rusqlite::Result<&'static Kind> {
        let name: String = self.take()?;
        Kind::named(&name).ok_or_else(|| self.unreadable(format!("no kind `{name}`").into()))
    }

    /// A text that parses by itself, such as the name of a scope.
    pub(crate) fn parsed<T>(&mut self) -> rusqlite::Result<T>
    where
        T: std::str::FromStr<Err: Error + Send + Sync + 'static>,
    {
        let text: String = self.take()?;
        text.parse().map_err(|e: T::Err| self.unreadable(e.into()))
    }

    /// A text that holds JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        let text: String = self.take()?;
        serde_json::from_str(&text).map_err(|e| self.unreadable(e.into()))
    }

    /// As [`json`](Self::json), of a column that may be null.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let text: Option<String> = self.take()?;
        let value = text.map(|text| serde_json::from_str(&text)).transpose();
        value.map_err(|e| self.unreadable(e.into()))
    }

    /// Four columns of `users`, in the order of [`UserRef`].
    pub(crate) fn user_ref(&mut self) -> rusqlite::Result<UserRef> {
        Ok(UserRef {
            id: UserId(self.take()?),
            username: self.take()?,
            full_name: self.take()?,
            email: self.take()?,
        })
    }

    /// As [`user_ref`](Self::user_ref), of a person who may be none.
    pub(crate) fn maybe_user_ref(&mut self) -> rusqlite::Result<Option<UserRef>> {
        if self.row.get::<_, Option<i64>>(self.next)?.is_some() {
            return self.user_ref().map(Some);
        }
        self.next += 4;
        Ok(None)
    }

    /// The column last taken cannot be read.
    pub(crate) fn unreadable(&self, why: Box<dyn Error + Send + Sync>) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(self.next - 1, Type::Text, why)
    }
}

/// A sync id as the engine's integers hold it. No log grows beyond their reach; a client's
/// invention may, and is then simply the greatest.
pub(crate) fn integer(id: SyncId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// `value` as JSON text.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Decode(e.into()))
}

/// The `limit` of a query that must not return more than `most`.
pub(crate) fn at_most(limit: usize, most: usize) -> i64 {
    i64::try_from(limit.min(most)).unwrap_or(i64::MAX)
}
