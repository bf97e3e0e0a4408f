//! The native form of commands: JSON objects in snake case, the same through every native door.

use chorus_model::text::{Description, Name, Rule, Title};
use chorus_model::{
    CommentId, Invalid, ItemId, NotificationId, Priority, ProjectId, ProjectRole, ProjectStatus,
    TaskId, TaskStatus, TaskType, UserId, Word,
};
use serde_json::{Map, Value};

pub mod chat;
pub mod comments;
pub mod invitations;
pub mod tasks;

use crate::command::{Command, NewProject, NewTask, ProjectPatch, TaskPatch};
use crate::fault::Fault;
use crate::fields::{Fields, id_of};
use crate::items::form;

/// An object as a client writes it.
pub type Object = Map<String, Value>;

const HOURS: &str = "estimated_hours";
/// Most hours that a task may be estimated at.
pub(crate) const MOST_HOURS: i32 = 100_000;
/// How far from zero a position may be.
pub(crate) const FARTHEST: i32 = 1_000_000_000;
/// Labels that a task may have.
pub(crate) const MOST_LABELS: usize = 20;
/// Tasks that one may wait for by itself.
pub(crate) const MOST_DEPENDENCIES: usize = 50;
/// Notifications that one command names.
pub const MOST_READ: usize = 1_000;

/// The command of this name; none if there is no such command.
pub fn command(name: &str, object: &Object) -> Option<Result<Command, Fault>> {
    let asked = of_work(name, object).or_else(|| chat::command(name, object));
    asked.or_else(|| invitations::command(name, object))
}

/// A command on projects, members, tasks, comments, items or notifications.
fn of_work(name: &str, object: &Object) -> Option<Result<Command, Fault>> {
    let id = |name| id(object, name);
    let version = || version(object);
    Some(match name {
        "project.create" => new_project(object).map(Command::CreateProject),
        "project.update" => (|| {
            let (project, patch) = (ProjectId(id("project_id")?), project_patch(object)?);
            let if_version = version()?;
            Ok(Command::UpdateProject { project, patch, if_version, announced: false })
        })(),
        "project.delete" => {
            id("project_id").map(|id| Command::DeleteProject { project: ProjectId(id) })
        }
        "member.add" => (|| {
            let (user, role) = new_member(object)?;
            Ok(Command::AddMember { project: ProjectId(id("project_id")?), user, role })
        })(),
        "member.update" => (|| {
            let (project, user) = (ProjectId(id("project_id")?), UserId(id("user_id")?));
            Ok(Command::SetRole { project, user, role: role(object)? })
        })(),
        "member.remove" => (|| {
            let (project, user) = (ProjectId(id("project_id")?), UserId(id("user_id")?));
            Ok(Command::RemoveMember { project, user })
        })(),
        "task.create" => new_task(object, None).map(Command::CreateTask),
        "task.update" => (|| {
            let (task, patch) = (TaskId(id("task_id")?), task_patch(object)?);
            Ok(Command::UpdateTask { task, patch, if_version: version()?, announced: None })
        })(),
        "task.delete" => (|| {
            let task = TaskId(id("task_id")?);
            Ok(Command::DeleteTask { task, if_version: version()?, announced: false })
        })(),
        "comment.create" => {
            comments::new(object).map(|(topic, new)| Command::AddComment { topic, new })
        }
        "comment.update" => (|| {
            let (comment, body) = (CommentId(id("comment_id")?), comments::comment(object)?);
            Ok(Command::EditComment { comment, body, if_version: version()? })
        })(),
        "comment.delete" => {
            id("comment_id").map(|id| Command::DeleteComment { comment: CommentId(id) })
        }
        "item.create" => (|| {
            let kind = form::kind(object)?;
            let (spot, given) = (form::spot(kind, object)?, form::new(kind, object)?);
            Ok(Command::CreateItem { kind, spot, given })
        })(),
        "item.update" => (|| {
            let (kind, item) = (form::kind(object)?, ItemId(id("item_id")?));
            let given = form::patch(kind, object)?;
            Ok(Command::UpdateItem { kind, item, given, if_version: version()? })
        })(),
        "item.delete" => (|| {
            let (kind, item) = (form::kind(object)?, ItemId(id("item_id")?));
            Ok(Command::DeleteItem { kind, item, if_version: version()? })
        })(),
        "items.update" => (|| {
            let kind = form::kind(object)?;
            Ok(Command::UpdateItems { kind, entries: form::many(kind, object)? })
        })(),
        "notification.read" => {
            let ids = notifications(object.get("ids")).map_err(Fault::from);
            ids.map(|notifications| Command::MarkRead { notifications })
        }
        _ => return None,
    })
}

