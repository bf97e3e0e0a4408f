//! What was read, round by round.

use std::collections::BTreeMap;

use crate::histogram::Histogram;
use crate::lineup::Name;
use crate::tally::Faults;

/// A kind of figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// What is measured.
    pub title: &'static str,
    /// In what.
    pub unit: &'static str,
}

impl Measure {
    /// Of the server's process, user and system.
    pub const CPU: Self = Self { title: "CPU per delivery", unit: "µs" };
    /// Of the load generator's own process, per delivery.
    pub const GENERATOR: Self =
        Self { title: "CPU of the load generator per delivery", unit: "µs" };
    /// Which the generator limits too.
    pub const RATE: Self = Self { title: "Deliveries per second", unit: "1/s" };
    /// From saying to reading, half of all.
    pub const HALF: Self = Self { title: "Latency, half of all within", unit: "ms" };
    /// The same, 99 of 100.
    pub const MOST: Self = Self { title: "Latency, 99 of 100 within", unit: "ms" };
    /// The same, the longest of all.
    pub const LONGEST: Self = Self { title: "Longest latency", unit: "ms" };
    /// Without the frame's head.
    pub const BYTES: Self = Self { title: "Size of an event", unit: "B" };
    /// Of the server's process, resident.
    pub const MEMORY: Self = Self { title: "Memory per connection", unit: "KiB" };
    /// From connecting to having joined.
    pub const CONNECT: Self = Self { title: "CPU per connection", unit: "µs" };
}

/// The readings of a scenario.
#[derive(Debug, Default)]
pub struct Readings {
    /// What was varied, in the order in which it came.
    pub cases: Vec<String>,
    values: BTreeMap<(Name, Measure, usize), Vec<f64>>,
    faults: BTreeMap<(Name, usize), Faults>,
    curves: BTreeMap<(Name, usize), Histogram>,
    /// Who was not measured to the end, and why.
    pub failures: BTreeMap<Name, String>,
}

impl Readings {
    /// The place of a case, which is made if it is new.
    fn case(&mut self, case: &str) -> usize {
        self.cases.iter().position(|known| known == case).unwrap_or_else(|| {
            self.cases.push(case.to_owned());
            self.cases.len() - 1
        })
    }

    /// Adds a reading.
    pub fn add(&mut self, name: Name, case: &str, measure: Measure, value: f64) {
        let case = self.case(case);
        self.values.entry((name, measure, case)).or_default().push(value);
    }

    /// Adds what was wrong, or that nothing was.
    pub fn add_faults(&mut self, name: Name, case: &str, faults: Faults) {
        let case = self.case(case);
        let before = self.faults.entry((name, case)).or_default();
        *before = before.plus(faults);
    }

    /// Adds latencies: their curve, and the two shares that tables show.
    pub fn add_latency(&mut self, name: Name, case: &str, latency: &Histogram) {
        for (measure, share) in [(Measure::HALF, 0.5), (Measure::MOST, 0.99)] {
            if let Some(millis) = latency.millis_within(share) {
                self.add(name, case, measure, millis);
            }
        }
        self.add(name, case, Measure::LONGEST, latency.longest().as_secs_f64() * 1e3);
        let case = self.case(case);
        self.curves.entry((name, case)).or_default().add(latency);
    }

    /// The reading in the middle; of two in the middle, what is between them.
    pub fn median(&self, name: Name, measure: Measure, case: usize) -> Option<f64> {
        let sorted = self.sorted(name, measure, case)?;
        let half = sorted.len() / 2;
        Some(if sorted.len() % 2 == 1 {
            sorted[half]
        } else {
            (sorted[half - 1] + sorted[half]) / 2.0
        })
    }

    /// The lowest and the highest reading.
    pub fn range(&self, name: Name, measure: Measure, case: usize) -> Option<(f64, f64)> {
        let sorted = self.sorted(name, measure, case)?;
        Some((sorted[0], sorted[sorted.len() - 1]))
    }

    /// How often this was read.
    pub fn count(&self, name: Name, measure: Measure, case: usize) -> usize {
        self.values.get(&(name, measure, case)).map_or(0, Vec::len)
    }

    /// What was wrong with a server's deliveries.
    pub fn faults(&self, name: Name, case: usize) -> Option<Faults> {
        self.faults.get(&(name, case)).copied()
    }

    /// What was wrong in all cases.
    pub fn all_faults(&self, name: Name) -> Faults {
        let of_name = self.faults.iter().filter(|((whose, _), _)| *whose == name);
        of_name.fold(Faults::default(), |sum, (_, faults)| sum.plus(*faults))
    }

    /// All latencies.
    pub fn curve(&self, name: Name, case: usize) -> Option<&Histogram> {
        self.curves.get(&(name, case))
    }

    fn sorted(&self, name: Name, measure: Measure, case: usize) -> Option<Vec<f64>> {
        let mut values = self.values.get(&(name, measure, case))?.clone();
        values.sort_by(f64::total_cmp);
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_middle_is_between_the_ends() {
        let mut readings = Readings::default();
        for value in [3.0, 1.0, 2.0] {
            readings.add(Name::Floor, "one", Measure::CPU, value);
        }
        readings.add(Name::Chorus, "two", Measure::CPU, 1.0);
        readings.add(Name::Chorus, "two", Measure::CPU, 2.0);
        assert_eq!(readings.median(Name::Floor, Measure::CPU, 0), Some(2.0));
        assert_eq!(readings.median(Name::Chorus, Measure::CPU, 1), Some(1.5));
        assert_eq!(readings.range(Name::Floor, Measure::CPU, 0), Some((1.0, 3.0)));
        assert_eq!(readings.median(Name::Floor, Measure::CPU, 1), None);
        assert_eq!(readings.cases, ["one", "two"]);
    }

    #[test]
    fn faults_and_latencies_of_all_rounds_are_added() {
        let mut readings = Readings::default();
        let faults = Faults { due: 5, lost: 1, out_of_order: 0, doubled: 0 };
        let mut latency = Histogram::default();
        latency.record(Duration::from_millis(3));
        for case in ["a", "a", "b"] {
            readings.add_faults(Name::Node, case, faults);
            readings.add_latency(Name::Node, case, &latency);
        }
        assert_eq!(readings.faults(Name::Node, 0).map(|faults| faults.lost), Some(2));
        assert_eq!(
            readings.all_faults(Name::Node),
            Faults { due: 15, lost: 3, ..Faults::default() }
        );
        assert_eq!(readings.curve(Name::Node, 0).map(Histogram::total), Some(2));
        assert_eq!(readings.count(Name::Node, Measure::MOST, 0), 2);
    }
}
