//! Configuration, composition and lifecycle of the binary `chorus`.
//!
//! In reading order:
//!
//! * [`cli`] – the commands and their options;
//! * [`config`] – settings from options, environment and file, all mistakes at once;
//! * [`system`] – the system's clock and randomness;
//! * [`app`] – the composition: what is built of what, and in which order it ends;
//! * `figures` – what the server counts;
//! * `listener` – the accept loop;
//! * `pages` – the files of the demo page;
//! * `logging` – where log lines go;
//! * [`commands`] – what each command does.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
mod figures;
mod listener;
mod logging;
mod pages;
mod rush;
pub mod system;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use chorus_gateway::dialect::Dialect;
use cli::{Cli, Command};

/// Runs a command to its end.
pub fn run(cli: &Cli) -> ExitCode {
    run_with(cli, &[])
}

/// The same for a binary of one's own, whose server speaks `more` dialects than Chorus has.
pub fn run_with(cli: &Cli, more: &[Arc<dyn Dialect>]) -> ExitCode {
    let outcome = match &cli.command {
        Command::Serve(options) => commands::serve::run(options, more),
        Command::Demo(options) => commands::demo::run(options, more),
        Command::Token(options) => commands::token::run(options, more),
        Command::Backup(options) => commands::backup::run(options, more),
        Command::User(options) => commands::user::run(options, more),
        Command::Client(options) => commands::client::run(options),
        Command::CheckConfig(options) => commands::check_config::run(options, more),
        Command::Bench(options) => commands::bench::run(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if even this fails.
            writeln!(std::io::stderr(), "chorus: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

/// What a command fails with: a sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// A failure with this text.
    pub fn new(text: impl std::fmt::Display) -> Self {
        Self(text.to_string())
    }

    /// A failure with this error and all that lies under it: whoever starts a server is told what
    /// clients are not.
    pub fn because(error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        Self(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

/// Says something to the person at the terminal.
pub(crate) fn say(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is no reason to stop serving.
    writeln!(out, "{text}").and_then(|()| out.flush()).ok();
}
