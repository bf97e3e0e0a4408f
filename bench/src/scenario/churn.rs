//! People who come and go, in a room whose members are told.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::{COMERS, Seat};
use crate::histogram::Histogram;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::{Scenario, Stage, micros};
use crate::tally::Faults;
use crate::way::Way;
use crate::{guests, wire};

/// Who is there and told.
const LISTENERS: usize = 200;
/// When nothing comes for so long, what is missing is lost.
const QUIET: Duration = Duration::from_millis(1500);
const CASE: &str = "16 people";
const RATE: Measure = Measure { title: "Arrivals and departures per second", unit: "1/s" };
const COST: Measure = Measure { title: "CPU per arrival and departure, all told", unit: "µs" };
const CAME: &[u8] = b"42[\"user_connected\"";
const WENT: &[u8] = b"42[\"user_disconnected\"";

pub const SCENARIO: Scenario = Scenario {
    name: "churn",
    title: "Presence: 16 people come and go, 200 are told",
    about: "16 people connect, say good-bye when all 200 in the room have heard that they are \
            there, and come again when all have heard that they are gone. Each must hear of each \
            in turns: came, went. The latency is from the good-bye until one of the 200 has heard \
            it. The cost includes the connection with its token.",
    is_short: false,
    needs: Some(Ability::Presence),
    has_floor: false,
    measures: &[RATE, COST, Measure::HALF, Measure::MOST],
    pictures: &[Picture::Bars { measure: COST, cases: &[CASE] }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, SCENARIO.needs)?;
    let mut crowd = stage.crowd()?;
    let listeners = stage.count(LISTENERS);
    crowd.fill(&door, Way::SocketIo, (0..listeners).map(Seat::Hall), OPENING)?;
    crowd.settle(&mut |_, _, _| {})?;
    let mut churn = Churn { listeners, people: Vec::new(), told: Told::new(listeners) };
    let (cpu, began) = (server.cpu()?, Instant::now());
    churn.play(&mut crowd, &door, stage.span())?;
    let (cpu, wall) = (server.cpu()?.saturating_sub(cpu), began.elapsed());
    let Told { faults, latency, .. } = churn.told;
    let turns = faults.due as f64 / listeners as f64 / 2.0;
    readings.add(name, CASE, RATE, turns / wall.as_secs_f64());
    readings.add(name, CASE, COST, micros(cpu) / turns);
    readings.add_latency(name, CASE, &latency);
    readings.add_faults(name, CASE, faults);
    Ok(())
}

/// Who has heard what of whom.
struct Told {
    /// By person, then by listener, how many turns were heard: odd while there.
    turns: Vec<Vec<u32>>,
    /// By person, how many have not heard the latest.
    left: Vec<usize>,
    said: Vec<Instant>,
    faults: Faults,
    latency: Histogram,
}

impl Told {
    fn new(listeners: usize) -> Self {
        Self {
            turns: vec![vec![0; listeners]; COMERS],
            left: vec![0; COMERS],
            said: vec![Instant::now(); COMERS],
            faults: Faults::default(),
            latency: Histogram::default(),
        }
    }

    /// A person comes or goes now.
    fn begin(&mut self, person: usize) {
        self.left[person] = self.turns[person].len();
        self.faults.due += self.left[person] as u64;
        self.said[person] = Instant::now();
    }

    fn hear(&mut self, listener: usize, at: Instant, text: &[u8]) {
        let came = text.starts_with(CAME);
        if !came && !text.starts_with(WENT) {
            return;
        }
        let number = wire::number_after("\"username\":\"bench-", text).unwrap_or_default() as usize;
        let Some(person) = number.checked_sub(guests::HALL).filter(|at| *at < COMERS) else {
            return;
        };
        let Some(turn) = self.turns[person].get_mut(listener) else { return };
        if came == (*turn % 2 == 1) || self.left[person] == 0 {
            self.faults.doubled += 1;
            return;
        }
        *turn += 1;
        self.left[person] -= 1;
        if !came {
            self.latency.record(at.saturating_duration_since(self.said[person]));
        }
    }
}

/// A person, with the number of the connection.
#[derive(Clone, Copy)]
enum Person {
    Away,
    There(usize),
    /// Has said good-bye. The link stays until that was heard: one that is closed with something
    /// unread in it is reset, and what was said last may be lost with it.
    Going(usize),
}

struct Churn {
    listeners: usize,
    people: Vec<Person>,
    told: Told,
}

impl Churn {
    fn play(&mut self, crowd: &mut Crowd, door: &Door, span: Duration) -> Result<(), Failure> {
        let began = Instant::now();
        self.people = vec![Person::Away; COMERS];
        loop {
            let going = began.elapsed() < span;
            let mut busy = false;
            for person in 0..COMERS {
                busy |= self.turn(crowd, door, person, going)?;
            }
            if !busy {
                return Ok(());
            }
            let Self { told, .. } = self;
            if !crowd.pump(QUIET, &mut |member, at, text| told.hear(member, at, text))? {
                self.told.faults.lost += self.told.left.iter().sum::<usize>() as u64;
                return Ok(());
            }
        }
    }

    /// Lets a person do what comes next, if it is time; false if there is nothing more.
    fn turn(
        &mut self,
        crowd: &mut Crowd,
        door: &Door,
        person: usize,
        going: bool,
    ) -> Result<bool, Failure> {
        if self.told.left[person] > 0 {
            return Ok(true);
        }
        match self.people[person] {
            Person::There(connection) if !crowd.has_joined(connection) => Ok(true),
            Person::There(connection) => {
                self.told.begin(person);
                crowd.say(connection, [&"41".to_owned()])?;
                self.people[person] = Person::Going(connection);
                Ok(true)
            }
            Person::Going(connection) => {
                crowd.leave(connection);
                self.people[person] = Person::Away;
                self.turn(crowd, door, person, going)
            }
            Person::Away if going => {
                debug_assert!(crowd.size() >= self.listeners, "listeners come first");
                self.told.begin(person);
                let seat = Seat::Comer(person);
                let connection = crowd.enter(door, Way::SocketIo, seat, Default::default())?;
                self.people[person] = Person::There(connection);
                Ok(true)
            }
            Person::Away => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(heard: &[&str]) -> (u64, usize) {
        let mut told = Told::new(1);
        for word in heard {
            told.begin(2);
            let text = format!(r#"42["{word}",{{"username":"bench-{}"}}]"#, guests::HALL + 2);
            told.hear(0, Instant::now(), text.as_bytes());
        }
        (told.faults.doubled, told.left[2])
    }

    #[test]
    fn who_comes_must_go_before_he_comes_again() {
        assert_eq!(told(&["user_connected", "user_disconnected", "user_connected"]), (0, 0));
        assert_eq!(told(&["user_connected", "user_connected"]), (1, 1));
        assert_eq!(told(&["user_disconnected"]), (1, 1));
        assert_eq!(told(&["user_typing"]), (0, 1));
    }
}
