//! `chorus check-config`: every mistake at once, or nothing.

use crate::cli::ServeOptions;
use crate::{Failure, say};

/// Runs the command.
pub fn run(options: &ServeOptions) -> Result<(), Failure> {
    let settings = super::settings(options)?;
    say(format_args!("the configuration is good: {} listener(s)", settings.listen.len()));
    Ok(())
}
