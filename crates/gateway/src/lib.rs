//! The socket door, on two floors.
//!
//! * [`engine`] – transports, sessions, namespaces, acknowledgements, heartbeats, limits. It names
//!   no dialect and nothing of `collab`.
//! * [`dialect`] – the languages that applications speak, one file each, and what joins them to
//!   `collab`.

pub mod dialect;
pub mod engine;
