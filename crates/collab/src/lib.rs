//! The one place where something happens: authorise, change, append. Doors translate what the
//! outside asks into commands and queries of this crate, and its answers back.
//!
//! In reading order:
//!
//! * [`fault`] – why something was refused;
//! * [`caller`] – who asks, through what;
//! * [`fields`] – JSON objects read field by field into valid values;
//! * [`forms`] – the native form of commands;
//! * [`command`] – what can be asked, and what comes back;
//! * [`access`] – who may: the one table;
//! * [`collab`] – the handle, and how a command is run;
//! * `doing` – a command's transaction with its actor;
//! * `projects`, `members`, `tasks`, `comments` – what each command does; `bulk` – many at once;
//! * [`items`] – the same for things of every kind, with what is added up of them;
//! * [`chat`] – channels, messages, how far they were read: commands and queries;
//! * [`invitations`] – asking somebody into a project;
//! * `announcements` – what clients claim to have happened;
//! * [`custom`] – what other back ends tell;
//! * [`files`] – what assets are of;
//! * [`queries`] – what can be read; [`activity`] – what has happened in a project;
//! * [`search`] – words in what one may see;
//! * [`sync`] – the feed for clients without sockets;
//! * [`pulse`] – whether the database answers;
//! * [`live`] – entering rooms, typing, who is there; [`resume`] – coming back to them;
//!   [`recovery`] – connections that are taken up where they were lost;
//! * [`accounts`], [`tokens`], [`passwords`], `identities` – who somebody is.

pub mod access;
pub mod accounts;
pub mod activity;
mod announcements;
mod bulk;
pub mod caller;
pub mod chat;
pub mod collab;
pub mod command;
mod comments;
pub mod custom;
mod doing;
pub mod fault;
pub mod fields;
pub mod files;
pub mod forms;
mod identities;
pub mod invitations;
pub mod items;
pub mod live;
mod members;
pub mod passwords;
mod projects;
pub mod pulse;
pub mod queries;
pub mod recovery;
pub mod resume;
pub mod search;
pub mod snapshot;
pub mod sync;
mod tasks;
pub mod tokens;

pub use access::{Action, Permit};
pub use caller::{Caller, IdempotencyKey};
pub use chat::ChatCommand;
pub use chorus_storage::{
    ChannelFilter, Hold, MessageFilter, Page, Statistics, Taken, TaskFilter, TaskOrder, TaskSort,
};
pub use collab::{Collab, Parts};
pub use command::{Answer, Command, Done, Emission};
pub use fault::{Fault, Noun};
pub use fields::Fields;
pub use invitations::InvitationCommand;
pub use pulse::Pulse;
pub use tokens::{Authenticated, TokenFault, TokenRules};
