//! Why the client could not go on.

use std::time::Duration;

/// What the client fails with: a sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The URL or another option cannot be used; the text names the rule.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers there.
    #[error("no server answers at {url}: {source}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The server does not let the connection in.
    #[error("the server refuses the connection: {0}")]
    Refused(String),
    /// The server refused something that was said; the connection goes on.
    #[error("the server answers: {0}")]
    Denied(String),
    /// The account's name and password do not open the door.
    #[error("{username} cannot log in: {message}")]
    LogIn {
        /// Who wanted in.
        username: String,
        /// The server's own words.
        message: String,
    },
    /// The HTTP door refused a request.
    #[error("{request} is refused with {status}: {message}")]
    Rest {
        /// Method and path.
        request: String,
        /// The status of the answer.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Lost(String),
    /// What came is not the protocol.
    #[error("the server does not speak the protocol: {0}")]
    Protocol(String),
    /// What was waited for did not come.
    #[error("nothing came within {} s; expected {expected}", .waited.as_secs())]
    Late {
        /// What was waited for.
        expected: String,
        /// How long.
        waited: Duration,
    },
    /// What came is not what was expected.
    #[error("expected {expected}; got {got}")]
    Unexpected {
        /// What should have come.
        expected: String,
        /// What came.
        got: String,
    },
    /// Steps of a tour failed.
    #[error("{failed} of {steps} steps failed")]
    Tour {
        /// How many failed.
        failed: usize,
        /// How many were tried.
        steps: usize,
    },
}

impl Failure {
    /// Whether the same attempt may succeed later: the server is away, or the connection was lost.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Lost(_) | Self::Late { .. } => true,
            Self::Rest { status, .. } => *status >= 500,
            _ => false,
        }
    }
}
