//! What can go wrong, and whose fault it is.
//!
//! A `Display` here may reach a client and therefore says no more than that; the cause, with the
//! engine's own words, is the `source`.

use std::error::Error;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// The engine's own account of a failure, for logs.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a statement or a query failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A value breaks a rule of the schema. A mistake in the command: nothing is wrong with the
    /// store.
    #[error("the store refused a value")]
    Constraint(#[source] Cause),
    /// The row that was to be changed is not there. A mistake in the command.
    #[error("the store has no such row")]
    Missing,
    /// The time limit of a command or of a query was reached.
    #[error("the store took too long")]
    Interrupted(#[source] Cause),
    /// A queue is full, or another process holds the database.
    #[error("the store is busy")]
    Busy(#[source] Cause),
    /// No space is left.
    #[error("the store is unavailable")]
    Full(#[source] Cause),
    /// Reading or writing failed, or the transaction was lost.
    #[error("the store is unavailable")]
    Io(#[source] Cause),
    /// The file is damaged.
    #[error("the store is unavailable")]
    Corrupt(#[source] Cause),
    /// Something stored, or a statement, that this version cannot make sense of.
    #[error("the store holds something unreadable")]
    Decode(#[source] Cause),
    /// The query panicked. A mistake in the query.
    #[error("the query failed")]
    Panicked,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// What this means for the transaction in which it happened; `None` if that can go on.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Interrupted(_) => Some(Fault::TooSlow),
            Self::Busy(_) => Some(Fault::Busy),
            Self::Full(_) => Some(Fault::Full),
            Self::Io(_) => Some(Fault::Io),
            Self::Corrupt(_) => Some(Fault::Corrupt),
            Self::Constraint(_)
            | Self::Missing
            | Self::Decode(_)
            | Self::Panicked
            | Self::Closed => None,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;

        if matches!(error, E::QueryReturnedNoRows) {
            return Self::Missing;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => {
                Self::Constraint(error.into())
            }
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted(error.into()),
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.into())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error.into()),
            Some(ErrorCode::Unknown | ErrorCode::ApiMisuse) | None => Self::Decode(error.into()),
            Some(_) => Self::Io(error.into()),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooSlow => Self::Interrupted(fault.into()),
            Fault::Busy => Self::Busy(fault.into()),
            Fault::Full => Self::Full(fault.into()),
            Fault::Io | Fault::Lost => Self::Io(fault.into()),
            Fault::Corrupt => Self::Corrupt(fault.into()),
        }
    }
}

/// Why a command changed nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError<E> {
    /// The command itself said no.
    #[error(transparent)]
    Refused(E),
    /// Too many commands are waiting. Nobody's mistake: try again.
    #[error("the store is busy")]
    Busy,
    /// The command's statements took more time than it has. The command's mistake, most often.
    #[error("the store took too long")]
    TooSlow,
    /// The transaction could not be kept: no space, a failing disk, a damaged file, or another
    /// process that holds the database.
    #[error("the store is unavailable")]
    Unavailable,
    /// The command panicked. A mistake in the command.
    #[error("the command failed")]
    Panicked,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// Why a database cannot be opened. The operator's mistake, or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server serves this database.
    #[error("another server is using this database: it holds the lock on {}", .lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// A newer version of Chorus has changed the schema.
    #[error(
        "the database has schema version {found}, this version knows up to {known}: use a newer version"
    )]
    Newer {
        /// The version of the schema in the file.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The file is no SQLite database, or a damaged one.
    #[error("{} is not a SQLite database, or is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the engine found.
        source: Cause,
    },
    /// The file is a SQLite database of another application.
    #[error("{} is a database of another application", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be made or opened.
    #[error("cannot open {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// The database was opened but cannot be made ready.
    #[error("cannot prepare the database")]
    Prepare(#[source] StoreError),
}

/// What ends a transaction before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the time limit was reached")]
    TooSlow,
    #[error("another process holds the database, or the queue is full")]
    Busy,
    #[error("no space is left")]
    Full,
    #[error("reading or writing failed")]
    Io,
    #[error("the database is damaged")]
    Corrupt,
    #[error("the engine rolled the transaction back")]
    Lost,
}
