//! People.

use std::time::Duration;

use chorus_model::text::{Email, Username};
use chorus_model::{Timestamp, User, UserId, WorkspaceRole};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

/// An account to be made. It is active.
#[derive(Clone)]
pub struct NewUser {
    /// The id, if it is to be a certain one. Free, as the caller has seen to.
    pub id: Option<UserId>,
    /// The name to log in by, in canonical form.
    pub username: String,
    /// Where to write to, in canonical form.
    pub email: Option<String>,
    /// The name to show.
    pub full_name: String,
    /// What the person may do in the workspace.
    pub role: WorkspaceRole,
    /// The password, hashed.
    pub password_hash: String,
}

/// What another account has already. The caller's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// The name to log in by.
    #[error("username is taken")]
    Username,
    /// The address.
    #[error("email is taken")]
    Email,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, username, email, full_name, role, is_active, created_at, updated_at,
                    password_hash from users ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The person with this id, also when deactivated.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.one(select!("where id = ?1"), [id.0], user)
    }

    /// The person who logs in by this name, however it is written.
    pub fn user_by_username(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.one(select!("where username = ?1"), [Username::fold(name)], user)
    }

    /// The person with this address, however it is written.
    pub fn user_by_email(&self, address: &str) -> Result<Option<User>, StoreError> {
        self.one(select!("where email = ?1"), [Email::fold(address)], user)
    }

    /// All people, by id.
    pub fn users(&self, page: Page) -> Result<Vec<User>, StoreError> {
        let sql = select!("order by id limit ?1 offset ?2");
        self.many(sql, (page.limit(), page.offset()), user)
    }

    /// How many accounts there are, deactivated ones included.
    pub fn user_count(&self) -> Result<u64, StoreError> {
        self.single("select count(*) from users", [], |row| row.get(0))
    }

    /// The person who logs in by this name or address, however it is written, and the hash of
    /// the password. A name goes before an equal address: an address anybody can claim.
    pub fn credentials(&self, login: &str) -> Result<Option<(User, String)>, StoreError> {
        self.one(
            select!("where username = ?1 or email = ?2 order by username = ?1 desc limit 1"),
            (Username::fold(login), Email::fold(login)),
            |row| Ok((user(row)?, row.get("password_hash")?)),
        )
    }

    /// From when on tokens of this person count; those issued before do not. Whole seconds.
    pub fn tokens_from(&self, id: UserId) -> Result<Timestamp, StoreError> {
        let sql = "select tokens_from from users where id = ?1";
        let from = self.one(sql, [id.0], |row| row.get(0).map(Timestamp::from_micros))?;
        from.ok_or(StoreError::Missing)
    }

    fn taken(
        &self,
        username: &str,
        email: Option<&str>,
        but: UserId,
    ) -> Result<Option<Taken>, StoreError> {
        let sql = "select username = ?1 from users where (username = ?1 or email = ?2) and id <> ?3
                   order by username = ?1 desc limit 1";
        self.one(sql, (username, email, but.0), |row| {
            Ok(if row.get(0)? { Taken::Username } else { Taken::Email })
        })
    }
}

impl Tx<'_> {
    /// Makes an account, unless its name or address is taken.
    pub fn insert_user(&mut self, new: &NewUser) -> Result<Result<User, Taken>, StoreError> {
        // No id is 0: nobody is left out of the comparison.
        if let Some(taken) = self.taken(&new.username, new.email.as_deref(), UserId(0))? {
            return Ok(Err(taken));
        }
        let id = self.single(
            "insert into users (id, username, email, full_name, role, password_hash,
                                created_at, updated_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) returning id",
            (
                new.id.map(|id| id.0),
                &new.username,
                &new.email,
                &new.full_name,
                new.role.as_str(),
                &new.password_hash,
                self.now().micros(),
            ),
            |row| row.get(0).map(UserId),
        )?;
        self.user(id)?.ok_or(StoreError::Missing).map(Ok)
    }

    /// Writes name, address, role and whether the account is active, unless name or address is
    /// another's. Returns the account as it is now.
    pub fn update_user(&mut self, user: &User) -> Result<Result<User, Taken>, StoreError> {
        if let Some(taken) = self.taken(&user.username, user.email.as_deref(), user.id)? {
            return Ok(Err(taken));
        }
        self.change(
            "update users set username = ?2, email = ?3, full_name = ?4, role = ?5,
                              is_active = ?6, updated_at = ?7 where id = ?1",
            (
                user.id.0,
                &user.username,
                &user.email,
                &user.full_name,
                user.role.as_str(),
                user.is_active,
                self.now().micros(),
            ),
        )?;
        self.user(user.id)?.ok_or(StoreError::Missing).map(Ok)
    }

    /// Ends all tokens of a person, refresh tokens included; from when on others count. That is a
    /// second later than any that was issued: they say when by the second.
    pub fn end_tokens(&mut self, id: UserId) -> Result<Timestamp, StoreError> {
        let second = Duration::from_secs(1);
        let now = Timestamp::from_micros(self.now().seconds() * 1_000_000);
        let from = self.tokens_from(id)?.max(now).plus(second);
        self.change("update users set tokens_from = ?2 where id = ?1", (id.0, from.micros()))?;
        self.revoke_refresh_tokens_of(id)?;
        Ok(from)
    }

    /// Replaces the hash of a password.
    pub fn set_password(&mut self, id: UserId, password_hash: &str) -> Result<(), StoreError> {
        let sql = "update users set password_hash = ?2, updated_at = ?3 where id = ?1";
        match self.change(sql, (id.0, password_hash, self.now().micros()))? {
            0 => Err(StoreError::Missing),
            _ => Ok(()),
        }
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let mut c = Columns::of(row);
    Ok(User {
        id: UserId(c.take()?),
        username: c.take()?,
        email: c.take()?,
        full_name: c.take()?,
        role: c.word(WorkspaceRole::parse)?,
        is_active: c.take()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}
