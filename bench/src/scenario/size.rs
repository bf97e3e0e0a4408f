//! What an event to a few costs among many who do not hear it.

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::flow::{self, Talk, Window};
use crate::scenario::{Scenario, Stage};
use crate::tally::Tally;

/// Connections in all.
const SIZES: [(&str, usize); 3] = [("100", 100), ("1,000", 1000), ("10,000", 10_000)];
/// Those in the room.
const MEMBERS: usize = 10;
const NUMBERS: u64 = 8;
const ONE: Window = Window { step: 1, most: 1 };

pub const SCENARIO: Scenario = Scenario {
    name: "size",
    title: "A room of 10 among 100, 1,000 and 10,000 connections",
    about: "One member of a room of 10 types, and the 9 others hear it; the next when all have. \
            The other connections are in other rooms and hear nothing. What it costs must not \
            depend on how many they are.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[Measure::CPU, Measure::MOST],
    pictures: &[Picture::Lines { measure: Measure::CPU, along: "connections" }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    crowd.fill(&door, name.way(), (0..MEMBERS).map(|_| Seat::Room(0)), OPENING)?;
    let first = door.guests.rooms[0].first_task;
    let tally = || Tally::of_rooms(first, NUMBERS, MEMBERS, MEMBERS);
    let (said, listeners) = (|tally: &mut Tally, place| tally.typed(0, place), MEMBERS as u64 - 1);
    flow::introduce(&mut Talk { crowd: &mut crowd, speaker: 0, listeners, said: &said }, tally())?;
    for (case, size) in SIZES {
        let size = stage.count(size).max(MEMBERS);
        crowd.fill(&door, name.way(), (crowd.size()..size).map(Seat::Anywhere), OPENING)?;
        crowd.settle(&mut |_, _, _| {})?;
        let mut talk = Talk { crowd: &mut crowd, speaker: 0, listeners, said: &said };
        flow::run(&mut talk, tally(), ONE, &server, stage.span() / 10)?;
        let span = stage.span() * 2 / 3;
        flow::run(&mut talk, tally(), ONE, &server, span)?.note(readings, name, case);
    }
    Ok(())
}
