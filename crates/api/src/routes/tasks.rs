//! Tasks, flat and of one project.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::command::{NewTask, TaskPatch};
use chorus_collab::{Collab, Command, Fields, TaskFilter, TaskOrder, TaskSort, forms};
use chorus_model::text::{Label, Name};
use chorus_model::{
    Priority, ProjectId, Rule, Task, TaskId, TaskStatus, TaskType, Timestamp, UserId,
};
use http::Uri;
use serde_json::{Map, Value, json};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::document::{self, About, Routes, Schemas, delete, get, patch, post, put, read, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::{Asked, flag, flag_schema};

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let (forbidden, not_found) = (&["forbidden"], &["not_found"]);
    let all = About::new("list_tasks", "Tasks of all projects that one sees.");
    let some = About::new("list_project_tasks", "Tasks of a project.");
    let created = |id, form: fn(&mut Schemas) -> Value| {
        About::new(id, "Makes a task in a project.")
            .form(form)
            .answers(201, written::<Task>)
            .tells("ETag")
            .refuses(403, forbidden)
            .refuses(404, not_found)
    };
    let shown = About::new("show_task", "A task.")
        .answers(200, written::<Task>)
        .tells("ETag")
        .refuses(404, not_found);
    let removed = About::new("delete_task", "Deletes a task.")
        .conditional()
        .answers_nothing()
        .refuses(403, forbidden)
        .refuses(404, not_found);
    let post_any = post(create, created("create_task", read::<NewTask>));
    let post_here = post(create_in_project, created("create_project_task", new_task_here));
    Routes::new()
        .at("/tasks", [get(list, filtered(all)), post_any])
        .at("/projects/{id}/tasks", [get(list_of_project, filtered(some)), post_here])
        .at(
            "/tasks/{id}",
            [
                get(show, shown),
                patch(update, updated()),
                put(update, updated()),
                delete(remove, removed),
            ],
        )
}

fn updated() -> About {
    About::new("update_task", "Changes the fields of a task that are given.")
        .form(read::<TaskPatch>)
        .conditional()
        .answers(200, written::<Task>)
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, &["not_found"])
}

fn filtered(about: About) -> About {
    about
        .query("project_id", "Of this project.", read::<ProjectId>)
        .query("status", "Where they stand.", read::<TaskStatus>)
        .query("priority", "How urgent they are.", read::<Priority>)
        .query("assignee_id", "Who is to do them.", read::<UserId>)
        .query("q", "What title or description contain, in any case.", read::<Name>)
        .query("type", "What sort of thing they are.", read::<TaskType>)
        .query("label", "With this label.", read::<Label>)
        .query("unassigned", "Whether they are given to nobody.", flag_schema)
        .query("from", "Going on then or later.", read::<Timestamp>)
        .query("until", "Going on before then.", read::<Timestamp>)
        .query("overdue", "Whether they are due before now and not finished.", flag_schema)
        .query("sort", "In which order; with `-` the other way round.", |_| {
            let words = ORDERS.iter().flat_map(|word| [(*word).to_owned(), format!("-{word}")]);
            json!({ "type": "string", "enum": words.collect::<Vec<_>>(), "default": ORDERS[0] })
        })
        .pages(document::list::<Task>)
        .refuses(404, &["not_found"])
}

/// A new task of the project in the path: `project_id` is not read.
fn new_task_here(schemas: &mut Schemas) -> Value {
    schemas.without::<NewTask>("NewTaskHere", "project_id")
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    found(&collab, &caller, &uri, &asked, None).await
}

async fn list_of_project(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
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
    let new = forms::new_task(&body.0, None)?;
    change.make(Command::CreateTask(new)).await
}

async fn create_in_project(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let new = forms::new_task(&body.0, Some(project))?;
    change.make(Command::CreateTask(new)).await
}

async fn update(change: Change, At(task): At<TaskId>, body: Object) -> Result<Response, Refusal> {
    let patch = forms::task_patch(&body.0)?;
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
        task_type: fields.word("type", TaskType::parse),
        label: fields.text("label", Label::parse).map(Label::into_string),
        unassigned: fields.word("unassigned", flag).unwrap_or(false),
        from: fields.nullable_instant("from").flatten(),
        until: fields.nullable_instant("until").flatten(),
        overdue_at: fields.word("overdue", flag).filter(|overdue| *overdue).map(|_| now),
    }
}

/// What lists are in the order of.
const ORDERS: &[&str] =
    &["position", "created_at", "updated_at", "due_date", "priority", "start_date"];

fn order(word: &str) -> Result<TaskOrder, Rule> {
    let (word, descending) = word.strip_prefix('-').map_or((word, false), |word| (word, true));
    let sort = match word {
        "position" => TaskSort::Position,
        "created_at" => TaskSort::Created,
        "updated_at" => TaskSort::Updated,
        "due_date" => TaskSort::Due,
        "priority" => TaskSort::Priority,
        "start_date" => TaskSort::Start,
        _ => return Err(Rule::OneOf(ORDERS)),
    };
    Ok(TaskOrder { sort, descending })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_read_from_texts() {
        let asked = json!({
            "project_id": "7", "status": "pending", "priority": "urgent", "assignee_id": "3",
            "q": "roof", "overdue": "true", "visible_to": "1", "type": "rfi", "label": "Roof",
            "unassigned": "1", "until": "1970-01-02",
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
            task_type: Some(TaskType::Rfi),
            label: Some("Roof".into()),
            unassigned: true,
            from: None,
            until: Timestamp::parse("1970-01-02"),
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
}
