//! What happened: the durable facts of the log.
//!
//! An event carries the entity as committed and every name a dialect could show, so that
//! encoding it, now or at replay, reads nothing else. A change that is told in several words is
//! several events; each dialect picks those that it has a word for.

mod about;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::{Channel, ChannelChanges, ChannelMember, ChannelRef, ReadMarker};
use crate::clock::Timestamp;
use crate::comment::Comment;
use crate::cursor::SyncId;
use crate::custom::CustomEvent;
use crate::id::{ConnectionId, MessageId};
use crate::invitation::InvitationTold;
use crate::item::{ItemChange, ItemRef, ItemsChange};
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
    /// Somebody commented on a task, an item, or a project.
    #[serde(rename = "comment.created")]
    CommentCreated {
        /// As written.
        comment: Comment,
        /// The task it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskRef>,
        /// The item it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<ItemRef>,
    },
    /// A comment was changed.
    #[serde(rename = "comment.updated")]
    CommentUpdated {
        /// As it is now.
        comment: Comment,
        /// The task it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskRef>,
        /// The item it is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<ItemRef>,
    },
    /// A comment was deleted.
    #[serde(rename = "comment.deleted")]
    CommentDeleted {
        /// As it was.
        comment: Comment,
        /// The task it was on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskRef>,
        /// The item it was on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<ItemRef>,
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

#[cfg(test)]
mod tests;
