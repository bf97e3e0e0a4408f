//! Measures Chorus beside its peers, in one run on one machine.
//!
//! In reading order: [`run`] is the plan of a run, [`scenario`] what is measured, [`lineup`] who
//! is, [`programs`] and [`workspace`] the servers and what they serve to which [`guests`],
//! [`server`] one process of theirs, [`floor`] the plain lower bound; [`crowd`] the clients,
//! [`member`] one of them, [`way`], [`polling`], [`wire`], [`http`], [`nats`] and [`rest`] how they speak,
//! [`tally`] and [`histogram`] what they count; [`figures`], [`report`] and [`picture`] what comes
//! of it; [`machine`] and [`failure`] are used by all.

mod crowd;
mod failure;
mod figures;
mod floor;
mod guests;
mod histogram;
mod http;
mod lineup;
mod machine;
mod member;
mod nats;
mod picture;
mod polling;
mod programs;
mod report;
mod rest;
mod run;
mod scenario;
mod server;
mod tally;
mod way;
mod wire;
mod workspace;

use std::process::ExitCode;

use failure::{Failure, Trying as _};
use run::Plan;

const USAGE: &str = "usage: chorus-bench short|full [--only SCENARIO]... [--rounds N] [--trial]";

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
        // Not for people: this very program is the lower bound, and watches over the others.
        ["floor"] => floor::serve().trying("serve"),
        ["guard", parent, program, arguments @ ..] => server::guard(parent, program, arguments),
        [form, options @ ..] => match Plan::read(form, options) {
            Some(plan) => run::run(&plan),
            None => Err(Failure::Usage(USAGE.into())),
        },
        [] => Err(Failure::Usage(USAGE.into())),
    }
}
