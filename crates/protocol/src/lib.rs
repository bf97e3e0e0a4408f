//! The wire without IO: bytes in, packets out, and the other way round.
//!
//! The three layers, in the order in which a byte from a client meets them:
//!
//! 1. [`websocket`] — RFC 6455 as a server sees it: the opening key, reading masked frames, building
//!    finished frames that can be shared by every connection.
//! 2. [`engineio`] — Engine.IO protocol 4: the packet kinds, long-polling payloads, the handshake
//!    and the query string it is asked with.
//! 3. [`socketio`] — Socket.IO protocol 5: namespaces, events, acknowledgements, binary attachments.
//!
//! Nothing here waits, spawns, or reads a clock. Every reader takes its limits as arguments, refuses
//! with a closed error what breaks them, and never panics on what a client sent.

pub mod engineio;
pub mod socketio;
pub mod websocket;
