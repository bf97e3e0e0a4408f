//! A copy of a database that may be in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::connection;
use crate::error::StoreError;
use crate::files;

/// Why there is no copy. Nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no database {}", .0.display())]
    Missing(PathBuf),
    /// Something is there that would be lost.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The copy cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Io {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be read, or the copy has no room.
    #[error("the database cannot be copied: {}", root(.0))]
    Store(#[source] StoreError),
}

/// Copies the database at `from`, as one read transaction sees it, into a new file, which is on
/// disk when this returns. Servers and commands go on meanwhile. Blocks for as long as reading and
/// writing all of it takes.
///
/// Copying the file itself would lose what is in the write-ahead log.
pub fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.exists() {
        return Err(BackupError::Missing(from.to_path_buf()));
    }
    let io = |source| BackupError::Io { path: to.to_path_buf(), source };
    // SQLite fills an empty file, which keeps its mode.
    files::private().create_new(true).open(to).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_path_buf()),
        _ => io(source),
    })?;
    let copied = copy(from, to).map_err(BackupError::Store).and_then(|()| on_disk(to).map_err(io));
    if copied.is_err()
        && let Err(error) = fs::remove_file(to)
    {
        tracing::warn!(%error, "an incomplete copy of the database is left");
    }
    copied
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let to = to.to_str().ok_or_else(|| StoreError::Decode("the path is no UTF-8".into()))?;
    connection::open(from)?.execute("vacuum into ?1", [to])?;
    Ok(())
}

fn on_disk(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// The engine's own words: whoever makes a copy is the operator.
fn root(error: &StoreError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_copied_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("chorus.db"), directory.path().join("copy"));
        assert!(matches!(backup(&from, &to), Err(BackupError::Missing(_))));
        fs::write(&from, "no database, though long enough to be looked at as one".repeat(100))
            .unwrap();
        let said = backup(&from, &to).unwrap_err().to_string();
        assert_eq!(said, "the database cannot be copied: file is not a database");
        assert!(!to.exists());
    }
}
