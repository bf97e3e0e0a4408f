//! The figures as Markdown.

use std::fmt::Write as _;

use crate::figures::{Measure, Readings};
use crate::lineup::Name;
use crate::picture::{Picture, thousands};
use crate::scenario::Scenario;

/// Servers that others are told as a multiple of.
const BASES: [Name; 2] = [Name::Floor, Name::Node];

/// Where and of what the figures are.
#[derive(Debug)]
pub struct Heading {
    /// The day.
    pub date: String,
    /// Which form it is.
    pub form: &'static str,
    /// The machine.
    pub machine: String,
    /// The programs.
    pub versions: Vec<(Name, String)>,
    /// Who was to be measured and could not, and why.
    pub missing: Vec<(Name, String)>,
    /// The file system under the database.
    pub file_system: String,
    /// The load averages before and after.
    pub load: [String; 2],
    /// How often everything was measured.
    pub rounds: usize,
    /// Whether counts and times were a tenth of what is said.
    pub is_trial: bool,
    /// How long it all took, in minutes.
    pub minutes: f64,
}

/// A scenario with what was read in it.
pub type Chapter<'a> = (&'a Scenario, &'a Readings);

/// The whole report. `pictures` is the folder of the pictures, as the report names it. What is
/// written to a text cannot fail.
pub fn write(
    heading: &Heading,
    names: &[Name],
    chapters: &[Chapter<'_>],
    pictures: &str,
) -> String {
    let mut report = head(heading);
    verdict(&mut report, names, chapters);
    for (scenario, readings) in chapters {
        let Scenario { title, about, .. } = scenario;
        write!(report, "\n## {title}\n\n{about}\n").ok();
        for picture in scenario.pictures {
            show(&mut report, picture, scenario, names, readings, pictures);
        }
        for measure in scenario.measures {
            values(&mut report, *measure, names, readings);
            ratios(&mut report, *measure, names, readings);
        }
        faults(&mut report, names, readings);
        absent(&mut report, scenario, names, readings);
    }
    report
}

fn head(heading: &Heading) -> String {
    let Heading { date, form, machine, file_system, load, rounds, minutes, .. } = heading;
    let [before, after] = load;
    let mut head = format!(
        "# Figures of {date}, the {form} form\n\n\
         * Machine: {machine}; servers on one core, clients on another, over loopback.\n\
         * Databases on {file_system}.\n\
         * Load average before and after: {before}, {after}.\n\
         * {rounds} interleaved rounds in {minutes:.0} minutes; shown is the median, in brackets the lowest and the \
         highest.\n"
    );
    if heading.is_trial {
        head += "* **A trial**: all counts and times are a tenth of those that are named; the figures mean nothing.\n";
    }
    for (name, version) in &heading.versions {
        writeln!(head, "* {}: {version}.", name.name()).ok();
    }
    for (name, why) in &heading.missing {
        writeln!(head, "* {}: not measured, {why}.", name.name()).ok();
    }
    head
}

/// What each server's deliveries were like, over all scenarios.
fn verdict(report: &mut String, names: &[Name], chapters: &[Chapter<'_>]) {
    let mut rows = String::new();
    for name in names {
        let all = chapters.iter().map(|(_, readings)| readings.all_faults(*name));
        let all = all.reduce(|one, two| one.plus(two)).unwrap_or_default();
        if all.due > 0 {
            let [due, order, lost, doubled] =
                [all.due, all.out_of_order, all.lost, all.doubled].map(thousands);
            writeln!(rows, "| {} | {due} | {order} | {lost} | {doubled} |", name.name()).ok();
        }
    }
    if !rows.is_empty() {
        let head = "| | deliveries due | out of order | lost | doubled |\n|---|---|---|---|---|\n";
        write!(report, "\n## All deliveries\n\n{head}{rows}").ok();
    }
}

fn show(
    report: &mut String,
    picture: &Picture,
    scenario: &Scenario,
    names: &[Name],
    readings: &Readings,
    folder: &str,
) {
    if picture.draw(scenario, names, readings).is_some() {
        let (title, file) = (picture.title(scenario), picture.file(scenario));
        write!(report, "\n![{title}]({folder}/{file}.svg)\n").ok();
    }
}

fn values(report: &mut String, measure: Measure, names: &[Name], readings: &Readings) {
    let cell = |name, case| {
        let median = number(readings.median(name, measure, case)?);
        let (low, high) = readings.range(name, measure, case)?;
        let spread = readings.count(name, measure, case) > 1;
        Some(if spread { format!("{median} ({}–{})", number(low), number(high)) } else { median })
    };
    let title = format!("{} ({})", measure.title, measure.unit);
    table(report, &title, names, &readings.cases, &cell);
}

fn ratios(report: &mut String, measure: Measure, names: &[Name], readings: &Readings) {
    let bases: Vec<Name> = BASES.into_iter().filter(|base| names.contains(base)).collect();
    let cell = |name, case| {
        let value = readings.median(name, measure, case)?;
        let ratio = |base: &Name| {
            let base = readings.median(*base, measure, case).filter(|base| *base > 0.0);
            base.map_or_else(|| "–".to_owned(), |base| format!("{:.2}", value / base))
        };
        let ratios: Vec<String> = bases.iter().map(ratio).collect();
        ratios.iter().any(|ratio| ratio != "–").then(|| ratios.join(" / "))
    };
    let several = names.iter().filter(|name| {
        (0..readings.cases.len()).any(|case| readings.median(**name, measure, case).is_some())
    });
    if several.count() > 1
        && !bases.is_empty()
        && !matches!(measure, Measure::BYTES | Measure::GENERATOR)
    {
        let bases: Vec<&str> = bases.iter().map(|base| base.name()).collect();
        let title = format!("The same as a multiple of {}", bases.join(" / of "));
        table(report, &title, names, &readings.cases, &cell);
    }
}

fn faults(report: &mut String, names: &[Name], readings: &Readings) {
    let cell = |name, case| {
        let faults = readings.faults(name, case)?;
        let share = |count: u64| match count {
            0 => "0".to_owned(),
            count => format!("{:.2} %", count as f64 * 100.0 / faults.due.max(1) as f64),
        };
        let [order, lost, doubled] = [faults.out_of_order, faults.lost, faults.doubled].map(share);
        Some(format!("{order} / {lost} / {doubled} of {}", thousands(faults.due)))
    };
    let title = "Out of order / lost / doubled, of all that were due";
    table(report, title, names, &readings.cases, &cell);
}

/// Who has no figures, and why.
fn absent(report: &mut String, scenario: &Scenario, names: &[Name], readings: &Readings) {
    let out: Vec<&str> =
        names.iter().filter(|name| !scenario.is_for(**name)).map(|name| name.name()).collect();
    if !out.is_empty() {
        write!(report, "\nCannot do this, and are left out: {}.\n", out.join(", ")).ok();
    }
    for (name, why) in &readings.failures {
        write!(report, "\n**{} was not measured to the end:** {why}.\n", name.name()).ok();
    }
}

/// A table of those who have something in it; nothing if nobody has.
fn table(
    report: &mut String,
    title: &str,
    names: &[Name],
    cases: &[String],
    cell: &dyn Fn(Name, usize) -> Option<String>,
) {
    let columns: Vec<usize> = (0..cases.len())
        .filter(|case| names.iter().any(|name| cell(*name, *case).is_some()))
        .collect();
    let mut rows = String::new();
    for name in names {
        let cells: Vec<Option<String>> = columns.iter().map(|case| cell(*name, *case)).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".into()));
            let cells: Vec<String> = cells.collect();
            writeln!(rows, "| {} | {} |", name.name(), cells.join(" | ")).ok();
        }
    }
    if !rows.is_empty() {
        let heads: Vec<&str> = columns.iter().map(|case| cases[*case].as_str()).collect();
        let rule = "---|".repeat(columns.len() + 1);
        write!(report, "\n### {title}\n\n| | {} |\n|{rule}\n{rows}", heads.join(" | ")).ok();
    }
}

/// Three digits say all there is to say.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => thousands(value.round() as u64),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests;
