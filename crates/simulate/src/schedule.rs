//! What a seed decides: how the world is set up, and what happens in which order.

use std::time::Duration;

use chorus_realtime::OutboxLimits;

use crate::client::Coming;
use crate::dice::Dice;
use crate::node::Plan;
use crate::words::Dialect;

/// A run: all that is not the code under test.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// How the world is set up.
    pub setting: Setting,
    /// What happens. Each step has numbers of its own, so that one can be left out without
    /// changing the others.
    pub steps: Vec<Step>,
}

/// How a world is set up.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Nodes over one log.
    pub nodes: usize,
    /// Users.
    pub users: usize,
    /// What decides to which projects they belong at first.
    pub beginning: u64,
    /// The dialect of each client, and how it comes back.
    pub clients: Vec<(Dialect, Coming)>,
    /// Room in the sockets, in bytes.
    pub socket: usize,
    /// Room in the outboxes.
    pub limits: OutboxLimits,
    /// The most events that a search of the log returns.
    pub stingy: usize,
    /// What nodes are made of.
    pub plan: Plan,
}

/// Something that happens, and the seed of how exactly.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What.
    pub act: Act,
    /// How.
    pub dice: u64,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A commit, which is handed to a node or lost on the way.
    Write,
    /// A node takes a commit that was handed to it, in any order.
    Deliver,
    /// A node hears a hint, or learns that it missed some.
    Hint,
    /// A node looks at the head of the log.
    Poll,
    /// Time passes.
    Wait,
    /// A read of the log ends.
    Answer,
    /// A client goes on with what it wants.
    GoOn,
    /// A client reads.
    Read,
    /// A client says something that nobody keeps.
    Say,
    /// A client is cut off.
    Cut,
    /// A node notices that a connection is gone.
    Notice,
    /// Reads of the log fail.
    Fail,
    /// A node is killed. The next step starts it.
    Crash,
    /// The log is shortened.
    Trim,
    /// A backup is made.
    Backup,
    /// All nodes are killed, and the backup takes the place of the log.
    Restore,
    /// Nothing happens any more, until all have come to rest.
    Rest,
}

impl Act {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Write,
        Self::Deliver,
        Self::Hint,
        Self::Poll,
        Self::Wait,
        Self::Answer,
        Self::GoOn,
        Self::Read,
        Self::Say,
        Self::Cut,
        Self::Notice,
        Self::Fail,
        Self::Crash,
        Self::Trim,
        Self::Backup,
        Self::Restore,
        Self::Rest,
    ];
}

/// How often each happens.
const OFTEN: &[(Act, usize)] = &[
    (Act::Write, 190),
    (Act::Deliver, 160),
    (Act::Hint, 40),
    (Act::Poll, 25),
    (Act::Wait, 50),
    (Act::Answer, 100),
    (Act::GoOn, 220),
    (Act::Read, 130),
    (Act::Say, 20),
    (Act::Cut, 25),
    (Act::Notice, 20),
    (Act::Fail, 5),
    (Act::Crash, 7),
    (Act::Trim, 2),
    (Act::Backup, 3),
    (Act::Restore, 2),
];

/// Steps between two rests.
const STRETCH: usize = 60;

impl Schedule {
    /// The run of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let setting = Setting::of(&mut dice);
        let often = often(&mut dice);
        let stretches = dice.between(1, 3);
        // All come at first.
        let mut steps = vec![Step { act: Act::Rest, dice: dice.roll() }];
        for _ in 0..stretches {
            for _ in 0..dice.between(STRETCH / 3, STRETCH * 2) {
                steps.push(Step { act: act(&often, &mut dice), dice: dice.roll() });
            }
            steps.push(Step { act: Act::Rest, dice: dice.roll() });
        }
        Self { setting, steps }
    }
}

impl Setting {
    fn of(dice: &mut Dice) -> Self {
        let client = |dice: &mut Dice| {
            let coming = match dice.below(10) {
                0..2 => Coming::Anew,
                2..6 => Coming::Resumes,
                _ => Coming::Recovers,
            };
            (Dialect::ALL[dice.below(Dialect::ALL.len())], coming)
        };
        let clients = (0..dice.between(3, 7)).map(|_| client(dice)).collect();
        Self {
            nodes: 1 + usize::from(dice.chance(30)),
            users: dice.between(2, 4),
            beginning: dice.roll(),
            clients,
            socket: dice.between(8, 120),
            limits: OutboxLimits { frames: dice.between(2, 12), bytes: dice.between(40, 300) },
            stingy: dice.between(1, 9),
            plan: Plan { tail: dice.between(1, 40), patience: Duration::from_secs(45) },
        }
    }
}

/// How often each happens in this run: some have much of one thing and little of another.
fn often(dice: &mut Dice) -> Vec<(Act, usize)> {
    OFTEN.iter().map(|(act, often)| (*act, often << dice.below(3))).collect()
}

fn act(often: &[(Act, usize)], dice: &mut Dice) -> Act {
    let all: usize = often.iter().map(|(_, often)| often).sum();
    let mut at = dice.below(all);
    for (act, often) in often {
        if at < *often {
            return *act;
        }
        at -= often;
    }
    Act::Write
}
