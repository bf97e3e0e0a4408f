//! What connections cost that do nothing but answer heartbeats.

use std::time::{Duration, Instant};

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};
use crate::way::Way;

/// Connections.
const SIZE: usize = 5000;
/// A little more than the 25 seconds between two heartbeats.
const SPAN: Duration = Duration::from_secs(26);
const TICK: Duration = Duration::from_millis(100);
const CASE: &str = "5,000";
const CPU: Measure = Measure { title: "CPU per second and 1,000 connections", unit: "µs" };

pub const SCENARIO: Scenario = Scenario {
    name: "heartbeats",
    title: "Heartbeats of 5,000 idle connections",
    about: "5,000 connections that say nothing but the answers to heartbeats, for 26 seconds; the \
            servers ask every 25 seconds.",
    is_short: false,
    needs: Some(Ability::Heartbeats),
    has_floor: true,
    measures: &[CPU],
    pictures: &[Picture::Bars { measure: CPU, cases: &[CASE] }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    // One reading is over 26 seconds and 5,000 heartbeats: a second would say the same.
    if readings.count(name, CPU, 0) > 0 {
        return Ok(());
    }
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let size = stage.count(SIZE);
    crowd.fill(&door, Way::SocketIo, (0..size).map(Seat::Anywhere), OPENING)?;
    crowd.settle(&mut |_, _, _| {})?;
    let span = if stage.is_trial { stage.span() } else { SPAN };
    let (cpu, began) = (server.cpu()?, Instant::now());
    while began.elapsed() < span {
        crowd.pump(TICK, &mut |_, _, _| {})?;
    }
    let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed().as_secs_f64());
    readings.add(name, CASE, CPU, micros(cpu) / wall / (size as f64 / 1000.0));
    Ok(())
}
