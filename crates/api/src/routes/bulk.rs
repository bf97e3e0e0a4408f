//! Many tasks at once, where one is moved to, and what all of them come to.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::command::{NotDone, Outcome};
use chorus_collab::forms::tasks as forms;
use chorus_collab::{Collab, Command, Fields, Statistics, TaskFilter, TaskOrder, TaskSort};
use chorus_model::{ProjectId, Task, TaskId, Timestamp};
use http::Uri;
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::document::{self, About, Plain, Routes, get, post, read, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let not_found = &["not_found"];
    let many =
        |id, text, form: Plain| About::new(id, text).form(form).answers(200, written::<Bulk>);
    let changed = many("bulk_tasks", "Changes tasks, each for itself.", document::bulk);
    let placed = many("reorder_tasks", "Gives tasks new places.", document::reorder);
    let moved = About::new("move_task", "Moves a task to a place, and to a status.")
        .form(document::moved)
        .conditional()
        .answers(200, written::<Task>)
        .tells("ETag")
        .refuses(403, &["forbidden"])
        .refuses(404, not_found);
    let line = About::new("timeline", "Tasks of a project with a time, as they begin.")
        .query("from", "Going on then or later.", read::<Timestamp>)
        .query("until", "Going on before then.", read::<Timestamp>)
        .pages(document::list::<Task>)
        .refuses(404, not_found);
    let counted = About::new("statistics", "What the tasks of a project come to now.")
        .answers(200, written::<Statistics>)
        .refuses(404, not_found);
    Routes::new()
        .at("/tasks/bulk", [post(change_many, changed)])
        .at("/tasks/reorder", [post(reorder, placed)])
        .at("/tasks/{id}/move", [post(move_to, moved)])
        .at("/projects/{id}/timeline", [get(timeline, line)])
        .at("/projects/{id}/statistics", [get(statistics, counted)])
}

/// What has become of many tasks.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ManyTasks")]
pub(crate) struct Bulk {
    /// How many were named.
    total: usize,
    /// How many were changed.
    updated: usize,
    /// How many were not, because they are as they should be, or for a reason.
    skipped: usize,
    /// The reasons.
    errors: Vec<Skipped>,
    /// Those that may be changed, as they are now.
    tasks: Vec<Task>,
}

/// Why a task was not changed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SkippedTask")]
struct Skipped {
    task_id: TaskId,
    #[serde(flatten)]
    why: NotDone,
}

impl Bulk {
    pub(crate) fn of(outcomes: Vec<Outcome>) -> Self {
        let total = outcomes.len();
        let mut told = Self { total, updated: 0, skipped: 0, errors: vec![], tasks: vec![] };
        for Outcome { task_id, result } in outcomes {
            match result {
                Ok((task, changed)) => {
                    told.updated += usize::from(changed);
                    told.tasks.push(task);
                }
                Err(why) => told.errors.push(Skipped { task_id, why }),
            }
        }
        told.skipped = total - told.updated;
        told
    }
}

async fn change_many(change: Change, Object(object): Object) -> Result<Response, Refusal> {
    change.make_many(forms::bulk(&object)?).await
}

async fn reorder(change: Change, Object(object): Object) -> Result<Response, Refusal> {
    change.make_many(forms::reorder(&object)?).await
}

async fn move_to(
    change: Change,
    At(task): At<TaskId>,
    Object(object): Object,
) -> Result<Response, Refusal> {
    let patch = forms::moved(&object)?;
    let command = |if_version| Command::UpdateTask { task, patch, if_version, announced: None };
    change.make_if(command).await
}

async fn timeline(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let instant = |fields: &mut Fields<'_>, name| fields.nullable_instant(name).flatten();
    let (from, until) = (instant(&mut fields, "from"), instant(&mut fields, "until"));
    let window = Window::read(&mut fields);
    fields.finish()?;
    // Whoever names no beginning means the first: tasks without a time are left out.
    let from = from.or(Some(Timestamp::from_micros(i64::MIN)));
    let filter = TaskFilter { project: Some(project), from, until, ..TaskFilter::default() };
    let order = TaskOrder { sort: TaskSort::Start, descending: false };
    let tasks = collab.tasks(caller.user.id, filter, order, window.page()).await?;
    Ok(window.answer(&uri, tasks))
}

async fn statistics(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
) -> Result<Json<Statistics>, Refusal> {
    Ok(Json(collab.statistics(caller.user.id, project).await?))
}
