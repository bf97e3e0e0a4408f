//! Engine.IO protocol 4: what travels below Socket.IO.
//!
//! In reading order: a request arrives with an [`OpenQuery`], is answered with a [`Handshake`], and
//! from then on both sides exchange [`Packet`]s, one per WebSocket message or many per long-polling
//! [`payload`].

mod handshake;
mod packet;
pub mod payload;
mod query;

pub use handshake::{Handshake, Opening, OpeningError};
pub use packet::{CLOSE, DecodeError, NOOP, PING, PONG, PROBE_PING, PROBE_PONG, Packet, UPGRADE};
pub use query::{MAX_PAIRS, OpenQuery, QueryError, Transport};
