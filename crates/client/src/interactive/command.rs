//! The lines that a person types.

use serde_json::{Map, Value};

use crate::dialect::{Room, Wish};

/// What the line `help` prints.
pub(super) const HELP: &str = "\
join ROOM                     hear a room: project:7 (or 7), task:12, channel:lobby
leave ROOM                    hear it no more
send ROOM TEXT                say something to a room
typing ROOM|TASK on|off       tell that you type, or no longer do
ping                          see that the server is there
who [PROJECT]                 who is in a project, or in any of yours
task list [PROJECT]           tasks, over HTTP
task create PROJECT TITLE
task update TASK FIELD=VALUE ...
task status TASK STATUS
task delete TASK
listen, quiet                 show what comes (the beginning), or answers alone
help, quit";

/// The words that can begin a line.
pub(super) const WORDS: &[&str] =
    &["join", "leave", "send", "typing", "ping", "who", "task", "listen", "quiet", "help", "quit"];

/// What can follow `task`.
pub(super) const TASK_WORDS: &[&str] = &["list", "create", "update", "status", "delete"];

/// A line, understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// Something for the server.
    Wish(Wish),
    /// A task to delete, of a project that the line does not name.
    Delete(u64),
    /// Tasks to be listed, of one project or of all.
    List(Option<u64>),
    /// Whether to show what comes.
    Listen(bool),
    Help,
    Quit,
    /// An empty line.
    Nothing,
}

impl Command {
    /// Understands a line, or says how it should be written.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (word, rest) = cut(line);
        let room = || (!rest.is_empty()).then(|| Room::parse(rest));
        let usage = |text: &str| format!("write: {text}");
        let wish = match word {
            "" => return Ok(Self::Nothing),
            "help" => return Ok(Self::Help),
            "quit" | "exit" => return Ok(Self::Quit),
            "listen" => return Ok(Self::Listen(true)),
            "quiet" => return Ok(Self::Listen(false)),
            "task" => return task(rest),
            "join" => Wish::Join(room().ok_or_else(|| usage("join ROOM"))?),
            "leave" => Wish::Leave(room().ok_or_else(|| usage("leave ROOM"))?),
            "send" => match cut(rest) {
                ("", _) | (_, "") => return Err(usage("send ROOM TEXT")),
                (room, text) => Wish::Send { room: Room::parse(room), text: text.into() },
            },
            "typing" => match cut(rest) {
                (place, "on") => Wish::Typing { room: Room::parse_task(place), on: true },
                (place, "off") => Wish::Typing { room: Room::parse_task(place), on: false },
                _ => return Err(usage("typing ROOM on, or typing TASK off")),
            },
            "ping" => Wish::Ping,
            "who" if rest.is_empty() => Wish::Who(None),
            "who" => Wish::Who(Some(project(rest).ok_or_else(|| usage("who [PROJECT]"))?)),
            other => return Err(format!("no command {other}; help lists them")),
        };
        Ok(Self::Wish(wish))
    }
}

fn task(text: &str) -> Result<Command, String> {
    let (word, rest) = cut(text);
    let (first, more) = cut(rest);
    let usage = |text: &str| format!("write: task {text}");
    let id = |text: &str| text.strip_prefix("task:").unwrap_or(text).parse().ok();
    let wish = match word {
        "list" if rest.is_empty() => return Ok(Command::List(None)),
        "list" => {
            let project = project(rest).ok_or_else(|| usage("list [PROJECT]"))?;
            return Ok(Command::List(Some(project)));
        }
        "create" => match (project(first), more) {
            (Some(project), title) if !title.is_empty() => {
                Wish::CreateTask { project, title: title.into() }
            }
            _ => return Err(usage("create PROJECT TITLE")),
        },
        "update" => match (id(first), fields(more)) {
            (Some(task), Some(fields)) => Wish::UpdateTask { task, fields },
            _ => return Err(usage("update TASK FIELD=VALUE ...")),
        },
        "status" => match (id(first), more) {
            (Some(task), status) if !status.is_empty() => {
                Wish::SetStatus { task, status: status.into() }
            }
            _ => return Err(usage("status TASK STATUS")),
        },
        "delete" => {
            return id(first).map(Command::Delete).ok_or_else(|| usage("delete TASK"));
        }
        _ => return Err(usage(&TASK_WORDS.join(" | "))),
    };
    Ok(Command::Wish(wish))
}

