//! `cargo xtask tidy`: prints where the tree breaks a rule of the house, and fails if it does.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use xtask::{Finding, Tree, TreeError, rules};

const USAGE: &str =
    "usage: cargo xtask tidy\n\n  tidy   print every place that breaks a rule of the house";

/// Exit code 0: tidy; 1: there are findings; 2: the question or the tree could not be read.
fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments != ["tidy"] {
        writeln!(io::stderr(), "{USAGE}")?;
        return Ok(ExitCode::from(2));
    }
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
