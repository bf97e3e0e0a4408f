//! Searching for words in what the caller may see.

use chorus_model::text::{Invalid, Rule};
use chorus_model::{ChannelId, Comment, Message, ProjectId, Task, User, UserId, WorkspaceRole};
use chorus_storage::{Reads, Sought, Words};

use crate::access::{self, Action};
use crate::chat::visible_channel;
use crate::collab::Collab;
use crate::fault::Fault;

/// Characters of what is looked for.
pub const MAX: usize = 200;

/// What is looked for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The words.
    pub words: Words,
    /// In this project.
    pub project: Option<ProjectId>,
    /// Messages: in this channel.
    pub channel: Option<ChannelId>,
    /// With ids below this.
    pub before: Option<i64>,
    /// At most this many of a kind.
    pub limit: u32,
}

/// What was found, of each kind the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Messages of channels that the caller sees.
    pub messages: Vec<Message>,
    /// Tasks of his projects.
    pub tasks: Vec<Task>,
    /// Comments on them.
    pub comments: Vec<Comment>,
}

/// The words of a text that somebody has typed.
pub fn words(field: &'static str, text: &str) -> Result<Words, Invalid> {
    if text.chars().count() > MAX {
        return Err(Invalid::new(field, Rule::TooLong(MAX)));
    }
    let form = || Invalid::new(field, Rule::Form("1 to 16 words of letters or digits"));
    Words::parse(text).ok_or_else(form)
}

impl Collab {
    /// Messages, tasks and comments with these words.
    pub async fn search(&self, user: UserId, search: Search) -> Result<Found, Fault> {
        self.look(user, search, |reads, sought| {
            Ok(Found {
                messages: reads.messages_with(sought)?,
                tasks: reads.tasks_with(sought)?,
                comments: reads.comments_with(sought)?,
            })
        })
        .await
    }

    /// Messages with these words.
    pub async fn search_messages(
        &self,
        user: UserId,
        search: Search,
    ) -> Result<Vec<Message>, Fault> {
        self.look(user, search, |reads, sought| Ok(reads.messages_with(sought)?)).await
    }

    /// Tasks with these words in title, description or category.
    pub async fn search_tasks(&self, user: UserId, search: Search) -> Result<Vec<Task>, Fault> {
        self.look(user, search, |reads, sought| Ok(reads.tasks_with(sought)?)).await
    }

    /// Comments with these words.
    pub async fn search_comments(
        &self,
        user: UserId,
        search: Search,
    ) -> Result<Vec<Comment>, Fault> {
        self.look(user, search, |reads, sought| Ok(reads.comments_with(sought)?)).await
    }

    async fn look<T: Send + 'static>(
        &self,
        user: UserId,
        search: Search,
        look: impl FnOnce(&Reads<'_>, &Sought) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.query(user, move |reads, user| look(reads, &sought(reads, user, search)?)).await
    }
}

/// Who asks for a place must be able to see it.
fn sought(reads: &Reads<'_>, user: &User, search: Search) -> Result<Sought, Fault> {
    let Search { words, project, channel, before, limit } = search;
    if let Some(project) = project {
        access::permit(reads, user, project, Action::Read)?;
    }
    if let Some(channel) = channel {
        visible_channel(reads, user, channel)?;
    }
    let sees_all = user.role == WorkspaceRole::Admin;
    Ok(Sought { words, user: user.id, sees_all, project, channel, before, limit })
}
