//! How what comes is shown to a person: one line each, in colours where there is a terminal and
//! `NO_COLOR` is not set.

use std::io::Write as _;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::Failure;
use crate::wire::Heard;

const NAME: Style = AnsiColor::Cyan.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Where lines go; an error if nobody reads them any more.
type Out = Box<dyn FnMut(String) -> Result<(), Gone> + Send>;

/// Whoever read the lines has gone away.
#[derive(Debug)]
pub(crate) struct Gone;

/// What a person looks at.
pub(crate) struct Screen {
    out: Out,
    colours: bool,
    is_read: bool,
}

impl Screen {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        Self::through(Box::new(|line| {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|_| Gone)
        }))
    }

    /// Standard output, by way of whoever edits a line there.
    pub(crate) fn through(out: Out) -> Self {
        let colours = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        Self { out, colours, is_read: true }
    }

    /// Whether somebody still reads what is shown.
    pub(crate) fn is_read(&self) -> bool {
        self.is_read
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: impl std::fmt::Display) {
        self.is_read &= (self.out)(text.to_string()).is_ok();
    }

    /// A line of less weight.
    pub(crate) fn aside(&mut self, text: impl std::fmt::Display) {
        let text = self.painted(FAINT, &text.to_string());
        self.line(text);
    }

    /// Something that came.
    pub(crate) fn heard(&mut self, heard: &Heard) {
        let (arrow, name, told) = match heard {
            Heard::Event { name, told } => ("<-", shown(name), told),
            Heard::Answer { told, .. } => ("<-", "answer".to_owned(), told),
        };
        let style = if name == crate::dialect::ERROR || told["ok"] == false { BAD } else { NAME };
        let place = told["sync_id"].as_u64().map(|id| format!(" #{id}")).unwrap_or_default();
        let name = self.painted(style, &name);
        let arrow = self.painted(FAINT, arrow);
        // An acknowledgement without an argument says all by coming.
        let told = if told.is_null() { String::new() } else { format!(" {told}") };
        self.line(format!("{arrow} {name}{place}{told}"));
    }

    /// Something that went wrong without ending anything.
    pub(crate) fn fault(&mut self, failure: &Failure) {
        let text = self.painted(BAD, &format!("! {}", shown(&failure.to_string())));
        self.line(text);
    }

    /// A step that was passed.
    pub(crate) fn passed(&mut self, step: &str) {
        let mark = self.painted(GOOD, "ok  ");
        self.line(format!("{mark} {step}"));
    }

    /// A step that failed, and why.
    pub(crate) fn failed(&mut self, step: &str, failure: &Failure) {
        let mark = self.painted(BAD, "FAIL");
        self.line(format!("{mark} {step}: {}", shown(&failure.to_string())));
    }

    fn painted(&self, style: Style, text: &str) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A server's text without what would move a terminal's cursor.
fn shown(text: &str) -> String {
    text.chars().map(|each| if each.is_control() { '\u{fffd}' } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;

    fn screen(colours: bool) -> (Screen, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let out: Out = Box::new(move |line| {
            kept.lock().unwrap().push(line);
            Ok(())
        });
        (Screen { out, colours, is_read: true }, lines)
    }

    #[test]
    fn events_are_one_line_with_their_place_in_the_log() {
        let (mut screen, lines) = screen(false);
        let told = json!({"sync_id": 42, "text": "a\u{1b}[2Jb\nc"});
        screen.heard(&Heard::Event { name: "x\u{1b}[2J".into(), told });
        screen.heard(&Heard::Answer { id: 1, told: json!({"ok": true}) });
        screen.fault(&Failure::Refused("no\u{7}".into()));
        assert_eq!(
            *lines.lock().unwrap(),
            [
                r#"<- x�[2J #42 {"sync_id":42,"text":"a\u001b[2Jb\nc"}"#,
                r#"<- answer {"ok":true}"#,
                "! the server refuses the connection: no�",
            ]
        );
    }

    #[test]
    fn a_reader_who_has_gone_is_noticed() {
        let mut screen = Screen::through(Box::new(|_| Err(Gone)));
        assert!(screen.is_read());
        screen.line("anybody there?");
        assert!(!screen.is_read());
    }

    #[test]
    fn colours_are_added_where_they_are_wanted() {
        let (mut screen, lines) = screen(true);
        screen.passed("step");
        assert_eq!(*lines.lock().unwrap(), ["\u{1b}[32mok  \u{1b}[0m step"]);
    }
}
