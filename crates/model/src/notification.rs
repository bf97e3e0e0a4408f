//! Notifications: stored as facts; each dialect writes its own sentence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channel::ChannelRef;
use crate::clock::Timestamp;
use crate::id::{CommentId, MessageId, NotificationId, UserId};
use crate::invitation::Invitation;
use crate::task::TaskRef;
use crate::user::UserRef;
use crate::words::{NoticeKind, TaskStatus};

/// Something one person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whom it is for.
    pub user_id: UserId,
    /// Who caused it.
    pub actor: UserRef,
    /// What happened.
    #[serde(flatten)]
    pub notice: Notice,
    /// When.
    pub created_at: Timestamp,
    /// When the person read it, if so.
    pub read_at: Option<Timestamp>,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A task was given to the person.
    TaskAssigned {
        /// Which.
        task: TaskRef,
    },
    /// The status of the person's task changed.
    TaskStatusChanged {
        /// Which.
        task: TaskRef,
        /// From.
        old: TaskStatus,
        /// To.
        new: TaskStatus,
    },
    /// Somebody commented on the person's task.
    CommentAdded {
        /// Which.
        task: TaskRef,
        /// The comment.
        comment_id: CommentId,
    },
    /// Somebody named the person in a message.
    Mentioned {
        /// Where.
        channel: ChannelRef,
        /// The message.
        message_id: MessageId,
        /// Its beginning, at most 200 characters.
        context: String,
    },
    /// Somebody asked the person into a project.
    Invited {
        /// How.
        invitation: Invitation,
    },
}

impl Notice {
    /// Its kind.
    pub fn kind(&self) -> NoticeKind {
        match self {
            Self::TaskAssigned { .. } => NoticeKind::TaskAssigned,
            Self::TaskStatusChanged { .. } => NoticeKind::TaskStatusChanged,
            Self::CommentAdded { .. } => NoticeKind::CommentAdded,
            Self::Mentioned { .. } => NoticeKind::Mentioned,
            Self::Invited { .. } => NoticeKind::Invited,
        }
    }
}
