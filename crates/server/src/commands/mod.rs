//! What each command does.

pub mod backup;
pub mod bench;
pub mod check_config;
pub mod client;
pub mod demo;
pub mod serve;
pub mod token;
pub mod user;

use std::sync::Arc;

use chorus_gateway::dialect::Dialect;
use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::cli::ServeOptions;
use crate::config::{Settings, SystemEnvironment};

/// Reads the settings; every mistake is a line of the failure. `more` dialects than Chorus
/// has can have listeners.
fn settings(options: &ServeOptions, more: &[Arc<dyn Dialect>]) -> Result<Settings, Failure> {
    let names: Vec<_> = more.iter().map(|dialect| dialect.name()).collect();
    Settings::read_with(options, &SystemEnvironment, &names).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
        Failure::new(format!("the configuration is wrong:\n{}", lines.join("\n")))
    })
}

fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(Failure::new)
}
