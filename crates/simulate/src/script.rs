//! A schedule as text, one line each, so that a short one can be kept for as long as it is of use:
//! what a seed means changes with `schedule.rs`, and what a step means hardly ever.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chorus_realtime::OutboxLimits;

use crate::client::Coming;
use crate::node::Plan;
use crate::schedule::{Act, Schedule, Setting, Step};
use crate::words::Dialect;

/// The text is no schedule, from this line on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSchedule(pub usize);

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { nodes, users, beginning, clients, socket, limits, stingy, plan } =
            &self.setting;
        writeln!(f, "nodes {nodes}\nusers {users}\nbeginning {beginning}\nsocket {socket}")?;
        writeln!(f, "outbox {} {}\nfound {stingy}", limits.frames, limits.bytes)?;
        writeln!(f, "tail {}\npatience {}", plan.tail, plan.patience.as_secs())?;
        for (dialect, coming) in clients {
            writeln!(f, "client {dialect:?} {coming:?}")?;
        }
        for Step { act, dice } in &self.steps {
            writeln!(f, "{act:?} {dice}")?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = NoSchedule;

    fn from_str(text: &str) -> Result<Self, NoSchedule> {
        let limits = OutboxLimits { frames: 1, bytes: 1 };
        let plan = Plan { tail: 1, patience: Duration::ZERO };
        let (clients, steps) = (Vec::new(), Vec::new());
        let setting = Setting {
            nodes: 1,
            users: 1,
            beginning: 0,
            clients,
            socket: 1,
            limits,
            stingy: 1,
            plan,
        };
        let mut schedule = Self { setting, steps };
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if !matches!(words.first(), None | Some(&"#")) {
                schedule.read(&words).ok_or(NoSchedule(at + 1))?;
            }
        }
        Ok(schedule)
    }
}

impl Schedule {
    fn read(&mut self, words: &[&str]) -> Option<()> {
        let setting = &mut self.setting;
        let number = |word: &str| word.parse::<usize>().ok();
        match *words {
            ["nodes", count] => setting.nodes = number(count).filter(|count| *count > 0)?,
            ["users", count] => setting.users = number(count).filter(|count| *count > 0)?,
            ["beginning", dice] => setting.beginning = dice.parse().ok()?,
            ["socket", bytes] => setting.socket = number(bytes)?,
            ["outbox", frames, bytes] => {
                setting.limits = OutboxLimits { frames: number(frames)?, bytes: number(bytes)? };
            }
            ["found", most] => setting.stingy = number(most).filter(|most| *most > 0)?,
            ["tail", events] => setting.plan.tail = number(events)?,
            ["patience", seconds] => {
                setting.plan.patience = Duration::from_secs(seconds.parse().ok()?);
            }
            ["client", dialect, coming] => {
                let named = |one: &Dialect| format!("{one:?}") == dialect;
                let dialect = Dialect::ALL.into_iter().find(named)?;
                let coming = match coming {
                    "Anew" => Coming::Anew,
                    "Resumes" => Coming::Resumes,
                    "Recovers" => Coming::Recovers,
                    _ => return None,
                };
                setting.clients.push((dialect, coming));
            }
            [act, dice] => {
                let act = Act::ALL.iter().copied().find(|one| format!("{one:?}") == act)?;
                self.steps.push(Step { act, dice: dice.parse().ok()? });
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_was_written() {
        for seed in 0..20 {
            let text = Schedule::of(seed).to_string();
            let read = text.parse::<Schedule>().map(|schedule| schedule.to_string());
            assert_eq!(read, Ok(text));
        }
        let fault = |text: &str| text.parse::<Schedule>().map(|schedule| schedule.to_string());
        assert_eq!(fault("# nothing\nnodes 1\nnodes none"), Err(NoSchedule(3)));
        assert_eq!(fault("Fly 3"), Err(NoSchedule(1)));
    }
}
