//! Projects and who belongs to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{ProjectId, UserId};
use crate::task::Change;
use crate::user::UserRef;
use crate::words::{ProjectRole, ProjectStatus};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: ProjectStatus,
    /// Who owns it.
    pub owner_id: UserId,
    /// The owner by name.
    pub owner: UserRef,
    /// When it begins.
    pub start_date: Option<Timestamp>,
    /// When it ends.
    pub end_date: Option<Timestamp>,
    /// Whether it is put away.
    pub is_archived: bool,
    /// Rises by one with every change; what `If-Match` compares.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A person's place in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// In which project.
    pub project_id: ProjectId,
    /// Who.
    pub user_id: UserId,
    /// The person by name.
    pub user: UserRef,
    /// What the person may do there.
    pub role: ProjectRole,
    /// Since when.
    pub joined_at: Timestamp,
}

/// What one command changed of a project: old and new of each field that differs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Project`")]
pub struct ProjectChanges {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change<Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Change<ProjectStatus>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Change<Option<Timestamp>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Change<Option<Timestamp>>>,
}
