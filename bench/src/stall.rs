//! A slow reader among fast ones: what the others notice of one who reads nothing for a while.
//!
//! Three runs without a stall and three with one, in turns, so that what disturbs the machine
//! disturbs both. Times are told and decide nothing; what was lost, or memory beyond the bound,
//! fails.

use std::time::Duration;

use crate::failure::Failure;
use crate::lineup;
use crate::machine::{self, Cores};
use crate::scenario::stalled::{self, FROM, LISTENERS, RATE, SPAN, STALL, Stalled};
use crate::workspace::Workspace;

/// Runs of each kind.
const RUNS: usize = 3;
/// What one client may make the server keep: its outbox of 4 MiB, and a quarter more with answers
/// to itself; and 16 MiB of frames that are made once for all who are behind.
const BOUND: u64 = (5 + 16) << 20;

/// Measures, prints a report, and fails if something was lost.
pub fn run() -> Result<(), Failure> {
    let program = lineup::chorus()?;
    let before = machine::load();
    let cores = Cores::take()?;
    let workspace = Workspace::make(&program, cores, LISTENERS)?;
    let mut runs: [Vec<Stalled>; 2] = [Vec::new(), Vec::new()];
    for number in 1..=RUNS {
        for (stalls, runs) in [false, true].into_iter().zip(&mut runs) {
            eprintln!("run {number} of {RUNS}, {}", if stalls { "one stalls" } else { "all read" });
            runs.push(stalled::run(&workspace, cores, stalls)?);
        }
    }
    head(&program, &before, &runs[0][0]);
    rows(&runs);
    verdict(&runs)
}

fn head(program: &std::path::Path, before: &str, first: &Stalled) {
    println!(
        "{}; {}; server on one core, clients on another; load {before} before, {} after.\n\
         {LISTENERS} Socket.IO clients, {RATE} changes a second for {SPAN:?}, {} bytes each; \
         one reads nothing from {FROM:?} on for {STALL:?}.\n",
        machine::version(program),
        machine::describe(),
        machine::load(),
        first.bytes,
    );
}

fn rows(runs: &[Vec<Stalled>; 2]) {
    println!(
        "| run | p50 ms | p99 ms | longest ms | MiB | refused | fell behind | caught up in ms | CPU server, clients |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, runs) in ["all read", "one stalls"].into_iter().zip(runs) {
        for run in runs {
            println!(
                "| {name} | {:.2} | {:.2} | {:.2} | {:.1} | {} | {} | {:.0} | {:.0} %, {:.0} % |",
                millis(run.heard[0]),
                millis(run.heard[1]),
                millis(run.longest),
                run.resident as f64 / f64::from(1 << 20),
                run.refused,
                run.behind,
                millis(run.caught_up),
                run.cpu[0] * 100.0,
                run.cpu[1] * 100.0,
            );
        }
    }
}

fn verdict(runs: &[Vec<Stalled>; 2]) -> Result<(), Failure> {
    let p99s = |runs: &[Stalled]| {
        let mut all: Vec<f64> = runs.iter().map(|run| millis(run.heard[1])).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let [without, with] = [p99s(&runs[0]), p99s(&runs[1])];
    let spread = without[0]..=without[RUNS - 1];
    let inside = with.iter().filter(|p99| **p99 <= *spread.end()).count();
    let most = |runs: &[Stalled]| runs.iter().map(|run| run.resident).max().unwrap_or_default();
    let more = most(&runs[1]).saturating_sub(most(&runs[0]));
    let all = || runs.iter().flatten();
    let due: u64 = all().map(|run| run.due).sum();
    let complete = all().filter(|run| run.complete).count();
    println!(
        "\np99 of the others with a stall: {:.2} to {:.2} ms, without {:.2} to {:.2} ms \
         ({inside} of {RUNS} not above); {:.1} MiB more memory; in {complete} of {} runs each of \
         {} deliveries once and in one order.",
        with[0],
        with[RUNS - 1],
        spread.start(),
        spread.end(),
        more as f64 / f64::from(1 << 20),
        RUNS * 2,
        due / (RUNS as u64 * 2),
    );
    if complete < RUNS * 2 {
        return Err(Failure::Server("did not tell every change once and in one order".into()));
    }
    if runs[1].iter().any(|run| run.behind == 0) {
        return Err(Failure::Server(
            "kept a stalled client's changes without falling behind".into(),
        ));
    }
    if more > BOUND {
        return Err(Failure::Server(format!("took {more} bytes more for a stalled client")));
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
