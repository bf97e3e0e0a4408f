//! A slow reader among fast ones: changes of tasks at a steady pace, heard by all; what the others
//! notice of one who reads nothing for a while.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crowd::{Crowd, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::scenario::caller::Caller;
use crate::scenario::deliveries::Deliveries;
use crate::scenario::{Scenario, Stage, millis};
use crate::server::Server;
use crate::way::Way;

/// Who listens, the one that stalls among them.
const LISTENERS: usize = 200;
/// Changes per second.
const RATE: u32 = 100;
/// Characters of a change: in the time of a stall more is told than a system and an outbox keep.
const LENGTH: usize = 2_500;
/// Who writes, in turns, so that one slow commit holds nobody up.
const CALLERS: usize = 16;
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_secs(5);
/// What one client may make the server keep: its outbox of 4 MiB, and a quarter more with answers
/// to itself; and 16 MiB of frames that are made once for all who are behind.
const BOUND: f64 = (5 + 16) as f64;

const MEMORY: Measure = Measure { title: "Memory of the server, at most", unit: "MiB" };
const BEHIND: Measure = Measure { title: "How often a connection fell behind", unit: "times" };
const CAUGHT_UP: Measure = Measure { title: "Time to catch up", unit: "ms" };
const REFUSED: Measure = Measure { title: "Changes put off by the server", unit: "of 3,000" };
const FAST: &str = "all read";
const SLOW: &str = "one stalls";

pub const SCENARIO: Scenario = Scenario {
    name: "slow-reader",
    title: "A slow reader among 200",
    about: "100 changes of 2.5 KB a second over REST, for 30 seconds, heard by 200; from the fifth \
            second on one of them reads nothing for 20 seconds. The latency is that of the 199 \
            others in these 20 seconds, from when a change was due to be asked for. The slow one \
            must hear everything too, once and in order, and the server keep no more than 21 MiB \
            for it.",
    is_short: false,
    needs: Some(Ability::Keeping),
    has_floor: false,
    measures: &[Measure::HALF, Measure::MOST, Measure::LONGEST, MEMORY, BEHIND, CAUGHT_UP, REFUSED],
    pictures: &[],
    run,
};

/// When what happens.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// How long changes are made.
    span: Duration,
    /// From when on nothing is read by the one.
    from: Duration,
    /// For how long.
    stall: Duration,
}

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let seconds = if stage.is_trial { [3, 1, 1] } else { [30, 5, 20] };
    let [span, from, stall] = seconds.map(Duration::from_secs);
    let times = Times { span, from, stall };
    let mut most = [0.0; 2];
    for (case, (most, stalls)) in [FAST, SLOW].into_iter().zip(most.iter_mut().zip([false, true])) {
        let (server, door) = stage.start(name, None)?;
        let owner = stage.workspace.owner(&server);
        let mut crowd = stage.crowd()?;
        let listeners = stage.count(LISTENERS);
        crowd.fill(&door, Way::SocketIo, (0..listeners).map(Seat::Hall), OPENING)?;
        let first = door.guests.hall[0].first_task;
        let callers = (0..CALLERS)
            .map(|number| Caller::new(&owner, first + number as u64, number, &mut crowd))
            .collect::<Result<Vec<_>, _>>()?;
        let mut run = Run {
            times,
            crowd,
            callers,
            asked: [None; CALLERS],
            refused: 0,
            deliveries: Deliveries::new(listeners, RATE * times.span.as_secs() as u32),
            began: Instant::now(),
            resident: 0,
        };
        let caught_up = run.go(&server, stalls)?;
        *most = run.resident as f64 / f64::from(1 << 20);
        readings.add_latency(name, case, &run.deliveries.times(run.slow(), from..from + stall));
        readings.add_faults(name, case, run.deliveries.faults());
        let behind = server.figure("chorus_fell_behind_total")?;
        readings.add(name, case, MEMORY, *most);
        readings.add(name, case, BEHIND, behind as f64);
        readings.add(name, case, REFUSED, f64::from(run.refused));
        if stalls {
            readings.add(name, case, CAUGHT_UP, millis(caught_up));
            if behind == 0 && !stage.is_trial {
                let why = "kept a stalled client's changes without falling behind";
                return Err(Failure::Server(why.into()));
            }
        }
    }
    if most[1] - most[0] > BOUND {
        let more = most[1] - most[0];
        return Err(Failure::Server(format!("took {more:.1} MiB more for a stalled client")));
    }
    Ok(())
}

/// One run under way.
struct Run {
    times: Times,
    crowd: Crowd,
    callers: Vec<Caller>,
    /// What each caller waits for.
    asked: [Option<u32>; CALLERS],
    refused: u32,
    deliveries: Deliveries,
    began: Instant,
    resident: u64,
}

impl Run {
    /// Which of the crowd stalls.
    fn slow(&self) -> usize {
        self.crowd.size() - 1
    }

    /// Until everything was heard, or nothing comes any more. How long the one took to catch up.
    fn go(&mut self, server: &Server, stalls: bool) -> Result<Duration, Failure> {
        let (slow, end) = (self.slow(), self.times.from + self.times.stall);
        let (mut next, mut read) = (0, 0);
        let (mut waits, mut woken, mut caught_up) = (stalls, None, None);
        let mut last = Instant::now();
        while !self.deliveries.are_all_heard() && last.elapsed() < QUIET {
            let now = self.began.elapsed();
            if waits && now >= self.times.from {
                self.crowd.stall(slow)?;
                (waits, woken) = (false, Some(end));
            }
            if woken.is_some_and(|at| now >= at) {
                self.crowd.go_on(slow)?;
                (woken, caught_up) = (None, Some(Duration::ZERO));
            }
            if now.as_secs() >= read {
                read = now.as_secs() + 1;
                self.resident = self.resident.max(server.resident()?);
            }
            next = self.ask(next, now)?;
            if self.listen(self.patience(next))? || woken.is_some() {
                last = Instant::now();
            }
            let behind = self.deliveries.missed(slow);
            if caught_up == Some(Duration::ZERO) && behind <= CALLERS {
                caught_up = Some(self.began.elapsed().saturating_sub(end));
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
        let came = crowd.pump(patience, &mut |member, at, text| {
            if let Some(change) = crate::wire::number_after("\"title\":\"change ", text) {
                let heard = at.saturating_duration_since(*began);
                let late = heard.saturating_sub(due(change as u32));
                deliveries.hear(member, change as u32, late);
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
