//! Everybody's network is gone for a while, and comes back at once.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::mixed::changes;
use crate::scenario::{Scenario, Stage, micros, millis};
use crate::server::Server;
use crate::tally::Tally;
use crate::way::Way;

/// Who loses the link.
const CLIENTS: usize = 500;
/// Events before, meanwhile and afterwards.
const PARTS: [u64; 3] = [5, 50, 5];
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_secs(2);
const CASE: &str = "500";
const TIME: Measure = Measure { title: "Until all have what they missed", unit: "ms" };
const RETURN: Measure = Measure { title: "CPU per return", unit: "µs" };

pub const SCENARIO: Scenario = Scenario {
    name: "comeback",
    title: "500 clients come back at once and miss nothing",
    about: "500 clients that recover their connection lose their link without a word; 50 events \
            are told meanwhile; all come back at once, each with what it heard last, and must hear \
            the 50 and then 5 more, each once and in order. Of Chorus these are changes of a task \
            that are committed; the others keep events in memory. The CPU per return is with the \
            50 events, and the latency that of the returns.",
    is_short: true,
    needs: Some(Ability::Recovery),
    has_floor: false,
    measures: &[TIME, RETURN, Measure::HALF, Measure::MOST],
    pictures: &[Picture::Bars { measure: TIME, cases: &[CASE] }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, Some(Ability::Recovery))?;
    let mut crowd = stage.crowd()?;
    let clients = stage.count(CLIENTS);
    crowd.fill(&door, Way::SocketIo, [Seat::Hall(clients)], 1)?;
    crowd.fill(&door, Way::Recovering, (0..clients).map(Seat::Hall), OPENING)?;
    let mut round = Round { crowd, tally: Tally::of_titles(clients), clients, told: 0 };
    let change = changes(door.guests.hall[0].first_task);
    let say = |tally: &mut Tally, at| {
        let words = change(tally, at);
        if name == Name::Chorus { words } else { words.replace("task_updated", "say") }
    };
    round.tell(PARTS[0], &say)?;
    round.hear_all()?;
    let lost: Vec<_> = (1..=clients).map(|member| round.crowd.leave(member)).collect();
    round.tell(PARTS[1], &say)?;
    round.crowd.settle(&mut |_, _, _| {})?;
    let began = Instant::now();
    let cpu = round.come_back(&server, &door, lost)?;
    readings.add(name, CASE, TIME, millis(began.elapsed()));
    readings.add(name, CASE, RETURN, micros(cpu) / clients as f64);
    round.tell(PARTS[2], &say)?;
    round.hear_all()?;
    readings.add_latency(name, CASE, &round.crowd.arrivals);
    readings.add_faults(name, CASE, round.tally.faults(round.due()));
    Ok(())
}

struct Round {
    crowd: Crowd,
    tally: Tally,
    clients: usize,
    told: u64,
}

impl Round {
    fn due(&self) -> u64 {
        self.told * self.clients as u64
    }

    fn tell(&mut self, count: u64, say: &dyn Fn(&mut Tally, u64) -> String) -> Result<(), Failure> {
        let places = self.told..self.told + count;
        let words: Vec<String> = places.map(|at| say(&mut self.tally, at)).collect();
        self.told += count;
        self.crowd.say(0, &words)
    }

    /// Until all have heard all, or nothing comes any more.
    fn hear_all(&mut self) -> Result<(), Failure> {
        while self.tally.deliveries < self.due() || self.crowd.joined() <= self.clients {
            let Self { crowd, tally, clients, .. } = self;
            let came = crowd.pump(QUIET, &mut |member, at, text| {
                // The speaker is the first of all; who comes back sits behind those who left.
                if let Some(before) = member.checked_sub(1) {
                    tally.hear(before % *clients, at, text);
                }
            })?;
            if !came {
                break;
            }
        }
        Ok(())
    }

    fn come_back(
        &mut self,
        server: &Server,
        door: &Door,
        lost: Vec<crate::member::Memory>,
    ) -> Result<Duration, Failure> {
        self.crowd.arrivals = crate::histogram::Histogram::default();
        let cpu = server.cpu()?;
        for (number, memory) in lost.into_iter().enumerate() {
            self.crowd.enter(door, Way::Recovering, Seat::Hall(number), memory)?;
        }
        self.hear_all()?;
        Ok(server.cpu()?.saturating_sub(cpu))
    }
}
