//! The Project Manager app: `docs/protocol/envelope.md`.

use serde_json::json;

use super::{Dialect, Expected, Fact, Raw, RawForm, Say, Tour, Wish};

pub(super) struct Envelope;

impl Dialect for Envelope {
    fn name(&self) -> &'static str {
        "envelope"
    }

    fn raw(&self) -> Option<Raw> {
        Some(Raw { path: "/api/v1/ws/connect", form: RawForm::Beside })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        Some(match wish {
            Wish::Join(room) => Say::told(
                "join_room",
                json!({"room": room.to_string()}),
                &["joined_room", "user_joined"],
            ),
            // Who was not in the room hears the first alone.
            Wish::Leave(room) => {
                Say::told("leave_room", json!({"room": room.to_string()}), &["left_room"])
            }
            Wish::Send { room, text } => Say::told(
                "send_message",
                json!({"room": room.to_string(), "data": {"content": text}}),
                &["message"],
            ),
            Wish::Ping => Say::told("ping", json!({}), &["pong"]),
            _ => return None,
        })
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        match fact {
            Fact::Welcome(person) => vec![
                Expected::named("connected")
                    .with("/data/user_id", person.id)
                    .with("/data/username", person.username.as_str()),
            ],
            Fact::Joined(room, person) => {
                let room = room.to_string();
                vec![
                    Expected::named("joined_room").with("/room", room.as_str()),
                    Expected::named("user_joined")
                        .with("/room", room)
                        .with("/sender", person.username.as_str()),
                ]
            }
            Fact::Left(room, person) => {
                let room = room.to_string();
                vec![
                    Expected::named("left_room").with("/room", room.as_str()),
                    Expected::named("user_left")
                        .with("/room", room)
                        .with("/sender", person.username.as_str()),
                ]
            }
            Fact::Message { room, who, text } => vec![
                Expected::named("message")
                    .with("/room", room.to_string())
                    .with("/data/username", who.username.as_str())
                    .with("/data/content", *text),
            ],
            Fact::Pong => vec![Expected::named("pong").having("/data/timestamp")],
            Fact::Arrived(person) => {
                vec![Expected::named("user_joined").with("/data/user_id", person.id)]
            }
            Fact::TaskCreated { task, title } => vec![
                Expected::named("task.created")
                    .with("/data/task_id", *task)
                    .with("/data/title", *title),
            ],
            Fact::TaskRenamed { task, title } => vec![
                Expected::named("task.updated")
                    .with("/data/task_id", *task)
                    .with("/data/changes/title", *title),
            ],
            Fact::StatusChanged { task, status } => vec![
                Expected::named("task.status_changed")
                    .with("/data/task_id", *task)
                    .with("/data/new_status", *status),
            ],
            Fact::TaskDeleted { task } => {
                vec![Expected::named("task.deleted").with("/data/task_id", *task)]
            }
            Fact::Typing { .. } => Vec::new(),
        }
    }

    fn tour(&self) -> Tour {
        Tour::Frames
    }
}
