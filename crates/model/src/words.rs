//! The closed vocabularies. Native words are in snake case; dialects map their own words to
//! them with [`Word`].

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::text::Rule;

macro_rules! vocabulary {
    ($(#[$doc:meta])+ $name:ident { $($(#[$vdoc:meta])+ $variant:ident = $word:literal
        $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])+
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        pub enum $name {
            $($(#[$vdoc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Their native words, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The native word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads a native word or an alias of one.
            pub fn parse(word: &str) -> Result<Self, Rule> {
                match word {
                    $($word $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err(Rule::OneOf(Self::WORDS)),
                }
            }
        }

        impl Vocabulary for $name {
            fn bit(self) -> u16 {
                1 << self as u16
            }
        }
    };
}

vocabulary! {
    /// What a notification is about.
    NoticeKind {
        /// A task was given to the person.
        TaskAssigned = "assigned",
        /// The status of the person's task changed.
        TaskStatusChanged = "status",
        /// Somebody commented on the person's task.
        CommentAdded = "comments",
        /// Somebody named the person in a message.
        Mentioned = "mentions",
        /// The person was asked into a project.
        Invited = "invitations",
    }
}

vocabulary! {
    /// What has become of an invitation.
    InvitationState {
        /// It can be accepted.
        Pending = "pending",
        /// Somebody has come in by it.
        Accepted = "accepted",
        /// It was turned down.
        Declined = "declined",
        /// It was taken back.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
    }
}

vocabulary! {
    /// Where a task stands.
    #[derive(Default)]
    TaskStatus {
        /// Not begun; the default.
        #[default]
        Todo = "todo" | "pending",
        /// Being worked on.
        InProgress = "in_progress",
        /// Waiting for somebody's approval.
        Review = "review",
        /// Cannot go on.
        Blocked = "blocked",
        /// Finished.
        Done = "done" | "completed",
        /// Will not be done.
        Cancelled = "cancelled" | "archived",
    }
}

vocabulary! {
    /// How urgent a task is; ordered from least to most.
    #[derive(Default)]
    Priority {
        /// Least.
        Low = "low",
        /// The default.
        #[default]
        Medium = "medium",
        /// More than most.
        High = "high",
        /// Most.
        Critical = "critical" | "urgent",
    }
}

vocabulary! {
    /// What sort of thing a task is.
    #[derive(Default)]
    TaskType {
        /// Something to do; the default.
        #[default]
        Task = "task",
        /// A question that somebody must answer.
        Rfi = "rfi",
        /// A change of what was agreed.
        Change = "change",
        /// A point that is reached.
        Milestone = "milestone",
    }
}

vocabulary! {
    /// Where a project stands.
    #[derive(Default)]
    ProjectStatus {
        /// Being prepared; the default.
        #[default]
        Planning = "planning",
        /// Under way.
        Active = "active" | "in_progress",
        /// Paused.
        OnHold = "on_hold",
        /// Finished.
        Completed = "completed",
        /// Put away.
        Archived = "archived" | "cancelled",
    }
}

vocabulary! {
    /// What a member may do in a project; ordered from least to most.
    ProjectRole {
        /// Reads and comments.
        Viewer = "viewer",
        /// Works on tasks.
        Member = "member" | "editor",
        /// Also changes the project and its members.
        Admin = "admin",
        /// Also deletes the project. One per project.
        Owner = "owner",
    }
}

vocabulary! {
    /// What a person is in the workspace: what he may beyond his project roles, and what he hears
    /// in dialects that tell by role.
    WorkspaceRole {
        /// What his project roles allow.
        User = "user",
        /// In every project what its owner may.
        Admin = "admin",
        /// Answers for a production.
        Producer = "producer",
        /// Runs it from day to day.
        ProductionManager = "production_manager" | "production manager",
        /// Directs it.
        Director = "director",
        /// Works on the set.
        Crew = "crew",
        /// Makes visual effects.
        Vfx = "vfx",
        /// Brings it to the audience.
        DistributionManager = "distribution_manager" | "distribution manager",
    }
}

impl WorkspaceRole {
    /// Whether the work of others is this role's to plan.
    pub fn plans(self) -> bool {
        matches!(self, Self::Producer | Self::ProductionManager | Self::Director)
    }
}

/// A closed vocabulary of at most 16 words.
pub trait Vocabulary: Copy + Eq {
    /// One bit per word.
    fn bit(self) -> u16;
}

/// A value as one dialect's word names it: what to store for the word, and every stored value
/// that the dialect shows as that word. Writing back what was shown changes nothing, so that a
/// dialect never destroys what it cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Word<T> {
    /// What the word is stored as when it changes something.
    pub value: T,
    shown: u16,
}

impl<T: Vocabulary> Word<T> {
    /// A word that names exactly `value`.
    pub fn exact(value: T) -> Self {
        Self { value, shown: value.bit() }
    }

    /// A word that is stored as `value` and also shown for each of `also`.
    pub fn shown_for(value: T, also: &[T]) -> Self {
        Self { value, shown: also.iter().fold(value.bit(), |set, v| set | v.bit()) }
    }

    /// Whether `stored` is shown as this word.
    pub fn names(self, stored: T) -> bool {
        self.shown & stored.bit() != 0
    }

    /// What to store where `stored` is now.
    #[must_use]
    pub fn over(self, stored: T) -> T {
        if self.names(stored) { stored } else { self.value }
    }
}

/// Written as the word alone.
impl<T: JsonSchema> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_aliases() {
        assert_eq!(TaskStatus::parse("pending"), Ok(TaskStatus::Todo));
        assert_eq!(Priority::parse("urgent"), Ok(Priority::Critical));
        assert_eq!(
            TaskStatus::parse("nope").unwrap_err().to_string(),
            "must be one of: todo, in_progress, review, blocked, done, cancelled"
        );
        assert_eq!(serde_json::to_string(&TaskStatus::InProgress).unwrap(), "\"in_progress\"");
        assert!(ProjectRole::Owner > ProjectRole::Admin && Priority::Low < Priority::High);
    }

    #[test]
    fn what_was_shown_is_not_destroyed() {
        let word = Word::shown_for(TaskStatus::InProgress, &[TaskStatus::Blocked]);
        assert_eq!(word.over(TaskStatus::Blocked), TaskStatus::Blocked);
        assert_eq!(word.over(TaskStatus::Done), TaskStatus::InProgress);
    }
}
