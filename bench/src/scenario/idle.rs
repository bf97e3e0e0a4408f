//! What a connection costs that only listens: memory, and the CPU time until it has joined.

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};

/// Connections before the first reading: what servers load and allocate only once is not theirs.
const BEFORE: usize = 100;
/// Connections more at each reading.
const MORE: [(&str, usize); 3] = [("1,000", 1000), ("5,000", 5000), ("10,000", 10_000)];

pub const SCENARIO: Scenario = Scenario {
    name: "idle",
    title: "Idle connections",
    about: "Connections that have joined a room and say nothing, a hundred in each room. Resident \
            memory of the server beyond what it had with 100 of them; and its CPU time from the \
            TCP connection to the joined room, over all of them, with 64 under way.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[Measure::MEMORY, Measure::CONNECT],
    pictures: &[Picture::Bars { measure: Measure::MEMORY, cases: &["1,000", "10,000"] }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    grow(&mut crowd, &door, name, BEFORE)?;
    let (memory, cpu) = (server.resident()?, server.cpu()?);
    for (case, more) in MORE {
        let more = stage.count(more);
        grow(&mut crowd, &door, name, BEFORE + more)?;
        let bytes = server.resident()?.saturating_sub(memory) as f64;
        readings.add(name, case, Measure::MEMORY, bytes / 1024.0 / more as f64);
        let cpu = server.cpu()?.saturating_sub(cpu);
        readings.add(name, case, Measure::CONNECT, micros(cpu) / more as f64);
    }
    Ok(())
}

fn grow(crowd: &mut Crowd, door: &Door, name: Name, size: usize) -> Result<(), Failure> {
    crowd.fill(door, name.way(), (crowd.size()..size).map(Seat::Anywhere), OPENING)?;
    crowd.settle(&mut |_, _, _| {})
}
