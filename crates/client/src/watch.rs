//! `chorus client watch`: what is heard in a room, as it comes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;
use crate::account::Account;
use crate::dialect::{Dialect, Room, Wish};
use crate::options::WatchOptions;
use crate::pause::back_off;
use crate::screen::Screen;
use crate::wire::{Connection, Endpoint, Heard};

/// The first pause before coming back, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Watches until Ctrl-C or until nobody reads, coming back whenever the connection is lost.
pub(crate) async fn run(options: &WatchOptions) -> Result<(), Failure> {
    let endpoint = Endpoint::from_options(&options.server)?;
    let account = Account::from_options(&options.account)?;
    let room = Room::parse(&options.room);
    let mut view = View { screen: Screen::stdout(), json: options.json };
    tokio::select! {
        ended = watch(&endpoint, &account, &room, &mut view) => ended,
        told = tokio::signal::ctrl_c() => {
            told.map_err(|error| Failure::Usage(format!("Ctrl-C cannot be heard: {error}")))
        }
    }
}

async fn watch(
    endpoint: &Endpoint,
    account: &Account,
    room: &Room,
    view: &mut View,
) -> Result<(), Failure> {
    let mut pause = PAUSES.0;
    let mut was_there = false;
    loop {
        let failure = match enter(endpoint, account, room, view).await {
            Ok(mut connection) => {
                (pause, was_there) = (PAUSES.0, true);
                let Err(failure) = follow(&mut connection, view).await else { return Ok(()) };
                failure
            }
            Err(failure) => failure,
        };
        // A first attempt that fails is a mistake to be told; later the server may be starting.
        if !was_there || !failure.is_passing() {
            return Err(failure);
        }
        view.lost(&failure, pause);
        back_off(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Connects and joins; what comes meanwhile is shown.
async fn enter(
    endpoint: &Endpoint,
    account: &Account,
    room: &Room,
    view: &mut View,
) -> Result<Connection, Failure> {
    let token = account.token(&endpoint.target).await?;
    let mut connection = endpoint.connect(&token).await?;
    let dialect: &dyn Dialect = endpoint.dialect;
    let wish = Wish::Join(room.clone());
    let say = dialect.say(&wish).ok_or_else(|| {
        let name = dialect.name();
        Failure::Usage(format!("{room} is no room that one joins in the dialect {name}"))
    })?;
    let mut came = Vec::new();
    connection.ask(dialect, &say, |heard| came.push(heard)).await?;
    view.open(room, &came);
    for heard in &came {
        view.heard(heard);
    }
    Ok(connection)
}

/// Shows what comes until the connection is lost, or nobody reads any more.
async fn follow(connection: &mut Connection, view: &mut View) -> Result<(), Failure> {
    while view.screen.is_read() {
        view.heard(&connection.next().await?);
    }
    Ok(())
}

/// Lines for a person, or JSON for a program.
struct View {
    screen: Screen,
    json: bool,
}

impl View {
    fn open(&mut self, room: &Room, came: &[Heard]) {
        let cursor = came.iter().find_map(cursor_of);
        if self.json {
            let mut line = json!({"connection": "open", "room": room.to_string()});
            if let Some(cursor) = cursor {
                line["cursor"] = cursor.clone();
            }
            self.screen.line(line);
        } else {
            let cursor = cursor.and_then(Value::as_str);
            let cursor = cursor.map(|cursor| format!(" from {cursor} on")).unwrap_or_default();
            self.screen.aside(format!("watching {room}{cursor}"));
        }
    }

    fn lost(&mut self, failure: &Failure, pause: Duration) {
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        if self.json {
            let reason = failure.to_string();
            self.screen
                .line(json!({"connection": "lost", "reason": reason, "again_in_ms": millis}));
        } else {
            self.screen.fault(failure);
            self.screen.aside(format!("coming back in {millis} ms"));
        }
    }

    /// Answers are not what is watched.
    fn heard(&mut self, heard: &Heard) {
        let Heard::Event { name, told } = heard else { return };
        if self.json {
            self.screen.line(line(name, told));
        } else {
            self.screen.heard(heard);
        }
    }
}

/// An event as a line, with its place in the log and its cursor where the dialect tells them.
fn line(name: &str, told: &Value) -> Value {
    let mut line = json!({"event": name, "told": told});
    for key in ["sync_id", "cursor"] {
        if let Some(value) = told.get(key) {
            line[key] = value.clone();
        }
    }
    line
}

fn cursor_of(heard: &Heard) -> Option<&Value> {
    match heard {
        Heard::Event { told, .. } | Heard::Answer { told, .. } => told.get("cursor"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_carry_the_place_in_the_log_where_there_is_one() {
        assert_eq!(
            line("task.created", &json!({"sync_id": 42, "kind": "task.created"})),
            json!({
                "event": "task.created",
                "sync_id": 42,
                "told": {"sync_id": 42, "kind": "task.created"},
            })
        );
        assert_eq!(line("pong", &Value::Null), json!({"event": "pong", "told": null}));
    }
}
