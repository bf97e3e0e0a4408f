//! `chorus backup`: a copy of the database, whole and on disk, of a server that may be running.

use std::sync::Arc;

use chorus_gateway::dialect::Dialect;
use chorus_storage::{Location, backup};

use crate::cli::BackupOptions;
use crate::{Failure, say};

/// Makes the copy.
pub fn run(options: &BackupOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    let settings = super::settings(&options.serve, more)?;
    let Location::File(from) = &settings.database else {
        return Err(Failure::new("a temporary database cannot be copied"));
    };
    backup::backup(from, &options.to).map_err(Failure::new)?;
    say(format_args!("copied {} to {}", from.display(), options.to.display()));
    Ok(())
}
