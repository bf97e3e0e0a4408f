//! A run: every scenario once per round, the servers one after the other, so that what disturbs
//! the machine disturbs all of them; then the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use crate::failure::{Failure, Trying as _};
use crate::figures::Readings;
use crate::lineup::Name;
use crate::machine::{self, Cores};
use crate::programs::Programs;
use crate::report::{self, Chapter, Heading};
use crate::scenario::{self, Scenario, Stage};
use crate::tally::Faults;
use crate::workspace::Workspace;

/// How often everything is measured.
const ROUNDS: usize = 3;

/// What is to be measured.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// All servers and scenarios, not only the telling ones.
    pub is_full: bool,
    /// Everything small, short and once.
    pub is_trial: bool,
    /// How often; as often as is usual if it is not said.
    pub rounds: Option<usize>,
    /// These scenarios alone, whatever the form; all of the form if there are none.
    pub only: Vec<String>,
}

impl Plan {
    /// The plan that a command line asks for.
    pub fn read(form: &str, options: &[&str]) -> Option<Self> {
        let mut plan = Self { is_full: form == "full", ..Self::default() };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match *option {
                "--trial" => plan.is_trial = true,
                "--rounds" => {
                    plan.rounds = Some(options.next()?.parse().ok().filter(|rounds| *rounds > 0)?);
                }
                "--only" => plan.only.push((*options.next()?).to_owned()),
                _ => return None,
            }
        }
        matches!(form, "short" | "full").then_some(plan)
    }

    fn form(&self) -> &'static str {
        if self.is_full { "full" } else { "short" }
    }

    fn scenarios(&self) -> Result<Vec<&'static Scenario>, Failure> {
        let all = scenario::ALL;
        if let Some(word) =
            self.only.iter().find(|word| !all.iter().any(|one| one.name == word.as_str()))
        {
            let known: Vec<&str> = all.iter().map(|one| one.name).collect();
            let known = known.join(", ");
            return Err(Failure::Usage(format!("no scenario {word}; there is: {known}")));
        }
        let wanted = |one: &&&Scenario| match self.only.as_slice() {
            [] => self.is_full || one.is_short,
            only => only.iter().any(|word| word == one.name),
        };
        Ok(all.iter().filter(wanted).copied().collect())
    }

    /// Who has a part in one of them.
    fn names(&self, scenarios: &[&Scenario]) -> Vec<Name> {
        let part = |name: &Name| scenarios.iter().any(|one| one.is_for(*name));
        Name::ALL.into_iter().filter(|name| self.is_full || name.is_short()).filter(part).collect()
    }
}

/// Measures, and writes the report. Fails if Chorus could not be measured, or told something
/// wrongly; what becomes of the others is in the report.
pub fn run(plan: &Plan) -> Result<(), Failure> {
    let began = Instant::now();
    let scenarios = plan.scenarios()?;
    let wanted = plan.names(&scenarios);
    let programs = Programs::build(&wanted)?;
    let missing: Vec<(Name, String)> =
        wanted.iter().filter_map(|name| Some((*name, programs.missing(*name)?))).collect();
    let names: Vec<Name> = wanted
        .into_iter()
        .filter(|name| !missing.iter().any(|(absent, _)| absent == name))
        .collect();
    missing.iter().for_each(|(name, why)| eprintln!("without {}: {why}", name.name()));
    let before = machine::load();
    machine::open_many_files()?;
    let cores = Cores::take()?;
    eprintln!("making a workspace");
    let workspace = Workspace::make(&programs.chorus, cores)?;
    let stage = Stage { programs, workspace, cores, is_trial: plan.is_trial };
    let rounds = plan.rounds.unwrap_or(if plan.is_trial { 1 } else { ROUNDS });
    let all = play(&stage, &scenarios, &names, rounds);
    let heading = Heading {
        date: time::OffsetDateTime::now_utc().date().to_string(),
        form: plan.form(),
        machine: machine::describe(),
        versions: names.iter().map(|name| (*name, stage.programs.version(*name))).collect(),
        missing,
        file_system: machine::file_system(&env::temp_dir()),
        load: [before, machine::load()],
        rounds,
        is_trial: plan.is_trial,
        minutes: began.elapsed().as_secs_f64() / 60.0,
    };
    let chapters: Vec<Chapter<'_>> =
        scenarios.iter().filter_map(|one| Some((*one, all.get(one.name)?))).collect();
    keep(plan, &heading, &names, &chapters)?;
    judge(&chapters)
}

