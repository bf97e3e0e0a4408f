//! Truth: the SQL of Chorus, its single writer and its log.
//!
//! Nothing outside this crate contains SQL, and nothing public here names the engine. A change is
//! a closure over a [`Tx`], queued with [`Store::write`]; a look is a closure over [`Reads`],
//! queued with [`Store::read`]. What a command appends to the log becomes visible, is announced
//! and is answered in that order, and only after it is on disk.
//!
//! In reading order:
//!
//! * [`location`] – where a database is, read from its URL;
//! * [`error`] – what can go wrong, and whose fault it is;
//! * [`store`] – the door: open, write, read, close;
//! * `files` – the database file, its lock, and the directory of a temporary one;
//! * `connection`, `schema` – how a connection is set up, and the tables with their versions;
//! * `job`, `writer`, `deadline` – one thread commits everything, in batches;
//! * `readers`, `checkpoint` – the threads beside it;
//! * `stats` – what is counted, and whether the store is fit for work;
//! * [`reads`], [`tx`] – a transaction as queries and commands see it;
//! * `log`, [`epoch`], [`trim`] – the log: appended, read, resumed from, shortened;
//! * [`tables`] – the nouns, one file each;
//! * [`backup`] – a copy of a database in use.

pub mod backup;
pub mod epoch;
pub mod error;
pub mod location;
pub mod reads;
pub mod store;
pub mod tables;
pub mod trim;
pub mod tx;

mod checkpoint;
mod connection;
mod deadline;
mod files;
mod job;
mod log;
mod readers;
mod row;
mod schema;
mod stats;
mod writer;

pub use epoch::{Place, ResetReason};
pub use error::{OpenError, StoreError, WriteError};
pub use location::Location;
pub use reads::{Page, Reads};
pub use stats::Stats;
pub use store::{Batch, Committed, Options, Store, Written};
pub use tables::channel_members::ChannelInterval;
pub use tables::channels::{ChannelFilter, NewChannel};
pub use tables::comments::NewComment;
pub use tables::invitations::{Invited, NewInvitation};
pub use tables::items::NewItem;
pub use tables::kept_answers::KeptAnswer;
pub use tables::memberships::Interval;
pub use tables::messages::{MessageFilter, NewMessage};
pub use tables::projects::NewProject;
pub use tables::search::{Sought, Words};
pub use tables::sessions::{Hold, StoredSession};
pub use tables::statistics::Statistics;
pub use tables::task_query::{TaskFilter, TaskOrder, TaskSort};
pub use tables::tasks::NewTask;
pub use tables::users::{NewUser, Taken};
pub use trim::Trimmed;
pub use tx::Tx;

#[cfg(test)]
mod fixture;
