//! What happened: the durable facts of the log.
//!
//! An event carries the entity as committed and every name a dialect could show, so that
//! encoding it, now or at replay, reads nothing else. A change that is told in several words is
//! several events; each dialect picks those that it has a word for.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

use crate::clock::Timestamp;
use crate::comment::Comment;
use crate::cursor::SyncId;
use crate::custom::CustomEvent;
use crate::id::{ConnectionId, ProjectId, TaskId, UserId};
use crate::item::{ItemChange, ItemsChange};
use crate::notification::Notification;
use crate::project::{Member, Project, ProjectChanges};
use crate::task::{Task, TaskChanges, TaskRef};
use crate::user::{User, UserRef};
use crate::words::{ProjectRole, TaskStatus, WorkspaceRole};

/// One fact of the log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// Its place in the log.
    pub sync_id: SyncId,
    /// Whose permission a reader needs.
    pub scope: Scope,
    /// Who did it.
    pub actor: UserRef,
    /// The connection it came through, if it came through one.
    #[serde(skip)]
    pub origin: Option<ConnectionId>,
    /// When; never earlier than the event before.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub body: Body,
}

/// An event before the log has given it its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who did it.
    pub actor: UserRef,
    /// The connection it came through, if it came through one.
    pub origin: Option<ConnectionId>,
    /// What.
    pub body: Body,
}

/// The rooms an event concerns. Most concern one or two.
pub type Rooms = SmallVec<[Room; 2]>;

/// What permission is checked against when an event is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Members of this project at that time.
    Project(ProjectId),
    /// This user alone.
    User(UserId),
    /// Everyone with an account.
    Everyone,
}

/// A subject of an event, and at the same time where connections wait for it. Dialects turn
/// subjects into the rooms that they let hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// Everyone in a project.
    Project(ProjectId),
    /// Every connection of one user.
    User(UserId),
    /// Every connection.
    Everyone,
    /// Whoever has this role in the workspace and belongs to a project. Never in the log: found
    /// again as a part of the project.
    Role(ProjectId, WorkspaceRole),
    /// Whoever looks at a task of a project. Never in the log.
    Task(ProjectId, TaskId),
    /// Whoever used the same name, which stands for nothing that is stored. Never in the log.
    Named(u64),
}

impl Room {
    /// The room of a name that stands for nothing stored (FNV-1a, 64 bits). Whoever finds two
    /// names with one hash has found a room that anyone may enter by either.
    pub fn named(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self::Named(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    /// The project that one must belong to in order to be there.
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(project) | Self::Task(project, _) | Self::Role(project, _) => {
                Some(project)
            }
            Self::User(_) | Self::Everyone | Self::Named(_) => None,
        }
    }
}

