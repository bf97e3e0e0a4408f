//! What can be asked to happen, and what comes back.

use chorus_model::text::{CommentText, Description, Label, Name, Title};
use chorus_model::{
    Channel, ChannelMember, Comment, CommentId, Cursor, CustomEvent, Invitation, Item, ItemId,
    Kind, Member, Message, NotificationId, Priority, Project, ProjectId, ProjectRole,
    ProjectStatus, ReadMarker, SyncId, Task, TaskId, TaskStatus, TaskType, Timestamp, Topic,
    UserId, Word,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chat::ChatCommand;
use crate::forms::tasks::TaskEntry;
use crate::forms::{FARTHEST, MOST_DEPENDENCIES, MOST_HOURS, MOST_LABELS};
use crate::invitations::InvitationCommand;
use crate::items::form::Given;
use crate::items::{Bulk, BulkEntry, Spot};

/// A change that somebody asks for. Its values are valid; whether the caller may, and whether
/// what it names exists, is decided when it is run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Makes a project; the caller owns it.
    CreateProject(NewProject),
    /// Changes fields of a project.
    UpdateProject {
        /// Which.
        project: ProjectId,
        /// To what.
        patch: ProjectPatch,
        /// Only if it still has this version.
        if_version: Option<i64>,
        /// The caller may be announcing what has happened already.
        announced: bool,
    },
    /// Deletes a project and all that is in it.
    DeleteProject {
        /// Which.
        project: ProjectId,
    },
    /// Takes somebody into a project.
    AddMember {
        /// Into which.
        project: ProjectId,
        /// Whom.
        user: UserId,
        /// As what.
        role: ProjectRole,
    },
    /// Gives a member another role.
    SetRole {
        /// In which project.
        project: ProjectId,
        /// Whom.
        user: UserId,
        /// Which role.
        role: ProjectRole,
    },
    /// Takes somebody out of a project.
    RemoveMember {
        /// Out of which.
        project: ProjectId,
        /// Whom.
        user: UserId,
    },
    /// Makes a task.
    CreateTask(NewTask),
    /// Changes fields of a task.
    UpdateTask {
        /// Which.
        task: TaskId,
        /// To what.
        patch: TaskPatch,
        /// Only if it still has this version.
        if_version: Option<i64>,
        /// Present if the caller may be announcing what has happened already.
        announced: Option<Announced>,
    },
    /// Changes tasks, each for itself: what is refused of one does not concern the others.
    UpdateTasks(Vec<TaskEntry>),
    /// Deletes a task.
    DeleteTask {
        /// Which.
        task: TaskId,
        /// Only if it still has this version.
        if_version: Option<i64>,
        /// The caller may be announcing what has happened already.
        announced: bool,
    },
    /// Writes a comment.
    AddComment {
        /// On what.
        topic: Topic,
        /// What is said.
        new: NewComment,
    },
    /// Changes what a comment says.
    EditComment {
        /// Which.
        comment: CommentId,
        /// To what.
        body: CommentText,
        /// Only if it still has this version.
        if_version: Option<i64>,
    },
    /// Deletes a comment.
    DeleteComment {
        /// Which.
        comment: CommentId,
    },
    /// Makes an item of a kind.
    CreateItem {
        /// Which kind.
        kind: &'static Kind,
        /// Where.
        spot: Spot,
        /// What is said of it.
        given: Given,
    },
    /// Changes fields of an item.
    UpdateItem {
        /// Of which kind it must be.
        kind: &'static Kind,
        /// Which.
        item: ItemId,
        /// To what.
        given: Given,
        /// Only if it still has this version.
        if_version: Option<i64>,
    },
    /// Deletes an item and all that lies in it.
    DeleteItem {
        /// Of which kind it must be.
        kind: &'static Kind,
        /// Which.
        item: ItemId,
        /// Only if it still has this version.
        if_version: Option<i64>,
    },
    /// Changes many items, each by itself kept or refused.
    UpdateItems {
        /// Of which kind they must be.
        kind: &'static Kind,
        /// Which, to what.
        entries: Vec<BulkEntry>,
    },
    /// Changes what people talk in, or what was said.
    Chat(ChatCommand),
    /// Asks somebody into a project, or settles an invitation.
    Invitation(InvitationCommand),
    /// Notes that the caller has read notifications.
    MarkRead {
        /// Which; none means all.
        notifications: Option<Vec<NotificationId>>,
    },
    /// Tells custom events of another back end. Only for services:
    /// [`Collab::emit`](crate::Collab::emit).
    Emit(Vec<Emission>),
    /// Claims that a task was made. Changes nothing.
    AnnounceTask {
        /// Which.
        task: TaskId,
    },
    /// Claims that a task was deleted. Changes nothing, also where the task is still there.
    AnnounceDeletion {
        /// Which.
        task: TaskId,
    },
    /// Claims that a comment was written. Changes nothing.
    AnnounceComment {
        /// On which task.
        task: TaskId,
        /// Which.
        comment: CommentId,
    },
}

impl Command {
    /// How many things it changes, at most: what decides how much time it may take.
    pub(crate) fn parts(&self) -> u32 {
        match self {
            Self::UpdateItems { entries, .. } => u32::try_from(entries.len()).unwrap_or(u32::MAX),
            _ => 1,
        }
    }
}

