//! Chorus with a dialect more: `wall`, for the screen in an office that shows a project's cards.
//! `README.md` beside this file is its contract, `docs/new-dialect.md` how it came to be.

use std::borrow::Cow;
use std::process::ExitCode;
use std::sync::Arc;

use chorus_collab::command::TaskPatch;
use chorus_collab::fields::id_of;
use chorus_collab::{Command, Fault, Noun, TokenFault, TokenRules};
use chorus_gateway::dialect::audience::{Hearer, Line};
use chorus_gateway::dialect::{
    Ask, Audiences, Decoded, Dialect, Echo, Frames, Place, Refusal, Reply, To, Wire, shown,
};
use chorus_gateway::engine::Handshake;
use chorus_model::signal::SignalBody;
use chorus_model::{
    Body, Event, ProjectId, Room, Signal, Task, TaskId, TaskStatus, Timestamp, UserRef, Word,
};
use chorus_realtime::{Deliveries, Delivery, Frame};
use chorus_server::cli::Cli;
use clap::Parser as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::{SmallVec, smallvec};

fn main() -> ExitCode {
    let wall = Wall { audiences: Audiences::new(AUDIENCES) };
    chorus_server::run_with(&Cli::parse(), &[Arc::new(wall)])
}

/// The language of the wall.
#[derive(Debug)]
struct Wall {
    audiences: Audiences,
}

const AUDIENCES: &[Line] = &[("card", &[Hearer::Project]), ("gone", &[Hearer::Project])];

impl Dialect for Wall {
    fn name(&self) -> &'static str {
        "wall"
    }

    fn token_rules(&self) -> TokenRules {
        TokenRules::NATIVE
    }

    fn credentials<'a>(
        &self,
        _: &'a Handshake,
        payload: Option<&'a RawValue>,
    ) -> SmallVec<[Cow<'a, str>; 2]> {
        shown::in_payload(payload).into_iter().collect()
    }

    fn refusal(&self, fault: &Fault) -> Refusal {
        Refusal::new(0, fault_text("", fault))
    }

    fn welcome(&self, wire: &Wire<'_>, user: &UserRef, _at: &Place<'_>) -> Frames {
        smallvec![wire.event("hello", &json!({ "who": user.full_name }))]
    }

    fn decode(&self, name: &str, args: &[&RawValue]) -> Decoded {
        let first = args.first().map(|raw| raw.get()).unwrap_or_default();
        let said: Value = serde_json::from_str(first).unwrap_or_default();
        let id = |name| said.get(name).and_then(id_of);
        match name {
            "watch" => ask("watch", id("wall").map(|id| Ask::Join(ProjectId(id)))),
            "unwatch" => ask("unwatch", id("wall").map(|id| Ask::Leave(ProjectId(id)))),
            "move" => match said.get("lane").and_then(Value::as_str).and_then(status_of) {
                Some(lane) => ask("move", id("card").map(|id| move_to(id, lane))),
                None => Decoded::Wrong("a lane is one of: todo, doing, done".to_owned()),
            },
            _ => Decoded::Unknown,
        }
    }

    fn reply(&self, wire: &Wire<'_>, _to: &To<'_>, reply: &Reply) -> Frames {
        match reply {
            Reply::Joined { project, .. } => {
                smallvec![wire.event("watching", &json!({ "wall": project }))]
            }
            _ => Frames::new(),
        }
    }

    fn fault(&self, wire: &Wire<'_>, to: &To<'_>, fault: &Fault) -> Frames {
        self.complaint(wire, &fault_text(to.echo.word, fault), to.now).into_iter().collect()
    }

    fn complaint(&self, wire: &Wire<'_>, text: &str, _now: Timestamp) -> Option<Frame> {
        Some(wire.event("oops", &json!({ "text": text })))
    }

    fn put_out(&self, wire: &Wire<'_>, room: Room, why: &Fault, now: Timestamp) -> Option<Frame> {
        let text = fault_text("watch", why);
        matches!(room, Room::Project(_)).then(|| self.complaint(wire, &text, now))?
    }

    fn farewell(&self, why: &Fault) -> Cow<'static, str> {
        fault_text("", why)
    }

    fn word(&self, event: &Event) -> Option<&'static str> {
        told(event).map(|(word, _)| word)
    }

    fn audiences(&self) -> Option<&Audiences> {
        Some(&self.audiences)
    }

    fn encode(&self, wire: &Wire<'_>, event: &Event) -> Option<Frame> {
        let (word, task) = told(event)?;
        let mut card = json!({ "wall": task.project_id, "id": task.id });
        if let Some(lane) = lane(task.status).filter(|_| word == "card") {
            card["lane"] = lane.into();
            card["title"] = (*task.title).into();
            card["whose"] = json!(task.assignee.as_ref().map(|person| &person.full_name));
        }
        Some(wire.event(word, &card))
    }

    fn signal(&self, wire: &Wire<'_>, signal: &Signal) -> Deliveries {
        let SignalBody::Presence { arrived, rooms, .. } = &signal.body else {
            return Deliveries::new();
        };
        let word = if *arrived { "came" } else { "went" };
        let tell = |room: &Room| {
            let told = json!({ "wall": room.project()?, "who": signal.user.full_name });
            let frame = wire.event(word, &told);
            let (rooms, unless, except) = (smallvec![*room], SmallVec::new(), signal.cause);
            Some(Delivery { rooms, unless, except, frame })
        };
        rooms.iter().filter_map(tell).collect()
    }
}

