//! People.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::UserId;
use crate::words::WorkspaceRole;

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The name to log in by, in canonical form.
    pub username: String,
    /// Where to write to, if given.
    pub email: Option<String>,
    /// The name to show.
    pub full_name: String,
    /// What the person may do in the workspace.
    pub role: WorkspaceRole,
    /// Whether the person may log in.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// How events name this person.
    pub fn to_ref(&self) -> UserRef {
        UserRef {
            id: self.id,
            username: self.username.clone(),
            full_name: self.full_name.clone(),
            email: self.email.clone(),
        }
    }

    /// Who acts when this person does.
    pub fn principal(&self) -> Principal {
        Principal { user: self.id, role: self.role }
    }
}

/// A person as events and entities name him: everything any dialect shows of a name, so that
/// encoding an event reads nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserRef {
    /// Whom.
    pub id: UserId,
    /// The name to log in by.
    pub username: String,
    /// The name to show.
    pub full_name: String,
    /// The address, if one is known.
    pub email: Option<String>,
}

/// Who is acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The person.
    pub user: UserId,
    /// The role at the time the token was checked. Permissions read the stored one.
    pub role: WorkspaceRole,
}
