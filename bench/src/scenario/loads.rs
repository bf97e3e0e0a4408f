//! One event to a room of all, in three loads. The first member of the crowd speaks, the others
//! listen.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Door};
use crate::failure::Failure;
use crate::server::Server;
use crate::tally::{MOST_UNDER_WAY, Tally};

/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_millis(500);
/// Which member speaks.
const SPEAKER: usize = 0;

/// How events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// The next when the last delivery of the one before has arrived.
    OneAtATime,
    /// Sixteen are always under way.
    Sixteen,
    /// Two hundred at once; the next two hundred when all have arrived.
    Burst,
}

/// What came of a load.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    /// Server CPU per delivery.
    pub cpu: Duration,
    /// Deliveries per second of wall clock, which the client also limits.
    pub rate: f64,
    /// Deliveries that were due.
    pub due: u64,
    /// Deliveries that never came.
    pub lost: u64,
    /// Deliveries after those of later events.
    pub out_of_order: u64,
    /// Deliveries that came again.
    pub doubled: u64,
    /// Bytes of one, without the frame's head.
    pub bytes: usize,
}

impl Load {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OneAtATime, Self::Sixteen, Self::Burst];

    /// As the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneAtATime => "one at a time",
            Self::Sixteen => "16 outstanding",
            Self::Burst => "bursts of 200",
        }
    }

    /// Events sent at once, and events under way at most.
    fn steps(self) -> (u64, u64) {
        match self {
            Self::OneAtATime => (1, 1),
            Self::Sixteen => (1, 16),
            Self::Burst => (200, 200),
        }
    }

    /// Sends events for as long as `span`, and waits for what is still under way.
    pub fn run(
        self,
        crowd: &mut Crowd,
        server: &Server,
        door: &Door,
        span: Duration,
    ) -> Result<Flow, Failure> {
        let (step, window) = self.steps();
        debug_assert!(window <= MOST_UNDER_WAY, "numbers would be ambiguous");
        let listeners = crowd.size() as u64 - 1;
        let mut tally = Tally::new(door.first_task, crowd.size());
        let (mut sent, mut given_up) = (0, 0);
        let (cpu, began) = (server.cpu()?, Instant::now());
        loop {
            let going = began.elapsed() < span;
            let settled = (tally.deliveries + given_up) / listeners;
            if going && sent + step <= settled + window {
                let events: Vec<String> = (sent..sent + step).map(|at| tally.said(at)).collect();
                crowd.say(SPEAKER, &events)?;
                sent += step;
                continue;
            }
            if !going && settled >= sent {
                break;
            }
            if !crowd.pump(QUIET, &mut |member, text| tally.hear(member, text))? {
                given_up = (sent * listeners).saturating_sub(tally.deliveries);
            }
        }
        let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
        let due = sent * listeners;
        Ok(Flow {
            cpu: cpu.div_f64(tally.deliveries.max(1) as f64),
            rate: tally.deliveries as f64 / wall.as_secs_f64(),
            due,
            lost: due.saturating_sub(tally.deliveries),
            out_of_order: tally.out_of_order,
            doubled: tally.doubled,
            bytes: tally.bytes,
        })
    }
}