/// Measures each server in each scenario and round. Who fails in a scenario is not tried in it
/// again.
fn play(
    stage: &Stage,
    scenarios: &[&'static Scenario],
    names: &[Name],
    rounds: usize,
) -> BTreeMap<&'static str, Readings> {
    let mut all: BTreeMap<&str, Readings> = BTreeMap::new();
    for round in 1..=rounds {
        for scenario in scenarios {
            let readings = all.entry(scenario.name).or_default();
            for name in names.iter().filter(|name| scenario.is_for(**name)) {
                if readings.failures.contains_key(name) {
                    continue;
                }
                let began = Instant::now();
                let done = (scenario.run)(stage, *name, readings);
                let (took, word, server) =
                    (began.elapsed().as_secs_f64(), scenario.name, name.name());
                eprintln!("round {round} of {rounds}: {word}: {server}: {took:.1} s");
                if let Err(failure) = done {
                    eprintln!("  failed: {failure}");
                    readings.failures.insert(*name, failure.to_string());
                }
            }
        }
    }
    all
}

/// Writes the report and its pictures: a whole one among those that are kept, a part or a trial
/// into the build's directory.
fn keep(
    plan: &Plan,
    heading: &Heading,
    names: &[Name],
    chapters: &[Chapter<'_>],
) -> Result<(), Failure> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_whole = plan.only.is_empty() && !plan.is_trial && plan.rounds.is_none();
    let directory = here.join(if is_whole { "reports" } else { "target/reports" });
    let word = format!("{}-{}", heading.date, heading.form);
    let pictures = directory.join(&word);
    fs::create_dir_all(&pictures).trying("make a directory")?;
    for (scenario, readings) in chapters {
        for picture in scenario.pictures {
            if let Some(svg) = picture.draw(scenario, names, readings) {
                save(pictures.join(picture.file(scenario) + ".svg"), &svg)?;
            }
        }
    }
    let report = report::write(heading, names, chapters, &word);
    println!("{report}");
    let path = directory.join(word + ".md");
    println!("written to {}", path.display());
    save(path, &report)
}

fn save(path: PathBuf, text: &str) -> Result<(), Failure> {
    fs::write(&path, text).trying(format!("write {}", path.display()))
}

/// The last line: whether Chorus told everything once and in order.
fn judge(chapters: &[Chapter<'_>]) -> Result<(), Failure> {
    let all = chapters.iter().map(|(_, readings)| readings.all_faults(Name::Chorus));
    let all = all.fold(Faults::default(), Faults::plus);
    let Faults { due, lost, out_of_order, doubled } = all;
    let line = format!(
        "Chorus: {due} deliveries due, {out_of_order} out of order, {lost} lost, {doubled} doubled"
    );
    let failed = chapters.iter().find_map(|(scenario, readings)| {
        let why = readings.failures.get(&Name::Chorus)?;
        Some(format!("{}: {why}", scenario.name))
    });
    println!("{line}");
    match failed {
        Some(why) => Err(Failure::Program(format!("Chorus was not measured to the end: {why}"))),
        None if all.is_clean() => Ok(()),
        None => Err(Failure::Program(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_a_plan() {
        let plan = Plan::read("full", &["--only", "idle", "--trial", "--only", "start"]).unwrap();
        assert!(plan.is_full && plan.is_trial);
        let names: Vec<&str> = plan.scenarios().unwrap().iter().map(|one| one.name).collect();
        assert_eq!(names, ["idle", "start"]);
        assert_eq!(Plan::read("short", &["--rounds", "2"]).unwrap().rounds, Some(2));
        for wrong in [["--only"].as_slice(), &["--loud"], &["--rounds", "0"], &["--rounds", "x"]] {
            assert!(Plan::read("short", wrong).is_none(), "{wrong:?}");
        }
        assert!(Plan::read("long", &[]).is_none());
        assert!(Plan::read("short", &["--only", "ilde"]).unwrap().scenarios().is_err());
    }

    #[test]
    fn the_short_form_is_a_part_of_the_full_one() {
        let [short, full] = ["short", "full"].map(|form| Plan::read(form, &[]).unwrap());
        let [few, all] = [&short, &full].map(|plan| plan.scenarios().unwrap());
        assert!(few.iter().all(|one| one.is_short) && few.len() < all.len());
        assert_eq!(short.names(&few).len(), 4);
        assert_eq!(full.names(&all), Name::ALL);
        let alone = Plan { only: vec!["slow-reader".into()], ..full };
        assert_eq!(alone.names(&alone.scenarios().unwrap()), [Name::Chorus]);
    }

    #[test]
    fn chorus_must_tell_everything_once_and_in_order() {
        let scenario = scenario::ALL[0];
        let verdict = |name, lost| {
            let mut readings = Readings::default();
            readings.add_faults(name, "a", Faults { due: 9, lost, ..Faults::default() });
            judge(&[(scenario, &readings)])
        };
        assert!(verdict(Name::Chorus, 0).is_ok());
        assert!(verdict(Name::Chorus, 1).is_err());
        assert!(verdict(Name::Node, 1).is_ok());
    }
}
