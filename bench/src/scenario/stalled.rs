//! Changes of tasks at a steady pace, heard by all; one who hears may read nothing for a while.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::machine::{self, Cores};
use crate::scenario::caller::Caller;
use crate::scenario::durable_tally::parts;
use crate::scenario::stalled_tally::Deliveries;
use crate::server::Server;
use crate::workspace::Workspace;

/// Who listens, the one that stalls among them.
pub const LISTENERS: usize = 200;
/// Changes per second.
pub const RATE: u32 = 100;
/// How long changes are made.
pub const SPAN: Duration = Duration::from_secs(30);
/// From when, and for how long, nothing is read by the one.
pub const FROM: Duration = Duration::from_secs(5);
/// See [`FROM`].
pub const STALL: Duration = Duration::from_secs(20);
/// Characters of a change: in the time of a stall more is told than a system and an outbox keep.
const LENGTH: usize = 2_500;
/// Who writes, in turns, so that one slow commit holds nobody up.
const CALLERS: usize = 16;
/// Which of the crowd stalls.
const SLOW: usize = LISTENERS - 1;
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Stalled {
    /// From when a change was due to be asked for until one of the others heard it, while the one
    /// reads nothing: half, and 99 of 100.
    pub heard: [Duration; 2],
    /// The same, the longest.
    pub longest: Duration,
    /// Bytes of one message.
    pub bytes: usize,
    /// Deliveries that were due.
    pub due: u64,
    /// Whether all, the stalled one too, heard each change once and all in one order.
    pub complete: bool,
    /// Most resident memory of the server, read each second.
    pub resident: u64,
    /// How often the server's figures say that a connection fell behind.
    pub behind: u64,
    /// Changes that the server had no time for, and that were asked for again.
    pub refused: u64,
    /// How long the one took to hear what it had missed.
    pub caught_up: Duration,
    /// CPU of the server and of the clients, per second.
    pub cpu: [f64; 2],
}

/// Lets changes be made, and one listener stall if it `stalls`.
pub fn run(workspace: &Workspace, cores: Cores, stalls: bool) -> Result<Stalled, Failure> {
    let (server, door) = workspace.start(cores)?;
    let owner = workspace.owner(&server);
    let mut crowd = Crowd::new()?;
    crowd.grow(&door, LISTENERS)?;
    let callers = (0..CALLERS)
        .map(|number| Caller::new(&owner, door.first_task + number as u64, number, &mut crowd))
        .collect::<Result<Vec<_>, _>>()?;
    let cpu = [server.cpu()?, machine::cpu_of("self")?];
    let mut run = Run {
        server,
        crowd,
        callers,
        asked: [None; CALLERS],
        refused: 0,
        deliveries: Deliveries::new(LISTENERS, RATE * SPAN.as_secs() as u32),
        began: Instant::now(),
        resident: 0,
    };
    let caught_up = run.go(stalls)?;
    let wall = run.began.elapsed().as_secs_f64();
    let after = [run.server.cpu()?, machine::cpu_of("self")?];
    let share = |at: usize| after[at].saturating_sub(cpu[at]).as_secs_f64() / wall;
    let mut times = run.deliveries.times(SLOW, FROM..FROM + STALL);
    times.sort_unstable();
    Ok(Stalled {
        longest: times.last().copied().unwrap_or_default(),
        heard: parts(times),
        bytes: run.deliveries.bytes(),
        due: run.deliveries.due(),
        complete: run.deliveries.are_complete(),
        resident: run.resident,
        behind: run.server.figure("chorus_fell_behind_total")?,
        refused: run.refused,
        caught_up,
        cpu: [share(0), share(1)],
    })
}

/// One run under way.
struct Run {
    server: Server,
    crowd: Crowd,
    callers: Vec<Caller>,
    /// What each caller waits for.
    asked: [Option<u32>; CALLERS],
    refused: u64,
    deliveries: Deliveries,
    began: Instant,
    resident: u64,
}

impl Run {
    /// Until everything was heard, or nothing comes any more. How long the one took to catch up.
    fn go(&mut self, stalls: bool) -> Result<Duration, Failure> {
        let (mut next, mut read) = (0, 0);
        let (mut waits, mut woken, mut caught_up) = (stalls, None, None);
        let mut last = Instant::now();
        while !self.deliveries.are_all_heard() && last.elapsed() < QUIET {
            let now = self.began.elapsed();
            if waits && now >= FROM {
                self.crowd.stall(SLOW)?;
                (waits, woken) = (false, Some(FROM + STALL));
            }
            if woken.is_some_and(|at| now >= at) {
                self.crowd.go_on(SLOW)?;
                (woken, caught_up) = (None, Some(Duration::ZERO));
            }
            if now.as_secs() >= read {
                read = now.as_secs() + 1;
                self.resident = self.resident.max(self.server.resident()?);
            }
            next = self.ask(next, now)?;
            if self.listen(self.patience(next))? || woken.is_some() {
                last = Instant::now();
            }
            let behind = self.deliveries.missed(SLOW);
            if caught_up == Some(Duration::ZERO) && behind <= CALLERS {
                caught_up = Some(self.began.elapsed().saturating_sub(FROM + STALL));
            }
        }
        Ok(caught_up.unwrap_or_default())
    }

    /// Asks for every change that is due and whose caller is free; the next one.
    fn ask(&mut self, mut next: u32, now: Duration) -> Result<u32, Failure> {
        while next < self.deliveries.changes() && now >= due(next) {
            let caller = next as usize % CALLERS;
            if self.asked[caller].is_some() {
                break;
            }
            self.asked[caller] = Some(next);
            self.callers[caller].ask(&body(next))?;
            next += 1;
        }
        Ok(next)
    }

    /// How long to wait for something to come.
    fn patience(&self, next: u32) -> Duration {
        let wait = due(next).saturating_sub(self.began.elapsed());
        wait.clamp(Duration::from_millis(1), Duration::from_millis(10))
    }

    fn listen(&mut self, patience: Duration) -> Result<bool, Failure> {
        let Self { crowd, deliveries, began, .. } = self;
        let came = crowd.pump(patience, &mut |member, text| {
            if let Some(change) = crate::wire::number_after("\"title\":\"change ", text) {
                let late = began.elapsed().saturating_sub(due(change as u32));
                deliveries.hear(member, change as u32, late, text.len());
            }
        })?;
        for number in self.crowd.take_foreign() {
            match self.callers[number].take_answer()? {
                Some(true) => self.asked[number] = None,
                Some(false) => {
                    self.refused += 1;
                    if let Some(change) = self.asked[number] {
                        self.callers[number].ask(&body(change))?;
                    }
                }
                None => {}
            }
        }
        Ok(came)
    }
}

/// A change, as REST takes it.
fn body(change: u32) -> Value {
    let description = format!("{change} {}", "x".repeat(LENGTH));
    json!({ "title": format!("change {change}"), "description": description })
}

/// When a change is due.
pub fn due(change: u32) -> Duration {
    Duration::from_secs(1) * change / RATE
}
