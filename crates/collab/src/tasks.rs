//! Tasks.

use chorus_model::task::TaskChanges;
use chorus_model::text::{Label, Rule};
use chorus_model::{
    Body, Invalid, Notice, ProjectId, Task, TaskId, TaskStatus, Timestamp, UserId, UserRef,
};
use chorus_storage::NewTask as Row;

use crate::access::{self, Action};
use crate::announcements;
use crate::command::{Announced, Answer, NewTask, TaskPatch};
use crate::doing::{Doing, expect_version, hide};
use crate::fault::{Fault, Noun};

/// The field that names whose a task is.
const ASSIGNEE: &str = "assignee_id";

pub(crate) fn create(doing: &mut Doing<'_, '_>, new: &NewTask) -> Result<Answer, Fault> {
    doing.permit(new.project, Action::EditTasks)?;
    if let Some(assignee) = new.assignee {
        check_member(doing, new.project, assignee, ASSIGNEE)?;
    }
    check_dates(new.start_date, new.due_date)?;
    check_dependencies(doing, new.project, &new.depends_on, None)?;
    let done = new.status == TaskStatus::Done;
    let task = doing.tx.insert_task(&Row {
        project_id: new.project,
        title: new.title.as_str().to_owned(),
        description: new.description.as_ref().map(|text| text.as_str().to_owned()),
        status: new.status,
        priority: new.priority,
        assignee_id: new.assignee,
        creator_id: doing.user.id,
        start_date: new.start_date,
        due_date: new.due_date,
        task_type: new.task_type,
        labels: texts(&new.labels),
        depends_on: new.depends_on.clone(),
        estimated_hours: new.estimated_hours,
        category: new.category.as_ref().map(|name| name.as_str().to_owned()),
        position: new.position,
        completed_at: done.then(|| doing.tx.now()),
    })?;
    doing.append(Body::TaskCreated { task: task.clone() })?;
    let notice = Notice::TaskAssigned { task: task.to_ref() };
    doing.notify(task.assignee_id, task.project_id, &notice)?;
    Ok(Answer::Task(task))
}

pub(crate) fn update(
    doing: &mut Doing<'_, '_>,
    id: TaskId,
    patch: &TaskPatch,
    if_version: Option<i64>,
    announced: Option<Announced>,
) -> Result<Answer, Fault> {
    let old = doing.task(id)?;
    expect_version(if_version, old.version)?;
    let new = patched(doing, &old, patch)?;
    let changes = TaskChanges::between(&old, &new);
    if let Some(announced) = announced
        && (changes.is_empty()
            || announced.old_status.is_some_and(|word| !word.names(old.status))
            || announcements::task_was_changed(doing, &new, &changes)?)
    {
        return Ok(Answer::Swallowed);
    }
    doing.permit(old.project_id, Action::EditTasks)?;
    if changes.is_empty() {
        return Ok(Answer::Task(old));
    }
    if let Some(Some(assignee)) = patch.assignee.filter(|_| changes.assignee.is_some()) {
        check_member(doing, old.project_id, assignee, ASSIGNEE)?;
    }
    if changes.start_date.is_some() || changes.due_date.is_some() {
        check_dates(new.start_date, new.due_date)?;
    }
    if changes.depends_on.is_some() {
        check_dependencies(doing, old.project_id, &new.depends_on, Some(id))?;
    }
    let task = doing.tx.update_task(&new)?;
    tell(doing, &task, &changes)?;
    Ok(Answer::Task(task))
}

pub(crate) fn delete(
    doing: &mut Doing<'_, '_>,
    id: TaskId,
    if_version: Option<i64>,
    announced: bool,
) -> Result<Answer, Fault> {
    let task = match doing.task(id) {
        Err(Fault::NotFound(_)) if announced && announcements::task_was_there(doing, id)? => {
            return Ok(Answer::Swallowed);
        }
        found => found?,
    };
    doing.permit(task.project_id, Action::DeleteTask { creator: task.creator_id })?;
    expect_version(if_version, task.version)?;
    doing.tx.delete_task(id)?;
    doing.append(Body::TaskDeleted { task })?;
    Ok(Answer::Deleted)
}

/// Appends one event per word that the change is told in, and the notifications.
fn tell(doing: &mut Doing<'_, '_>, task: &Task, changes: &TaskChanges) -> Result<(), Fault> {
    let mut lead = true;
    if changes.has_more_than_status_and_assignee() {
        doing.append(Body::TaskUpdated { task: task.clone(), changes: changes.clone() })?;
        lead = false;
    }
    if let Some(status) = &changes.status {
        let (task, changes) = (task.clone(), changes.clone());
        doing.append(Body::TaskStatusChanged { task, old: status.old, changes, lead })?;
        lead = false;
    }
    if let Some(assignee) = &changes.assignee {
        let (task, changes, old) = (task.clone(), changes.clone(), assignee.old.clone());
        doing.append(Body::TaskAssigned { task, old, changes, lead })?;
    }
    if let Some(status) = &changes.status {
        let notice =
            Notice::TaskStatusChanged { task: task.to_ref(), old: status.old, new: status.new };
        doing.notify(task.assignee_id, task.project_id, &notice)?;
    }
    if changes.assignee.is_some() {
        let notice = Notice::TaskAssigned { task: task.to_ref() };
        doing.notify(task.assignee_id, task.project_id, &notice)?;
    }
    Ok(())
}

