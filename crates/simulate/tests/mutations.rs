//! Mistakes in the code under test, one of each kind that matters: each is found, and by the rule
//! that it breaks.

use chorus_realtime::mutation::{self, Mutation};
use chorus_simulate::{Rule, Schedule, run};

/// Seeds in which a mistake must show.
const SEEDS: u64 = 600;

/// The rules that a mistake breaks.
fn breaks(mutation: Mutation) -> &'static [Rule] {
    match mutation {
        Mutation::HolesUnread | Mutation::HolesSkipped | Mutation::LiveTooEarly => &[Rule::Gap],
        // One that nobody owed to it, if it was not told of that one before.
        Mutation::OneTooMany => &[Rule::Once, Rule::Rights],
        Mutation::ToldAgain => &[Rule::Once],
        Mutation::Overtaken => &[Rule::Order, Rule::Gap, Rule::Once],
        Mutation::IntervalsCrossed | Mutation::EvictionForgotten => &[Rule::Rights],
        Mutation::Ghost | Mutation::DepartureUntold => &[Rule::Presence],
        Mutation::Unbounded => &[Rule::Bounds],
    }
}

#[test]
fn each_mistake_is_found() {
    for mutation in Mutation::ALL {
        mutation::make(Some(*mutation));
        let found =
            (0..SEEDS).find_map(|seed| Some((seed, run(&Schedule::of(seed), false).err()?)));
        mutation::make(None);
        let (seed, failure) = found.unwrap_or_else(|| panic!("{mutation:?} is not found"));
        println!("{mutation:?} is found by seed {seed}: {}", failure.broken);
        let rules = breaks(*mutation);
        assert!(rules.contains(&failure.broken.rule), "{mutation:?}: {}", failure.broken);
    }
}
