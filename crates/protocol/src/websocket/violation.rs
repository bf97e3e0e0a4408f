//! What a client can do wrong on a WebSocket.

/// Why a connection has to be closed. Always the client's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Violation {
    /// A frame was not masked (RFC 6455, section 5.1).
    #[error("frame is not masked")]
    Unmasked,
    /// A bit was set that only an extension gives a meaning, and none was agreed on (section 5.2).
    #[error("reserved bits are set")]
    ReservedBits,
    /// The opcode is one of the reserved ones (section 5.2).
    #[error("unknown opcode")]
    BadOpcode,
    /// A continuation of nothing, or a new message inside a fragmented one (section 5.4).
    #[error("fragment out of order")]
    BadContinuation,
    /// A control frame with more than 125 bytes (section 5.5).
    #[error("control frame is too long")]
    ControlTooLong,
    /// A control frame in fragments (section 5.5).
    #[error("control frame is fragmented")]
    ControlFragmented,
    /// A 64-bit length with its highest bit set (section 5.2).
    #[error("malformed length")]
    BadLength,
    /// The frame, or the message it belongs to, is larger than the server takes.
    #[error("message is too large")]
    TooBig,
    /// Text that is not UTF-8 (section 8.1).
    #[error("text is not UTF-8")]
    BadUtf8,
    /// A close frame of one byte, or with a code nobody may send (sections 5.5.1 and 7.4).
    #[error("malformed close frame")]
    BadClose,
}

impl Violation {
    /// The code to close the connection with (section 7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::BadUtf8 => 1007,
            Self::TooBig => 1009,
            Self::Unmasked
            | Self::ReservedBits
            | Self::BadOpcode
            | Self::BadContinuation
            | Self::ControlTooLong
            | Self::ControlFragmented
            | Self::BadLength
            | Self::BadClose => 1002,
        }
    }
}
