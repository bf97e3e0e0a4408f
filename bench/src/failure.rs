//! What can go wrong with a measurement.

use std::io;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for what is not there.
    #[error("{0}")]
    Usage(String),
    /// This machine refused something.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// The refusal.
        error: io::Error,
    },
    /// A program could not be built or started.
    #[error("{0}")]
    Program(String),
    /// A server did not behave as it must to be measured.
    #[error("the server {0}")]
    Server(String),
}

/// Says what was tried when it failed.
pub trait Trying<T> {
    /// The value, or a failure that names `what`.
    fn trying(self, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::Io { what: what.into(), error: error.into() })
    }
}
