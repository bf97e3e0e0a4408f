//! Through the writer: a change and its event on disk.

use std::sync::Arc;
use std::time::Duration;

use chorus_model::event::Draft;
use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, Clock, Entropy, Priority, ProjectStatus, Task, TaskId, TaskStatus, Timestamp,
    WorkspaceRole,
};
use chorus_storage::{Location, NewProject, NewTask, NewUser, Options, Store, StoreError, Tx};
use tokio::runtime::Builder;

use super::material::instant;
use crate::failure::Failure;

const PATH: &str = "commit";

/// One after the other, each waited for.
pub fn alone(turns: u64) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| Failure::walk(PATH, error))?;
    let (store, mut committed) = Store::open(options()).map_err(broken)?;
    runtime.block_on(async {
        let task = store.write::<_, StoreError>(prepare).await.map_err(broken)?.value;
        for _ in 0..turns {
            store.write::<_, StoreError>(move |tx| change(tx, task)).await.map_err(broken)?;
            committed.try_recv().map_err(broken)?;
        }
        store.close().await;
        Ok(())
    })
}

fn broken(error: impl ToString) -> Failure {
    Failure::walk(PATH, error)
}

fn options() -> Options {
    Options {
        location: Location::Temporary,
        readers: 1,
        serve: true,
        first_id: None,
        clock: Arc::new(Standing),
        entropy: Arc::new(Even),
    }
}

/// A task of somebody in a project.
fn prepare(tx: &mut Tx<'_>) -> Result<TaskId, StoreError> {
    let user = tx.insert_user(&NewUser {
        id: None,
        username: "alice".into(),
        email: None,
        full_name: "Alice Archer".into(),
        role: WorkspaceRole::User,
        password_hash: String::new(),
    })?;
    let user = user.map_err(|_| StoreError::Missing)?.id;
    let project = tx.insert_project(&NewProject {
        name: "Harbour bridge".into(),
        description: None,
        status: ProjectStatus::Active,
        owner_id: user,
        start_date: None,
        end_date: None,
    })?;
    let task = tx.insert_task(&NewTask {
        project_id: project.id,
        title: "Pour the second floor".into(),
        description: Some("After Tuesday's inspection; the pump comes at seven.".into()),
        status: TaskStatus::Todo,
        priority: Priority::High,
        assignee_id: Some(user),
        creator_id: user,
        due_date: None,
        estimated_hours: Some(6.5),
        category: None,
        position: None,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
    })?;
    Ok(task.id)
}

/// Moves the task on, or back.
fn change(tx: &mut Tx<'_>, id: TaskId) -> Result<(), StoreError> {
    let old = tx.task(id)?.ok_or(StoreError::Missing)?;
    let status = match old.status {
        TaskStatus::Todo => TaskStatus::InProgress,
        _ => TaskStatus::Todo,
    };
    let task = tx.update_task(&Task { status, ..old.clone() })?;
    let changes = TaskChanges::between(&old, &task);
    let actor = task.creator.clone();
    let body = Body::TaskStatusChanged { task, old: old.status, changes, lead: true };
    tx.append(Draft { actor, origin: None, body }).map(drop)
}

/// A clock that stands still.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        instant()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The same bytes each time.
#[derive(Debug)]
struct Even;

impl Entropy for Even {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
