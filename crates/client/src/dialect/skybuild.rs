//! The SkyBuild Pro app: `docs/protocol/skybuild.md`. Tasks are changed over HTTP alone, and heard
//! of when they change, not when they are made or deleted.

use serde_json::json;

use super::{Dialect, Expected, Fact, Room, Say, SocketIo, TokenIn, Tour, Wish};

pub(super) struct Skybuild;

impl Dialect for Skybuild {
    fn name(&self) -> &'static str {
        "skybuild"
    }

    fn socketio(&self) -> Option<SocketIo> {
        Some(SocketIo { namespace: "/skybuild", token: TokenIn::Auth })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        let named = |project: &u64| json!({"project_id": project.to_string()});
        match wish {
            Wish::Join(Room::Project(project)) => {
                Some(Say::told("join_project", named(project), &["joined_project"]))
            }
            Wish::Leave(Room::Project(project)) => {
                Some(Say::acknowledged("leave_project", named(project)))
            }
            Wish::Ping => Some(Say::told("ping", json!({}), &["pong"])),
            _ => None,
        }
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        let expected = match fact {
            Fact::Welcome(person) => Expected::named("connected")
                .with("/user_id", person.id.to_string())
                .with("/message", "Successfully connected to real-time server"),
            Fact::Joined(Room::Project(project), _) => {
                Expected::named("joined_project").with("/project_id", project.to_string())
            }
            Fact::Pong => Expected::named("pong").having("/timestamp"),
            Fact::Arrived(person) => {
                Expected::named("user:joined").with("/user_id", person.id.to_string())
            }
            Fact::TaskRenamed { task, title } => Expected::named("task:updated")
                .with("/task_id", *task)
                .with("/updates/title", *title),
            Fact::StatusChanged { task, status } => Expected::named("task:updated")
                .with("/task_id", *task)
                .with("/updates/status", *status),
            Fact::Joined(..)
            | Fact::Left(..)
            | Fact::Message { .. }
            | Fact::Typing { .. }
            | Fact::TaskCreated { .. }
            | Fact::TaskDeleted { .. } => return Vec::new(),
        };
        vec![expected]
    }

    fn tour(&self) -> Tour {
        Tour::Board
    }
}
