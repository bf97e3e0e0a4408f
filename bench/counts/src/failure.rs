//! What can go wrong with a count.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no count, or not the one that is wanted.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for what is not there.
    #[error("{0}")]
    Usage(String),
    /// Without optimisation other code is run than is shipped.
    #[error("this is a debug build: count with `cargo run --release`")]
    NotOptimised,
    /// Who counts is not here.
    #[error(
        "cannot run valgrind, which counts: {0}\n\
         On Debian `apt-get install valgrind` brings it; elsewhere see \
         https://valgrind.org/downloads/"
    )]
    NoValgrind(io::Error),
    /// The walk of a path failed, alone or under valgrind.
    #[error("{path}: {told}")]
    Walk {
        /// Which.
        path: &'static str,
        /// What it said.
        told: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// The refusal.
        error: io::Error,
    },
    /// The baseline is not written as it must be.
    #[error("{}, line {line}: {wanted}", file.display())]
    Baseline {
        /// Where.
        file: PathBuf,
        /// Which line.
        line: usize,
        /// What should be there.
        wanted: &'static str,
    },
    /// Some paths take more instructions than before.
    #[error("{0}")]
    Worse(String),
    /// There is nothing to compare with.
    #[error("{0}")]
    Incomparable(String),
}

impl Failure {
    /// A failure of this file.
    pub fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::File { file: file.to_owned(), error }
    }

    /// A failure on the walk of this path.
    pub fn walk(path: &'static str, told: impl ToString) -> Self {
        Self::Walk { path, told: told.to_string() }
    }
}
