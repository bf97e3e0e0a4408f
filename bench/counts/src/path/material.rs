//! What is told and who speaks: the same in every walk.

use std::sync::Arc;

use chorus_gateway::dialect::{Dialect, Envelope, Lexicon, Native, Taskmanager};
use chorus_model::event::Scope;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, Event, Priority, ProjectId, SyncId, Task, TaskId, TaskStatus, Timestamp, UserId, UserRef,
};

use crate::failure::Failure;

/// Where it happens.
pub const PROJECT: ProjectId = ProjectId(1_007);

/// The dialects that are counted.
pub fn lexicon() -> Lexicon {
    let dialects: Vec<Arc<dyn Dialect>> =
        vec![Arc::new(Taskmanager::default()), Arc::new(Envelope::default()), Arc::new(Native)];
    Lexicon::new(dialects)
}

/// Somebody moved a task.
pub fn event() -> Event {
    let old = Task { status: TaskStatus::Todo, ..task() };
    let changes = TaskChanges::between(&old, &task());
    Event {
        sync_id: SyncId(123_456),
        scope: Scope::Project(PROJECT),
        actor: person(1_002),
        origin: None,
        at: instant(),
        body: Body::TaskStatusChanged { task: task(), old: old.status, changes, lead: true },
    }
}

fn task() -> Task {
    Task {
        id: TaskId(1_042),
        project_id: PROJECT,
        title: "Pour the second floor".into(),
        description: Some("After Tuesday's inspection; <the pump> comes at seven.".into()),
        status: TaskStatus::InProgress,
        priority: Priority::High,
        assignee_id: Some(UserId(1_003)),
        assignee: Some(person(1_003)),
        creator_id: UserId(1_001),
        creator: person(1_001),
        due_date: Some(instant()),
        estimated_hours: Some(6.5),
        category: None,
        position: 3.0,
        version: 2,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
        created_at: instant(),
        updated_at: instant(),
    }
}

/// One of the people.
pub fn person(id: i64) -> UserRef {
    let (username, full_name) = (format!("person-{id}"), format!("Person {id}"));
    UserRef { id: UserId(id), username, full_name, email: None }
}

/// When everything happens.
pub fn instant() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_123_456)
}

/// What is there because this file says so.
pub fn there<T>(path: &'static str, thing: Option<T>) -> Result<T, Failure> {
    thing.ok_or_else(|| Failure::walk(path, "something that belongs to the walk is missing"))
}
