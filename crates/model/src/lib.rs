//! The nouns of Chorus. No IO, no SQL, no sockets: every other crate speaks in these words.
//!
//! In reading order:
//!
//! * [`id`] – typed identifiers;
//! * [`clock`] – instants, and time and randomness as arguments;
//! * [`cursor`] – an event's place in the log, and the opaque position that clients hold;
//! * [`text`] – texts that are valid by construction, and how a violated rule is told;
//! * [`words`] – the closed vocabularies (status, priority, roles);
//! * [`user`], [`project`], [`task`], [`comment`], [`channel`], [`message`], [`invitation`], [`notification`] – entities; their serde form
//!   is the native shape of the product;
//! * [`decimal`] – exact numbers; [`mod@kind`], [`value`], [`item`] – things that are alike: what a
//!   kind declares, the values of its fields, and its items;
//! * [`custom`] – what other back ends tell in their own words;
//! * [`room`] – where events are heard; [`event`] – what happened (durable); [`signal`] – what
//!   passes (ephemeral);
//! * [`histogram`] – how long things took;
//! * [`crash`] – named points at which a test may end the process.

pub mod channel;
pub mod clock;
pub mod comment;
pub mod crash;
pub mod cursor;
pub mod custom;
pub mod decimal;
pub mod event;
pub mod histogram;
pub mod id;
pub mod invitation;
pub mod item;
pub mod kind;
pub mod message;
pub mod notification;
pub mod project;
pub mod room;
pub mod signal;
pub mod task;
pub mod text;
pub mod user;
pub mod value;
pub mod words;

pub use channel::{Channel, ChannelMember, ChannelRef, ReadMarker};
pub use clock::{Clock, Entropy, Timestamp};
pub use comment::{Comment, Topic};
pub use cursor::{Cursor, Epoch, SyncId};
pub use custom::{CustomEvent, Target};
pub use decimal::Decimal;
pub use event::{Body, Event, Room, Scope};
pub use histogram::{Distribution, Histogram};
pub use id::{
    ChannelId, CommentId, ConnectionId, InvitationId, ItemId, MessageId, NotificationId, ProjectId,
    TaskId, UserId,
};
pub use invitation::{Invitation, InvitationTold};
pub use item::{
    Head, Item, ItemChange, ItemChanges, ItemRef, ItemsChange, Summary, Sums, Totals, Whole,
};
pub use kind::Kind;
pub use message::{Emoji, Message, Reaction};
pub use notification::{Notice, Notification};
pub use project::{Member, Project};
pub use signal::Signal;
pub use task::{Task, TaskRef};
pub use text::{Invalid, Rule};
pub use user::{Principal, User, UserRef};
pub use value::{Value, Values};
pub use words::{
    InvitationState, NoticeKind, Priority, ProjectRole, ProjectStatus, TaskStatus, TaskType, Word,
    WorkspaceRole,
};
