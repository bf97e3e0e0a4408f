use super::*;
use crate::scenario::payloads::SCENARIO;
use crate::tally::Faults;

const NAMES: [Name; 3] = [Name::Floor, Name::Chorus, Name::Node];

fn readings() -> Readings {
    let mut readings = Readings::default();
    for value in [2.0, 4.0, 3.0] {
        readings.add(Name::Floor, "100 B", Measure::CPU, value);
        readings.add(Name::Chorus, "100 B", Measure::CPU, value / 4.0);
    }
    readings.add(Name::Chorus, "1 KiB", Measure::CPU, 1.0);
    readings
}

#[test]
fn a_table_shows_who_was_measured() {
    let mut report = String::new();
    values(&mut report, Measure::CPU, &NAMES, &readings());
    assert_eq!(
        report,
        "\n### CPU per delivery (µs)\n\n| | 100 B | 1 KiB |\n|---|---|---|\n\
         | floor | 3.00 (2.00–4.00) | – |\n| Chorus | 0.750 (0.500–1.00) | 1.00 |\n"
    );
    report.clear();
    values(&mut report, Measure::RATE, &NAMES, &readings());
    assert_eq!(report, "", "nobody was measured");
}

#[test]
fn ratios_are_of_medians_where_there_is_a_base() {
    let mut report = String::new();
    ratios(&mut report, Measure::CPU, &NAMES, &readings());
    assert_eq!(
        report,
        "\n### The same as a multiple of floor / of socket.io on Node\n\n| | 100 B |\n|---|---|\n\
         | floor | 1.00 / – |\n| Chorus | 0.25 / – |\n"
    );
}

#[test]
fn faults_and_failures_are_told() {
    let mut readings = readings();
    let faults = Faults { due: 2000, lost: 1, out_of_order: 500, doubled: 0 };
    readings.add_faults(Name::Floor, "100 B", faults);
    readings.failures.insert(Name::Node, "the server closed a connection".into());
    let heading = Heading {
        date: "2026-01-01".into(),
        form: "short",
        machine: "a machine".into(),
        versions: vec![(Name::Floor, "1".into())],
        missing: vec![(Name::Bun, "it is not there".into())],
        file_system: "ext4".into(),
        load: ["0.1".into(), "0.2".into()],
        rounds: 3,
        is_trial: true,
        minutes: 7.2,
    };
    let report = write(&heading, &NAMES, &[(&SCENARIO, &readings)], "folder");
    for part in [
        "* **A trial**:",
        "* floor: 1.\n* socket.io on Bun: not measured, it is not there.\n",
        "| floor | 2,000 | 500 | 1 | 0 |\n",
        "| floor | 25.00 % / 0.05 % / 0 of 2,000 |\n",
        "**socket.io on Node was not measured to the end:** the server closed a connection.\n",
        "](folder/payloads-cpu-per-delivery-100-b.svg)\n",
    ] {
        assert!(report.contains(part), "{part} is not in {report}");
    }
}

#[test]
fn numbers_have_three_digits() {
    let shown = [0.0, 0.0404, 2.345, 23.45, 234.5, 23_456.7].map(number);
    assert_eq!(shown, ["0.00", "0.040", "2.35", "23.4", "234", "23,457"]);
}