fn patched(doing: &Doing<'_, '_>, old: &Task, patch: &TaskPatch) -> Result<Task, Fault> {
    let mut task = old.clone();
    if let Some(title) = &patch.title {
        title.as_str().clone_into(&mut task.title);
    }
    if let Some(description) = &patch.description {
        task.description = description.as_ref().map(|text| text.as_str().to_owned());
    }
    if let Some(status) = patch.status {
        task.status = status.over(old.status);
        task.completed_at = match (task.status, old.completed_at) {
            (TaskStatus::Done, None) => Some(doing.tx.now()),
            (TaskStatus::Done, at) => at,
            _ => None,
        };
    }
    if let Some(priority) = patch.priority {
        task.priority = priority.over(old.priority);
    }
    if let Some(assignee) = patch.assignee {
        task.assignee_id = assignee;
        task.assignee = name(doing, assignee)?;
    }
    if let Some(start) = patch.start_date {
        task.start_date = start;
    }
    if let Some(task_type) = patch.task_type {
        task.task_type = task_type;
    }
    if let Some(labels) = &patch.labels {
        task.labels = texts(labels);
    }
    if let Some(depends_on) = &patch.depends_on {
        task.depends_on.clone_from(depends_on);
    }
    if let Some(due) = patch.due_date {
        task.due_date = due;
    }
    if let Some(hours) = patch.estimated_hours {
        task.estimated_hours = hours;
    }
    if let Some(category) = &patch.category {
        task.category = category.as_ref().map(|name| name.as_str().to_owned());
    }
    if let Some(position) = patch.position {
        task.position = position;
    }
    Ok(task)
}

fn name(doing: &Doing<'_, '_>, user: Option<UserId>) -> Result<Option<UserRef>, Fault> {
    let Some(user) = user else { return Ok(None) };
    let person = doing.tx.user(user)?.ok_or_else(|| unknown_member(ASSIGNEE))?;
    Ok(Some(person.to_ref()))
}

fn texts(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.as_str().to_owned()).collect()
}

fn check_dates(start: Option<Timestamp>, due: Option<Timestamp>) -> Result<(), Fault> {
    match (start, due) {
        (Some(start), Some(due)) if due < start => {
            Err(Invalid::new("due_date", Rule::Form("after start_date")).into())
        }
        _ => Ok(()),
    }
}

/// A task waits only for tasks of its own project, and never for one that waits for it.
fn check_dependencies(
    doing: &Doing<'_, '_>,
    project: ProjectId,
    depends_on: &[TaskId],
    own: Option<TaskId>,
) -> Result<(), Fault> {
    let invalid = |rule| Err(Invalid::new("depends_on", rule).into());
    for id in depends_on {
        if doing.tx.task(*id)?.is_none_or(|task| task.project_id != project) {
            return invalid(Rule::Unknown("tasks of the project"));
        }
    }
    match own {
        Some(own) if !depends_on.is_empty() && doing.tx.waits_for(depends_on, own)? => {
            invalid(Rule::Form("tasks that do not wait for this one"))
        }
        _ => Ok(()),
    }
}

/// A task, like whatever names somebody in a field, is given only to who can see it.
pub(crate) fn check_member(
    doing: &Doing<'_, '_>,
    project: ProjectId,
    user: UserId,
    field: &'static str,
) -> Result<(), Fault> {
    let person = doing.tx.user(user)?.filter(|person| person.is_active);
    let person = person.ok_or_else(|| unknown_member(field))?;
    access::role(doing.tx, &person, project)?.map(|_| ()).ok_or_else(|| unknown_member(field))
}

fn unknown_member(field: &'static str) -> Fault {
    Invalid::new(field, Rule::Unknown("a member of the project")).into()
}

/// Whether somebody who claims that a task was made is right.
pub(crate) fn announce(doing: &Doing<'_, '_>, id: TaskId) -> Result<Answer, Fault> {
    hide(doing.task(id), Fault::NotFound(Noun::Task))?;
    Ok(Answer::Swallowed)
}

/// Whether somebody who claims that a task was deleted at least knows it: it is there, or was.
pub(crate) fn announce_deletion(doing: &Doing<'_, '_>, id: TaskId) -> Result<Answer, Fault> {
    let known = announcements::task_was_there(doing, id)?;
    if known { Ok(Answer::Swallowed) } else { Err(Fault::NotFound(Noun::Task)) }
}
