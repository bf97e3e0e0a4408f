//! Tokens: JSON Web Tokens (RFC 7519), HS256 and nothing else.

use chorus_model::{Timestamp, User, UserId, WorkspaceRole};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Makes and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    settings: TokenSettings,
    realms: Vec<(String, DecodingKey)>,
}

/// What tokens say of their issuer, and how long they last.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Minutes that an access token lasts.
    pub access_minutes: u32,
    /// Minutes that a refresh token lasts.
    pub refresh_minutes: u32,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            issuer: "project_manager".into(),
            audience: "project_manager_users".into(),
            access_minutes: 30,
            refresh_minutes: 10_080,
        }
    }
}

/// How one dialect's tokens name the user and what they must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRules {
    /// What names the user where our own `uid` is absent.
    pub subject: Subject,
    /// `type` must be there.
    pub typed: bool,
    /// `iss` and `aud` must be there.
    pub issued: bool,
}

impl TokenRules {
    /// Our own tokens, as the native doors take them.
    pub const NATIVE: Self = Self { subject: Subject::Username, typed: true, issued: true };
}

/// What names the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `sub` is a username.
    Username,
    /// `sub` is a numeric id, as a number or as digits.
    Id,
    /// `id` is a numeric id, as a number or as digits.
    IdClaim,
}

/// What a token must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// For asking.
    Access,
    /// For getting another access token.
    Refresh,
    /// For other back ends: for telling custom events.
    Service,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// There is none.
    #[error("Not authenticated")]
    Missing,
    /// It is forged, malformed, or not for us.
    #[error("Invalid token")]
    Invalid,
    /// Its time is over.
    #[error("Token expired")]
    Expired,
    /// Its holder was logged out everywhere since it was issued.
    #[error("Token revoked")]
    Revoked,
    /// It is a token for something else.
    #[error("Wrong token type")]
    WrongType,
    /// It names nobody.
    #[error("Invalid token: no subject")]
    NoSubject,
    /// It names somebody who is not here, or not any more.
    #[error("User not found")]
    UnknownUser,
}

/// Whom a token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By id.
    Id(UserId),
    /// By username.
    Username(String),
}

/// Somebody who has shown a good token.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The person, as stored.
    pub user: User,
    /// When the token was issued; the beginning of time if it does not say.
    pub issued_at: Timestamp,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Whom it names.
    pub named: Named,
    /// When it was issued; the beginning of time if it does not say.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its own id, if it has one.
    pub id: Option<String>,
}

#[derive(Serialize)]
struct Issued<'a> {
    sub: &'a str,
    uid: String,
    id: String,
    email: Option<&'a str>,
    role: WorkspaceRole,
    r#type: &'static str,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<Value>,
    uid: Option<Value>,
    id: Option<Value>,
    r#type: Option<Value>,
    iss: Option<Value>,
    aud: Option<Value>,
    iat: Option<f64>,
    exp: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
    username: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    full_name: Option<String>,
    email: Option<String>,
}

/// Somebody as a good token of another back end names him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreigner {
    /// What that back end calls him.
    pub(crate) subject: String,
    /// The name that he logs in by there, if the token says so.
    pub(crate) username: Option<String>,
    /// The name to show, likewise.
    pub(crate) full_name: Option<String>,
    /// The address, likewise.
    pub(crate) email: Option<String>,
    /// When the token was issued; the beginning of time if it does not say.
    pub(crate) issued_at: Timestamp,
    /// When the token ends.
    pub(crate) expires_at: Timestamp,
}

/// Most bytes of what a token calls somebody.
const MAX_SUBJECT: usize = 128;

/// A name or a number, as text.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= MAX_SUBJECT).then_some(text)
}

