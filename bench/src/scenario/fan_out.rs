//! One event to a room of a thousand, in four loads.

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::flow::{self, Talk, Window};
use crate::scenario::{Scenario, Stage};
use crate::tally::Tally;

/// Who listens; one more speaks.
const LISTENERS: usize = 1000;
/// What makes the loads. 256 is as much as can be told apart.
const LOADS: [(&str, Window); 4] = [
    ("one at a time", Window { step: 1, most: 1 }),
    ("16 outstanding", Window { step: 1, most: 16 }),
    ("256 outstanding", Window { step: 1, most: 256 }),
    ("bursts of 200", Window { step: 200, most: 200 }),
];
/// Before anything is counted.
const WARM_UP: Window = LOADS[1].1;

pub const SCENARIO: Scenario = Scenario {
    name: "fan-out",
    title: "Fan-out to a room of 1,000",
    about: "One member of a room says that he types, and the 1,000 others hear it: the next event \
            when the one before was heard by all (one at a time), with 16 or 256 always under way, \
            or 200 at once and the next 200 when all were heard. Each event names one of 512 \
            tasks; each task was named once before.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[
        Measure::CPU,
        Measure::RATE,
        Measure::HALF,
        Measure::MOST,
        Measure::GENERATOR,
        Measure::BYTES,
    ],
    pictures: &[
        Picture::Bars { measure: Measure::CPU, cases: &["one at a time"] },
        Picture::Bars {
            measure: Measure::CPU,
            cases: &["16 outstanding", "256 outstanding", "bursts of 200"],
        },
        Picture::Curves { case: "16 outstanding" },
    ],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let listeners = stage.count(LISTENERS);
    let first = door.guests.hall[0].first_task;
    let said = |tally: &mut Tally, place| tally.typed(0, place);
    crowd.fill(&door, name.way(), (0..2).map(Seat::Hall), OPENING)?;
    let mut talk = Talk { crowd: &mut crowd, speaker: 0, listeners: 1, said: &said };
    flow::introduce(&mut talk, Tally::new(first, 2))?;
    crowd.fill(&door, name.way(), (2..=listeners).map(Seat::Hall), OPENING)?;
    let mut talk = Talk { crowd: &mut crowd, speaker: 0, listeners: listeners as u64, said: &said };
    let tally = || Tally::new(first, listeners + 1);
    flow::run(&mut talk, tally(), WARM_UP, &server, stage.span() / 5)?;
    for (case, window) in LOADS {
        flow::run(&mut talk, tally(), window, &server, stage.span())?.note(readings, name, case);
    }
    Ok(())
}
