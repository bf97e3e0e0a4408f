//! Accounts: registering, logging in, staying logged in.

use chorus_model::event::Draft;
use chorus_model::text::{Email, Name, Password, Username};
use chorus_model::{Body, NoticeKind, Timestamp, User, UserId, WorkspaceRole};
use chorus_storage::{NewUser, Page, Reads, Store, Tx};
use schemars::JsonSchema;
use sha2::{Digest as _, Sha256};

use crate::collab::Collab;
use crate::doing::Doing;
use crate::fault::{Fault, Noun};
use crate::invitations::{self, Shown};
use crate::tokens::{Authenticated, Checked, Named, TokenFault, TokenKind, TokenRules};

/// Who may make an account by himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whoever was invited.
    Invite,
    /// Nobody.
    Closed,
}

/// An account to make.
#[derive(Debug, Clone, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `User`")]
pub struct NewAccount {
    pub username: Username,
    pub email: Option<Email>,
    pub full_name: Option<Name>,
    pub password: Password,
}

/// Somebody who has just logged in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The person.
    pub user: User,
    /// For asking.
    pub access_token: String,
    /// For getting another access token.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// Seconds until then.
    pub expires_in: u64,
}

impl Collab {
    /// Makes an account, if the server lets people. The first one is an admin's. Who shows the
    /// secret of an invitation is in its project when he has his account.
    pub async fn register(
        &self,
        account: NewAccount,
        invitation: Option<Shown>,
    ) -> Result<User, Fault> {
        let invited = invitation.filter(|_| self.parts.registration != Registration::Closed);
        if let Some(shown) = invited {
            // Before the costly part; decided once more in the transaction.
            let (email, now) = (account.email.clone(), self.parts.clock.now());
            let check = move |reads: &Reads<'_>| {
                let email = email.as_ref().map(Email::as_str);
                Ok(invitations::open_to_new(reads, shown, email, now))
            };
            self.parts.store.read(check).await??;
        } else if self.parts.registration != Registration::Open {
            // Before the costly part; decided once more in the transaction.
            let any = self.parts.store.read(|reads| reads.users(Page { limit: 1, offset: 0 }));
            if !any.await?.is_empty() {
                return Err(Fault::RegistrationClosed);
            }
        }
        let hash = self.parts.hasher.hash(account.password.clone()).await?;
        let by = match (invited, self.parts.registration) {
            (Some(shown), _) => AddedBy::Invited(shown),
            (None, Registration::Open) => AddedBy::Anybody,
            (None, Registration::Invite | Registration::Closed) => AddedBy::First,
        };
        add_account(&self.parts.store, account, hash, by).await
    }

    /// Logs somebody in by username or address.
    pub async fn log_in(&self, login: String, password: String) -> Result<Login, Fault> {
        let found = self.parts.store.read(move |reads| reads.credentials(&login)).await?;
        let (user, stored) = found.unzip();
        if !self.parts.hasher.verify(password, stored).await? {
            return Err(Fault::BadCredentials);
        }
        let user = user.ok_or(Fault::BadCredentials)?;
        if !user.is_active {
            return Err(Fault::Deactivated);
        }
        let (refresh_token, expires) = self.issue(&user, TokenKind::Refresh).await?;
        let (hash, id) = (digest(&refresh_token), user.id);
        let keep = move |tx: &mut Tx<'_>| Ok(tx.insert_refresh_token(&hash, id, expires)?);
        self.parts.store.write::<_, Fault>(keep).await?;
        self.logged_in(user, refresh_token).await
    }

    /// Another access token for who holds a refresh token.
    pub async fn refresh(&self, token: String) -> Result<Login, Fault> {
        let now = self.parts.clock.now();
        self.parts.tokens.check(&token, TokenKind::Refresh, TokenRules::NATIVE, now)?;
        let hash = digest(&token);
        let user = self
            .parts
            .store
            .read(move |reads| match reads.refresh_token_valid(&hash, now)? {
                Some(user) => reads.user(user),
                None => Ok(None),
            })
            .await?;
        let user = user.filter(|user| user.is_active).ok_or(TokenFault::Invalid)?;
        self.logged_in(user, token).await
    }

    /// Ends a refresh token. One that is not known has ended already.
    pub async fn log_out(&self, token: &str) -> Result<(), Fault> {
        let hash = digest(token);
        let revoke = move |tx: &mut Tx<'_>| Ok(tx.revoke_refresh_token(&hash)?);
        self.parts.store.write::<_, Fault>(revoke).await?;
        Ok(())
    }

    /// Ends all tokens of a user, and the connections that were let in with them.
    pub async fn log_out_everywhere(&self, user: UserId) -> Result<(), Fault> {
        log_out_everywhere(&self.parts.store, user).await
    }

    /// Changes one's own password. All tokens end with the old one.
    pub async fn change_password(
        &self,
        user: UserId,
        old: String,
        new: Password,
    ) -> Result<(), Fault> {
        let person = self.parts.store.read(move |reads| reads.user(user)).await?;
        let name = person.ok_or(Fault::NotFound(Noun::User))?.username;
        let found = self.parts.store.read(move |reads| reads.credentials(&name)).await?;
        let stored = found.filter(|(person, _)| person.id == user).map(|(_, hash)| hash);
        if !self.parts.hasher.verify(old, stored).await? {
            return Err(Fault::BadCredentials);
        }
        let hash = self.parts.hasher.hash(new).await?;
        set_password(&self.parts.store, user, hash).await
    }

    /// Changes one's own name or address.
    pub async fn change_account(
        &self,
        user: UserId,
        full_name: Option<Name>,
        email: Option<Option<Email>>,
    ) -> Result<User, Fault> {
        let written = self.parts.store.write::<_, Fault>(move |tx| {
            let mut doing = Doing::new(tx, user, None)?;
            let old = doing.user.clone();
            let mut new = old.clone();
            if let Some(name) = &full_name {
                name.as_str().clone_into(&mut new.full_name);
            }
            if let Some(email) = &email {
                new.email = email.as_ref().map(|email| email.as_str().to_owned());
            }
            if new == old {
                return Ok(old);
            }
            let user = doing.tx.update_user(&new)?.map_err(Fault::Taken)?;
            doing.append(Body::UserUpdated { user: user.clone() })?;
            Ok(user)
        });
        Ok(written.await?.value)
    }

    /// What kinds of notifications the caller does not want.
    pub async fn unwanted(&self, user: UserId) -> Result<Vec<NoticeKind>, Fault> {
        self.query(user, |reads, user| Ok(reads.unwanted(user.id)?)).await
    }

    /// From now on the caller is notified of these kinds of things, or is not; the kinds that he
    /// does not want then.
    pub async fn set_wanted(
        &self,
        user: UserId,
        kinds: Vec<(NoticeKind, bool)>,
    ) -> Result<Vec<NoticeKind>, Fault> {
        let written = self.parts.store.write::<_, Fault>(move |tx| {
            let doing = Doing::new(tx, user, None)?;
            for (kind, wanted) in &kinds {
                doing.tx.set_wanted(user, *kind, *wanted)?;
            }
            Ok(doing.tx.unwanted(user)?)
        });
        Ok(written.await?.value)
    }

    /// Who holds this access token, by the rules of a dialect.
    pub async fn authenticate(
        &self,
        token: &str,
        rules: TokenRules,
    ) -> Result<Authenticated, Fault> {
        self.authenticate_as(TokenKind::Access, token, rules).await
    }

    /// As whom this service token acts.
    pub async fn authenticate_backend(&self, token: &str) -> Result<Authenticated, Fault> {
        self.authenticate_as(TokenKind::Service, token, TokenRules::NATIVE).await
    }

    async fn authenticate_as(
        &self,
        kind: TokenKind,
        token: &str,
        rules: TokenRules,
    ) -> Result<Authenticated, Fault> {
        let now = self.parts.clock.now();
        let checked = self.parts.tokens.check(token, kind, rules, now)?;
        let named = checked.named;
        let found = self.parts.store.read(move |reads| {
            let user = find(reads, &named)?;
            user.map(|user| Ok((reads.tokens_from(user.id)?, user))).transpose()
        });
        let (tokens_from, user) = found.await?.ok_or(TokenFault::UnknownUser)?;
        let Checked { issued_at, expires_at, .. } = checked;
        Authenticated { user, issued_at, expires_at }.unless_ended(tokens_from)
    }

    async fn logged_in(&self, user: User, refresh_token: String) -> Result<Login, Fault> {
        let (access_token, expires_at) = self.issue(&user, TokenKind::Access).await?;
        let expires_in = u64::from(self.parts.tokens.settings().access_minutes) * 60;
        Ok(Login { user, access_token, refresh_token, expires_at, expires_in })
    }

    async fn issue(&self, user: &User, kind: TokenKind) -> Result<(String, Timestamp), Fault> {
        let holder = user.id;
        let from = self.parts.store.read(move |reads| reads.tokens_from(holder)).await?;
        let (times, id) = ((self.parts.clock.now(), from), self.parts.entropy.word(20));
        self.parts.tokens.issue(user, kind, times, &id).ok_or(Fault::Internal)
    }
}

