//! `chorus client interactive`: say things by hand and see what comes.

mod command;
mod known;
mod lines;

use http::Method;
use serde_json::{Value, json};

use self::command::{Command, HELP};
use self::known::Known;
use self::lines::Lines;
use crate::Failure;
use crate::account::Account;
use crate::dialect::{Dialect, Wish};
use crate::options::InteractiveOptions;
use crate::rest::Rest;
use crate::screen::Screen;
use crate::wire::{Connection, Endpoint, Heard};

/// Connects, and obeys lines until there are no more.
pub(crate) async fn run(options: &InteractiveOptions) -> Result<(), Failure> {
    let endpoint = Endpoint::from_options(&options.server)?;
    let account = Account::from_options(&options.account)?;
    let token = account.token(&endpoint.target).await?;
    let connection = endpoint.connect(&token).await?;
    let rest = Rest::with_token(&endpoint.target, &token);
    let known = Known::default();
    let (mut lines, screen) = Lines::begin(&known)?;
    if lines.are_edited() {
        offer(&rest, &known).await;
    }
    let mut talk =
        Talk { dialect: endpoint.dialect, connection, rest, screen, known, listens: true };
    if lines.are_edited() {
        talk.screen.aside(format!(
            "{} in {}; help lists the commands",
            endpoint.target.url(),
            endpoint.dialect.name()
        ));
    }
    let outcome = talk.go_on(&mut lines).await;
    if outcome.is_err() && lines.are_edited() {
        // The terminal is the line's until it is entered; only then can it be given back.
        talk.screen.aside("press Enter to leave");
        lines.go_on();
        lines.next().await;
    }
    outcome?;
    talk.connection.close().await;
    Ok(())
}

/// Notes the person's projects and tasks for completion.
async fn offer(rest: &Rest, known: &Known) {
    // Completion is a courtesy; a server without these routes is talked to all the same.
    let projects = rest.ask(Method::GET, "/projects", None).await.unwrap_or_default();
    for id in ids(&projects) {
        known.room(format!("project:{id}"));
    }
    let tasks = rest.ask(Method::GET, "/tasks?limit=200", None).await.unwrap_or_default();
    for id in ids(&tasks) {
        known.room(format!("task:{id}"));
        known.task(id);
    }
}

fn ids(list: &Value) -> impl Iterator<Item = u64> {
    list.as_array().into_iter().flatten().filter_map(|each| each["id"].as_u64())
}

struct Talk {
    dialect: &'static dyn Dialect,
    connection: Connection,
    rest: Rest,
    screen: Screen,
    known: Known,
    listens: bool,
}

impl Talk {
    async fn go_on(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        // In every dialect the server speaks first.
        match self.connection.next_soon("a welcome").await {
            Ok(heard) => self.hear(&heard),
            Err(failure @ Failure::Late { .. }) => self.screen.fault(&failure),
            Err(failure) => return Err(failure),
        }
        lines.go_on();
        loop {
            tokio::select! {
                heard = self.connection.next() => {
                    let heard = heard?;
                    self.hear(&heard);
                }
                line = lines.next() => {
                    let Some(line) = line else { return Ok(()) };
                    if !lines.are_edited() {
                        self.screen.aside(format!("> {line}"));
                    }
                    match Command::parse(&line) {
                        Ok(Command::Quit) => return Ok(()),
                        Ok(command) => self.obey(command).await?,
                        Err(text) => self.screen.fault(&Failure::Usage(text)),
                    }
                    lines.go_on();
                }
            }
        }
    }

    fn hear(&mut self, heard: &Heard) {
        if let Heard::Event { name, told } = heard {
            self.known.note(name, told);
        }
        if self.listens || matches!(heard, Heard::Answer { .. }) {
            self.screen.heard(heard);
        }
    }

    /// Does what a line says; only the end of the connection is an error.
    async fn obey(&mut self, command: Command) -> Result<(), Failure> {
        let done = match command {
            Command::Help => {
                self.screen.line(HELP);
                Ok(())
            }
            Command::Listen(listens) => {
                self.listens = listens;
                Ok(())
            }
            Command::List(project) => self.list(project).await,
            Command::Delete(task) => self.delete(task).await,
            Command::Wish(wish) => self.wish(&wish).await,
            Command::Nothing | Command::Quit => Ok(()),
        };
        match done {
            Err(failure @ (Failure::Lost(_) | Failure::Protocol(_))) => Err(failure),
            // The refusal was shown when it came.
            Ok(()) | Err(Failure::Denied(_)) => Ok(()),
            Err(failure) => {
                self.screen.fault(&failure);
                Ok(())
            }
        }
    }

    async fn wish(&mut self, wish: &Wish) -> Result<(), Failure> {
        if let Wish::Join(room) = wish {
            self.known.room(room.to_string());
        }
        let Some(say) = self.dialect.say(wish) else {
            let answer = self.rest.wish(wish).await.unwrap_or_else(|| {
                let name = self.dialect.name();
                Err(Failure::Usage(format!("the dialect {name} has no word for that")))
            })?;
            self.known.note("task", &answer);
            self.screen.line(format!("<- over HTTP {answer}"));
            return Ok(());
        };
        let Self { connection, dialect, screen, known, listens, .. } = self;
        let answers = say.answered_by;
        connection
            .ask(*dialect, &say, |heard| {
                let shown = match &heard {
                    Heard::Answer { told, .. } => {
                        known.note(say.name, told);
                        true
                    }
                    Heard::Event { name, told } => {
                        known.note(name, told);
                        *listens || answers.is_by(name)
                    }
                };
                if shown {
                    screen.heard(&heard);
                }
            })
            .await
    }

    async fn delete(&mut self, task: u64) -> Result<(), Failure> {
        let found = self.rest.ask(Method::GET, &format!("/tasks/{task}"), None).await?;
        let project = found["project_id"].as_u64().unwrap_or_default();
        self.wish(&Wish::DeleteTask { task, project }).await
    }

    async fn list(&mut self, project: Option<u64>) -> Result<(), Failure> {
        let path = project.map_or_else(|| "/tasks".into(), |id| format!("/projects/{id}/tasks"));
        let found = self.rest.ask(Method::GET, &format!("{path}?limit=200"), None).await?;
        for task in found.as_array().into_iter().flatten() {
            if let Some(id) = task["id"].as_u64() {
                self.known.task(id);
            }
            self.screen.line(row(task));
        }
        if found == json!([]) {
            self.screen.aside("no tasks");
        }
        Ok(())
    }
}

/// A task as one line.
fn row(task: &Value) -> String {
    let text = |key: &str| task[key].as_str().unwrap_or("-").to_owned();
    let number = |key: &str| task[key].as_u64().unwrap_or_default();
    format!(
        "{:>6}  {:<11}  {:<8}  {}  (project {})",
        number("id"),
        text("status"),
        text("priority"),
        text("title"),
        number("project_id")
    )
}
