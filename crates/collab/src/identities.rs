//! People who come with tokens of another back end.

use chorus_model::text::{Email, Name, Password, Username};
use chorus_model::{User, UserId, WorkspaceRole};
use chorus_storage::{NewUser, Tx};

use crate::collab::Collab;
use crate::fault::Fault;
use crate::tokens::{Authenticated, Foreigner, TokenFault, TokenRules};

/// The largest id that is taken over: ours go on behind the largest there is.
const MOST: i64 = 1_000_000_000;
/// How often another name is tried when one is taken.
const TRIES: u32 = 100;

impl Collab {
    /// Who holds this access token in a realm: one of ours, or one of the back end whose secret
    /// the realm has. An account is made for whoever is seen there for the first time.
    pub async fn authenticate_in(
        &self,
        realm: &'static str,
        token: &str,
        rules: TokenRules,
    ) -> Result<Authenticated, Fault> {
        let ours = self.authenticate(token, rules).await;
        let forged = matches!(ours, Err(Fault::Unauthenticated(TokenFault::Invalid)));
        if !forged || !self.parts.tokens.has_realm(realm) {
            return ours;
        }
        let now = self.parts.clock.now();
        let foreigner = self.parts.tokens.check_in(realm, token, rules, now)?;
        let subject = foreigner.subject.clone();
        let found = self.parts.store.read(move |reads| {
            reads.identity(realm, &subject)?.map_or(Ok(None), |user| reads.user(user))
        });
        let (issued_at, expires_at) = (foreigner.issued_at, foreigner.expires_at);
        let user = match found.await? {
            Some(user) => user,
            None => self.welcome(realm, foreigner).await?,
        };
        let holder = user.id;
        let from = self.parts.store.read(move |reads| reads.tokens_from(holder)).await?;
        Authenticated { user, issued_at, expires_at }.unless_ended(from)
    }

    /// Makes an account for somebody who has none. Nobody knows its password.
    async fn welcome(&self, realm: &'static str, who: Foreigner) -> Result<User, Fault> {
        let secret = Password::parse(&self.parts.entropy.word(40))?;
        let hash = self.parts.hasher.hash(secret).await?;
        let written = self.parts.store.write::<_, Fault>(move |tx| {
            if let Some(user) = tx.identity(realm, &who.subject)? {
                // He came twice at once.
                return tx.user(user)?.ok_or(Fault::Internal);
            }
            let user = settle(tx, realm, &who, &hash)?;
            tx.put_identity(realm, &who.subject, user.id)?;
            Ok(user)
        });
        Ok(written.await?.value)
    }
}

fn settle(tx: &mut Tx<'_>, realm: &str, who: &Foreigner, hash: &str) -> Result<User, Fault> {
    let email = who.email.as_deref().and_then(|text| Email::parse(text).ok());
    let email = email.map(|email| email.as_str().to_owned());
    let email = match &email {
        Some(address) if tx.user_by_email(address)?.is_some() => None,
        _ => email,
    };
    let local = email.as_deref().and_then(|address| address.split('@').next());
    let wanted = [who.username.as_deref(), local, Some(&*who.subject)];
    let fallback = format!("{realm}-{}", who.subject);
    let parse = |text: &str| Username::parse(text).ok();
    let base = wanted.into_iter().flatten().find_map(parse).or_else(|| parse(&fallback));
    let base = base.ok_or(TokenFault::NoSubject)?;
    let full_name = who.full_name.as_deref().and_then(|text| Name::parse("name", text).ok());
    for count in 1..=TRIES {
        let username = match count {
            1 => base.as_str().to_owned(),
            _ => format!("{}-{count}", base.as_str()),
        };
        let new = NewUser {
            id: free_id(tx, &who.subject)?,
            full_name: full_name.as_ref().map_or(&*username, Name::as_str).to_owned(),
            username,
            email: email.clone(),
            role: WorkspaceRole::User,
            password_hash: hash.to_owned(),
        };
        if let Ok(user) = tx.insert_user(&new)? {
            return Ok(user);
        }
    }
    Err(Fault::Internal)
}

/// The id that the other back end uses, if it is a number that is free here: clients that know
/// their own id from there find it in what they hear.
fn free_id(tx: &Tx<'_>, subject: &str) -> Result<Option<UserId>, Fault> {
    let id = subject.parse().ok().filter(|id| (1..=MOST).contains(id)).map(UserId);
    Ok(match id {
        Some(id) if tx.user(id)?.is_none() => Some(id),
        _ => None,
    })
}
