//! `cargo xtask tidy`: prints where the tree breaks a rule of the house, and fails if it does.
//! `cargo xtask simulate …`: builds the simulator and hands the rest on to it.

use std::{
    env,
    io::{self, Write},
    process::{Command, ExitCode},
};

use xtask::{Finding, Tree, TreeError, rules};

const USAGE: &str = "usage: cargo xtask tidy | simulate …\n\n  \
     tidy        print every place that breaks a rule of the house\n  \
     simulate …  play seeds of the simulator; without more it tells how";

/// Exit code 0: tidy; 1: there are findings; 2: the question or the tree could not be read. That of
/// the simulator is its own.
fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, [])) if command == "tidy" => tidy(),
        Some((command, rest)) if command == "simulate" => simulate(rest),
        _ => {
            writeln!(io::stderr(), "{USAGE}")?;
            Ok(ExitCode::from(2))
        }
    }
}

/// As a program of its own, so that the rules are checked without a database being compiled.
fn simulate(arguments: &[String]) -> io::Result<ExitCode> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(xtask::root()).args(["run", "--quiet", "--package", "chorus-simulate", "--"]);
    let code = cargo.args(arguments).status()?.code();
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn tidy() -> io::Result<ExitCode> {
    match findings() {
        Ok(findings) => report(&findings),
        Err(error) => {
            writeln!(io::stderr(), "tidy: {error}")?;
            Ok(ExitCode::from(2))
        }
    }
}

fn findings() -> Result<Vec<Finding>, TreeError> {
    Ok(rules::check(&Tree::open(&xtask::root())?))
}

fn report(findings: &[Finding]) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for finding in findings {
        writeln!(out, "{finding}")?;
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
