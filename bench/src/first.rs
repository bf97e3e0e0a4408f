//! The short form: everything once per round, the servers one after the other, so that what
//! disturbs the machine disturbs all of them.

use std::time::Duration;
use std::{env, fs};

use crate::crowd::Crowd;
use crate::failure::{Failure, Trying as _};
use crate::figures::{Figures, Measure};
use crate::lineup::{Name, Programs};
use crate::machine::{self, Cores};
use crate::report::{self, Heading};
use crate::scenario::loads::Load;
use crate::scenario::{disk, durable, durable_tally, idle, start};
use crate::workspace::Workspace;

/// How often everything is measured.
const ROUNDS: usize = 3;
/// Who listens in the loads; one more speaks.
const LISTENERS: usize = 1000;
/// How long a load goes on.
const SPAN: Duration = Duration::from_millis(1500);
/// How long each load goes on before it is measured.
const WARM_UP: Duration = Duration::from_millis(150);
/// How many write at once.
const WRITERS: [usize; 2] = [1, 16];

/// A part of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Events to a room of all.
    Loads,
    /// Connections that only listen.
    Idle,
    /// Chorus alone: its start.
    Start,
    /// Chorus alone: writes that must last.
    Durable,
}

impl Scenario {
    /// All of them, by the names that `--only` takes.
    pub const ALL: [(&str, Self); 4] = [
        ("loads", Self::Loads),
        ("idle", Self::Idle),
        ("start", Self::Start),
        ("durable", Self::Durable),
    ];
}

/// What a round needs.
struct Bench {
    programs: Programs,
    workspace: Workspace,
    cores: Cores,
    figures: Figures,
}

/// Measures all scenarios, or one; prints the report. The report of all is kept.
pub fn run(only: Option<Scenario>) -> Result<(), Failure> {
    let programs = Programs::build()?;
    let before = machine::load();
    machine::open_many_files()?;
    let cores = Cores::take()?;
    eprintln!("making a workspace");
    let workspace = Workspace::make(&programs.chorus, cores, idle::CONNECTIONS)?;
    let mut bench = Bench { programs, workspace, cores, figures: Figures::default() };
    for round in 1..=ROUNDS {
        for (name, scenario) in Scenario::ALL {
            if only.is_none_or(|only| only == scenario) {
                eprintln!("round {round} of {ROUNDS}: {name}");
                bench.measure(scenario)?;
            }
        }
    }
    let date = time::OffsetDateTime::now_utc().date().to_string();
    let heading = Heading {
        machine: machine::describe(),
        versions: bench.programs.versions(),
        file_system: machine::file_system(&env::temp_dir()),
        load: [before, machine::load()],
        rounds: ROUNDS,
        listeners: LISTENERS,
        writers: WRITERS.to_vec(),
        date,
    };
    let report = report::write(&heading, &bench.programs.names(), &bench.figures);
    println!("{report}");
    if only.is_none() {
        let path = format!("{}/reports/{}-first.md", env!("CARGO_MANIFEST_DIR"), heading.date);
        fs::write(&path, report).trying(format!("write {path}"))?;
    }
    Ok(())
}

impl Bench {
    fn measure(&mut self, scenario: Scenario) -> Result<(), Failure> {
        match scenario {
            Scenario::Loads => self.each(Self::loads),
            Scenario::Idle => self.each(Self::idle),
            Scenario::Start => self.start(),
            Scenario::Durable => self.durable(),
        }
    }

    fn each(&mut self, what: fn(&mut Self, Name) -> Result<(), Failure>) -> Result<(), Failure> {
        self.programs.names().into_iter().try_for_each(|name| what(self, name))
    }

    fn loads(&mut self, name: Name) -> Result<(), Failure> {
        let (server, door) = self.programs.start(name, &self.workspace, self.cores)?;
        let mut crowd = Crowd::new()?;
        crowd.grow(&door, LISTENERS + 1)?;
        for load in Load::ALL {
            load.run(&mut crowd, &server, &door, WARM_UP)?;
            let flow = load.run(&mut crowd, &server, &door, SPAN)?;
            self.figures.add_flow(name, load, flow);
        }
        Ok(())
    }

    fn idle(&mut self, name: Name) -> Result<(), Failure> {
        let (server, door) = self.programs.start(name, &self.workspace, self.cores)?;
        let idle = idle::run(&server, &door)?;
        for (more, bytes) in idle::MORE.into_iter().zip(idle.bytes) {
            self.figures.add(name, Measure::Idle(more), bytes / 1024.0);
        }
        self.figures.add(name, Measure::Connect, idle.connect.as_secs_f64() * 1e6);
        Ok(())
    }

    fn start(&mut self) -> Result<(), Failure> {
        let start = start::run(&self.programs.chorus, self.cores)?;
        self.figures.add(Name::Chorus, Measure::Start, millis(start.time));
        let resident = start.resident as f64 / f64::from(1 << 20);
        self.figures.add(Name::Chorus, Measure::Resident, resident);
        Ok(())
    }

    fn durable(&mut self) -> Result<(), Failure> {
        self.disk()?;
        for writers in WRITERS {
            let durable = durable::run(&self.workspace, self.cores, writers, SPAN)?;
            if durable.lost + durable.out_of_order > 0 || !durable.same_order {
                return Err(Failure::Server(format!("told changes wrongly: {durable:?}")));
            }
            let mut add = |measure, value| self.figures.add(Name::Chorus, measure, value);
            add(Measure::Writes(writers), durable.rate);
            add(Measure::WriteCpu(writers), durable.cpu.as_secs_f64() * 1e6);
            add(Measure::Checked(writers), durable.due as f64);
            for (percent, at) in [(50, 0), (99, 1)] {
                add(Measure::Answered(writers, percent), millis(durable.answered[at]));
                add(Measure::Heard(writers, percent), millis(durable.heard[at]));
            }
        }
        Ok(())
    }

    /// What the disk alone takes, in the place of the floor.
    fn disk(&mut self) -> Result<(), Failure> {
        let times = disk::run(SPAN)?;
        let count = times.len() as f64;
        let [half, most] = durable_tally::parts(times);
        let mut add = |measure, value| self.figures.add(Name::Floor, measure, value);
        add(Measure::Writes(1), count / SPAN.as_secs_f64());
        add(Measure::Answered(1, 50), millis(half));
        add(Measure::Answered(1, 99), millis(most));
        Ok(())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