/// The word for an event and the card it is about, if the wall looks different after it.
fn told(event: &Event) -> Option<(&'static str, &Task)> {
    let (task, changes) = match &event.body {
        Body::TaskCreated { task } => return lane(task.status).map(|_| ("card", task)),
        Body::TaskDeleted { task } => return lane(task.status).map(|_| ("gone", task)),
        Body::TaskUpdated { task, changes }
        | Body::TaskStatusChanged { task, changes, lead: true, .. }
        | Body::TaskAssigned { task, changes, lead: true, .. } => (task, changes),
        _ => return None,
    };
    let before = lane(changes.status.as_ref().map_or(task.status, |status| status.old));
    let now = lane(task.status);
    let differs = before != now || changes.title.is_some() || changes.assignee.is_some();
    match now {
        Some(_) => differs.then_some(("card", task)),
        None => before.map(|_| ("gone", task)),
    }
}

/// Where a card hangs; what is cancelled is not on the wall.
fn lane(status: TaskStatus) -> Option<&'static str> {
    match status {
        TaskStatus::Todo => Some("todo"),
        TaskStatus::InProgress | TaskStatus::Review | TaskStatus::Blocked => Some("doing"),
        TaskStatus::Done => Some("done"),
        TaskStatus::Cancelled => None,
    }
}

fn status_of(lane: &str) -> Option<Word<TaskStatus>> {
    let also = [TaskStatus::Review, TaskStatus::Blocked];
    match lane {
        "todo" => Some(Word::exact(TaskStatus::Todo)),
        "doing" => Some(Word::shown_for(TaskStatus::InProgress, &also)),
        "done" => Some(Word::exact(TaskStatus::Done)),
        _ => None,
    }
}

fn move_to(card: i64, lane: Word<TaskStatus>) -> Ask {
    let patch = TaskPatch { status: Some(lane), ..TaskPatch::default() };
    let task = TaskId(card);
    let command = Command::UpdateTask { task, patch, if_version: None, announced: None };
    Ask::Command(Box::new(command), None)
}

/// What has no id cannot be there.
fn ask(word: &'static str, ask: Option<Ask>) -> Decoded {
    let echo = Echo { word, written: "".into() };
    match ask {
        Some(ask) => Decoded::Ask(ask, echo),
        None => Decoded::Refused(Fault::NotFound(Noun::Task), echo),
    }
}

fn fault_text(word: &str, fault: &Fault) -> Cow<'static, str> {
    match (word, fault) {
        (_, Fault::Unauthenticated(TokenFault::Missing)) => "show a token".into(),
        (_, Fault::Unauthenticated(_) | Fault::Deactivated) => "who are you?".into(),
        ("move", Fault::NotFound(_)) => "no such card".into(),
        (_, Fault::NotFound(_)) => "no such wall".into(),
        (_, other) => other.to_string().into(),
    }
}
