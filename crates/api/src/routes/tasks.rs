//! Tasks, flat and of one project.

use axum::Router;
use axum::extract::{FromRef, OriginalUri, State};
use axum::response::Response;
use axum::routing::get;
use chorus_collab::command::{NewTask, TaskPatch};
use chorus_collab::{Collab, Command, Fault, Fields, TaskFilter, TaskOrder, TaskSort};
use chorus_model::text::{Description, Name, Title};
use chorus_model::{Priority, ProjectId, Rule, TaskId, TaskStatus, Timestamp, UserId, Word};
use http::Uri;
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::{Asked, flag};

const HOURS: &str = "estimated_hours";
/// Most hours that a task may be estimated at.
const MOST_HOURS: i32 = 100_000;
/// How far from zero a position may be.
const FARTHEST: i32 = 1_000_000_000;

pub(crate) fn routes<S>() -> Router<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route("/tasks", get(list).post(create))
        .route("/tasks/{id}", get(show).patch(update).put(update).delete(remove))
        .route("/projects/{id}/tasks", get(list_of_project).post(create_in_project))
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    found(&collab, &caller, &uri, &asked, None).await
}

async fn list_of_project(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    OriginalUri(uri): OriginalUri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    found(&collab, &caller, &uri, &asked, Some(project)).await
}

async fn found(
    collab: &Collab,
    caller: &Caller,
    uri: &Uri,
    asked: &Map<String, Value>,
    project: Option<ProjectId>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(asked);
    let mut filter = filter(&mut fields, collab.clock().now());
    filter.project = project.or(filter.project);
    let order = fields.word("sort", order).unwrap_or_default();
    let window = Window::read(&mut fields);
    fields.finish()?;
    let tasks = collab.tasks(caller.user.id, filter, order, window.page()).await?;
    Ok(window.answer(uri, tasks))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<TaskId>,
) -> Result<Response, Refusal> {
    let task = collab.task(caller.user.id, id).await?;
    Ok(versioned(&task, task.version))
}

async fn create(change: Change, body: Object) -> Result<Response, Refusal> {
    let new = new_task(&body.0, None)?;
    change.make(Command::CreateTask(new)).await
}

async fn create_in_project(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let new = new_task(&body.0, Some(project))?;
    change.make(Command::CreateTask(new)).await
}

async fn update(change: Change, At(task): At<TaskId>, body: Object) -> Result<Response, Refusal> {
    let patch = patch(&body.0)?;
    let command = |if_version| Command::UpdateTask { task, patch, if_version, announced: None };
    change.make_if(command).await
}

async fn remove(change: Change, At(task): At<TaskId>) -> Result<Response, Refusal> {
    let command = |if_version| Command::DeleteTask { task, if_version, announced: false };
    change.make_if(command).await
}

fn filter(fields: &mut Fields<'_>, now: Timestamp) -> TaskFilter {
    TaskFilter {
        project: fields.nullable_id("project_id").flatten().map(ProjectId),
        visible_to: None,
        status: fields.word("status", TaskStatus::parse),
        priority: fields.word("priority", Priority::parse),
        assignee: fields.nullable_id("assignee_id").flatten().map(UserId),
        text: fields.text("q", Name::parse).map(Name::into_string),
        overdue_at: fields.word("overdue", flag).filter(|overdue| *overdue).map(|_| now),
    }
}

fn order(word: &str) -> Result<TaskOrder, Rule> {
    const WORDS: &[&str] = &["position", "created_at", "updated_at", "due_date", "priority"];
    let (word, descending) = word.strip_prefix('-').map_or((word, false), |word| (word, true));
    let sort = match word {
        "position" => TaskSort::Position,
        "created_at" => TaskSort::Created,
        "updated_at" => TaskSort::Updated,
        "due_date" => TaskSort::Due,
        "priority" => TaskSort::Priority,
        _ => return Err(Rule::OneOf(WORDS)),
    };
    Ok(TaskOrder { sort, descending })
}

