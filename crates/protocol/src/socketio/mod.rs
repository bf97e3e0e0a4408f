//! Socket.IO protocol 5: namespaces, events and acknowledgements inside Engine.IO messages.
//!
//! In reading order: a [`Packet`] is decoded within [`Limits`]; its arguments are [`Args`], slices of
//! the text it came in; a binary packet is completed by an [`Assembly`]; and [`write_event`] with its
//! neighbours writes what the server says, each argument encoded once, straight into its frame.

mod args;
mod assembly;
mod encode;
mod error;
mod json;
mod packet;
mod placeholder;

pub use args::Args;
pub use assembly::{Assembled, Assembly, AssemblyError, Progress};
pub use encode::{
    ArgsWriter, EncodeError, Offset, write_ack, write_binary_ack, write_binary_event,
    write_connect, write_connect_error, write_connect_request, write_disconnect, write_event,
};
pub use error::{DecodeError, Limits};
pub use packet::Packet;
