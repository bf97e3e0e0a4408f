//! WebSocket (RFC 6455) as a server speaks it, without extensions.
//!
//! In reading order: [`accept_key`] answers the opening handshake; a [`Reader`] turns the client's
//! bytes into [`Message`]s or a [`Violation`]; a [`FrameBuilder`] makes a finished frame that any
//! number of connections can share.

mod frame;
mod handshake;
mod header;
mod mask;
mod reader;
mod violation;

pub use frame::{
    FrameBuilder, Opcode, binary_frame, close_frame, ping_frame, pong_frame, split, text_frame,
};
pub use handshake::{accept_key, is_valid_key};
pub use reader::{MAX_OVERHEAD, Message, Reader};
pub use violation::Violation;
