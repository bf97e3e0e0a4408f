//! Invitations: asking somebody into a project.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{InvitationId, ProjectId, UserId};
use crate::user::UserRef;
use crate::words::{InvitationState, ProjectRole};

/// Somebody is asked into a project. The secret of its link is in nothing that is told or kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Into which project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// Whose address it is for; without one, for whoever holds the link.
    pub email: Option<String>,
    /// As what.
    pub role: ProjectRole,
    /// What has become of it.
    pub state: InvitationState,
    /// Who asks.
    pub inviter: UserRef,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// What has become of an invitation, as one person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvitationTold {
    /// As it is now.
    pub invitation: Invitation,
    /// Who is told.
    pub to: UserId,
}
