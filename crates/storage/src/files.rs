//! The database file, its lock, and the directory of a temporary one.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::sync::watch;

use crate::error::OpenError;
use crate::location::Location;

/// The files of an open store. Dropping it releases the lock and removes a temporary database.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    _lock: Option<File>,
    _directory: Option<TempDir>,
}

impl Files {
    /// Makes the file at `location` if it is missing and, if `serve`, takes its lock: a second
    /// server on one database would hand out the same sync ids to other events.
    pub(crate) fn open(location: &Location, serve: bool) -> Result<Self, OpenError> {
        let (path, directory) = match location {
            Location::File(path) => (path.clone(), None),
            Location::Temporary => {
                let directory = TempDir::with_prefix("chorus-").map_err(|source| {
                    let path = PathBuf::from("a temporary directory");
                    OpenError::Io { path, source }
                })?;
                (directory.path().join("chorus.db"), Some(directory))
            }
        };
        let lock = if serve { Some(lock(&path)?) } else { None };
        private().open(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        Ok(Self { path, _lock: lock, _directory: directory })
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// What each thread of the store holds until its connection is closed: the files, and a sign of
/// life for those who wait for its end. (Fields are dropped in this order.)
#[derive(Debug, Clone)]
pub(crate) struct Tenancy {
    pub(crate) files: std::sync::Arc<Files>,
    pub(crate) _alive: watch::Receiver<()>,
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let lock = PathBuf::from(name);
    let file =
        private().open(&lock).map_err(|source| OpenError::Io { path: lock.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { lock }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path: lock, source }),
    }
}

/// Opens for writing, making the file for its owner alone: it holds password hashes. SQLite gives
/// the files beside it the same mode.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
