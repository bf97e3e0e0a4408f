//! The code as it is holds in every run of some seeds, and in those in which it once did not. And a
//! seed is a run: told twice, it goes the same way.

use std::fs;

use chorus_simulate::schedule::Act;
use chorus_simulate::{Schedule, run};

/// As many as a test may take.
const SEEDS: u64 = 16_000;

/// Told in pieces, so that two cores share them.
fn hold(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let broken =
            run(&Schedule::of(seed), false).err().map(|failure| failure.broken.to_string());
        assert_eq!(broken, None, "cargo xtask simulate --seed {seed}");
    }
}

#[test]
fn the_first_half_of_the_seeds_holds() {
    hold(0..SEEDS / 2);
}

#[test]
fn the_second_half_of_the_seeds_holds() {
    hold(SEEDS / 2..SEEDS);
}

/// Whatever else would happen becomes a cut, so that clients come back again and again, between
/// memberships that begin and end: they are told all that they missed and might see, and nothing
/// from between.
#[test]
fn no_resume_crosses_a_membership() {
    let disturbs = |act| matches!(act, Act::Wait | Act::Say | Act::Fail | Act::Trim | Act::Restore);
    let mut resumed = 0;
    for seed in 0..1_500 {
        let mut schedule = Schedule::of(seed);
        for step in schedule.steps.iter_mut().filter(|step| disturbs(step.act)) {
            step.act = Act::Cut;
        }
        match run(&schedule, false) {
            Ok(passed) => resumed += passed.counted.get("resumed").copied().unwrap_or(0),
            Err(failure) => panic!("seed {seed}, cut: {}", failure.broken),
        }
    }
    assert!(resumed > 10_000, "{resumed}");
}

#[test]
fn a_seed_goes_the_same_way_again() {
    for seed in 0..400 {
        let told = || run(&Schedule::of(seed), true).map(|passed| passed.trace).unwrap();
        assert_eq!(told(), told(), "{seed}");
    }
}

#[test]
fn what_was_once_wrong_holds() {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/regressions");
    let paths = fs::read_dir(scripts).unwrap().map(|entry| entry.unwrap().path());
    let mut played = 0;
    for path in paths {
        let schedule = fs::read_to_string(&path).unwrap().parse::<Schedule>();
        let schedule = schedule.unwrap_or_else(|fault| panic!("{}: {fault:?}", path.display()));
        let broken = run(&schedule, false).err().map(|failure| failure.broken.to_string());
        assert_eq!(broken, None, "cargo xtask simulate --script {}", path.display());
        played += 1;
    }
    assert!(played > 0, "there are scripts in {scripts}");
}
