//! What each command does.

pub mod check_config;
pub mod demo;
pub mod serve;
pub mod token;
pub mod user;

use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::cli::ServeOptions;
use crate::config::{Settings, SystemEnvironment};

/// Reads the settings; every mistake is a line of the failure.
fn settings(options: &ServeOptions) -> Result<Settings, Failure> {
    Settings::read(options, &SystemEnvironment).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
        Failure::new(format!("the configuration is wrong:\n{}", lines.join("\n")))
    })
}

fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(Failure::new)
}