/// What happened. `kind` on the wire and in the log is the variant's name in dotted form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "payload")]
pub enum Body {
    /// A project was made.
    #[serde(rename = "project.created")]
    ProjectCreated {
        /// As made.
        project: Project,
    },
    /// Fields of a project changed.
    #[serde(rename = "project.updated")]
    ProjectUpdated {
        /// As it is now.
        project: Project,
        /// What differs.
        changes: ProjectChanges,
    },
    /// A project was deleted; nobody belongs to it any more.
    #[serde(rename = "project.deleted")]
    ProjectDeleted {
        /// As it was.
        project: Project,
    },
    /// Somebody joined a project.
    #[serde(rename = "member.added")]
    MemberAdded {
        /// Who, and as what.
        member: Member,
    },
    /// A member's role changed.
    #[serde(rename = "member.updated")]
    MemberUpdated {
        /// Who, and as what now.
        member: Member,
        /// The role before.
        old_role: ProjectRole,
    },
    /// Somebody left a project or was taken out.
    #[serde(rename = "member.removed")]
    MemberRemoved {
        /// Who, and as what until now.
        member: Member,
    },
    /// A task was made.
    #[serde(rename = "task.created")]
    TaskCreated {
        /// As made.
        task: Task,
    },
    /// Fields of a task other than status and assignee changed.
    #[serde(rename = "task.updated")]
    TaskUpdated {
        /// As it is now.
        task: Task,
        /// All that the command changed, status and assignee included.
        changes: TaskChanges,
    },
    /// A task's status changed.
    #[serde(rename = "task.status_changed")]
    TaskStatusChanged {
        /// As it is now.
        task: Task,
        /// The status before.
        old: TaskStatus,
        /// All that the command changed.
        changes: TaskChanges,
        /// Whether this is the first event of its command: the one that tells the whole change
        /// in dialects that have a single word for it.
        lead: bool,
    },
    /// A task was given to somebody, or taken from somebody.
    #[serde(rename = "task.assigned")]
    TaskAssigned {
        /// As it is now.
        task: Task,
        /// Whose it was before.
        old: Option<UserRef>,
        /// All that the command changed.
        changes: TaskChanges,
        /// As in [`Body::TaskStatusChanged`].
        lead: bool,
    },
    /// A task was deleted.
    #[serde(rename = "task.deleted")]
    TaskDeleted {
        /// As it was.
        task: Task,
    },
    /// Somebody commented on a task.
    #[serde(rename = "comment.created")]
    CommentCreated {
        /// As written.
        comment: Comment,
        /// The task it is about.
        task: TaskRef,
    },
    /// A comment was changed.
    #[serde(rename = "comment.updated")]
    CommentUpdated {
        /// As it is now.
        comment: Comment,
        /// The task it is about.
        task: TaskRef,
    },
    /// A comment was deleted.
    #[serde(rename = "comment.deleted")]
    CommentDeleted {
        /// As it was.
        comment: Comment,
        /// The task it was about.
        task: TaskRef,
    },
    /// An item of some kind was made.
    #[serde(rename = "item.created")]
    ItemCreated(Box<ItemChange>),
    /// An item changed.
    #[serde(rename = "item.updated")]
    ItemUpdated(Box<ItemChange>),
    /// An item was deleted, with all that lay in it.
    #[serde(rename = "item.deleted")]
    ItemDeleted(Box<ItemChange>),
    /// Several items changed at once.
    #[serde(rename = "items.updated")]
    ItemsUpdated(Box<ItemsChange>),
    /// Somebody should know something.
    #[serde(rename = "notification.created")]
    NotificationCreated {
        /// What.
        notification: Notification,
    },
    /// An account changed: name, address, role.
    #[serde(rename = "user.updated")]
    UserUpdated {
        /// As it is now.
        user: User,
    },
    /// Somebody was logged out everywhere: his tokens of before count no more.
    #[serde(rename = "user.logged_out")]
    UserLoggedOut {
        /// Who.
        user: User,
        /// Tokens that were issued before count no more.
        tokens_from: Timestamp,
    },
    /// Another back end tells something in its own words.
    #[serde(rename = "custom")]
    Custom(CustomEvent),
    /// An account was closed.
    #[serde(rename = "user.deactivated")]
    UserDeactivated {
        /// As it was.
        user: User,
    },
}

impl Body {
    /// The dotted name of what happened.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ProjectCreated { .. } => "project.created",
            Self::ProjectUpdated { .. } => "project.updated",
            Self::ProjectDeleted { .. } => "project.deleted",
            Self::MemberAdded { .. } => "member.added",
            Self::MemberUpdated { .. } => "member.updated",
            Self::MemberRemoved { .. } => "member.removed",
            Self::TaskCreated { .. } => "task.created",
            Self::TaskUpdated { .. } => "task.updated",
            Self::TaskStatusChanged { .. } => "task.status_changed",
            Self::TaskAssigned { .. } => "task.assigned",
            Self::TaskDeleted { .. } => "task.deleted",
            Self::CommentCreated { .. } => "comment.created",
            Self::CommentUpdated { .. } => "comment.updated",
            Self::CommentDeleted { .. } => "comment.deleted",
            Self::ItemCreated(_) => "item.created",
            Self::ItemUpdated(_) => "item.updated",
            Self::ItemDeleted(_) => "item.deleted",
            Self::ItemsUpdated(_) => "items.updated",
            Self::NotificationCreated { .. } => "notification.created",
            Self::UserUpdated { .. } => "user.updated",
            Self::UserDeactivated { .. } => "user.deactivated",
            Self::UserLoggedOut { .. } => "user.logged_out",
            Self::Custom(_) => "custom",
        }
    }

    /// Whose permission a reader needs.
    pub fn scope(&self) -> Scope {
        match self {
            Self::ProjectCreated { project }
            | Self::ProjectUpdated { project, .. }
            | Self::ProjectDeleted { project } => Scope::Project(project.id),
            Self::MemberAdded { member }
            | Self::MemberUpdated { member, .. }
            | Self::MemberRemoved { member } => Scope::Project(member.project_id),
            Self::TaskCreated { task }
            | Self::TaskUpdated { task, .. }
            | Self::TaskStatusChanged { task, .. }
            | Self::TaskAssigned { task, .. }
            | Self::TaskDeleted { task } => Scope::Project(task.project_id),
            Self::CommentCreated { task, .. }
            | Self::CommentUpdated { task, .. }
            | Self::CommentDeleted { task, .. } => Scope::Project(task.project_id),
            Self::ItemCreated(change) | Self::ItemUpdated(change) | Self::ItemDeleted(change) => {
                Scope::Project(change.item.head.project_id)
            }
            Self::ItemsUpdated(change) => Scope::Project(change.project_id),
            Self::NotificationCreated { notification } => Scope::User(notification.user_id),
            Self::UserUpdated { user }
            | Self::UserDeactivated { user }
            | Self::UserLoggedOut { user, .. } => Scope::User(user.id),
            // One that cannot be kept never comes here.
            Self::Custom(custom) => custom.room.scope().unwrap_or(Scope::Everyone),
        }
    }

    /// The task as it is now, or was, if it is about one.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Self::TaskCreated { task }
            | Self::TaskUpdated { task, .. }
            | Self::TaskStatusChanged { task, .. }
            | Self::TaskAssigned { task, .. }
            | Self::TaskDeleted { task } => Some(task),
            _ => None,
        }
    }

    /// The task that it is about, or that what it is about belongs to.
    pub fn task_id(&self) -> Option<TaskId> {
        match self {
            Self::CommentCreated { task, .. }
            | Self::CommentUpdated { task, .. }
            | Self::CommentDeleted { task, .. } => Some(task.id),
            _ => self.task().map(|task| task.id),
        }
    }

    /// Whether it is the one event of its command that tells the whole change, in dialects that
    /// have a single word for it.
    pub fn leads(&self) -> bool {
        match self {
            Self::TaskStatusChanged { lead, .. } | Self::TaskAssigned { lead, .. } => *lead,
            _ => true,
        }
    }

    /// Whom it concerns, apart from who may know: the rooms it is filed under in the log.
    pub fn rooms(&self) -> Rooms {
        match self {
            Self::ProjectCreated { project } => {
                smallvec![Room::Project(project.id), Room::User(project.owner_id)]
            }
            Self::MemberAdded { member }
            | Self::MemberUpdated { member, .. }
            | Self::MemberRemoved { member } => {
                smallvec![Room::Project(member.project_id), Room::User(member.user_id)]
            }
            Self::TaskCreated { task }
            | Self::TaskUpdated { task, .. }
            | Self::TaskStatusChanged { task, .. }
            | Self::TaskAssigned { task, .. }
            | Self::TaskDeleted { task } => {
                let assignee = task.assignee_id.map(Room::User);
                std::iter::once(Room::Project(task.project_id)).chain(assignee).collect()
            }
            _ => match self.scope() {
                Scope::Project(project) => smallvec![Room::Project(project)],
                Scope::User(user) => smallvec![Room::User(user)],
                Scope::Everyone => smallvec![Room::Everyone],
            },
        }
    }
}