/// A project to make.
pub fn new_project(object: &Object) -> Result<NewProject, Fault> {
    let mut fields = Fields::new(object);
    let name = fields.required("name", Name::parse);
    let description = fields.nullable_text("description", Description::parse).flatten();
    let status = fields.word("status", ProjectStatus::parse).unwrap_or_default();
    let start_date = fields.nullable_instant("start_date").flatten();
    let end_date = fields.nullable_instant("end_date").flatten();
    let name = fields.finish_with(name)?;
    Ok(NewProject { name, description, status, start_date, end_date })
}

/// New values of a project's fields.
pub fn project_patch(object: &Object) -> Result<ProjectPatch, Fault> {
    let mut fields = Fields::new(object);
    let patch = ProjectPatch {
        name: fields.text("name", Name::parse),
        description: fields.nullable_text("description", Description::parse),
        status: fields.word("status", ProjectStatus::parse).map(Word::exact),
        start_date: fields.nullable_instant("start_date"),
        end_date: fields.nullable_instant("end_date"),
    };
    fields.finish().map(|()| patch)
}

/// Whom to take into a project, and as what.
pub fn new_member(object: &Object) -> Result<(UserId, ProjectRole), Fault> {
    let mut fields = Fields::new(object);
    let user = fields.required_id("user_id").map(UserId);
    let role = fields.word("role", ProjectRole::parse).unwrap_or(ProjectRole::Member);
    Ok((fields.finish_with(user)?, role))
}

/// The role to give a member.
pub fn role(object: &Object) -> Result<ProjectRole, Fault> {
    let mut fields = Fields::new(object);
    let role = fields.required("role", |name, word| {
        ProjectRole::parse(word).map_err(|rule| Invalid::new(name, rule))
    });
    fields.finish_with(role)
}

/// A task to make in `project`, or in the one that the object names.
pub fn new_task(object: &Object, project: Option<ProjectId>) -> Result<NewTask, Fault> {
    let mut fields = Fields::new(object);
    let project = project.or_else(|| fields.required_id("project_id").map(ProjectId));
    let title = fields.required("title", Title::parse);
    let description = fields.nullable_text("description", Description::parse).flatten();
    let status = fields.word("status", TaskStatus::parse).unwrap_or_default();
    let priority = fields.word("priority", Priority::parse).unwrap_or_default();
    let assignee = fields.nullable_id("assignee_id").flatten().map(UserId);
    let start_date = fields.nullable_instant("start_date").flatten();
    let due_date = fields.nullable_instant("due_date").flatten();
    let estimated_hours = fields.nullable_number(HOURS, 0, MOST_HOURS).flatten();
    let category = fields.nullable_text("category", Name::parse).flatten();
    let task_type = fields.word("type", TaskType::parse).unwrap_or_default();
    let labels = tasks::labels(&mut fields, object).unwrap_or_default();
    let depends_on = tasks::depends_on(&mut fields, object).unwrap_or_default();
    let position = position(&mut fields);
    let (project, title) = fields.finish_with(project.zip(title))?;
    Ok(NewTask {
        project,
        title,
        description,
        status,
        priority,
        assignee,
        start_date,
        due_date,
        estimated_hours,
        category,
        task_type,
        labels,
        depends_on,
        position,
    })
}

/// New values of a task's fields.
pub fn task_patch(object: &Object) -> Result<TaskPatch, Fault> {
    let mut fields = Fields::new(object);
    let patch = TaskPatch {
        title: fields.text("title", Title::parse),
        description: fields.nullable_text("description", Description::parse),
        status: fields.word("status", TaskStatus::parse).map(Word::exact),
        priority: fields.word("priority", Priority::parse).map(Word::exact),
        assignee: fields.nullable_id("assignee_id").map(|id| id.map(UserId)),
        start_date: fields.nullable_instant("start_date"),
        due_date: fields.nullable_instant("due_date"),
        estimated_hours: fields.nullable_number(HOURS, 0, MOST_HOURS),
        category: fields.nullable_text("category", Name::parse),
        task_type: fields.word("type", TaskType::parse),
        labels: tasks::labels(&mut fields, object),
        depends_on: tasks::depends_on(&mut fields, object),
        position: position(&mut fields),
    };
    fields.finish().map(|()| patch)
}

