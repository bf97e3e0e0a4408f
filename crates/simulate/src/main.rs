//! `cargo xtask simulate`: plays seeds, and tells how the first went that broke a rule.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

use chorus_simulate::script::NoSchedule;
use chorus_simulate::world::{Counted, add};
use chorus_simulate::{Failure, Schedule, run, shorten};

const USAGE: &str = "usage: cargo xtask simulate --seed N | --seeds A..B | --script PATH\n\n  \
     --seed N       play one, and tell what happens\n  \
     --seeds A..B   play many; the first that breaks a rule is told, and a shorter way to it\n  \
     --script PATH  play what was kept of one, and tell what happens";

/// Exit code 0: all held; 1: a rule was broken; 2: the question could not be read.
fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["--seed", seed] => match seed.parse() {
            Ok(seed) => one(&Schedule::of(seed), &format!("--seed {seed}")),
            Err(_) => usage(),
        },
        ["--script", path] => match fs::read_to_string(path)?.parse::<Schedule>() {
            Ok(schedule) => one(&schedule, &format!("--script {path}")),
            Err(NoSchedule(line)) => {
                writeln!(io::stderr(), "{path}:{line}: no line of a schedule")?;
                Ok(ExitCode::from(2))
            }
        },
        ["--seeds", seeds] => match range(seeds) {
            Some(seeds) => many(seeds),
            None => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> io::Result<ExitCode> {
    writeln!(io::stderr(), "{USAGE}")?;
    Ok(ExitCode::from(2))
}

fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..")?;
    let seeds = from.parse().ok()?..to.parse().ok()?;
    (!seeds.is_empty()).then_some(seeds)
}

fn one(schedule: &Schedule, which: &str) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match run(schedule, true) {
        Ok(passed) => {
            writeln!(out, "{}everything held; {} events were told", passed.trace, passed.told)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => tell(&mut out, which, schedule, &failure),
    }
}

fn many(seeds: Range<u64>) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let (mut steps, mut told, mut counted) = (0, 0, Counted::new());
    for seed in seeds.clone() {
        let schedule = Schedule::of(seed);
        match run(&schedule, false) {
            Ok(passed) => {
                told += passed.told;
                add(&mut counted, passed.counted);
            }
            Err(failure) => {
                return tell(&mut out, &format!("--seed {seed}"), &schedule, &failure);
            }
        }
        steps += schedule.steps.len();
    }
    let count = seeds.end - seeds.start;
    writeln!(out, "{count} seeds held: {steps} steps, {told} events told to clients")?;
    let counted = counted.iter().map(|(name, count)| format!("{name} {count}"));
    writeln!(out, "counted by the nodes: {}", counted.collect::<Vec<_>>().join(", "))?;
    Ok(ExitCode::SUCCESS)
}

/// Tells of a broken rule by the shortest way to it.
fn tell(
    out: &mut impl Write,
    which: &str,
    schedule: &Schedule,
    failure: &Failure,
) -> io::Result<ExitCode> {
    let short = shorten(schedule, failure);
    let told = match run(&short, true) {
        Err(shorter) => format!("{}{}", shorter.trace, shorter.broken),
        Ok(_) => failure.trace.clone(),
    };
    let (steps, fewer) = (failure.step + 1, short.steps.len());
    writeln!(out, "{which}, step {}: {}", failure.step, failure.broken)?;
    writeln!(out, "in {fewer} of its {steps} steps:\n{told}")?;
    writeln!(out, "\nas a script:\n{short}\nagain: cargo xtask simulate {which}")?;
    Ok(ExitCode::FAILURE)
}
