//! The ProdSight app: `docs/protocol/prodsight.md`. Tasks are changed over HTTP alone, and heard of
//! by those whose role or task it is.

use serde_json::json;

use super::{Dialect, Expected, Fact, Room, Say, SocketIo, TokenIn, Tour, Wish};

pub(super) struct Prodsight;

impl Dialect for Prodsight {
    fn name(&self) -> &'static str {
        "prodsight"
    }

    fn socketio(&self) -> Option<SocketIo> {
        Some(SocketIo { namespace: "/prodsight", token: TokenIn::Auth })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        let named = |project: &u64| json!({"project_id": project.to_string()});
        match wish {
            Wish::Join(Room::Project(project)) => {
                Some(Say::acknowledged("join_project_room", named(project)))
            }
            Wish::Leave(Room::Project(project)) => {
                Some(Say::told("leave_project_room", named(project), &["room_left"]))
            }
            Wish::Ping => Some(Say::told("ping", json!({}), &["pong"])),
            _ => None,
        }
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        let room = |project: &u64| format!("project_{project}");
        let update = |action: &'static str, task: &u64| {
            let update = Expected::named("task_update").with("/action", action);
            update.with("/task/id", task.to_string())
        };
        let expected = match fact {
            Fact::Welcome(person) => Expected::named("connection_status")
                .with("/user_id", person.id.to_string())
                .with("/status", "connected"),
            Fact::Joined(Room::Project(project), _) => {
                Expected::named("room_joined").with("/room", room(project))
            }
            Fact::Left(Room::Project(project), _) => {
                Expected::named("room_left").with("/room", room(project))
            }
            Fact::Pong => Expected::named("pong").having("/timestamp"),
            Fact::TaskCreated { task, title } => {
                update("created", task).with("/task/title", *title)
            }
            Fact::TaskRenamed { task, title } => {
                update("updated", task).with("/task/title", *title)
            }
            Fact::StatusChanged { task, status } => {
                update("updated", task).with("/task/status", *status)
            }
            Fact::TaskDeleted { task } => update("deleted", task),
            Fact::Joined(..)
            | Fact::Left(..)
            | Fact::Arrived(_)
            | Fact::Message { .. }
            | Fact::Typing { .. } => return Vec::new(),
        };
        vec![expected]
    }

    fn tour(&self) -> Tour {
        Tour::Own
    }
}
