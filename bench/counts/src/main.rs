//! Counts the instructions of the hot paths under valgrind, and compares them with the baseline.
//!
//! Instructions are counted and not time, so that a rise of a few percent is seen on any machine,
//! however busy. In reading order: [`path`] is what is counted, [`callgrind`] how, [`baseline`]
//! what it was, [`verdict`] what has become of it; [`failure`] is used by all.

mod baseline;
mod callgrind;
mod failure;
mod path;
mod verdict;

use std::path::Path;
use std::process::ExitCode;

use baseline::{Baseline, Toolchain};
use failure::Failure;
use path::PATHS;

const USAGE: &str = "usage: chorus-counts check|update BASELINE";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match obey(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn obey(arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        ["check", file] => check(Path::new(file)),
        ["update", file] => count()?.write(Path::new(file)),
        // Not for people: what runs under valgrind.
        ["walk", name, turns] => {
            let path = PATHS.iter().find(|path| path.name == *name);
            let turns = turns.parse().map_err(|_| Failure::Usage(USAGE.into()))?;
            (path.ok_or_else(|| Failure::Usage(format!("no path {name}\n{USAGE}")))?.walk)(turns)
        }
        _ => Err(Failure::Usage(USAGE.into())),
    }
}

fn check(file: &Path) -> Result<(), Failure> {
    let before = Baseline::read(file)?;
    let now = count()?;
    let verdict = verdict::compare(&before, &now);
    println!("{}", verdict.table);
    verdict.outcome
}

fn count() -> Result<Baseline, Failure> {
    let toolchain = Toolchain::here()?;
    let counts = PATHS.iter().map(|path| {
        let turns = callgrind::per_turn(path)?;
        Ok((path.name.to_owned(), turns))
    });
    Ok(Baseline { toolchain, counts: counts.collect::<Result<_, Failure>>()? })
}