/// Who makes an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedBy {
    /// Somebody by himself.
    Anybody,
    /// Somebody by himself, if there is no account yet.
    First,
    /// Somebody who was invited, and comes in.
    Invited(Shown),
    /// The server's own tools.
    Tool(WorkspaceRole),
}

/// Makes an account. The first one is an admin's, whoever makes it.
pub async fn add_account(
    store: &Store,
    account: NewAccount,
    password_hash: String,
    by: AddedBy,
) -> Result<User, Fault> {
    let written = store.write::<_, Fault>(move |tx| {
        let first = tx.user_count()? == 0;
        let given = match by {
            AddedBy::First if !first => return Err(Fault::RegistrationClosed),
            AddedBy::First | AddedBy::Anybody | AddedBy::Invited(_) => WorkspaceRole::User,
            AddedBy::Tool(role) => role,
        };
        let user = tx.insert_user(&NewUser {
            id: None,
            username: account.username.as_str().to_owned(),
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            full_name: account
                .full_name
                .as_ref()
                .map_or_else(|| account.username.as_str(), |name| name.as_str())
                .to_owned(),
            role: if first { WorkspaceRole::Admin } else { given },
            password_hash: password_hash.clone(),
        })?;
        let user = user.map_err(Fault::Taken)?;
        if let AddedBy::Invited(shown) = by {
            invitations::accept(&mut Doing::new(tx, user.id, None)?, shown)?;
        }
        Ok(user)
    });
    Ok(written.await?.value)
}

