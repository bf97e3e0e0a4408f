//! Events of several sizes. Chorus is given them over its raw socket, whose rooms pass on what is
//! said as it is; over Socket.IO its dialects have no such word.

use crate::crowd::{Crowd, Door, OPENING};
use crate::failure::Failure;
use crate::figures::{Measure, Readings};
use crate::guests::Seat;
use crate::lineup::Name;
use crate::picture::Picture;
use crate::scenario::flow::{self, Talk, Window};
use crate::scenario::{Scenario, Stage};
use crate::tally::Tally;
use crate::way::Way;

/// Who listens; one more speaks.
const LISTENERS: usize = 1000;
/// Characters that make an event as long as its case says, with some for what is around them.
const SIZES: [(&str, usize); 3] = [("100 B", 60), ("1 KiB", 984), ("16 KiB", 16_344)];
const ONE: Window = Window { step: 1, most: 1 };

pub const SCENARIO: Scenario = Scenario {
    name: "payloads",
    title: "Payloads of 100 B, 1 KiB and 16 KiB",
    about: "One member of a room says something of a size, and the 1,000 others hear it; the next \
            when all have. Chorus over its raw socket (the dialect `envelope`), which puts about \
            170 B around it and tells the speaker too; the others over Socket.IO, NATS by its own protocol.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[Measure::CPU, Measure::RATE, Measure::MOST, Measure::BYTES],
    pictures: &[Picture::Bars { measure: Measure::CPU, cases: &["100 B", "1 KiB", "16 KiB"] }],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let (server, door) = stage.start(name, None)?;
    let mut crowd = stage.crowd()?;
    let listeners = stage.count(LISTENERS);
    fill(&mut crowd, &door, name, listeners + 1)?;
    let chorus = name == Name::Chorus;
    let project = door.guests.hall[0].project;
    for (warm, (case, size)) in [SIZES[0]].iter().chain(&SIZES).enumerate() {
        let stuff = "x".repeat(*size);
        let said = |tally: &mut Tally, at| {
            let place = tally.begin(0, at);
            let what = format!(r#"{{"place":{place},"stuff":"{stuff}"}}"#);
            if chorus {
                format!(r#"{{"type":"send_message","room":"project:{project}","data":{what}}}"#)
            } else {
                format!(r#"42["say",{what}]"#)
            }
        };
        // Chorus tells the speaker too.
        let due = (listeners + usize::from(chorus)) as u64;
        let mut talk = Talk { crowd: &mut crowd, speaker: 0, listeners: due, said: &said };
        let span = if warm == 0 { stage.span() / 5 } else { stage.span() * 2 / 3 };
        let flow = flow::run(&mut talk, Tally::of_said(listeners + 1), ONE, &server, span)?;
        if warm > 0 {
            flow.note(readings, name, case);
        }
    }
    Ok(())
}

fn fill(crowd: &mut Crowd, door: &Door, name: Name, size: usize) -> Result<(), Failure> {
    let way = if name == Name::Chorus { Way::Envelope } else { name.way() };
    crowd.fill(door, way, (0..size).map(Seat::Hall), OPENING)?;
    crowd.settle(&mut |_, _, _| {})
}
