//! Our own protocol: `docs/protocol/native.md`.

use serde_json::{Value, json};

use super::{Dialect, Expected, Fact, Raw, RawForm, Room, Say, SocketIo, TokenIn, Tour, Wish};

pub(super) struct Native;

impl Dialect for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn socketio(&self) -> Option<SocketIo> {
        Some(SocketIo { namespace: "/native", token: TokenIn::Auth })
    }

    fn raw(&self) -> Option<Raw> {
        Some(Raw { path: "/api/v1/ws/native", form: RawForm::Replying })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        let (name, argument) = match wish {
            Wish::Join(room) => ("subscribe", json!({"room": room.to_string()})),
            Wish::Leave(room) => ("unsubscribe", json!({"room": room.to_string()})),
            Wish::Typing { room: Room::Task(task), on } => {
                ("typing", json!({"task_id": task, "typing": on}))
            }
            Wish::Ping => ("ping", json!({})),
            Wish::Who(None) => ("who", json!({})),
            Wish::Who(Some(project)) => ("who", json!({"project_id": project})),
            Wish::CreateTask { project, title } => {
                ("task.create", json!({"project_id": project, "title": title}))
            }
            Wish::UpdateTask { task, fields } => {
                let mut argument = fields.clone();
                argument.insert("task_id".into(), json!(task));
                ("task.update", argument.into())
            }
            Wish::SetStatus { task, status } => {
                ("task.update", json!({"task_id": task, "status": status}))
            }
            Wish::DeleteTask { task, .. } => ("task.delete", json!({"task_id": task})),
            Wish::Send { .. } | Wish::Typing { .. } => return None,
        };
        Some(Say::acknowledged(name, argument))
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        let expected = match fact {
            Fact::Welcome(person) => Expected::named("connected")
                .with("/user/id", person.id)
                .with("/user/username", person.username.as_str())
                .having("/cursor"),
            Fact::Arrived(person) => {
                Expected::named("presence").with("/user/id", person.id).with("/present", true)
            }
            Fact::Typing { task, who } => Expected::named("typing")
                .with("/task_id", *task)
                .with("/user/id", who.id)
                .with("/typing", true),
            Fact::TaskCreated { task, title } => event("task.created")
                .with("/payload/task/id", *task)
                .with("/payload/task/title", *title),
            Fact::TaskRenamed { task, title } => event("task.updated")
                .with("/payload/task/id", *task)
                .with("/payload/changes/title/new", *title),
            Fact::StatusChanged { task, status } => event("task.status_changed")
                .with("/payload/task/id", *task)
                .with("/payload/task/status", *status),
            Fact::TaskDeleted { task } => event("task.deleted").with("/payload/task/id", *task),
            Fact::Joined(..) | Fact::Left(..) | Fact::Pong | Fact::Message { .. } => {
                return Vec::new();
            }
        };
        vec![expected]
    }

    fn refusal(&self, answer: &Value) -> Option<String> {
        if answer["ok"] == true {
            return None;
        }
        let code = answer["error"]["code"].as_str().unwrap_or("no code");
        let message = answer["error"]["message"].as_str();
        Some(message.map_or_else(|| answer.to_string(), |message| format!("{code}: {message}")))
    }

    fn tour(&self) -> Tour {
        Tour::Board
    }
}

fn event(name: &'static str) -> Expected {
    Expected::named(name).with("/kind", name).having("/sync_id")
}