/// A task to make in `project`, or in the one that the object names.
fn new_task(object: &Map<String, Value>, project: Option<ProjectId>) -> Result<NewTask, Fault> {
    let mut fields = Fields::new(object);
    let project = project.or_else(|| fields.required_id("project_id").map(ProjectId));
    let title = fields.required("title", Title::parse);
    let description = fields.nullable_text("description", Description::parse).flatten();
    let status = fields.word("status", TaskStatus::parse).unwrap_or(TaskStatus::Todo);
    let priority = fields.word("priority", Priority::parse).unwrap_or(Priority::Medium);
    let assignee = fields.nullable_id("assignee_id").flatten().map(UserId);
    let due_date = fields.nullable_instant("due_date").flatten();
    let estimated_hours = fields.nullable_number(HOURS, 0, MOST_HOURS).flatten();
    let category = fields.nullable_text("category", Name::parse).flatten();
    let position = position(&mut fields);
    let (project, title) = fields.finish_with(project.zip(title))?;
    Ok(NewTask {
        project,
        title,
        description,
        status,
        priority,
        assignee,
        due_date,
        estimated_hours,
        category,
        position,
    })
}

fn patch(object: &Map<String, Value>) -> Result<TaskPatch, Fault> {
    let mut fields = Fields::new(object);
    let patch = TaskPatch {
        title: fields.text("title", Title::parse),
        description: fields.nullable_text("description", Description::parse),
        status: fields.word("status", TaskStatus::parse).map(Word::exact),
        priority: fields.word("priority", Priority::parse).map(Word::exact),
        assignee: fields.nullable_id("assignee_id").map(|id| id.map(UserId)),
        due_date: fields.nullable_instant("due_date"),
        estimated_hours: fields.nullable_number(HOURS, 0, MOST_HOURS),
        category: fields.nullable_text("category", Name::parse),
        position: position(&mut fields),
    };
    fields.finish().map(|()| patch)
}

/// Every task has a position: null means the same as absent.
fn position(fields: &mut Fields<'_>) -> Option<f64> {
    fields.nullable_number("position", -FARTHEST, FARTHEST).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_read_from_texts() {
        let asked = json!({
            "project_id": "7", "status": "pending", "priority": "urgent", "assignee_id": "3",
            "q": "roof", "overdue": "true", "visible_to": "1",
        });
        let mut fields = Fields::new(asked.as_object().unwrap());
        let now = Timestamp::from_micros(5);
        let expected = TaskFilter {
            project: Some(ProjectId(7)),
            visible_to: None,
            status: Some(TaskStatus::Todo),
            priority: Some(Priority::Critical),
            assignee: Some(UserId(3)),
            text: Some("roof".into()),
            overdue_at: Some(now),
        };
        assert_eq!(filter(&mut fields, now), expected);
        assert_eq!(fields.finish(), Ok(()));
    }

    #[test]
    fn a_minus_turns_the_order_round() {
        let by = |word| order(word).map(|order| (order.sort, order.descending));
        assert_eq!(by("due_date"), Ok((TaskSort::Due, false)));
        assert_eq!(by("-priority"), Ok((TaskSort::Priority, true)));
        for word in ["", "-", "--priority", "title", "Priority"] {
            assert!(order(word).is_err(), "{word}");
        }
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
    fn a_patch_tells_absent_from_none() {
        let read = |body: Value| patch(body.as_object().unwrap()).unwrap();
        assert_eq!(read(json!({"project_id": 5})), TaskPatch::default());
        let given = read(json!({"assignee_id": null, "status": "completed", "position": null}));
        let expected = TaskPatch {
            assignee: Some(None),
            status: Some(Word::exact(TaskStatus::Done)),
            ..TaskPatch::default()
        };
        assert_eq!(given, expected);
    }
}
