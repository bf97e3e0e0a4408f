//! Writes that must last: changes of tasks over REST, each answered after its commit, and heard by
//! every subscriber.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::machine::Cores;
use crate::scenario::caller::Caller;
use crate::scenario::durable_tally::{ROUND, Writes};
use crate::workspace::Workspace;

/// Who listens.
pub const SUBSCRIBERS: usize = 200;
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_secs(2);

/// What came of it. Times begin when the request is sent.
#[derive(Debug, Clone, Copy)]
pub struct Durable {
    /// Writes per second.
    pub rate: f64,
    /// Until the answer, which follows the commit: half, and 99 of 100.
    pub answered: [Duration; 2],
    /// Until the last subscriber heard it: half, and 99 of 100.
    pub heard: [Duration; 2],
    /// Server CPU per write with all its deliveries.
    pub cpu: Duration,
    /// Deliveries that were due.
    pub due: u64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries that were not the next change of their task.
    pub out_of_order: u64,
    /// Whether all subscribers heard all changes of all tasks in one order.
    pub same_order: bool,
}

/// Lets so many callers write for as long as `span`, each as soon as he has his answer.
pub fn run(
    workspace: &Workspace,
    cores: Cores,
    callers: usize,
    span: Duration,
) -> Result<Durable, Failure> {
    let (server, door) = workspace.start(cores)?;
    let owner = workspace.owner(&server);
    let tasks: Vec<u64> = (door.first_task..).take(callers).collect();
    for task in &tasks {
        let first = json!({ "status": ROUND[ROUND.len() - 1].0 });
        owner.ask("PATCH", &format!("/tasks/{task}"), &first)?;
    }
    let mut crowd = Crowd::new()?;
    crowd.grow(&door, SUBSCRIBERS)?;
    let mut callers = tasks
        .iter()
        .enumerate()
        .map(|(number, task)| Caller::new(&owner, *task, number, &mut crowd))
        .collect::<Result<Vec<_>, _>>()?;
    let mut writes = Writes::new(&tasks, SUBSCRIBERS);
    let (cpu, began) = (server.cpu()?, Instant::now());
    for (number, caller) in callers.iter_mut().enumerate() {
        caller.ask(&json!({ "status": writes.begin(number) }))?;
    }
    loop {
        let came = crowd.pump(QUIET, &mut |member, text| writes.hear(member, text))?;
        for number in crowd.take_foreign() {
            if let Some(made) = callers[number].take_answer()? {
                if !made {
                    return Err(Failure::Server("was too busy for a write".into()));
                }
                writes.answer(number);
                if began.elapsed() < span {
                    callers[number].ask(&json!({ "status": writes.begin(number) }))?;
                }
            }
        }
        if writes.is_settled() || !came {
            break;
        }
    }
    Ok(writes.sum_up(began.elapsed(), server.cpu()?.saturating_sub(cpu)))
}
