//! Clients that have no WebSocket: each event answers a request that waits, and the next one must
//! be asked for.

use crate::crowd::{Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::flow::{self, Talk, Window};
use crate::scenario::{Scenario, Stage};
use crate::tally::Tally;
use crate::way::Way;

/// Who polls; one more speaks, over a WebSocket.
const LISTENERS: usize = 400;
const LOADS: [(&str, Window); 2] = [
    ("one at a time", Window { step: 1, most: 1 }),
    ("16 outstanding", Window { step: 1, most: 16 }),
];

pub const SCENARIO: Scenario = Scenario {
    name: "polling",
    title: "400 clients that poll",
    about: "One member of a room types over a WebSocket, and 400 others hear it by long-polling, \
            each over one connection that is kept: the event answers the request that waits, and \
            the client asks again. The memory is that of clients of which each has a request \
            waiting, the connection included.",
    is_short: false,
    needs: Some(Ability::Polling),
    has_floor: false,
    measures: &[Measure::CPU, Measure::RATE, Measure::HALF, Measure::MOST, Measure::MEMORY],
    pictures: &[Picture::Bars {
        measure: Measure::CPU,
        cases: &["one at a time", "16 outstanding"],
    }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let listeners = stage.count(LISTENERS);
    let first = door.guests.hall[0].first_task;
    let said = |tally: &mut Tally, place| tally.typed(0, place);
    introduce(stage, &door, first, &said)?;
    crowd.fill(&door, Way::SocketIo, [Seat::Hall(0)], 1)?;
    let before = server.resident()?;
    crowd.fill(&door, Way::Polling, (1..=listeners).map(Seat::Hall), OPENING)?;
    crowd.settle(&mut |_, _, _| {})?;
    let bytes = server.resident()?.saturating_sub(before) as f64;
    readings.add(name, LOADS[0].0, Measure::MEMORY, bytes / 1024.0 / listeners as f64);
    for (case, window) in LOADS {
        let mut talk =
            Talk { crowd: &mut crowd, speaker: 0, listeners: listeners as u64, said: &said };
        let tally = || Tally::new(first, listeners + 1);
        flow::run(&mut talk, tally(), window, &server, stage.span() / 5)?;
        flow::run(&mut talk, tally(), window, &server, stage.span())?.note(readings, name, case);
    }
    Ok(())
}

/// Names each task among two who are gone before memory is measured.
fn introduce(
    stage: &Stage,
    door: &Door,
    first: u64,
    said: &dyn Fn(&mut Tally, u64) -> String,
) -> Result<(), Failure> {
    let mut crowd = stage.crowd()?;
    crowd.fill(door, Way::SocketIo, (0..2).map(Seat::Hall), OPENING)?;
    let mut talk = Talk { crowd: &mut crowd, speaker: 0, listeners: 1, said };
    flow::introduce(&mut talk, Tally::new(first, 2))
}
