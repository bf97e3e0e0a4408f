//! One room in which clients of several applications hear the same change, each in its own words.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::crowd::OPENING;
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::{Ability, Name};
use crate::picture::Picture;
use crate::scenario::flow::{self, Talk, Window};
use crate::scenario::{Scenario, Stage};
use crate::tally::Tally;
use crate::way::Way;

/// Who listens, the speaker among them.
const LISTENERS: usize = 400;
const WINDOW: Window = Window { step: 1, most: 16 };
const CASES: [(&str, &[Way]); 2] = [
    ("one dialect", &[Way::SocketIo]),
    ("four dialects", &[Way::SocketIo, Way::Flux, Way::Native, Way::Envelope]),
];

pub const SCENARIO: Scenario = Scenario {
    name: "mixed",
    title: "Four dialects in one room",
    about: "One of 400 connections changes the title of a task, with 16 changes under way; each is \
            committed, and heard by all, the speaker too: all in the dialect `taskmanager`, or a \
            quarter each in `taskmanager`, `flux` (which has two messages for a change, of which \
            one is counted), `native` and `envelope` (both on raw sockets). The peers have no \
            dialects.",
    is_short: false,
    needs: Some(Ability::Keeping),
    has_floor: false,
    measures: &[Measure::CPU, Measure::RATE, Measure::HALF, Measure::MOST],
    pictures: &[Picture::Curves { case: "four dialects" }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    for (case, ways) in CASES {
        let (server, door) = stage.start(name, None)?;
        let mut crowd = stage.crowd()?;
        let listeners = stage.count(LISTENERS);
        for (at, way) in ways.iter().enumerate() {
            let (from, to) = (listeners * at / ways.len(), listeners * (at + 1) / ways.len());
            crowd.fill(&door, *way, (from..to).map(Seat::Hall), OPENING)?;
        }
        crowd.settle(&mut |_, _, _| {})?;
        let said = changes(door.guests.hall[0].first_task);
        let said = |tally: &mut Tally, at| said(tally, at);
        let mut talk =
            Talk { crowd: &mut crowd, speaker: 0, listeners: listeners as u64, said: &said };
        let tally = || Tally::of_titles(listeners);
        flow::run(&mut talk, tally(), WINDOW, &server, stage.span() / 5)?;
        flow::run(&mut talk, tally(), WINDOW, &server, stage.span())?.note(readings, name, case);
    }
    Ok(())
}

/// Makes the words that change the title of a task, to one that it never had: what its user has
/// said before would count as said already.
pub fn changes(task: u64) -> impl Fn(&mut Tally, u64) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    move |tally, at| {
        let (number, unique) = (tally.begin(0, at), COUNT.fetch_add(1, Ordering::Relaxed));
        let title = format!("change {number}, {unique} of all, {:>80}", "of a title");
        format!(r#"42["task_updated",{{"task_id":{task},"changes":{{"title":"{title}"}}}}]"#)
    }
}
