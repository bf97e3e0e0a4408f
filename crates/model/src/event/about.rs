//! What an event is called, what it is about, and whom it concerns.

use smallvec::smallvec;

use super::{Body, Room, Rooms, Scope};
use crate::id::TaskId;
use crate::task::Task;

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
            Self::CommentCreated { comment, .. }
            | Self::CommentUpdated { comment, .. }
            | Self::CommentDeleted { comment, .. } => Scope::Project(comment.project_id),
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

    /// Whether tasks are named otherwise from then on, or are gone.
    pub fn renames_tasks(&self) -> bool {
        match self {
            Self::TaskDeleted { .. } | Self::ProjectDeleted { .. } => true,
            Self::TaskUpdated { changes, .. }
            | Self::TaskStatusChanged { changes, .. }
            | Self::TaskAssigned { changes, .. } => changes.title.is_some(),
            _ => false,
        }
    }

    /// The task that it is about, or that what it is about belongs to.
    pub fn task_id(&self) -> Option<TaskId> {
        match self {
            Self::CommentCreated { comment, .. }
            | Self::CommentUpdated { comment, .. }
            | Self::CommentDeleted { comment, .. } => comment.task_id,
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
