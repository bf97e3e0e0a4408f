//! What has become of the counts since the baseline.

use std::fmt::Write as _;

use crate::baseline::Baseline;
use crate::callgrind;
use crate::failure::Failure;
use crate::path::PATHS;

/// A rise above this fails, in percent.
const MOST: u64 = 5;

/// A comparison.
#[derive(Debug)]
pub struct Verdict {
    /// Each path before and now, as a table of Markdown.
    pub table: String,
    /// Whether all is well.
    pub outcome: Result<(), Failure>,
}

/// Compares counts with those of before.
pub fn compare(before: &Baseline, now: &Baseline) -> Verdict {
    let table = table(before, now);
    Verdict { table, outcome: judge(before, now) }
}

fn table(before: &Baseline, now: &Baseline) -> String {
    let mut table = "| path | before | now | change | one turn |\n|---|---|---|---|---|".to_owned();
    for (name, count) in &now.counts {
        let old = before.of(name);
        let (old, change) = old.map_or(("–".into(), "new".into()), |old| {
            (old.to_string(), format!("{:+.2} %", percent(old, *count)))
        });
        let turn = PATHS.iter().find(|path| path.name == name).map_or("", |path| path.turn);
        // Writing to a text cannot fail.
        write!(table, "\n| {name} | {old} | {count} | {change} | {turn} |").ok();
    }
    table
}

fn judge(before: &Baseline, now: &Baseline) -> Result<(), Failure> {
    let differences = now.toolchain.differences(&before.toolchain);
    if !differences.is_empty() {
        return Err(Failure::Incomparable(format!(
            "The baseline was counted with other tools, so the figures above say nothing of the \
             code:\n  {}\nCount the code before the change with these \
             (`make bench-check UPDATE=1`), then the change.",
            differences.join("\n  ")
        )));
    }
    let names = |of: &Baseline| of.counts.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    if names(before) != names(now) {
        return Err(Failure::Incomparable(
            "The baseline has other paths than the program: `make bench-check UPDATE=1` counts \
             all of them."
                .into(),
        ));
    }
    let changes = now.counts.iter().filter_map(|(name, count)| {
        let old = before.of(name)?;
        // In whole numbers: exactly so much is not above it.
        (count * 100 > old * (100 + MOST)).then(|| {
            let (change, profile) = (percent(old, *count), callgrind::profile(name));
            format!("{name} {change:+.2} %: callgrind_annotate {}", profile.display())
        })
    });
    let worse: Vec<String> = changes.collect();
    if worse.is_empty() {
        return Ok(());
    }
    Err(Failure::Worse(format!(
        "Above {MOST} % more instructions; where they go is shown by\n  {}\nIf they are worth it, \
         `make bench-check UPDATE=1` makes them the baseline; say why in the commit.",
        worse.join("\n  ")
    )))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn percent(before: u64, now: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Toolchain;

    fn counts(counts: &[(&str, u64)]) -> Baseline {
        let counts = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Baseline { toolchain: Toolchain::default(), counts }
    }

    fn outcome(before: &Baseline, now: &Baseline) -> &'static str {
        match compare(before, now).outcome {
            Ok(()) => "well",
            Err(Failure::Worse(_)) => "worse",
            Err(Failure::Incomparable(_)) => "incomparable",
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_rise_above_five_percent_fails() {
        let before = counts(&[("a", 1_000), ("b", 1_000)]);
        for (now, wanted) in [
            ([1_000, 1_000], "well"),
            ([1_050, 10], "well"),
            ([1_051, 1_000], "worse"),
            ([10, 1_051], "worse"),
        ] {
            let now = counts(&[("a", now[0]), ("b", now[1])]);
            assert_eq!(outcome(&before, &now), wanted, "{now:?}");
        }
    }

    #[test]
    fn what_cannot_be_compared_fails_too() {
        let before = counts(&[("a", 1_000)]);
        assert_eq!(outcome(&before, &counts(&[("a", 1_000), ("b", 1)])), "incomparable");
        assert_eq!(outcome(&before, &counts(&[])), "incomparable");
        let toolchain = Toolchain { rustc: "rustc 2.0.0".into(), ..Toolchain::default() };
        let other = Baseline { toolchain, ..counts(&[("a", 1_000)]) };
        assert_eq!(outcome(&before, &other), "incomparable");
        let Err(failure) = compare(&before, &other).outcome else { panic!("it fails") };
        assert!(failure.to_string().contains("rustc 2.0.0"), "{failure}");
    }
}
