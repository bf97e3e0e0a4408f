//! Who hears it, now. This crate knows neither sockets nor dialects: `gateway` implements its two
//! seams, [`Link`] (how bytes leave) and [`Encoder`] (what an event is called).
//!
//! In reading order:
//!
//! * [`frame`] – finished frames, the keys they are made for, the [`Encoder`] seam;
//! * [`outbox`] – the bounded queue towards one session, the [`Link`] seam;
//! * [`connection`] – what the hub knows of one client in one namespace;
//! * [`hub`] – rooms, their members grouped by frame key, delivery;
//! * [`presence`] – who is in which room; `names` – what rooms without an entity are called;
//! * [`tail`] – the newest events, in memory;
//! * `catchup` – what those are told who could not follow; `made` – their frames;
//! * [`past`] – where it is read what happened;
//! * [`bus`] – hints between nodes;
//! * [`publisher`] – the one task that announces; [`orders`] – how others talk to it;
//! * [`counters`] – what is counted and timed; [`mutation`] – mistakes for the simulator to find.

pub mod bus;
mod catchup;
pub mod connection;
pub mod counters;
pub mod frame;
pub mod hub;
mod made;
pub mod mutation;
mod names;
pub mod orders;
pub mod outbox;
pub mod past;
pub mod presence;
pub mod publisher;
pub mod tail;

pub use connection::{Connection, Ended, Enters, Exit, Whose};
pub use counters::{ByWord, Counters, Gauges, Timings};
pub use frame::{Deliveries, Delivery, Encoder, Frame, FrameKey, Loss, Wanted};
pub use orders::{Arrival, Entry, Joined, NotJoined, Realtime, Rewind};
pub use outbox::{CloseReason, Link, Outbox, OutboxLimits, PushOutcome};
pub use past::{Moment, Past};
pub use presence::Present;
pub use publisher::{Publisher, Turn};
pub use tail::Tail;