/// The first word and what follows it.
fn cut(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

fn project(text: &str) -> Option<u64> {
    match Room::parse(text) {
        Room::Project(id) => Some(id),
        _ => None,
    }
}

/// `title=New name priority=high`: a value goes on to the next word with a `=`. One that is JSON
/// means what it says, anything else is a text.
fn fields(text: &str) -> Option<Map<String, Value>> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for word in text.split_whitespace() {
        match (word.split_once('='), fields.last_mut()) {
            (Some((name, value)), _) => fields.push((name, value.into())),
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => return None,
        }
    }
    let fields = fields.into_iter().map(|(name, value)| {
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        (name.to_owned(), value)
    });
    Some(fields.collect::<Map<_, _>>()).filter(|fields| !fields.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_understood() {
        let wish = Command::Wish;
        let update = json!({"title": "New name", "priority": "high", "due_date": null, "hours": 2});
        let Value::Object(update) = update else { panic!("it is an object") };
        for (line, command) in [
            ("  ", Command::Nothing),
            ("join 7", wish(Wish::Join(Room::Project(7)))),
            ("leave channel:a b", wish(Wish::Leave(Room::Named("channel:a b".into())))),
            (
                "send channel:a  hello   there ",
                wish(Wish::Send { room: Room::parse("channel:a"), text: "hello   there".into() }),
            ),
            ("typing 12 on", wish(Wish::Typing { room: Room::Task(12), on: true })),
            ("typing project:7 off", wish(Wish::Typing { room: Room::Project(7), on: false })),
            ("who", wish(Wish::Who(None))),
            ("who project:7", wish(Wish::Who(Some(7)))),
            ("task list", Command::List(None)),
            ("task list 7", Command::List(Some(7))),
            (
                "task create 7 Hire the ferry",
                wish(Wish::CreateTask { project: 7, title: "Hire the ferry".into() }),
            ),
            (
                "task update 12 title=New name priority=high due_date=null hours=2",
                wish(Wish::UpdateTask { task: 12, fields: update }),
            ),
            ("task status task:12 done", wish(Wish::SetStatus { task: 12, status: "done".into() })),
            ("task delete 12", Command::Delete(12)),
            ("quiet", Command::Listen(false)),
            ("exit", Command::Quit),
        ] {
            assert_eq!(Command::parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_how_to_write() {
        for (line, hint) in [
            ("dance", "no command dance; help lists them"),
            ("join", "write: join ROOM"),
            ("send channel:a", "write: send ROOM TEXT"),
            ("typing 12", "write: typing ROOM on, or typing TASK off"),
            ("who channel:a", "write: who [PROJECT]"),
            ("task", "write: task list | create | update | status | delete"),
            ("task update 12 title", "write: task update TASK FIELD=VALUE ..."),
            ("task update x a=1", "write: task update TASK FIELD=VALUE ..."),
            ("task status 12", "write: task status TASK STATUS"),
            ("task delete", "write: task delete TASK"),
            ("task create x y", "write: task create PROJECT TITLE"),
        ] {
            assert_eq!(Command::parse(line), Err(hint.into()), "{line}");
        }
    }

    #[test]
    fn every_word_that_is_completed_is_understood() {
        for word in WORDS {
            let unknown = format!("no command {word}; help lists them");
            assert_ne!(Command::parse(word), Err(unknown));
            assert!(HELP.contains(word), "help tells {word}");
        }
    }
}
