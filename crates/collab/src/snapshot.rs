//! A project as it is, with the cursor from which the log tells what becomes of it.

use chorus_model::{Cursor, Invalid, Member, Project, ProjectId, Rule, Task, TaskId, UserId};
use chorus_storage::{Place, Reads};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::fault::{Fault, Noun};

/// Most tasks of one part.
pub const MOST: u32 = 1_000;

/// A part of a snapshot.
///
/// Rows are read after the head of the log, in one transaction, so that whatever is not in them is
/// told after `cursor`. Later parts are read later and keep the first one's cursor: what happened
/// between is in them, and is told again. An entity's `version` tells which is newer.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Where to go on from once all parts are read.
    pub cursor: Cursor,
    /// The project.
    pub project: Project,
    /// Who belongs to it.
    pub members: Vec<Member>,
    /// Its tasks, by id.
    pub tasks: Vec<Task>,
    /// Where the next part begins, if there is one.
    pub next: Option<Next>,
}

/// Where a part begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The first part's cursor.
    pub cursor: Cursor,
    /// The last task of the part before.
    pub after: TaskId,
}

impl Collab {
    /// A part of a project's snapshot with up to `limit` tasks: the first, or the one at `from`.
    pub async fn snapshot(
        &self,
        user: UserId,
        id: ProjectId,
        from: Option<Next>,
        limit: u32,
    ) -> Result<Snapshot, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, id, Action::Read)?;
            let cursor = match &from {
                Some(next) => still_good(reads, &next.cursor)?,
                None => reads.head()?,
            };
            let after = from.map_or(TaskId(0), |next| next.after);
            let mut tasks = reads.tasks_after(id, after, limit + 1)?;
            let more = tasks.len() > limit as usize;
            tasks.truncate(limit as usize);
            let last = tasks.last().filter(|_| more).map(|task| task.id);
            let next = last.map(|after| Next { cursor: cursor.clone(), after });
            let project = reads.project(id)?.ok_or(Fault::NotFound(Noun::Project))?;
            Ok(Snapshot { cursor, project, members: reads.members(id)?, tasks, next })
        })
        .await
    }
}

/// The cursor, if the log can still be read from there.
fn still_good(reads: &Reads<'_>, cursor: &Cursor) -> Result<Cursor, Fault> {
    match reads.place(cursor, &[])? {
        Place::At(_) => Ok(cursor.clone()),
        Place::Reset(_) => {
            let form = Rule::Form("the cursor of a snapshot's first part, lately read");
            Err(Invalid::new("cursor", form).into())
        }
    }
}
