//! What happened: the durable facts of the log.
//!
//! An event carries the entity as committed and every name a dialect could show, so that
//! encoding it, now or at replay, reads nothing else. A change that is told in several words is
//! several events; each dialect picks those that it has a word for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smallvec::smallvec;

use crate::channel::{Channel, ChannelChanges, ChannelMember, ChannelRef, ReadMarker};
use crate::clock::Timestamp;
use crate::comment::Comment;
use crate::cursor::SyncId;
use crate::custom::CustomEvent;
use crate::id::{ConnectionId, MessageId, TaskId};
use crate::invitation::InvitationTold;
use crate::item::{ItemChange, ItemsChange};
use crate::message::Message;
use crate::notification::Notification;
use crate::project::{Member, Project, ProjectChanges};
pub use crate::room::{Room, Rooms, Scope, UnknownName};
use crate::task::{Task, TaskChanges, TaskRef};
use crate::user::{User, UserRef};
use crate::words::{ProjectRole, TaskStatus};

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
    /// A channel was made.
    #[serde(rename = "channel.created")]
    ChannelCreated {
        /// As made.
        channel: Channel,
    },
    /// Name or description of a channel changed.
    #[serde(rename = "channel.updated")]
    ChannelUpdated {
        /// As it is now.
        channel: Channel,
        /// What differs.
        changes: ChannelChanges,
    },
    /// A channel was deleted with all that was said there.
    #[serde(rename = "channel.deleted")]
    ChannelDeleted {
        /// As it was.
        channel: Channel,
    },
    /// Somebody was taken into a private channel.
    #[serde(rename = "channel.member_added")]
    ChannelMemberAdded {
        /// Into which.
        channel: Channel,
        /// Who.
        member: ChannelMember,
    },
    /// Somebody left a private channel or was taken out.
    #[serde(rename = "channel.member_removed")]
    ChannelMemberRemoved {
        /// Out of which.
        channel: Channel,
        /// Who.
        member: ChannelMember,
    },
    /// Somebody has read a channel, or more of it. Told to himself.
    #[serde(rename = "channel.read")]
    ChannelRead {
        /// How far.
        marker: ReadMarker,
    },
    /// Somebody said something in a channel.
    #[serde(rename = "message.created")]
    MessageCreated {
        /// As said.
        message: Message,
        /// Where.
        channel: ChannelRef,
        /// Whether it was said to a room rather than stored by a command: some dialects have
        /// another word for that.
        spoken: bool,
    },
    /// A message was changed.
    #[serde(rename = "message.updated")]
    MessageUpdated {
        /// As it is now.
        message: Message,
        /// Where.
        channel: ChannelRef,
    },
    /// A message was deleted.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        /// As it was.
        message: Message,
        /// Where.
        channel: ChannelRef,
    },
    /// The actor left a sign under a message.
    #[serde(rename = "reaction.added")]
    ReactionAdded {
        /// Which message.
        message_id: MessageId,
        /// Which sign.
        emoji: String,
        /// Where.
        channel: ChannelRef,
    },
    /// The actor took a sign back.
    #[serde(rename = "reaction.removed")]
    ReactionRemoved {
        /// Which message.
        message_id: MessageId,
        /// Which sign.
        emoji: String,
        /// Where.
        channel: ChannelRef,
    },
    /// Somebody was asked into a project. Told, like what becomes of it, to each who may manage
    /// the members and to the person, if it is for one who has an account.
    #[serde(rename = "invitation.created")]
    InvitationCreated(InvitationTold),
    /// Somebody has come in by an invitation.
    #[serde(rename = "invitation.accepted")]
    InvitationAccepted(InvitationTold),
    /// An invitation was turned down.
    #[serde(rename = "invitation.declined")]
    InvitationDeclined(InvitationTold),
    /// An invitation was taken back.
    #[serde(rename = "invitation.revoked")]
    InvitationRevoked(InvitationTold),
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
            Self::ChannelCreated { .. } => "channel.created",
            Self::ChannelUpdated { .. } => "channel.updated",
            Self::ChannelDeleted { .. } => "channel.deleted",
            Self::ChannelMemberAdded { .. } => "channel.member_added",
            Self::ChannelMemberRemoved { .. } => "channel.member_removed",
            Self::ChannelRead { .. } => "channel.read",
            Self::MessageCreated { .. } => "message.created",
            Self::MessageUpdated { .. } => "message.updated",
            Self::MessageDeleted { .. } => "message.deleted",
            Self::ReactionAdded { .. } => "reaction.added",
            Self::ReactionRemoved { .. } => "reaction.removed",
            Self::InvitationCreated(_) => "invitation.created",
            Self::InvitationAccepted(_) => "invitation.accepted",
            Self::InvitationDeclined(_) => "invitation.declined",
            Self::InvitationRevoked(_) => "invitation.revoked",
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
            Self::ChannelCreated { channel }
            | Self::ChannelUpdated { channel, .. }
            | Self::ChannelDeleted { channel }
            | Self::ChannelMemberAdded { channel, .. }
            | Self::ChannelMemberRemoved { channel, .. } => channel.scope(),
            Self::MessageCreated { channel, .. }
            | Self::MessageUpdated { channel, .. }
            | Self::MessageDeleted { channel, .. }
            | Self::ReactionAdded { channel, .. }
            | Self::ReactionRemoved { channel, .. } => channel.scope(),
            Self::ChannelRead { marker } => Scope::User(marker.user_id),
            Self::InvitationCreated(told)
            | Self::InvitationAccepted(told)
            | Self::InvitationDeclined(told)
            | Self::InvitationRevoked(told) => Scope::User(told.to),
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

    /// The room of the channel that it is about, if it is about one.
    pub fn channel_room(&self) -> Option<Room> {
        match self {
            Self::ChannelCreated { channel }
            | Self::ChannelUpdated { channel, .. }
            | Self::ChannelDeleted { channel }
            | Self::ChannelMemberAdded { channel, .. }
            | Self::ChannelMemberRemoved { channel, .. } => Some(channel.room()),
            Self::MessageCreated { channel, .. }
            | Self::MessageUpdated { channel, .. }
            | Self::MessageDeleted { channel, .. }
            | Self::ReactionAdded { channel, .. }
            | Self::ReactionRemoved { channel, .. } => Some(channel.room()),
            _ => None,
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
                Scope::Project(project) => {
                    std::iter::once(Room::Project(project)).chain(self.channel_room()).collect()
                }
                Scope::Channel(_) => self.private_rooms(),
                Scope::User(user) => smallvec![Room::User(user)],
                Scope::Everyone => smallvec![Room::Everyone],
            },
        }
    }

    /// Of a private channel nothing is filed with the project.
    fn private_rooms(&self) -> Rooms {
        let member = match self {
            Self::ChannelMemberAdded { member, .. } | Self::ChannelMemberRemoved { member, .. } => {
                Some(Room::User(member.user_id))
            }
            _ => None,
        };
        self.channel_room().into_iter().chain(member).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ChannelId, ProjectId, UserId};

    fn user(id: i64) -> UserRef {
        UserRef { id: UserId(id), username: "ann".into(), full_name: "Ann".into(), email: None }
    }

    #[test]
    fn names_round_trip() {
        for name in ["project:7", "user:-1", "everyone"] {
            assert_eq!(name.parse::<Room>().unwrap().to_string(), name);
            assert_eq!(name.parse::<Scope>().unwrap().to_string(), name);
        }
        assert_eq!("channel:7".parse::<Scope>().unwrap().to_string(), "channel:7");
        assert_eq!("team:7".parse::<Room>(), Err(UnknownName));
    }

    #[test]
    fn of_a_private_channel_the_project_is_told_nothing() {
        let of = |is_private| {
            let (id, project_id) = (ChannelId(5), ProjectId(3));
            let channel = ChannelRef { id, project_id, name: "cuts".into(), is_private };
            let (message_id, emoji) = (MessageId(9), "👍".into());
            Body::ReactionAdded { message_id, emoji, channel }
        };
        let (project, channel) = (ProjectId(3), ChannelId(5));
        let rooms = [Room::Project(project), Room::Channel(project, channel)];
        assert_eq!(of(false).rooms().as_slice(), rooms);
        assert_eq!(of(false).scope(), Scope::Project(project));
        assert_eq!(of(true).rooms().as_slice(), [Room::Private(project, channel)]);
        assert_eq!(of(true).scope(), Scope::Channel(channel));
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
