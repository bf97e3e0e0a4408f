//! Measures Chorus beside its peers, in one run on one machine.
//!
//! In reading order: [`first`] and [`stall`] are the plans of runs, [`scenario`] what is measured, [`lineup`] and
//! [`workspace`] the servers, [`server`] one process of theirs, [`floor`] the plain lower bound;
//! [`crowd`] the clients, [`tally`] what they count, [`wire`] and [`rest`] how they speak;
//! [`figures`] and [`report`] what comes of it; [`machine`] and [`failure`] are used by all.

mod crowd;
mod failure;
mod figures;
mod first;
mod floor;
mod lineup;
mod machine;
mod report;
mod rest;
mod scenario;
mod server;
mod stall;
mod tally;
mod wire;
mod workspace;

use std::process::ExitCode;

use failure::{Failure, Trying as _};
use first::Scenario;

const USAGE: &str = "usage: chorus-bench first [--only loads|idle|start|durable]
       chorus-bench stall";

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
        ["first"] => first::run(None),
        ["first", "--only", name] => {
            let scenario = Scenario::ALL.iter().find(|(known, _)| known == name);
            let unknown = || Failure::Usage(format!("no scenario {name}\n{USAGE}"));
            first::run(Some(scenario.ok_or_else(unknown)?.1))
        }
        ["stall"] => stall::run(),
        // Not for people: the servers' core runs this very program as the lower bound.
        ["floor"] => floor::serve().trying("serve"),
        _ => Err(Failure::Usage(USAGE.into())),
    }
}