/// Ends all tokens of a user, and the connections that were let in with them.
pub async fn log_out_everywhere(store: &Store, user: UserId) -> Result<(), Fault> {
    let written = store.write::<_, Fault>(move |tx| {
        let mut doing = Doing::new(tx, user, None)?;
        end_tokens(&mut doing)
    });
    written.await?;
    Ok(())
}

/// Gives somebody a password; all his tokens end, and so do his connections.
pub async fn set_password(store: &Store, user: UserId, hash: String) -> Result<(), Fault> {
    let written = store.write::<_, Fault>(move |tx| {
        let mut doing = Doing::new(tx, user, None)?;
        doing.tx.set_password(user, &hash)?;
        end_tokens(&mut doing)
    });
    written.await?;
    Ok(())
}

/// Closes an account, or opens it again. A closed one cannot log in, its tokens end for good, and
/// so do its connections.
pub async fn set_open(store: &Store, user: UserId, open: bool) -> Result<User, Fault> {
    let written = store.write::<_, Fault>(move |tx| {
        let old = tx.user(user)?.ok_or(Fault::NotFound(Noun::User))?;
        if old.is_active == open {
            return Ok(old);
        }
        let new = User { is_active: open, ..old };
        let user = tx.update_user(&new)?.map_err(Fault::Taken)?;
        tx.end_tokens(user.id)?;
        let body = if open {
            Body::UserUpdated { user: user.clone() }
        } else {
            Body::UserDeactivated { user: user.clone() }
        };
        tx.append(Draft { actor: user.to_ref(), origin: None, body })?;
        Ok(user)
    });
    Ok(written.await?.value)
}

/// Gives somebody a role in the workspace.
pub async fn set_role(store: &Store, user: UserId, role: WorkspaceRole) -> Result<User, Fault> {
    let written = store.write::<_, Fault>(move |tx| {
        let mut doing = Doing::new(tx, user, None)?;
        if doing.user.role == role {
            return Ok(doing.user);
        }
        let new = User { role, ..doing.user.clone() };
        let user = doing.tx.update_user(&new)?.map_err(Fault::Taken)?;
        doing.append(Body::UserUpdated { user: user.clone() })?;
        Ok(user)
    });
    Ok(written.await?.value)
}

fn end_tokens(doing: &mut Doing<'_, '_>) -> Result<(), Fault> {
    let user = doing.user.clone();
    let tokens_from = doing.tx.end_tokens(user.id)?;
    doing.append(Body::UserLoggedOut { user, tokens_from })?;
    Ok(())
}

impl Authenticated {
    /// Unless the account is closed, or tokens count only from later on.
    pub(crate) fn unless_ended(self, tokens_from: Timestamp) -> Result<Self, Fault> {
        if !self.user.is_active {
            return Err(TokenFault::UnknownUser.into());
        }
        if self.issued_at < tokens_from {
            return Err(TokenFault::Revoked.into());
        }
        Ok(self)
    }
}

fn find(reads: &Reads<'_>, named: &Named) -> Result<Option<User>, chorus_storage::StoreError> {
    match named {
        Named::Id(id) => reads.user(*id),
        Named::Username(name) => reads.user_by_username(name),
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
