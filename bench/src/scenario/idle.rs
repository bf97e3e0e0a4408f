//! What a connection costs that only listens: memory, and the CPU time until it has joined.

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::{PER_TICKET, Seat};
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};
use crate::tally::Faults;

/// Connections before the first reading: what servers load and allocate only once is not theirs.
const BEFORE: usize = 100;
/// Connections more at each reading.
const MORE: [(&str, usize); 3] = [("1,000", 1000), ("5,000", 5000), ("10,000", 10_000)];

/// The last reading: a server may keep for a connection what it needed to tell it something.
const HEARD: &str = "10,000 that have heard one event";

pub const SCENARIO: Scenario = Scenario {
    name: "idle",
    title: "Idle connections",
    about: "Connections that have joined a room and say nothing, a hundred in each room. Resident \
            memory of the server beyond what it had with 100 of them, at last after each has heard \
            one event; and its CPU time from the TCP connection to the joined room, over all of \
            them, with 64 under way.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[Measure::MEMORY, Measure::CONNECT],
    pictures: &[Picture::Bars { measure: Measure::MEMORY, cases: &["1,000", "10,000", HEARD] }],
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
    readings.add_faults(name, HEARD, tell(&mut crowd, &door)?);
    let bytes = server.resident()?.saturating_sub(memory) as f64;
    let more = (crowd.size() - BEFORE) as f64;
    readings.add(name, HEARD, Measure::MEMORY, bytes / 1024.0 / more);
    Ok(())
}

/// Lets the first of each room tell the others something.
fn tell(crowd: &mut Crowd, door: &Door) -> Result<Faults, Failure> {
    let speakers = (0..crowd.size()).step_by(PER_TICKET);
    let due = (crowd.size() - speakers.len()) as u64;
    for speaker in speakers {
        let task = door.guests.ticket(Seat::Anywhere(speaker)).first_task;
        let typed = format!(r#"42["user_typing",{{"task_id":{task},"is_typing":true}}]"#);
        crowd.say(speaker, [&typed])?;
    }
    let mut heard = 0;
    crowd.settle(&mut |_, _, text| {
        heard += u64::from(memchr::memmem::find(text, b"user_typing").is_some());
    })?;
    let (lost, doubled) = (due.saturating_sub(heard), heard.saturating_sub(due));
    Ok(Faults { due, lost, doubled, out_of_order: 0 })
}

fn grow(crowd: &mut Crowd, door: &Door, name: Name, size: usize) -> Result<(), Failure> {
    crowd.fill(door, name.way(), (crowd.size()..size).map(Seat::Anywhere), OPENING)?;
    crowd.settle(&mut |_, _, _| {})
}