/// The notifications that are named; without any list, all of them.
pub fn notifications(ids: Option<&Value>) -> Result<Option<Vec<NotificationId>>, Invalid> {
    let invalid = || Invalid::new("ids", Rule::Type("a list of at most 1000 ids"));
    match ids {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(ids)) if ids.len() <= MOST_READ => {
            let ids: Option<Vec<_>> = ids.iter().map(|id| id_of(id).map(NotificationId)).collect();
            ids.map(Some).ok_or_else(invalid)
        }
        Some(_) => Err(invalid()),
    }
}

/// Every task has a position: null means the same as absent.
pub(crate) fn position(fields: &mut Fields<'_>) -> Option<f64> {
    fields.nullable_number("position", -FARTHEST, FARTHEST).flatten()
}

fn id(object: &Object, name: &'static str) -> Result<i64, Fault> {
    let mut fields = Fields::new(object);
    let id = fields.required_id(name);
    fields.finish_with(id)
}

fn version(object: &Object) -> Result<Option<i64>, Fault> {
    let mut fields = Fields::new(object);
    let version = fields.nullable_id("if_version").flatten();
    fields.finish().map(|()| version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_project_begins_as_planning() {
        let read = |body: Value| new_project(body.as_object().unwrap());
        let project = read(json!({"name": "Tower", "end_date": "2027-01-31", "owner_id": 9}));
        let project = project.unwrap();
        assert_eq!(project.status, ProjectStatus::Planning);
        assert!(project.end_date.is_some() && project.start_date.is_none());
        let said = read(json!({"status": "new"})).unwrap_err().to_string();
        assert!(said.starts_with("name is required; status must be one of: planning"), "{said}");
    }

    #[test]
    fn a_patch_tells_absent_from_none() {
        let read = |body: Value| task_patch(body.as_object().unwrap()).unwrap();
        assert_eq!(read(json!({"project_id": 5})), TaskPatch::default());
        let given = read(json!({"assignee_id": null, "status": "completed", "position": null}));
        let expected = TaskPatch {
            assignee: Some(None),
            status: Some(Word::exact(TaskStatus::Done)),
            ..TaskPatch::default()
        };
        assert_eq!(given, expected);
        let project = |body: Value| project_patch(body.as_object().unwrap()).unwrap();
        assert_eq!(project(json!({"unknown": 1})), ProjectPatch::default());
        let given = project(json!({"description": null, "status": "in_progress"}));
        assert_eq!(given.description, Some(None));
        assert_eq!(given.status, Some(Word::exact(ProjectStatus::Active)));
    }

    #[test]
    fn a_task_needs_a_title_and_a_project() {
        let read = |body: Value, project| new_task(body.as_object().unwrap(), project);
        let said = read(json!({"position": 1e300}), None).unwrap_err().to_string();
        assert_eq!(
            said,
            "project_id is required; title is required; \
             position must be between -1000000000 and 1000000000"
        );
        let task = read(json!({"title": "Roof", "project_id": 2}), Some(ProjectId(1))).unwrap();
        assert_eq!((task.project, task.status), (ProjectId(1), TaskStatus::Todo));
    }

    #[test]
    fn a_list_names_some_and_its_absence_all() {
        assert_eq!(notifications(None), Ok(None));
        assert_eq!(notifications(Some(&json!(null))), Ok(None));
        assert_eq!(notifications(Some(&json!([]))), Ok(Some(vec![])));
        let two = Ok(Some(vec![NotificationId(1), NotificationId(2)]));
        assert_eq!(notifications(Some(&json!([1, "2"]))), two);
        for wrong in [json!(1), json!(["x"]), json!(vec![1; MOST_READ + 1])] {
            assert!(notifications(Some(&wrong)).is_err());
        }
    }

    #[test]
    fn commands_go_by_name() {
        let read = |name: &str, body: Value| command(name, body.as_object().unwrap());
        let update = json!({"task_id": "7", "title": "Roof", "if_version": 3});
        let Some(Ok(Command::UpdateTask { task, if_version, .. })) = read("task.update", update)
        else {
            panic!()
        };
        assert_eq!((task, if_version), (TaskId(7), Some(3)));
        let fault = read("comment.create", json!({"body": "x"})).unwrap().unwrap_err();
        assert_eq!(fault.to_string(), "task_id is required");
        assert!(read("task.explode", json!({})).is_none());
    }
}