/// A custom event to tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Emission {
    /// What, to whom.
    pub event: CustomEvent,
    /// Whether it goes into the log: then who was away finds it there. Otherwise it reaches who
    /// is there, and nobody else.
    pub durable: bool,
}

/// A project to make.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Project`")]
pub struct NewProject {
    pub name: Name,
    pub description: Option<Description>,
    #[schemars(default)]
    pub status: ProjectStatus,
    pub start_date: Option<Timestamp>,
    pub end_date: Option<Timestamp>,
}

/// New values of a project's fields; absent ones stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Project`")]
pub struct ProjectPatch {
    #[schemars(default, with = "Name")]
    pub name: Option<Name>,
    pub description: Option<Option<Description>>,
    #[schemars(default, with = "ProjectStatus")]
    pub status: Option<Word<ProjectStatus>>,
    pub start_date: Option<Option<Timestamp>>,
    pub end_date: Option<Option<Timestamp>>,
}

/// A task to make.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Task`")]
pub struct NewTask {
    #[schemars(rename = "project_id")]
    pub project: ProjectId,
    pub title: Title,
    pub description: Option<Description>,
    #[schemars(default)]
    pub status: TaskStatus,
    #[schemars(default)]
    pub priority: Priority,
    #[schemars(rename = "assignee_id")]
    pub assignee: Option<UserId>,
    pub start_date: Option<Timestamp>,
    pub due_date: Option<Timestamp>,
    #[schemars(range(min = 0, max = MOST_HOURS))]
    pub estimated_hours: Option<f64>,
    pub category: Option<Name>,
    #[serde(rename = "type")]
    #[schemars(default)]
    pub task_type: TaskType,
    #[schemars(default, length(max = MOST_LABELS), extend("type" = ["array", "null"]))]
    pub labels: Vec<Label>,
    #[schemars(default, length(max = MOST_DEPENDENCIES), extend("type" = ["array", "null"]))]
    pub depends_on: Vec<TaskId>,
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub position: Option<f64>,
}

/// New values of a task's fields; absent ones stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Task`")]
pub struct TaskPatch {
    #[schemars(default, with = "Title")]
    pub title: Option<Title>,
    pub description: Option<Option<Description>>,
    #[schemars(default, with = "TaskStatus")]
    pub status: Option<Word<TaskStatus>>,
    #[schemars(default, with = "Priority")]
    pub priority: Option<Word<Priority>>,
    #[schemars(rename = "assignee_id")]
    pub assignee: Option<Option<UserId>>,
    pub start_date: Option<Option<Timestamp>>,
    pub due_date: Option<Option<Timestamp>>,
    #[schemars(range(min = 0, max = MOST_HOURS))]
    pub estimated_hours: Option<Option<f64>>,
    pub category: Option<Option<Name>>,
    #[serde(rename = "type")]
    #[schemars(default, with = "TaskType")]
    pub task_type: Option<TaskType>,
    #[schemars(default, with = "Vec<Label>", length(max = MOST_LABELS))]
    #[schemars(extend("type" = ["array", "null"]))]
    pub labels: Option<Vec<Label>>,
    #[schemars(default, with = "Vec<TaskId>", length(max = MOST_DEPENDENCIES))]
    #[schemars(extend("type" = ["array", "null"]))]
    pub depends_on: Option<Vec<TaskId>>,
    #[schemars(range(min = -FARTHEST, max = FARTHEST))]
    pub position: Option<f64>,
}

/// A comment to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are those of `Comment`")]
pub struct NewComment {
    pub body: CommentText,
    /// The comment on the same that it answers.
    #[schemars(rename = "parent_id")]
    pub parent: Option<CommentId>,
}

/// How a claim that may also be a request is told from one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Announced {
    /// What the status was, as the caller says; if it was not, the claim is stale.
    pub old_status: Option<Word<TaskStatus>>,
}

/// What a command has come to. Kept under the idempotency key, so that a repeated request gets
/// the very same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum Answer {
    /// A project as it is now.
    Project(Project),
    /// A member as it is now.
    Member(Member),
    /// A task as it is now.
    Task(Task),
    /// What has become of many tasks.
    Tasks(Vec<Outcome>),
    /// A comment as it is now.
    Comment(Comment),
    /// An item as it is now.
    Item(Box<Item>),
    /// What has come of changing many items.
    Items(Box<Bulk>),
    /// A channel as it is now.
    Channel(Channel),
    /// A member of a private channel as it is now.
    ChannelMember(ChannelMember),
    /// A message as it is now.
    Message(Message),
    /// How far somebody has read.
    Marker(ReadMarker),
    /// An invitation as it is now, without its secret.
    Invitation(Invitation),
    /// It is gone.
    Deleted,
    /// These notifications were unread and are not any more.
    Read(Vec<NotificationId>),
    /// The caller announced what is known: nothing happened.
    Swallowed,
    /// The custom events were told: of those that are kept, where they are in the log.
    Emitted(Vec<Option<SyncId>>),
}

/// What has become of one of many tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which.
    pub task_id: TaskId,
    /// As it is now, and whether it was changed; or why not.
    pub result: Result<(Task, bool), NotDone>,
}

/// Why a part of a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotDone {
    /// The word for it.
    pub code: String,
    /// The same as a sentence.
    pub message: String,
}

/// A command that was run.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What it has come to.
    pub answer: Answer,
    /// The last event that it appended, or the head that it was decided at.
    pub cursor: Cursor,
    /// The answer of an earlier run under the same key.
    pub replayed: bool,
}
