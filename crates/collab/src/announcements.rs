//! What clients claim to have happened.
//!
//! Some clients change something over REST and then announce it over their socket. The change was
//! announced when it was committed, so the claim is swallowed. Others only ever say it over the
//! socket, and mean it as a request. The log tells the two apart: a claim that repeats what the
//! same person changed in the same fields a moment ago is not a request.

use std::time::Duration;

use chorus_model::project::ProjectChanges;
use chorus_model::task::TaskChanges;
use chorus_model::{Body, Project, Task, TaskId};

use crate::access::Action;
use crate::doing::Doing;
use crate::fault::Fault;

/// How long a claim may come after the change.
const MOMENT: Duration = Duration::from_secs(60);

/// Whether the actor has lately changed every field of `changes` to the value that `claimed` has;
/// `claimed` is the task as it would be, last changed when it was.
pub(crate) fn task_was_changed(
    doing: &Doing<'_, '_>,
    claimed: &Task,
    changes: &TaskChanges,
) -> Result<bool, Fault> {
    let since = doing.tx.now().minus(MOMENT);
    if claimed.updated_at < since {
        return Ok(false);
    }
    let (user, project) = (doing.user.id, claimed.project_id);
    let events = doing.tx.done_lately(user, project, Some(claimed.id), since)?;
    let mut open = changes.clone();
    for event in &events {
        let (Body::TaskUpdated { changes: made, .. }
        | Body::TaskStatusChanged { changes: made, .. }
        | Body::TaskAssigned { changes: made, .. }) = &event.body
        else {
            continue;
        };
        strike(&mut open.title, made.title.as_ref());
        strike(&mut open.description, made.description.as_ref());
        strike(&mut open.status, made.status.as_ref());
        strike(&mut open.priority, made.priority.as_ref());
        strike(&mut open.assignee, made.assignee.as_ref());
        strike(&mut open.due_date, made.due_date.as_ref());
        strike(&mut open.estimated_hours, made.estimated_hours.as_ref());
        strike(&mut open.category, made.category.as_ref());
        strike(&mut open.position, made.position.as_ref());
        strike(&mut open.start_date, made.start_date.as_ref());
        strike(&mut open.task_type, made.task_type.as_ref());
        strike(&mut open.labels, made.labels.as_ref());
        strike(&mut open.depends_on, made.depends_on.as_ref());
    }
    Ok(open.is_empty())
}

/// The same for a project.
pub(crate) fn project_was_changed(
    doing: &Doing<'_, '_>,
    claimed: &Project,
    changes: &ProjectChanges,
) -> Result<bool, Fault> {
    let since = doing.tx.now().minus(MOMENT);
    if claimed.updated_at < since {
        return Ok(false);
    }
    let events = doing.tx.done_lately(doing.user.id, claimed.id, None, since)?;
    let mut open = changes.clone();
    for event in &events {
        if let Body::ProjectUpdated { changes: made, .. } = &event.body {
            strike(&mut open.name, made.name.as_ref());
            strike(&mut open.description, made.description.as_ref());
            strike(&mut open.status, made.status.as_ref());
            strike(&mut open.start_date, made.start_date.as_ref());
            strike(&mut open.end_date, made.end_date.as_ref());
        }
    }
    Ok(open == ProjectChanges::default())
}

/// Whether there is or was such a task where the actor may look.
pub(crate) fn task_was_there(doing: &Doing<'_, '_>, id: TaskId) -> Result<bool, Fault> {
    let Some(project) = doing.tx.task_project_ever(id)? else {
        return Ok(false);
    };
    match doing.permit(project, Action::Read) {
        Ok(_) => Ok(true),
        Err(Fault::NotFound(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn strike<T: PartialEq>(
    claimed: &mut Option<chorus_model::task::Change<T>>,
    made: Option<&chorus_model::task::Change<T>>,
) {
    if let (Some(claim), Some(made)) = (&*claimed, made)
        && claim.new == made.new
    {
        *claimed = None;
    }
}
