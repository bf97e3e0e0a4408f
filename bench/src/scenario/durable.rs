//! Writes that must last: changes of tasks, each answered after its commit, and heard by every
//! subscriber.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::bare::Rows;
use crate::scenario::callers::Callers;
use crate::scenario::durable_tally::{ROUND, Writes};
use crate::scenario::{Scenario, Stage, bare, micros};
use crate::tally::NUMBERS;
use crate::way::Way;

/// Who writes at once.
const WRITERS: [usize; 3] = [1, 16, 256];
/// Who listens.
const SUBSCRIBERS: [usize; 3] = [1, 100, 1000];
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_secs(2);
const RATE: Measure = Measure { title: "Writes per second", unit: "1/s" };
const ANSWERED: Measure = Measure { title: "Answered, half of all within", unit: "ms" };
const ANSWERED_MOST: Measure = Measure { title: "Answered, 99 of 100 within", unit: "ms" };
const COST: Measure = Measure { title: "CPU per write with all deliveries", unit: "µs" };

pub const SCENARIO: Scenario = Scenario {
    name: "durable",
    title: "Durable writes, heard by 1, 100 and 1,000",
    about: "1, 16 or 256 callers change a task each, over REST or (`by socket`) by commands over \
            raw WebSockets, again when they have their answer, \
            which follows the commit; 1, 100 or 1,000 subscribers hear each change once, in the \
            order of its task, and all in one order. The latency is from the request until the \
            last of them has heard it. The lower bound is a loop that writes the same rows into \
            the same database by itself, a change of each caller in one transaction, and tells \
            nobody.",
    is_short: true,
    needs: Some(Ability::Keeping),
    has_floor: true,
    measures: &[RATE, ANSWERED, ANSWERED_MOST, Measure::HALF, Measure::MOST, COST],
    pictures: &[Picture::Bars {
        measure: RATE, cases: &["1 → 100", "16 → 100", "256 → 100"]
    }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    if name == Name::Floor {
        let database = stage.workspace.database();
        let hall = &stage.workspace.guests.hall[0];
        let room = format!("project:{}", hall.project);
        let rows = Rows { task: hall.first_task, tasks: NUMBERS, room: &room };
        for callers in WRITERS {
            let (times, rate) = bare::run(&database, rows, callers, stage.span() * 2 / 3)?;
            for case in [format!("{callers} → 1"), by_socket(callers)] {
                readings.add(name, &case, RATE, rate);
                for (measure, share) in [(ANSWERED, 0.5), (ANSWERED_MOST, 0.99)] {
                    let within = times.millis_within(share).unwrap_or_default();
                    readings.add(name, &case, measure, within);
                }
            }
        }
        return Ok(());
    }
    for subscribers in SUBSCRIBERS {
        for writers in WRITERS {
            let case = format!("{writers} → {subscribers}");
            let counts = [stage.count(writers), stage.count(subscribers)];
            write(stage, name, &case, counts, Over::Rest, readings)?;
        }
    }
    for writers in WRITERS {
        let (case, counts) = (by_socket(writers), [stage.count(writers), 1]);
        write(stage, name, &case, counts, Over::Socket, readings)?;
    }
    Ok(())
}

fn by_socket(writers: usize) -> String {
    format!("{writers} → 1, by socket")
}

/// How callers ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Rest,
    Socket,
}

/// Lets so many callers write, each as soon as he has his answer.
fn write(
    stage: &Stage,
    name: Name,
    case: &str,
    [callers, subscribers]: [usize; 2],
    over: Over,
    readings: &mut Readings,
) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let owner = stage.workspace.owner(&server);
    let tasks: Vec<u64> = (door.guests.hall[0].first_task..).take(callers).collect();
    for task in &tasks {
        let first = json!({ "status": ROUND[ROUND.len() - 1].0 });
        owner.ask("PATCH", &format!("/tasks/{task}"), &first)?;
    }
    let mut crowd = stage.crowd()?;
    crowd.fill(&door, Way::SocketIo, (0..subscribers).map(Seat::Hall), OPENING)?;
    crowd.settle(&mut |_, _, _| {})?;
    let mut callers = match over {
        Over::Rest => Callers::of_rest(&owner, &tasks, &mut crowd)?,
        Over::Socket => Callers::of_sockets(&door, &tasks, &mut crowd)?,
    };
    let mut writes = Writes::new(&tasks, subscribers);
    let (cpu, began, span) = (server.cpu()?, Instant::now(), stage.span() * 2 / 3);
    for number in 0..tasks.len() {
        callers.ask(number, writes.begin(number), &mut crowd)?;
    }
    loop {
        let mut told = Vec::new();
        let came = crowd.pump(QUIET, &mut |member, at, text| {
            if member < subscribers {
                writes.hear(member, at, text);
            } else {
                told.push((member, text.to_vec()));
            }
        })?;
        for (number, made) in callers.take_answers(told, &mut crowd)? {
            if !made {
                // It was short of time, and has made nothing.
                callers.ask(number, writes.state(number), &mut crowd)?;
                continue;
            }
            writes.answer(number);
            if began.elapsed() < span {
                callers.ask(number, writes.begin(number), &mut crowd)?;
            }
        }
        if writes.is_settled() || !came {
            break;
        }
    }
    let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
    let count = writes.count().max(1) as f64;
    readings.add(name, case, RATE, count / wall.as_secs_f64());
    readings.add(name, case, COST, micros(cpu) / count);
    for (measure, share) in [(ANSWERED, 0.5), (ANSWERED_MOST, 0.99)] {
        readings.add(name, case, measure, writes.answered.millis_within(share).unwrap_or_default());
    }
    readings.add_latency(name, case, &writes.heard);
    readings.add_faults(name, case, writes.faults());
    Ok(())
}
