//! One run of a seed, and the shortest way to break the same rule.

use std::fmt::Write as _;

use crate::broken::Broken;
use crate::schedule::{Schedule, Step};
use crate::world::{Counted, World};

/// A run that broke a rule.
#[derive(Debug, Clone)]
pub struct Failure {
    /// At which step, counted from 0.
    pub step: usize,
    /// What was broken.
    pub broken: Broken,
    /// What had happened until then, if that was asked for.
    pub trace: String,
}

/// A run in which everything held.
#[derive(Debug, Clone)]
pub struct Passed {
    /// Events that clients were told.
    pub told: u64,
    /// What the nodes have counted.
    pub counted: Counted,
    /// What happened, if that was asked for.
    pub trace: String,
}

/// Runs a schedule; `traced`: and keeps what happened.
pub fn run(schedule: &Schedule, traced: bool) -> Result<Passed, Box<Failure>> {
    let fail = |step, broken, trace| Err(Box::new(Failure { step, broken, trace }));
    let mut world = match World::new(&schedule.setting, traced) {
        Ok(world) => world,
        Err(broken) => return fail(0, broken, String::new()),
    };
    for (at, step) in schedule.steps.iter().enumerate() {
        if let Some(trace) = &mut world.trace {
            // Writing to a string cannot fail.
            writeln!(trace, "{at}: {:?}", step.act).ok();
        }
        if let Err(broken) = world.step(*step) {
            return fail(at, broken, world.trace.unwrap_or_default());
        }
    }
    let (told, counted) = (world.told, world.counted());
    Ok(Passed { told, counted, trace: world.trace.unwrap_or_default() })
}

/// A schedule that breaks the same rule with fewer steps: pieces are left out as long as it still
/// does.
pub fn shorten(schedule: &Schedule, failure: &Failure) -> Schedule {
    let mut short = schedule.clone();
    short.steps.truncate(failure.step + 1);
    let breaks = |steps: &[Step]| {
        let tried = Schedule { setting: schedule.setting.clone(), steps: steps.to_vec() };
        run(&tried, false).is_err_and(|other| other.broken.rule == failure.broken.rule)
    };
    let mut piece = short.steps.len() / 2;
    while piece > 0 {
        let mut from = 0;
        while from < short.steps.len() {
            let mut fewer = short.steps.clone();
            fewer.drain(from..(from + piece).min(short.steps.len()));
            if breaks(&fewer) {
                short.steps = fewer;
            } else {
                from += piece;
            }
        }
        piece /= 2;
    }
    short
}
