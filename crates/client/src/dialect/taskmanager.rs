//! The Task Manager app: `docs/protocol/taskmanager.md`.

use serde_json::json;

use super::{Dialect, Expected, Fact, Room, Say, SocketIo, TokenIn, Tour, Wish};

pub(super) struct Taskmanager;

impl Dialect for Taskmanager {
    fn name(&self) -> &'static str {
        "taskmanager"
    }

    fn socketio(&self) -> Option<SocketIo> {
        Some(SocketIo { namespace: "/taskmanager", token: TokenIn::Query })
    }

    fn say(&self, wish: &Wish) -> Option<Say> {
        Some(match wish {
            Wish::Join(Room::Project(project)) => {
                Say::told("join_project", json!({"project_id": project}), &["joined_project"])
            }
            Wish::Leave(Room::Project(project)) => {
                Say::told("leave_project", json!({"project_id": project}), &["left_project"])
            }
            Wish::Typing { room: Room::Task(task), on } => {
                Say::acknowledged("user_typing", json!({"task_id": task, "is_typing": on}))
            }
            Wish::Ping => Say::told("ping", json!({}), &["pong"]),
            Wish::Who(project) => {
                Say::told("get_online_users", json!({"project_id": project}), &["online_users"])
            }
            Wish::UpdateTask { task, fields } => {
                Say::acknowledged("task_updated", json!({"task_id": task, "changes": fields}))
            }
            Wish::SetStatus { task, status } => Say::acknowledged(
                "task_status_changed",
                json!({"task_id": task, "new_status": status}),
            ),
            Wish::DeleteTask { task, project } => {
                Say::acknowledged("task_deleted", json!({"task_id": task, "project_id": project}))
            }
            Wish::Join(_)
            | Wish::Leave(_)
            | Wish::Typing { .. }
            | Wish::Send { .. }
            | Wish::CreateTask { .. } => return None,
        })
    }

    fn told(&self, fact: &Fact<'_>) -> Vec<Expected> {
        let expected = match fact {
            Fact::Welcome(person) => Expected::named("connected")
                .with("/user_id", person.id)
                .with("/message", "Successfully connected to real-time updates"),
            Fact::Joined(Room::Project(project), _) => {
                Expected::named("joined_project").with("/project_id", *project)
            }
            Fact::Left(Room::Project(project), _) => {
                Expected::named("left_project").with("/project_id", *project)
            }
            Fact::Pong => Expected::named("pong").having("/timestamp"),
            Fact::Arrived(person) => Expected::named("user_connected")
                .with("/user_id", person.id)
                .with("/username", person.username.as_str()),
            Fact::Typing { task, who } => Expected::named("user_typing")
                .with("/task_id", *task)
                .with("/user_id", who.id)
                .with("/is_typing", true),
            Fact::TaskCreated { task, title } => {
                Expected::named("task_created").with("/task/id", *task).with("/task/title", *title)
            }
            Fact::TaskRenamed { task, title } => Expected::named("task_updated")
                .with("/task_id", *task)
                .with("/changes/title", *title),
            Fact::StatusChanged { task, status } => Expected::named("task_status_changed")
                .with("/task_id", *task)
                .with("/new_status", *status),
            Fact::TaskDeleted { task } => Expected::named("task_deleted").with("/task_id", *task),
            Fact::Joined(..) | Fact::Left(..) | Fact::Message { .. } => return Vec::new(),
        };
        vec![expected]
    }

    fn tour(&self) -> Tour {
        Tour::Board
    }
}
