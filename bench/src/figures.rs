//! What was read, round by round.

use std::collections::BTreeMap;

use crate::lineup::Name;
use crate::scenario::loads::{Flow, Load};

/// One kind of figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Microseconds of server CPU per delivery.
    Cpu(Load),
    /// Deliveries per second.
    Rate(Load),
    /// KiB per idle connection, by the number of connections.
    Idle(usize),
    /// Microseconds of server CPU per connect and join.
    Connect,
    /// Milliseconds until a server listens.
    Start,
    /// MiB of a server that nobody uses.
    Resident,
    /// Writes per second, by the number of writers.
    Writes(usize),
    /// Milliseconds from a request to its answer, by writers and percentile.
    Answered(usize, u8),
    /// Milliseconds from a request to its last delivery, by writers and percentile.
    Heard(usize, u8),
    /// Microseconds of server CPU per write with all deliveries.
    WriteCpu(usize),
    /// Deliveries of writes that were checked for order and completeness.
    Checked(usize),
}

/// Deliveries that were not as they must be, over all rounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// How many were due.
    pub due: u64,
    /// How many never came.
    pub lost: u64,
    /// How many came after later ones.
    pub out_of_order: u64,
    /// How many came again.
    pub doubled: u64,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Figures {
    values: BTreeMap<(Name, Measure), Vec<f64>>,
    faults: BTreeMap<(Name, Load), Faults>,
    bytes: BTreeMap<Name, usize>,
}

impl Figures {
    /// Adds a reading.
    pub fn add(&mut self, name: Name, measure: Measure, value: f64) {
        self.values.entry((name, measure)).or_default().push(value);
    }

    /// Adds the readings of a load.
    pub fn add_flow(&mut self, name: Name, load: Load, flow: Flow) {
        self.add(name, Measure::Cpu(load), flow.cpu.as_secs_f64() * 1e6);
        self.add(name, Measure::Rate(load), flow.rate);
        self.bytes.insert(name, flow.bytes);
        let faults = self.faults.entry((name, load)).or_default();
        faults.due += flow.due;
        faults.lost += flow.lost;
        faults.out_of_order += flow.out_of_order;
        faults.doubled += flow.doubled;
    }

    /// The reading in the middle.
    pub fn median(&self, name: Name, measure: Measure) -> Option<f64> {
        self.sorted(name, measure).map(|sorted| sorted[sorted.len() / 2])
    }

    /// The lowest and the highest reading.
    pub fn range(&self, name: Name, measure: Measure) -> Option<(f64, f64)> {
        self.sorted(name, measure).map(|sorted| (sorted[0], sorted[sorted.len() - 1]))
    }

    /// What was wrong with a server's deliveries.
    pub fn faults(&self, name: Name, load: Load) -> Option<Faults> {
        self.faults.get(&(name, load)).copied()
    }

    /// Bytes of a server's event.
    pub fn bytes(&self, name: Name) -> Option<usize> {
        self.bytes.get(&name).copied()
    }

    fn sorted(&self, name: Name, measure: Measure) -> Option<Vec<f64>> {
        let mut values = self.values.get(&(name, measure))?.clone();
        values.sort_by(f64::total_cmp);
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_between_the_ends() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.add(Name::Floor, Measure::Connect, value);
        }
        assert_eq!(figures.median(Name::Floor, Measure::Connect), Some(2.0));
        assert_eq!(figures.range(Name::Floor, Measure::Connect), Some((1.0, 3.0)));
        assert_eq!(figures.median(Name::Chorus, Measure::Connect), None);
    }
}
