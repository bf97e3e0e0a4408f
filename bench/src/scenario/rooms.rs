//! Many small rooms in which everybody speaks, at a steady pace.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};
use crate::tally::Tally;

/// Rooms.
const ROOMS: usize = 100;
/// Members of each.
const MEMBERS: usize = 10;
/// Tasks of each member: half as many of his events may be under way.
const NUMBERS: u64 = 8;
/// Tasks of a room.
pub const TASKS: u64 = MEMBERS as u64 * NUMBERS;
/// So that everybody has typed about each of his tasks before it is measured: a server that looks
/// up what it has not seen does that once.
const WARM_UP: u32 = 20;
/// Events of each member per second.
const PACES: [(&str, u32); 2] = [("1/s each", 1), ("20/s each", 20)];
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_millis(1500);
const TICK: Duration = Duration::from_millis(1);

pub const SCENARIO: Scenario = Scenario {
    name: "rooms",
    title: "100 rooms of 10 in which all speak",
    about: "1,000 connections in rooms of 10; each types once or 20 times a second, and the 9 \
            others of its room hear it: 9,000 or 180,000 deliveries a second, if the server keeps \
            up. Who has 4 events under way waits with the next, so that a server that does not is \
            told less instead of drowned; then the deliveries per second show it. Before that \
            everybody has typed about each of his tasks.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[Measure::CPU, Measure::RATE, Measure::HALF, Measure::MOST, Measure::LONGEST],
    pictures: &[
        Picture::Bars { measure: Measure::CPU, cases: &["1/s each", "20/s each"] },
        Picture::Curves { case: "1/s each" },
    ],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let size = stage.count(ROOMS) * MEMBERS;
    crowd.fill(&door, name.way(), (0..size).map(|at| Seat::Room(at / MEMBERS)), OPENING)?;
    let first = door.guests.rooms[0].first_task;
    let quiet = || Rooms {
        tally: Tally::of_rooms(first, NUMBERS, MEMBERS, size),
        said: vec![0; size],
        heard: vec![0; size],
    };
    quiet().play(&mut crowd, WARM_UP, stage.span() / 4)?;
    for (case, pace) in PACES {
        let (mut rooms, span) = (quiet(), stage.span() * 4 / 3);
        let (cpu, began) = (server.cpu()?, Instant::now());
        rooms.play(&mut crowd, pace, span)?;
        let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
        let Rooms { tally, said, .. } = rooms;
        let due = said.iter().sum::<u64>() * (MEMBERS as u64 - 1);
        let deliveries = tally.deliveries as f64;
        readings.add(name, case, Measure::CPU, micros(cpu) / deliveries.max(1.0));
        readings.add(name, case, Measure::RATE, deliveries / wall.as_secs_f64());
        readings.add_latency(name, case, &tally.latency);
        readings.add_faults(name, case, tally.faults(due));
    }
    Ok(())
}

/// One load under way.
struct Rooms {
    tally: Tally,
    /// By member, how many events it has said, and how often one of them was heard.
    said: Vec<u64>,
    heard: Vec<u64>,
}

impl Rooms {
    fn play(&mut self, crowd: &mut Crowd, pace: u32, span: Duration) -> Result<(), Failure> {
        let members = self.said.len();
        let (per_second, began) = (f64::from(pace) * members as f64, Instant::now());
        let all = (span.as_secs_f64() * per_second) as usize;
        let mut turn = 0;
        loop {
            let due = ((began.elapsed().as_secs_f64() * per_second) as usize).min(all);
            while turn < due {
                self.speak(crowd, turn % members)?;
                turn += 1;
            }
            let over = turn == all;
            if over && self.is_settled() {
                return Ok(());
            }
            let patience = if over { QUIET } else { TICK };
            let Self { tally, heard, .. } = self;
            let came = crowd.pump(patience, &mut |member, at, text| {
                if let Some(speaker) = tally.hear(member, at, text) {
                    heard[speaker] += 1;
                }
            })?;
            if over && !came {
                return Ok(());
            }
        }
    }

    /// Lets a member speak, unless too much of what it said is still under way.
    fn speak(&mut self, crowd: &mut Crowd, member: usize) -> Result<(), Failure> {
        let settled = self.heard[member] / (MEMBERS as u64 - 1);
        if self.said[member] >= settled + self.tally.most_under_way() {
            return Ok(());
        }
        let text = self.tally.typed(member, self.said[member]);
        self.said[member] += 1;
        crowd.say(member, [&text])
    }

    fn is_settled(&self) -> bool {
        self.tally.deliveries == self.said.iter().sum::<u64>() * (MEMBERS as u64 - 1)
    }
}
