//! What is measured: one description for every scenario, and one file each.

pub mod bare;
pub mod caller;
pub mod callers;
pub mod churn;
pub mod comeback;
pub mod deliveries;
pub mod durable;
pub mod durable_tally;
pub mod fan_out;
mod flow;
pub mod heartbeats;
pub mod idle;
pub mod mixed;
pub mod payloads;
pub mod polling;
pub mod rooms;
pub mod size;
pub mod slow_reader;
pub mod start;
pub mod storm;

use std::time::Duration;

use crate::crowd::{Crowd, Door};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::lineup::{Ability, Name};
use crate::machine::Cores;
use crate::picture::Picture;
use crate::programs::Programs;
use crate::server::Server;
use crate::workspace::Workspace;

/// A scenario: what is done, by whom it can be done, and what is shown of it.
pub struct Scenario {
    /// Its word on the command line.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What happens in it, and how it is counted.
    pub about: &'static str,
    /// Whether the short form has it.
    pub is_short: bool,
    /// What a server must be able to do.
    pub needs: Option<Ability>,
    /// Whether the lower bound has a place in it though it cannot do that.
    pub has_floor: bool,
    /// Its figures, in the order of the tables.
    pub measures: &'static [Measure],
    /// Its drawings.
    pub pictures: &'static [Picture],
    /// Measures one server, once.
    pub run: fn(&Stage, Name, &mut Readings) -> Result<(), Failure>,
}

/// All of them, in the order of the report.
pub const ALL: &[&Scenario] = &[
    &fan_out::SCENARIO,
    &rooms::SCENARIO,
    &payloads::SCENARIO,
    &size::SCENARIO,
    &idle::SCENARIO,
    &storm::SCENARIO,
    &comeback::SCENARIO,
    &durable::SCENARIO,
    &start::SCENARIO,
    &mixed::SCENARIO,
    &churn::SCENARIO,
    &polling::SCENARIO,
    &slow_reader::SCENARIO,
    &heartbeats::SCENARIO,
];

impl Scenario {
    /// Whether a server can do it.
    pub fn is_for(&self, name: Name) -> bool {
        match self.needs {
            None => true,
            Some(_) if name == Name::Floor => self.has_floor,
            Some(ability) => name.can(ability),
        }
    }
}

/// Where scenarios are played.
pub struct Stage {
    /// The servers.
    pub programs: Programs,
    /// What Chorus serves.
    pub workspace: Workspace,
    /// Who runs where.
    pub cores: Cores,
    /// Whether everything is small and short: to see that it works, not what it costs.
    pub is_trial: bool,
}

impl Stage {
    /// Starts a server, which can do what a scenario needs.
    pub fn start(&self, name: Name, needs: Option<Ability>) -> Result<(Server, Door), Failure> {
        self.programs.start(name, &self.workspace, self.cores, needs)
    }

    /// A crowd that has this long for everything.
    pub fn crowd(&self) -> Result<Crowd, Failure> {
        Crowd::new(Duration::from_secs(if self.is_trial { 40 } else { 120 }))
    }

    /// How long a load goes on.
    pub fn span(&self) -> Duration {
        Duration::from_millis(if self.is_trial { 150 } else { 1500 })
    }

    /// How many of something: a tenth in a trial.
    pub fn count(&self, many: usize) -> usize {
        if self.is_trial { (many / 10).max(1) } else { many }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
