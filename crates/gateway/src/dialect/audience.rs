//! Who hears what, as one table per dialect: each word with those who hear it. The defaults stand
//! in the dialect's own file; the configuration may set every line of them anew.

use std::fmt;

use chorus_model::event::Rooms;
use chorus_model::{Body, Event, Room, UserId, WorkspaceRole};
use smallvec::SmallVec;

/// Somebody who can be told of an event. Nobody hears of a project that he does not belong to but
/// whom a notification, a membership or an account is about, and admins of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearer {
    /// Everyone in the project, as far as the dialect has a room for it.
    Project,
    /// Whoever looks at the task.
    Task,
    /// Whoever looks at the channel.
    Channel,
    /// Whose task it is.
    Assignee,
    /// Whom it is for, or about: of notifications, memberships and accounts.
    Recipient,
    /// Whoever has this role in the workspace and belongs to the project.
    Role(WorkspaceRole),
}

/// A line of a table.
pub type Line = (&'static str, &'static [Hearer]);

/// The tables of all dialects that have one, as they are unless the configuration says otherwise.
pub const ALL: &[(&str, &[Line])] = &[
    ("taskmanager", super::taskmanager::AUDIENCES),
    ("flux", super::flux::AUDIENCES),
    ("skybuild", super::skybuild::AUDIENCES),
    ("envelope", super::envelope::AUDIENCES),
    ("prodsight", super::prodsight::AUDIENCES),
];

/// The table of a dialect.
#[derive(Debug, Clone)]
pub struct Audiences {
    lines: Vec<(&'static str, SmallVec<[Hearer; 4]>)>,
}

/// Why a line cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLine {
    /// The dialect has no such word.
    #[error("there is no such word; there is: {0}")]
    Word(String),
    /// There is no such hearer.
    #[error("must be some of: {0}")]
    Hearer(String),
}

impl Audiences {
    /// A table of these lines.
    pub fn new(lines: &[Line]) -> Self {
        let line = |(word, hearers): &Line| (*word, SmallVec::from_slice(hearers));
        Self { lines: lines.iter().map(line).collect() }
    }

    /// Sets a line anew.
    pub fn set(&mut self, word: &str, hearers: &[&str]) -> Result<(), NoLine> {
        let Some(at) = self.lines.iter().position(|(known, _)| *known == word) else {
            let words = self.lines.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            return Err(NoLine::Word(words.join(", ")));
        };
        let parsed = hearers.iter().map(|text| Hearer::parse(text)).collect::<Option<_>>();
        self.lines[at].1 = parsed.ok_or_else(|| NoLine::Hearer(Hearer::words().join(", ")))?;
        Ok(())
    }

    /// The rooms in which an event is heard under `word`.
    pub fn rooms(&self, word: &str, event: &Event) -> Rooms {
        let line = self.lines.iter().find(|(known, _)| *known == word);
        let hearers = line.map(|(_, hearers)| hearers.as_slice()).unwrap_or_default();
        hearers.iter().filter_map(|hearer| hearer.room(&event.body)).collect()
    }
}

impl Hearer {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "project" => Some(Self::Project),
            "task" => Some(Self::Task),
            "channel" => Some(Self::Channel),
            "assignee" => Some(Self::Assignee),
            "recipient" => Some(Self::Recipient),
            role => WorkspaceRole::parse(role).ok().map(Self::Role),
        }
    }

    fn words() -> Vec<&'static str> {
        let roles = WorkspaceRole::WORDS.iter().copied();
        ["project", "task", "channel", "assignee", "recipient"].into_iter().chain(roles).collect()
    }

    fn room(self, body: &Body) -> Option<Room> {
        let project = body.scope().project();
        match self {
            Self::Project => project.map(Room::Project),
            Self::Role(role) => project.map(|project| Room::Role(project, role)),
            Self::Task => body.task_id().zip(project).map(|(task, p)| Room::Task(p, task)),
            Self::Channel => body.channel_room(),
            Self::Assignee => body.task().and_then(|task| task.assignee_id).map(Room::User),
            Self::Recipient => recipient(body).map(Room::User),
        }
    }
}

fn recipient(body: &Body) -> Option<UserId> {
    match body {
        Body::NotificationCreated { notification } => Some(notification.user_id),
        Body::MemberAdded { member }
        | Body::MemberUpdated { member, .. }
        | Body::MemberRemoved { member } => Some(member.user_id),
        Body::UserUpdated { user }
        | Body::UserDeactivated { user }
        | Body::UserLoggedOut { user, .. } => Some(user.id),
        _ => None,
    }
}

impl fmt::Display for Hearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "project",
            Self::Task => "task",
            Self::Channel => "channel",
            Self::Assignee => "assignee",
            Self::Recipient => "recipient",
            Self::Role(role) => role.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_set_or_says_why_not() {
        let mut table = Audiences::new(&[("task_update", &[Hearer::Project])]);
        table.set("task_update", &["assignee", "production manager", "task"]).unwrap();
        let manager = Hearer::Role(WorkspaceRole::ProductionManager);
        assert_eq!(table.lines[0].1.as_slice(), [Hearer::Assignee, manager, Hearer::Task]);
        let wrong = table.set("task_updates", &[]).unwrap_err();
        assert_eq!(wrong.to_string(), "there is no such word; there is: task_update");
        assert!(table.set("task_update", &["everyone"]).unwrap_err().to_string().contains("crew"));
        for word in Hearer::words() {
            assert_eq!(Hearer::parse(word).unwrap().to_string(), word);
        }
    }
}
