//! The binary `chorus`.

use std::process::ExitCode;

use chorus_server::cli::Cli;
use clap::Parser as _;

fn main() -> ExitCode {
    chorus_server::run(&Cli::parse())
}
