//! A project as it is, with the cursor from which the log tells what becomes of it.

use std::collections::BTreeMap;

use chorus_model::{
    Channel, Cursor, Invalid, Invitation, Item, ItemId, Member, Project, ProjectId, Rule, Task,
    TaskId, Totals, UserId,
};
use chorus_storage::{ChannelFilter, Page, Place, Reads, StoreError};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::fault::{Fault, Noun};

/// Most tasks and items of one part.
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
    /// Its channels that the reader may see, by id.
    pub channels: Vec<Channel>,
    /// The invitations that can be accepted, by id, if the reader may manage the members.
    pub invitations: Vec<Invitation>,
    /// Its tasks, by id.
    pub tasks: Vec<Task>,
    /// After all tasks its items of all kinds, by id.
    pub items: Vec<Item>,
    /// What is added up of each kind, as this part was read.
    pub totals: BTreeMap<&'static str, Totals>,
    /// Where the next part begins, if there is one.
    pub next: Option<Next>,
}

/// Where a part begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The first part's cursor.
    pub cursor: Cursor,
    /// The last task before it.
    pub after: TaskId,
    /// The last item before it.
    pub items_after: ItemId,
}

impl Collab {
    /// A part of a project's snapshot with up to `limit` tasks and items: the first, or the one at `from`.
    pub async fn snapshot(
        &self,
        user: UserId,
        id: ProjectId,
        from: Option<Next>,
        limit: u32,
    ) -> Result<Snapshot, Fault> {
        let now = self.parts.clock.now();
        self.query(user, move |reads, user| {
            access::permit(reads, user, id, Action::Read)?;
            let cursor = match &from {
                Some(next) => still_good(reads, &next.cursor)?,
                None => reads.head()?,
            };
            let begin = from.map_or((TaskId(0), ItemId(0)), |next| (next.after, next.items_after));
            let (tasks, items, next) = entities(reads, id, begin, limit)?;
            let next = next.map(|(after, items_after)| {
                let cursor = cursor.clone();
                Next { cursor, after, items_after }
            });
            let project = reads.project(id)?.ok_or(Fault::NotFound(Noun::Project))?;
            let totals = reads.totals_of_all(id)?;
            let members = reads.members(id)?;
            let filter = ChannelFilter { project: Some(id), task: None };
            // The project is seen: whether all others are too makes no difference here.
            let channels = reads.channels(user.id, true, filter, Page::FIRST)?;
            let invitations = match access::permit(reads, user, id, Action::EditMembers) {
                Ok(_) => reads.pending_invitations(id, now)?,
                Err(Fault::Forbidden) => Vec::new(),
                Err(fault) => return Err(fault),
            };
            Ok(Snapshot {
                cursor,
                project,
                members,
                channels,
                invitations,
                tasks,
                items,
                totals,
                next,
            })
        })
        .await
    }
}

/// The last task and the last item that were read.
type Last = (TaskId, ItemId);
/// Tasks, items, and after which there are more, if there are.
type Entities = (Vec<Task>, Vec<Item>, Option<Last>);

/// Up to `limit` tasks and items after these, tasks first.
fn entities(
    reads: &Reads<'_>,
    project: ProjectId,
    (after, items_after): Last,
    limit: u32,
) -> Result<Entities, StoreError> {
    let most = limit as usize;
    let mut tasks = reads.tasks_after(project, after, limit + 1)?;
    let more_tasks = tasks.len() > most;
    tasks.truncate(most);
    let after = tasks.last().map_or(after, |task| task.id);
    if more_tasks {
        return Ok((tasks, Vec::new(), Some((after, items_after))));
    }
    let room = most - tasks.len();
    let wanted = u32::try_from(room + 1).unwrap_or(limit);
    let mut items = reads.items_after(project, items_after, wanted)?;
    let more = items.len() > room;
    items.truncate(room);
    let items_after = items.last().map_or(items_after, |item| item.head.id);
    Ok((tasks, items, more.then_some((after, items_after))))
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