impl Tokens {
    /// Tokens signed with `secret`.
    pub fn new(secret: &[u8], settings: TokenSettings) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            settings,
            realms: Vec::new(),
        }
    }

    /// Tokens signed with `secret` count too, in the realm of this name: those of another back
    /// end, which calls people in its own way.
    #[must_use]
    pub fn with_realm(mut self, name: &str, secret: &[u8]) -> Self {
        self.realms.push((name.to_owned(), DecodingKey::from_secret(secret)));
        self
    }

    /// Whether tokens of another back end count in a realm.
    pub(crate) fn has_realm(&self, name: &str) -> bool {
        self.realms.iter().any(|(realm, _)| realm == name)
    }

    /// What tokens say of their issuer, and how long they last.
    pub fn settings(&self) -> &TokenSettings {
        &self.settings
    }

    /// A token for `user`, and when it ends. `id` makes it one of a kind. It says that it was
    /// issued now, or at `from` if that is later: from when on tokens of this person count.
    pub fn issue(
        &self,
        user: &User,
        kind: TokenKind,
        (now, from): (Timestamp, Timestamp),
        id: &str,
    ) -> Option<(String, Timestamp)> {
        let minutes = match kind {
            TokenKind::Access | TokenKind::Service => self.settings.access_minutes,
            TokenKind::Refresh => self.settings.refresh_minutes,
        };
        let expires = now.plus(std::time::Duration::from_secs(u64::from(minutes) * 60));
        let claims = Issued {
            sub: &user.username,
            uid: user.id.to_string(),
            id: user.id.to_string(),
            email: user.email.as_deref(),
            role: user.role,
            r#type: kind.name(),
            iss: &self.settings.issuer,
            aud: &self.settings.audience,
            iat: now.max(from).seconds(),
            exp: expires.seconds(),
            jti: id,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding);
        Some((token.ok()?, expires))
    }

    /// Checks a token by the rules of a dialect. Whether the person exists is not asked here.
    pub fn check(
        &self,
        token: &str,
        kind: TokenKind,
        rules: TokenRules,
        now: Timestamp,
    ) -> Result<Checked, TokenFault> {
        let (claims, expires_at) = self.read(token, &self.decoding, kind, rules, now)?;
        let named = claims.named(rules.subject).ok_or(TokenFault::NoSubject)?;
        let issued_at = claims.issued_at();
        Ok(Checked { named, issued_at, expires_at, id: claims.jti })
    }

    /// Checks a token of another back end by the rules of a dialect.
    pub(crate) fn check_in(
        &self,
        realm: &str,
        token: &str,
        rules: TokenRules,
        now: Timestamp,
    ) -> Result<Foreigner, TokenFault> {
        let known = self.realms.iter().find(|(name, _)| name == realm);
        let (_, key) = known.ok_or(TokenFault::Invalid)?;
        let (claims, expires_at) = self.read(token, key, TokenKind::Access, rules, now)?;
        let subject = match rules.subject {
            Subject::Username | Subject::Id => &claims.sub,
            Subject::IdClaim => &claims.id,
        };
        let subject = subject.as_ref().and_then(plain).ok_or(TokenFault::NoSubject)?;
        let name = [&claims.username, &claims.preferred_username].into_iter().flatten().next();
        Ok(Foreigner {
            issued_at: claims.issued_at(),
            username: name.cloned(),
            full_name: claims.full_name.or(claims.name),
            email: claims.email,
            subject,
            expires_at,
        })
    }

    fn read(
        &self,
        token: &str,
        key: &DecodingKey,
        kind: TokenKind,
        rules: TokenRules,
        now: Timestamp,
    ) -> Result<(Claims, Timestamp), TokenFault> {
        if token.is_empty() {
            return Err(TokenFault::Missing);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // Time is ours to tell, and `aud` may be absent in some dialects: both are checked below.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map_err(|_| TokenFault::Invalid)?
            .claims;
        let expires_at = claims.exp.and_then(instant).ok_or(TokenFault::Invalid)?;
        if claims.nbf.and_then(instant).is_some_and(|from| from > now) {
            return Err(TokenFault::Invalid);
        }
        self.check_issuer(&claims, rules.issued)?;
        if expires_at <= now {
            return Err(TokenFault::Expired);
        }
        match claims.r#type.as_ref() {
            None if !rules.typed && kind == TokenKind::Access => {}
            Some(Value::String(name)) if name == kind.name() => {}
            _ => return Err(TokenFault::WrongType),
        }
        Ok((claims, expires_at))
    }

    fn check_issuer(&self, claims: &Claims, required: bool) -> Result<(), TokenFault> {
        let issuer = match &claims.iss {
            None => !required,
            Some(issuer) => issuer == &self.settings.issuer,
        };
        let audience = match &claims.aud {
            None => !required,
            Some(Value::Array(all)) => all.contains(&Value::from(self.settings.audience.as_str())),
            Some(one) => one == &self.settings.audience,
        };
        if issuer && audience { Ok(()) } else { Err(TokenFault::Invalid) }
    }
}

impl Claims {
    fn issued_at(&self) -> Timestamp {
        self.iat.and_then(instant).unwrap_or_default()
    }

    fn named(&self, subject: Subject) -> Option<Named> {
        let id = |claim: &Option<Value>| {
            claim.as_ref().and_then(crate::fields::id_of).map(|id| Named::Id(UserId(id)))
        };
        if self.uid.is_some() {
            return id(&self.uid);
        }
        match subject {
            Subject::Id => id(&self.sub),
            Subject::IdClaim => id(&self.id),
            Subject::Username => match &self.sub {
                Some(Value::String(name)) if !name.is_empty() => {
                    Some(Named::Username(name.clone()))
                }
                _ => None,
            },
        }
    }
}

impl TokenKind {
    fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Service => "service",
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
fn instant(seconds: f64) -> Option<Timestamp> {
    let plausible = (0.0..=253_402_300_799.0).contains(&seconds);
    plausible.then(|| Timestamp::from_micros((seconds * 1e6) as i64))
}

#[cfg(test)]
mod tests;
