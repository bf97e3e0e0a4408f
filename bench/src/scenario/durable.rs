//! Writes that must last: changes of tasks over REST, each answered after its commit, and heard by
//! every subscriber.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::bare::Rows;
use crate::scenario::caller::Caller;
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
    about: "1, 16 or 256 callers change a task each over REST, again when they have their answer, \
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
            let case = format!("{callers} → 1");
            let (times, rate) = bare::run(&database, rows, callers, stage.span() * 2 / 3)?;
            readings.add(name, &case, RATE, rate);
            for (measure, share) in [(ANSWERED, 0.5), (ANSWERED_MOST, 0.99)] {
                readings.add(name, &case, measure, times.millis_within(share).unwrap_or_default());
            }
        }
        return Ok(());
    }
    for subscribers in SUBSCRIBERS {
        for writers in WRITERS {
            let case = format!("{writers} → {subscribers}");
            write(stage, name, &case, [stage.count(writers), stage.count(subscribers)], readings)?;
        }
    }
    Ok(())
}

/// Lets so many callers write, each as soon as he has his answer.
fn write(
    stage: &Stage,
    name: Name,
    case: &str,
    [callers, subscribers]: [usize; 2],
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
    let mut callers = tasks
        .iter()
        .enumerate()
        .map(|(number, task)| Caller::new(&owner, *task, number, &mut crowd))
        .collect::<Result<Vec<_>, _>>()?;
    let mut writes = Writes::new(&tasks, subscribers);
    let (cpu, began, span) = (server.cpu()?, Instant::now(), stage.span() * 2 / 3);
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.ask(&json!({ "status": writes.begin(number) }))?;
    }
    loop {
        let came = crowd.pump(QUIET, &mut |member, at, text| writes.hear(member, at, text))?;
        for number in crowd.take_foreign() {
            match callers[number].take_answer()? {
                // It was short of time, and has made nothing.
                Some(false) => callers[number].ask(&json!({ "status": writes.state(number) }))?,
                Some(true) => {
                    writes.answer(number);
                    if began.elapsed() < span {
                        callers[number].ask(&json!({ "status": writes.begin(number) }))?;
                    }
                }
                None => {}
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
