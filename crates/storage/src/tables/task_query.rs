//! Lists of tasks: filtered, sorted, in pages.

use chorus_model::{Priority, ProjectId, Task, TaskId, TaskStatus, TaskType, Timestamp, UserId};
use rusqlite::types::Value;

use super::tasks::{folded, select, task};
use crate::error::StoreError;
use crate::reads::{Page, Reads};

/// Which tasks. All conditions must hold; one that is not given holds always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// Of a project that this person belongs to.
    pub visible_to: Option<UserId>,
    /// With this status.
    pub status: Option<TaskStatus>,
    /// With this priority.
    pub priority: Option<Priority>,
    /// Given to this person.
    pub assignee: Option<UserId>,
    /// With this text in title or description, in whatever case.
    pub text: Option<String>,
    /// Of this sort.
    pub task_type: Option<TaskType>,
    /// With this label, as it is written.
    pub label: Option<String>,
    /// Given to nobody.
    pub unassigned: bool,
    /// Going on at this instant or later: due then, or beginning then if they are never due.
    pub from: Option<Timestamp>,
    /// Going on before this instant: beginning then, or due then if it is not known when they begin.
    pub until: Option<Timestamp>,
    /// Due before this instant, and neither done nor cancelled.
    pub overdue_at: Option<Timestamp>,
}

/// In which order. Tasks that are equal in it are sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskOrder {
    /// By what.
    pub sort: TaskSort,
    /// Whether the greatest, latest or most urgent comes first.
    pub descending: bool,
}

/// By what tasks are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskSort {
    /// Where they stand on the board.
    #[default]
    Position,
    /// When they were made.
    Created,
    /// When they last changed.
    Updated,
    /// When they are due; those that never are come last either way.
    Due,
    /// How urgent they are.
    Priority,
    /// When they begin, or are due if that is not known.
    Start,
}

impl Reads<'_> {
    /// The tasks that pass `filter`.
    pub fn tasks(
        &self,
        filter: &TaskFilter,
        order: TaskOrder,
        page: Page,
    ) -> Result<Vec<Task>, StoreError> {
        let mut query = Conditions { sql: select!("").to_owned(), values: Vec::new() };
        query.push_all(filter);
        query.sql.push_str(" order by ");
        query.sql.push_str(order.columns());
        query.end(" limit ?", page.limit());
        query.end(" offset ?", page.offset());
        self.many(&query.sql, rusqlite::params_from_iter(query.values), task)
    }

    /// Up to `limit` tasks of a project with ids after this one, by id: a place in that order stays
    /// what it is while tasks change.
    pub fn tasks_after(
        &self,
        project: ProjectId,
        after: TaskId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        let sql = select!(" and t.project_id = ?1 and t.id > ?2 order by t.id limit ?3");
        self.many(sql, (project.0, after.0, limit), task)
    }
}

impl TaskOrder {
    fn columns(self) -> &'static str {
        match (self.sort, self.descending) {
            (TaskSort::Position, false) => "t.position, t.id",
            (TaskSort::Position, true) => "t.position desc, t.id desc",
            (TaskSort::Created, false) => "t.created_at, t.id",
            (TaskSort::Created, true) => "t.created_at desc, t.id desc",
            (TaskSort::Updated, false) => "t.updated_at, t.id",
            (TaskSort::Updated, true) => "t.updated_at desc, t.id desc",
            (TaskSort::Due, false) => "t.due_date is null, t.due_date, t.id",
            (TaskSort::Due, true) => "t.due_date is null, t.due_date desc, t.id desc",
            (TaskSort::Start, false) => "coalesce(t.start_date, t.due_date), t.id",
            (TaskSort::Start, true) => "coalesce(t.start_date, t.due_date) desc, t.id desc",
            (TaskSort::Priority, false) => "instr('low medium high critical', t.priority), t.id",
            (TaskSort::Priority, true) => {
                "instr('low medium high critical', t.priority) desc, t.id desc"
            }
        }
    }
}

/// A statement with the values of its parameters. Its text depends only on which conditions are
/// given, so that each combination is prepared once.
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn push_all(&mut self, filter: &TaskFilter) {
        self.push("t.project_id = ?", filter.project.map(|id| id.0));
        self.push(
            "exists (select 1 from memberships m where m.project_id = t.project_id
                     and m.to_id is null and m.user_id = ?)",
            filter.visible_to.map(|id| id.0),
        );
        self.push("t.status = ?", filter.status.map(|s| s.as_str().to_owned()));
        self.push("t.priority = ?", filter.priority.map(|p| p.as_str().to_owned()));
        self.push("t.assignee_id = ?", filter.assignee.map(|id| id.0));
        self.push("t.type = ?", filter.task_type.map(|kind| kind.as_str().to_owned()));
        self.push(
            "exists (select 1 from json_each(t.labels) l where l.value = ?)",
            filter.label.clone(),
        );
        self.push("t.assignee_id is null and ?", filter.unassigned.then_some(1));
        self.push("coalesce(t.due_date, t.start_date) >= ?", filter.from.map(Timestamp::micros));
        self.push("coalesce(t.start_date, t.due_date) < ?", filter.until.map(Timestamp::micros));
        self.push("instr(t.folded, ?) > 0", filter.text.as_deref().map(|t| folded(t, None)));
        self.push(
            "t.status not in ('done', 'cancelled') and t.due_date < ?",
            filter.overdue_at.map(Timestamp::micros),
        );
    }

    fn push(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.sql.push_str(" and ");
            self.end(condition, value);
        }
    }

    fn end(&mut self, text: &str, value: impl Into<Value>) {
        self.sql.push_str(text);
        self.values.push(value.into());
    }
}
