//! `chorus check-config`: every mistake at once, or nothing.

use std::sync::Arc;

use chorus_gateway::dialect::Dialect;

use crate::cli::ServeOptions;
use crate::{Failure, say};

/// Runs the command.
pub fn run(options: &ServeOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    let settings = super::settings(options, more)?;
    say(format_args!("the configuration is good: {} listener(s)", settings.listen.len()));
    Ok(())
}
