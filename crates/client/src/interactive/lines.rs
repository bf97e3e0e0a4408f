//! The lines of standard input: edited at a terminal, read as they are from a pipe.

use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rustyline::history::DefaultHistory;
use rustyline::{Config, Editor, ExternalPrinter as _};
use tokio::sync::mpsc;

use super::known::Known;
use crate::Failure;
use crate::screen::{Gone, Screen};

const PROMPT: &str = "> ";

/// Lines, one at a time: each is read when [`Lines::go_on`] says so.
pub(super) struct Lines {
    came: mpsc::Receiver<String>,
    done: SyncSender<()>,
    edited: bool,
}

impl Lines {
    /// Makes ready to read, and gives the screen that fits.
    pub(super) fn begin(known: &Known) -> Result<(Self, Screen), Failure> {
        let edited = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        // One line is on its way at most: the reader waits until it is done with.
        let (came_in, came) = mpsc::channel(1);
        let (done, go_on) = sync_channel(1);
        let lines = Self { came, done, edited };
        let screen = if edited {
            edit(known, came_in, go_on)
                .map_err(|error| Failure::Usage(format!("the terminal cannot be used: {error}")))?
        } else {
            start(move || {
                let read = std::io::stdin().lines().map_while(Result::ok);
                pass_on(read, &came_in, &go_on);
            })?;
            Screen::stdout()
        };
        Ok((lines, screen))
    }

    /// Whether a person edits them at a terminal.
    pub(super) fn are_edited(&self) -> bool {
        self.edited
    }

    /// The next line; nothing at the end.
    pub(super) async fn next(&mut self) -> Option<String> {
        self.came.recv().await
    }

    /// What was to be done is done; the next line may be read.
    pub(super) fn go_on(&self) {
        // A reader at the end of its input has gone.
        self.done.send(()).ok();
    }
}

fn edit(
    known: &Known,
    came: mpsc::Sender<String>,
    go_on: Receiver<()>,
) -> rustyline::Result<Screen> {
    let config = Config::builder().auto_add_history(true).build();
    let mut editor: Editor<Known, DefaultHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(known.clone()));
    let mut printer = editor.create_external_printer()?;
    start(move || pass_on(std::iter::from_fn(|| editor.readline(PROMPT).ok()), &came, &go_on))
        .map_err(|failure| std::io::Error::other(failure.to_string()))?;
    Ok(Screen::through(Box::new(move |line| printer.print(format!("{line}\n")).map_err(|_| Gone))))
}

fn start(read: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name("client-lines".into()).spawn(read);
    started.map(drop).map_err(|error| Failure::Usage(format!("no thread: {error}")))
}

fn pass_on(
    mut lines: impl Iterator<Item = String>,
    came: &mpsc::Sender<String>,
    go_on: &Receiver<()>,
) {
    while go_on.recv().is_ok() {
        let Some(line) = lines.next() else { return };
        if came.blocking_send(line).is_err() {
            return;
        }
    }
}
