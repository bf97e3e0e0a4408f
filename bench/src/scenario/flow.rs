//! One who speaks, and many who hear: a window of events that is kept full.

use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::lineup::Name;
use crate::machine;
use crate::scenario::micros;
use crate::server::Server;
use crate::tally::{Faults, NUMBERS, Tally};

/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_millis(1500);

/// How events are said.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Said at once.
    pub step: u64,
    /// Under way at most: said, and not yet heard by all.
    pub most: u64,
}

const FEW: Window = Window { step: 1, most: 16 };

/// Who says what to whom.
pub struct Talk<'a> {
    /// All.
    pub crowd: &'a mut Crowd,
    /// Which of them speaks.
    pub speaker: usize,
    /// How many are due to hear each event.
    pub listeners: u64,
    /// Makes the text of the event with a number.
    pub said: &'a dyn Fn(&mut Tally, u64) -> String,
}

/// What came of it.
pub struct Flow {
    cpu: Duration,
    own_cpu: Duration,
    wall: Duration,
    /// What was wrong.
    pub faults: Faults,
    tally: Tally,
}

/// Says events for as long as `span`, and waits for what is still under way.
pub fn run(
    talk: &mut Talk<'_>,
    mut tally: Tally,
    window: Window,
    server: &Server,
    span: Duration,
) -> Result<Flow, Failure> {
    let (cpu, own_cpu, began) = (server.cpu()?, machine::cpu_of("self")?, Instant::now());
    let sent = say(talk, &mut tally, window, |_| began.elapsed() < span)?;
    let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
    let own_cpu = machine::cpu_of("self")?.saturating_sub(own_cpu);
    let faults = tally.faults(sent * talk.listeners);
    Ok(Flow { cpu, own_cpu, wall, faults, tally })
}

/// Says an event of each number: a server that looks up what it was never told of has done so then.
pub fn introduce(talk: &mut Talk<'_>, mut tally: Tally) -> Result<(), Failure> {
    say(talk, &mut tally, FEW, |sent| sent < NUMBERS).map(drop)
}

/// Says events while `goes_on` is true of how many were said; how many that were in the end.
fn say(
    talk: &mut Talk<'_>,
    tally: &mut Tally,
    window: Window,
    goes_on: impl Fn(u64) -> bool,
) -> Result<u64, Failure> {
    debug_assert!(window.most <= tally.most_under_way(), "numbers would be ambiguous");
    let (mut sent, mut given_up) = (0, 0);
    loop {
        let going = goes_on(sent);
        let settled = (tally.deliveries + given_up) / talk.listeners;
        if going && sent + window.step <= settled + window.most {
            let places = sent..sent + window.step;
            let events: Vec<String> = places.map(|at| (talk.said)(tally, at)).collect();
            talk.crowd.say(talk.speaker, &events)?;
            sent += window.step;
            continue;
        }
        if !going && settled >= sent {
            return Ok(sent);
        }
        let hear = &mut |member: usize, at: Instant, text: &[u8]| {
            tally.hear(member, at, text);
        };
        if !talk.crowd.pump(QUIET, hear)? {
            given_up = (sent * talk.listeners).saturating_sub(tally.deliveries);
        }
    }
}

impl Flow {
    /// Adds all that scenarios show of it.
    pub fn note(&self, readings: &mut Readings, name: Name, case: &str) {
        let deliveries = self.tally.deliveries.max(1) as f64;
        readings.add(name, case, Measure::CPU, micros(self.cpu) / deliveries);
        readings.add(name, case, Measure::GENERATOR, micros(self.own_cpu) / deliveries);
        readings.add(name, case, Measure::RATE, deliveries / self.wall.as_secs_f64());
        readings.add_latency(name, case, &self.tally.latency);
        readings.add(name, case, Measure::BYTES, self.tally.bytes as f64);
        readings.add_faults(name, case, self.faults);
    }
}