impl Scope {
    /// The project, if it is one.
    pub fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(project) => Some(project),
            Self::User(_) | Self::Everyone => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Everyone => f.write_str(EVERYONE),
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == EVERYONE {
            return Ok(Self::Everyone);
        }
        match split(text)? {
            ("project", id) => Ok(Self::Project(ProjectId(id))),
            ("user", id) => Ok(Self::User(UserId(id))),
            _ => Err(UnknownName),
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Everyone => f.write_str(EVERYONE),
            Self::Role(id, role) => write!(f, "project:{id}:{}", role.as_str()),
            Self::Task(_, id) => write!(f, "task:{id}"),
            Self::Named(hash) => write!(f, "named:{hash:x}"),
        }
    }
}

impl FromStr for Room {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == EVERYONE {
            return Ok(Self::Everyone);
        }
        match split(text)? {
            ("project", id) => Ok(Self::Project(ProjectId(id))),
            ("user", id) => Ok(Self::User(UserId(id))),
            _ => Err(UnknownName),
        }
    }
}

/// What everyone is called.
const EVERYONE: &str = "everyone";

/// The text names no scope or room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a scope or room")]
pub struct UnknownName;

fn split(text: &str) -> Result<(&str, i64), UnknownName> {
    let (kind, id) = text.split_once(':').ok_or(UnknownName)?;
    Ok((kind, id.parse().map_err(|_| UnknownName)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> UserRef {
        UserRef { id: UserId(id), username: "ann".into(), full_name: "Ann".into(), email: None }
    }

    #[test]
    fn names_round_trip() {
        for name in ["project:7", "user:-1", "everyone"] {
            assert_eq!(name.parse::<Room>().unwrap().to_string(), name);
            assert_eq!(name.parse::<Scope>().unwrap().to_string(), name);
        }
        assert_eq!("team:7".parse::<Room>(), Err(UnknownName));
    }

    #[test]
    fn kind_is_what_the_wire_says() {
        let member = Member {
            project_id: ProjectId(3),
            user_id: UserId(2),
            user: user(2),
            role: ProjectRole::Viewer,
            joined_at: Timestamp::default(),
        };
        let body = Body::MemberUpdated { member, old_role: ProjectRole::Member };
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json["kind"], body.kind());
        assert_eq!(json["payload"]["old_role"], "member");
        assert_eq!(serde_json::from_value::<Body>(json).unwrap(), body);
        assert_eq!(body.rooms().as_slice(), [Room::Project(ProjectId(3)), Room::User(UserId(2))]);
    }
}
