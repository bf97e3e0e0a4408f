//! Flux Studio's tasks: `docs/protocol/flux.md`. Tasks are changed over HTTP alone.

use serde_json::json;

use super::{Dialect, Expected, Fact, Room, Say, SocketIo, TokenIn, Tour, Wish};

pub(super) struct Flux;

impl Dialect for Flux {
    fn name(&self) -> &'static str {
        "flux"
    }

    fn socketio(&self) -> Option<SocketIo> {
        Some(SocketIo { namespace: "/flux", token: TokenIn::Auth })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        let named = |project: &u64| json!({"projectId": project.to_string()});
        match wish {
            Wish::Join(Room::Project(project)) => {
                Some(Say::told("join:project", named(project), &["presence:update"]))
            }
            Wish::Leave(Room::Project(project)) => {
                Some(Say::unanswered("leave:project", named(project)))
            }
            _ => None,
        }
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        let changed = |kind: &'static str, name: &'static str, task: &u64| {
            let line = Expected::named("activity:new").with("/type", kind);
            let line = line.with("/entityId", task.to_string());
            (line, Expected::named(name))
        };
        let (line, told) = match fact {
            Fact::Joined(Room::Project(project), _) => {
                let list = Expected::named("presence:update");
                return vec![list.with("/projectId", project.to_string())];
            }
            // Whoever came first is first in the list.
            Fact::Arrived(person) => {
                let list = Expected::named("presence:update");
                return vec![list.with("/users/1/id", person.id.to_string())];
            }
            Fact::TaskCreated { task, title } => {
                let (line, told) = changed("task.created", "task:created", task);
                (line, told.with("/task/id", task.to_string()).with("/task/title", *title))
            }
            Fact::TaskRenamed { task, title } => {
                let (line, told) = changed("task.updated", "task:updated", task);
                let line = line.with("/entityTitle", *title);
                (line, told.with("/task/id", task.to_string()).with("/task/title", *title))
            }
            Fact::StatusChanged { task, status } => {
                let (line, told) = changed("task.updated", "task:updated", task);
                let line = line.with("/metadata/newValue", *status);
                (line, told.with("/task/id", task.to_string()).with("/task/status", *status))
            }
            Fact::TaskDeleted { task } => {
                let (line, told) = changed("task.deleted", "task:deleted", task);
                (line, told.with("/taskId", task.to_string()))
            }
            Fact::Welcome(_)
            | Fact::Joined(..)
            | Fact::Left(..)
            | Fact::Pong
            | Fact::Message { .. }
            | Fact::Typing { .. } => return Vec::new(),
        };
        vec![line, told]
    }

    fn tour(&self) -> Tour {
        Tour::Board
    }
}
