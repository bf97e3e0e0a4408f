//! Everybody comes at once.

use std::time::Instant;

use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};
use crate::tally::Faults;

/// Connections.
const SIZE: usize = 2000;
/// Of which so many are under way at once.
const AT_ONCE: usize = 500;
const RATE: Measure = Measure { title: "Connections per second", unit: "1/s" };

pub const SCENARIO: Scenario = Scenario {
    name: "storm",
    title: "2,000 connections at once",
    about: "500 connections are begun at once, and another whenever one has joined its room, until \
            there are 2,000. The latency is from the first packet of TCP until the client has \
            joined; due, and counted as lost if it does not come, is the welcome of each.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[RATE, Measure::CONNECT, Measure::HALF, Measure::MOST],
    pictures: &[Picture::Curves { case: "2,000" }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let size = stage.count(SIZE);
    let (cpu, began) = (server.cpu()?, Instant::now());
    crowd.fill(&door, name.way(), (0..size).map(Seat::Anywhere), stage.count(AT_ONCE))?;
    let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
    let case = "2,000";
    readings.add(name, case, RATE, size as f64 / wall.as_secs_f64());
    readings.add(name, case, Measure::CONNECT, micros(cpu) / size as f64);
    readings.add_latency(name, case, &crowd.arrivals);
    let lost = (size - crowd.joined()) as u64;
    readings.add_faults(name, case, Faults { due: size as u64, lost, ..Faults::default() });
    Ok(())
}
