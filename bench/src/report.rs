//! The figures as Markdown.

use std::fmt::Write as _;

use crate::figures::{Figures, Measure};
use crate::lineup::Name;
use crate::scenario::durable::SUBSCRIBERS;
use crate::scenario::idle::MORE;
use crate::scenario::loads::Load;

/// Where and of what the figures are.
#[derive(Debug)]
pub struct Heading {
    /// The day.
    pub date: String,
    /// The machine.
    pub machine: String,
    /// The programs.
    pub versions: String,
    /// The file system under the database.
    pub file_system: String,
    /// The load averages before and after.
    pub load: [String; 2],
    /// How often everything was measured.
    pub rounds: usize,
    /// Who listens in the loads.
    pub listeners: usize,
    /// The numbers of writers.
    pub writers: Vec<usize>,
}

/// The whole report. What was not measured is left out.
pub fn write(heading: &Heading, names: &[Name], figures: &Figures) -> String {
    let mut report = head(heading);
    let loads = Load::ALL.map(|load| (load.name().to_owned(), Measure::Cpu(load)));
    let title = format!("CPU per delivery, one room of {} listeners (µs)", heading.listeners);
    section(&mut report, &title, &loads, names, figures);
    for base in [Name::Floor, Name::Socketioxide, Name::Node] {
        ratios(&mut report, base, &loads, names, figures);
    }
    let rates = Load::ALL.map(|load| (load.name().to_owned(), Measure::Rate(load)));
    section(&mut report, "Deliveries per second, client included", &rates, names, figures);
    faults(&mut report, names, figures);
    let mut idle = MORE.map(|more| (format!("KiB each of {more}"), Measure::Idle(more))).to_vec();
    idle.push(("µs CPU to connect and join".into(), Measure::Connect));
    section(&mut report, "Idle connections", &idle, names, figures);
    let start = [
        ("ms until it listens".to_owned(), Measure::Start),
        ("MiB resident".to_owned(), Measure::Resident),
    ];
    section(&mut report, "Start, on a new database", &start, names, figures);
    for writers in &heading.writers {
        let title =
            format!("Durable writes over REST, {writers} at once, {SUBSCRIBERS} subscribers");
        section(&mut report, &title, &durable(*writers), names, figures);
    }
    report
}

fn head(heading: &Heading) -> String {
    let Heading { date, machine, versions, file_system, load, rounds, .. } = heading;
    let [before, after] = load;
    format!(
        "# First figures, {date}\n\n\
         * Machine: {machine}; servers on one core, clients on another, over loopback.\n\
         * Versions: {versions}.\n\
         * Databases on {file_system}.\n\
         * Load average before and after: {before}, {after}.\n\
         * Median of {rounds} interleaved rounds; in brackets the lowest and the highest.\n"
    )
}

fn section(
    report: &mut String,
    title: &str,
    columns: &[(String, Measure)],
    names: &[Name],
    figures: &Figures,
) {
    let cell = |name, measure| {
        let (median, (low, high)) = (figures.median(name, measure)?, figures.range(name, measure)?);
        Some(format!("{} ({}–{})", number(median), number(low), number(high)))
    };
    table(report, title, columns, names, &cell);
}

fn ratios(
    report: &mut String,
    base: Name,
    columns: &[(String, Measure)],
    names: &[Name],
    figures: &Figures,
) {
    let cell = |name, measure| {
        let (value, base) = (figures.median(name, measure)?, figures.median(base, measure)?);
        Some(format!("{:.3}", value / base))
    };
    let title = format!("The same, as a multiple of {}", base.name());
    table(report, &title, columns, names, &cell);
}

fn faults(report: &mut String, names: &[Name], figures: &Figures) {
    let columns = Load::ALL.map(|load| (load.name().to_owned(), load));
    let cell = |name, load| {
        let faults = figures.faults(name, load)?;
        let share = |count: u64| match count {
            0 => "0".to_owned(),
            count => format!("{:.2} %", count as f64 * 100.0 / faults.due.max(1) as f64),
        };
        let (order, lost) = (share(faults.out_of_order), share(faults.lost));
        Some(format!("{order} / {lost} / {} of {}", share(faults.doubled), faults.due))
    };
    table(report, "Deliveries out of order / lost / doubled", &columns, names, &cell);
    let bytes =
        names.iter().filter_map(|name| Some(format!("{} {}", name.name(), figures.bytes(*name)?)));
    let bytes: Vec<String> = bytes.collect();
    if !bytes.is_empty() {
        // Strings take what is written to them.
        writeln!(report, "\nBytes of an event: {}.", bytes.join(", ")).ok();
    }
}

fn durable(writers: usize) -> Vec<(String, Measure)> {
    vec![
        ("writes/s".into(), Measure::Writes(writers)),
        ("answered, p50 ms".into(), Measure::Answered(writers, 50)),
        ("p99".into(), Measure::Answered(writers, 99)),
        ("heard by all, p50 ms".into(), Measure::Heard(writers, 50)),
        ("p99".into(), Measure::Heard(writers, 99)),
        ("µs CPU per write".into(), Measure::WriteCpu(writers)),
        ("deliveries, all once and in one order".into(), Measure::Checked(writers)),
    ]
}

/// A table of those who have something in it; nothing if nobody has.
fn table<C: Copy>(
    report: &mut String,
    title: &str,
    columns: &[(String, C)],
    names: &[Name],
    cell: &dyn Fn(Name, C) -> Option<String>,
) {
    let mut rows = String::new();
    for name in names {
        let cells: Vec<Option<String>> = columns.iter().map(|(_, key)| cell(*name, *key)).collect();
        if cells.iter().any(Option::is_some) {
            let cells: Vec<String> =
                cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".into())).collect();
            writeln!(rows, "| {} | {} |", name.name(), cells.join(" | ")).ok();
        }
    }
    if !rows.is_empty() {
        let heads: Vec<&str> = columns.iter().map(|(head, _)| head.as_str()).collect();
        let rule = "---|".repeat(columns.len() + 1);
        write!(report, "\n## {title}\n\n| | {} |\n|{rule}\n{rows}", heads.join(" | ")).ok();
    }
}

/// Three digits say all there is to say.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_who_was_measured() {
        let mut figures = Figures::default();
        figures.add(Name::Floor, Measure::Cpu(Load::Burst), 2.0);
        figures.add(Name::Chorus, Measure::Cpu(Load::Burst), 0.5);
        let columns =
            [("burst".to_owned(), Measure::Cpu(Load::Burst)), ("kib".to_owned(), Measure::Connect)];
        let names = [Name::Floor, Name::Chorus, Name::Node];
        let mut report = String::new();
        ratios(&mut report, Name::Floor, &columns, &names, &figures);
        assert_eq!(
            report,
            "\n## The same, as a multiple of floor\n\n| | burst | kib |\n|---|---|---|\n\
             | floor | 1.000 | – |\n| Chorus | 0.250 | – |\n"
        );
        report.clear();
        ratios(&mut report, Name::Node, &columns, &names, &figures);
        assert_eq!(report, "", "nothing to compare with");
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!([0.0404, 2.345, 23.45, 234.5].map(number), ["0.040", "2.35", "23.4", "234"]);
    }
}
