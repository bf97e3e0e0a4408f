//! Tasks. A deleted one stays in its row and is seen no more.

use chorus_model::{Priority, ProjectId, Task, TaskId, TaskStatus, TaskType, Timestamp, UserId};
use rusqlite::{Row, params};

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::{Columns, to_json};
use crate::tx::Tx;

/// A task to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// What is to be done.
    pub title: String,
    /// In more words.
    pub description: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// How urgent it is.
    pub priority: Priority,
    /// Who is to do it.
    pub assignee_id: Option<UserId>,
    /// Who makes it.
    pub creator_id: UserId,
    /// When it is due.
    pub due_date: Option<Timestamp>,
    /// How many hours it should take.
    pub estimated_hours: Option<f64>,
    /// What sort of task it is.
    pub category: Option<String>,
    /// Where it stands among the tasks of its status; below all others if not given.
    pub position: Option<f64>,
    /// When it begins.
    pub start_date: Option<Timestamp>,
    /// What sort of thing it is.
    pub task_type: TaskType,
    /// Words on it.
    pub labels: Vec<String>,
    /// What must be done before it.
    pub depends_on: Vec<TaskId>,
    /// When it was done, if it is made as done.
    pub completed_at: Option<Timestamp>,
}

/// The start of a query for tasks that were not deleted, of projects that were not deleted.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select t.id, t.project_id, t.title, t.description, t.status, t.priority,
                    t.assignee_id, a.id, a.username, a.full_name, a.email,
                    t.creator_id, c.id, c.username, c.full_name, c.email,
                    t.start_date, t.due_date, t.estimated_hours, t.category, t.type, t.labels,
                    t.depends_on, t.position, t.version,
                    t.completed_at, t.created_at, t.updated_at
             from tasks t join users c on c.id = t.creator_id
             left join users a on a.id = t.assignee_id
             join projects p on p.id = t.project_id
             where t.deleted_at is null and p.deleted_at is null ",
            $rest
        )
    };
}
pub(super) use select;

impl Reads<'_> {
    /// The task with this id, if neither it nor its project was deleted.
    pub fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.one(select!("and t.id = ?1"), [id.0], task)
    }

    /// The project of the task that has or had this id.
    pub fn task_project_ever(&self, id: TaskId) -> Result<Option<ProjectId>, StoreError> {
        let sql = "select project_id from tasks where id = ?1";
        self.one(sql, [id.0], |row| row.get(0).map(ProjectId))
    }
}

impl Reads<'_> {
    /// Whether any of `others` must be done after `task`, as far as that is known of tasks that are
    /// there: then none of them can be done before it.
    pub fn waits_for(&self, others: &[TaskId], task: TaskId) -> Result<bool, StoreError> {
        self.single(
            "with recursive before (id) as (
               select value from json_each(?1)
               union
               select d.value from before b join tasks t on t.id = b.id
                 join json_each(t.depends_on) d where t.deleted_at is null)
             select exists(select 1 from before where id = ?2)",
            (to_json(&others)?, task.0),
            |row| row.get(0),
        )
    }
}

impl Tx<'_> {
    /// Makes a task.
    pub fn insert_task(&mut self, new: &NewTask) -> Result<Task, StoreError> {
        let id = self.single(
            "insert into tasks (project_id, title, description, status, priority, assignee_id,
                                creator_id, due_date, estimated_hours, category, position,
                                completed_at, folded, created_at, updated_at,
                                start_date, type, labels, depends_on)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                     coalesce(?11, (select coalesce(max(position), 0) + 1 from tasks
                                    where project_id = ?1 and status = ?4
                                      and deleted_at is null)),
                     ?12, ?13, ?14, ?14, ?15, ?16, ?17, ?18) returning id",
            params![
                new.project_id.0,
                &new.title,
                &new.description,
                new.status.as_str(),
                new.priority.as_str(),
                new.assignee_id.map(|id| id.0),
                new.creator_id.0,
                new.due_date.map(Timestamp::micros),
                new.estimated_hours,
                &new.category,
                new.position,
                new.completed_at.map(Timestamp::micros),
                folded(&new.title, new.description.as_deref()),
                self.now().micros(),
                new.start_date.map(Timestamp::micros),
                new.task_type.as_str(),
                to_json(&new.labels)?,
                to_json(&new.depends_on)?,
            ],
            |row| row.get(0).map(TaskId),
        )?;
        self.task(id)?.ok_or(StoreError::Missing)
    }

    /// Writes all that can change of a task. Returns it as it is now.
    pub fn update_task(&mut self, task: &Task) -> Result<Task, StoreError> {
        self.change(
            "update tasks set title = ?2, description = ?3, status = ?4, priority = ?5,
                    assignee_id = ?6, due_date = ?7, estimated_hours = ?8, category = ?9,
                    position = ?10, completed_at = ?11, folded = ?12, updated_at = ?13,
                    start_date = ?14, type = ?15, labels = ?16, depends_on = ?17,
                    version = version + 1
             where id = ?1 and deleted_at is null",
            params![
                task.id.0,
                &task.title,
                &task.description,
                task.status.as_str(),
                task.priority.as_str(),
                task.assignee_id.map(|id| id.0),
                task.due_date.map(Timestamp::micros),
                task.estimated_hours,
                &task.category,
                task.position,
                task.completed_at.map(Timestamp::micros),
                folded(&task.title, task.description.as_deref()),
                self.now().micros(),
                task.start_date.map(Timestamp::micros),
                task.task_type.as_str(),
                to_json(&task.labels)?,
                to_json(&task.depends_on)?,
            ],
        )?;
        self.task(task.id)?.ok_or(StoreError::Missing)
    }

    /// Deletes a task, and with it from sight its comments; whether it was there.
    pub fn delete_task(&mut self, id: TaskId) -> Result<bool, StoreError> {
        let sql = "update tasks set deleted_at = ?2 where id = ?1 and deleted_at is null";
        Ok(self.change(sql, (id.0, self.now().micros()))? > 0)
    }
}

/// A text in the form in which it is searched. The engine's own lower case knows only ASCII.
pub(super) fn folded(title: &str, description: Option<&str>) -> String {
    let mut text = title.to_lowercase();
    if let Some(description) = description {
        text.push('\n');
        text.push_str(&description.to_lowercase());
    }
    text
}

pub(super) fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    let mut c = Columns::of(row);
    Ok(Task {
        id: TaskId(c.take()?),
        project_id: ProjectId(c.take()?),
        title: c.take()?,
        description: c.take()?,
        status: c.word(TaskStatus::parse)?,
        priority: c.word(Priority::parse)?,
        assignee_id: c.take::<Option<i64>>()?.map(UserId),
        assignee: c.maybe_user_ref()?,
        creator_id: UserId(c.take()?),
        creator: c.user_ref()?,
        start_date: c.maybe_instant()?,
        due_date: c.maybe_instant()?,
        estimated_hours: c.take()?,
        category: c.take()?,
        task_type: c.word(TaskType::parse)?,
        labels: c.json()?,
        depends_on: c.json()?,
        position: c.take()?,
        version: c.take()?,
        completed_at: c.maybe_instant()?,
        created_at: c.instant()?,
        updated_at: c.instant()?,
    })
}
