//! What the tasks of a project come to.

use std::collections::BTreeMap;
use std::time::Duration;

use chorus_model::{Priority, ProjectId, TaskStatus, TaskType, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::StoreError;
use crate::reads::Reads;
use crate::row::Columns;

/// A week.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the tasks of a project come to. Every word is there, also with none.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Statistics {
    /// How many there are.
    pub total: u64,
    /// How many stand where.
    pub by_status: BTreeMap<TaskStatus, u64>,
    /// How many are how urgent.
    pub by_priority: BTreeMap<Priority, u64>,
    /// How many are what.
    pub by_type: BTreeMap<TaskType, u64>,
    /// How many are given to nobody, of those that are neither done nor cancelled. So are those
    /// below.
    pub unassigned: u64,
    /// How many were due before now.
    pub overdue: u64,
    /// How many are due within 7 days from now.
    pub due_this_week: u64,
    /// How many are due in the 7 days after those.
    pub due_next_week: u64,
    /// Which part is done, of those that are not cancelled, in percent; none if there are none.
    pub done_percent: Option<f64>,
    /// How long those that are done took on average, from when they were made, in hours.
    pub average_hours: Option<f64>,
}

macro_rules! count_by {
    ($column:literal) => {
        concat!(
            "select ",
            $column,
            ", count(*) from tasks where project_id = ?1 and deleted_at is null group by ",
            $column
        )
    };
}

impl Reads<'_> {
    /// What the tasks of a project come to at `now`.
    pub fn statistics(&self, project: ProjectId, now: Timestamp) -> Result<Statistics, StoreError> {
        let by_status =
            self.counted(count_by!("status"), project, TaskStatus::ALL, TaskStatus::parse)?;
        let by_priority =
            self.counted(count_by!("priority"), project, Priority::ALL, Priority::parse)?;
        let by_type = self.counted(count_by!("type"), project, TaskType::ALL, TaskType::parse)?;
        let (week, fortnight) = (now.plus(WEEK), now.plus(WEEK * 2));
        let open = self.single(
            "select count(*) filter (where assignee_id is null),
                    count(*) filter (where due_date < ?2),
                    count(*) filter (where due_date >= ?2 and due_date < ?3),
                    count(*) filter (where due_date >= ?3 and due_date < ?4)
             from tasks where project_id = ?1 and deleted_at is null
               and status not in ('done', 'cancelled')",
            (project.0, now.micros(), week.micros(), fortnight.micros()),
            |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        )?;
        let average_hours = self.single(
            "select avg(completed_at - created_at) / 3.6e9 from tasks
             where project_id = ?1 and deleted_at is null and completed_at is not null",
            [project.0],
            |row| row.get(0),
        )?;
        let total = by_status.values().sum();
        let count = |status| by_status.get(&status).copied().unwrap_or(0);
        let (done, counted) = (count(TaskStatus::Done), total - count(TaskStatus::Cancelled));
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many tasks")]
        let done_percent = (counted > 0).then(|| done as f64 * 100.0 / counted as f64);
        let [unassigned, overdue, due_this_week, due_next_week] = open;
        Ok(Statistics {
            total,
            by_status,
            by_priority,
            by_type,
            unassigned,
            overdue,
            due_this_week,
            due_next_week,
            done_percent,
            average_hours,
        })
    }

    fn counted<T: Ord + Copy>(
        &self,
        sql: &str,
        project: ProjectId,
        all: &[T],
        parse: fn(&str) -> Result<T, chorus_model::Rule>,
    ) -> Result<BTreeMap<T, u64>, StoreError> {
        let mut counts: BTreeMap<T, u64> = all.iter().map(|word| (*word, 0)).collect();
        let found = self.many(sql, [project.0], |row| {
            let mut c = Columns::of(row);
            Ok((c.word(parse)?, c.take()?))
        })?;
        counts.extend(found);
        Ok(counts)
    }
}
