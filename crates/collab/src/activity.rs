//! What has happened in a project, newest first: the log, read backwards.

use std::sync::Arc;

use chorus_model::{Event, ProjectId, Rule, SyncId, UserId};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::fault::Fault;

/// What events are about: the beginnings of their names.
pub const ABOUT: &[&str] =
    &["project", "member", "task", "comment", "item", "channel", "message", "reaction", "custom"];

/// What activity may be asked for.
pub fn about(word: &str) -> Result<&'static str, Rule> {
    ABOUT.iter().find(|known| **known == word).copied().ok_or(Rule::OneOf(ABOUT))
}

impl Collab {
    /// What happened in a project before the event `before`, newest first: what all its members may
    /// know, also from before the caller was one of them, as long as the log keeps it.
    pub async fn activity(
        &self,
        user: UserId,
        project: ProjectId,
        before: Option<SyncId>,
        about: Option<&'static str>,
        limit: u32,
    ) -> Result<Vec<Arc<Event>>, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, project, Action::Read)?;
            let before = before.unwrap_or(SyncId(u64::MAX));
            Ok(reads.events_of_project(project, before, about, limit as usize)?)
        })
        .await
    }
}
