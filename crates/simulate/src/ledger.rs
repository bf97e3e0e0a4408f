//! The truth of a run: the log, who belonged where, who may what. It stands for the store, and for
//! the writer, whose commits it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chorus_model::{
    Cursor, Epoch, Event, ProjectId, Room, Sums, SyncId, Task, TaskId, Timestamp, Totals, UserId,
    Whole, WorkspaceRole,
};
use chorus_realtime::{Moment, Wanted};
use chorus_storage::{Interval, Place, ResetReason, StoreError};

/// What a backup has.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Event `n` is the one before place `n`.
    pub events: Vec<Arc<Event>>,
    /// Each epoch with the last event before it.
    pub epochs: Vec<(Epoch, SyncId)>,
    /// Events up to this one are not in the log any more.
    pub trimmed: SyncId,
    /// When each user belonged to which project.
    pub intervals: BTreeMap<UserId, Vec<Interval>>,
    /// The accounts.
    pub users: BTreeMap<UserId, Account>,
    /// Projects that were not deleted.
    pub projects: BTreeSet<ProjectId>,
    /// Tasks that were not deleted.
    pub tasks: BTreeMap<TaskId, Task>,
    /// The last id given to a project or task.
    pub last_id: i64,
    /// The most events that a search in rooms returns.
    pub stingy: usize,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// What the person may do in the workspace.
    pub role: WorkspaceRole,
    /// Whether the person may log in.
    pub active: bool,
    /// Whether the person ever was an admin.
    pub was_admin: bool,
    /// Older tokens do not count.
    pub tokens_from: Timestamp,
    /// How often the name has changed.
    pub named: u64,
}

impl Ledger {
    /// The current epoch, and the last event.
    pub fn end(&self) -> Cursor {
        let epoch = self.epochs.last().map(|(epoch, _)| epoch.clone());
        // The name of the first epoch is a good one.
        let epoch = epoch.or_else(|| Epoch::new("none"));
        Cursor { epoch: epoch.unwrap_or_else(|| unreachable!("a good name")), id: self.head() }
    }

    /// The last event.
    pub fn head(&self) -> SyncId {
        SyncId(self.events.len() as u64)
    }

    /// Opens an epoch of this name at the head.
    pub fn open_epoch(&mut self, name: &str) {
        let head = self.head();
        self.epochs.extend(Epoch::new(name).map(|epoch| (epoch, head)));
    }

    /// The events in `(after, upto]`, trimmed or not.
    pub fn between(&self, after: SyncId, upto: SyncId) -> &[Arc<Event>] {
        let place = |id: SyncId| usize::try_from(id.0).unwrap_or(usize::MAX).min(self.events.len());
        let (after, upto) = (place(after), place(upto));
        &self.events[after.min(upto)..upto]
    }

    /// Whether a user belonged to a project when an event happened, both ends included.
    pub fn covers(&self, user: UserId, project: ProjectId, at: SyncId) -> bool {
        self.intervals.get(&user).into_iter().flatten().any(|interval| {
            interval.project == project
                && interval.from <= at
                && interval.to.is_none_or(|to| at <= to)
        })
    }

    /// Whether a user belongs to a project behind an event.
    pub fn belongs(&self, user: UserId, project: ProjectId, behind: SyncId) -> bool {
        self.intervals.get(&user).into_iter().flatten().any(|interval| {
            interval.project == project
                && interval.from <= behind
                && interval.to.is_none_or(|to| behind < to)
        })
    }

    /// The projects that a user belongs to now.
    pub fn projects_of(&self, user: UserId) -> Vec<ProjectId> {
        let own = self.intervals.get(&user).into_iter().flatten();
        let mut projects: Vec<_> =
            own.filter(|one| one.to.is_none()).map(|one| one.project).collect();
        projects.sort_unstable();
        projects
    }

    /// What the log still has of the events after `after`, at most `limit`.
    pub fn read(&self, after: SyncId, limit: usize) -> Vec<Arc<Event>> {
        let kept = self.between(after.max(self.trimmed), self.head());
        kept.iter().take(limit).cloned().collect()
    }
}

impl Moment for Ledger {
    fn head(&self) -> Result<Cursor, StoreError> {
        Ok(self.end())
    }

    fn place(&self, cursor: &Cursor, rooms: &[Room]) -> Result<Place, StoreError> {
        let reset = |reason| Ok(Place::Reset(reason));
        let Some(own) = self.epochs.iter().position(|(epoch, _)| *epoch == cursor.epoch) else {
            return reset(ResetReason::UnknownEpoch);
        };
        match self.epochs[own + 1..].iter().map(|(_, starts_after)| *starts_after).min() {
            Some(end) if cursor.id > end => return reset(ResetReason::Rewritten),
            None if cursor.id > self.end().id => return reset(ResetReason::Ahead),
            _ => {}
        }
        let mut lost = self.between(cursor.id, self.trimmed).iter();
        if lost.any(|event| event.body.rooms().iter().any(|room| rooms.contains(room))) {
            return reset(ResetReason::Trimmed);
        }
        Ok(Place::At(cursor.id))
    }

    fn events_in_rooms(
        &self,
        rooms: &[Room],
        after: SyncId,
        upto: SyncId,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, SyncId), StoreError> {
        let (upto, limit) = (upto.min(self.end().id), limit.min(self.stingy));
        let heard =
            |event: &&Arc<Event>| event.body.rooms().iter().any(|room| rooms.contains(room));
        let kept = self.between(after.max(self.trimmed), upto).iter().filter(heard);
        let found: Vec<_> = kept.take(limit).cloned().collect();
        let whole = found.len() < limit;
        let last = found.last().map_or(upto, |event| event.sync_id);
        Ok((found, if whole { upto.max(after) } else { last }))
    }

    fn intervals_of(&self, user: UserId) -> Result<Vec<Interval>, StoreError> {
        Ok(self.intervals.get(&user).cloned().unwrap_or_default())
    }

    fn whole(&self, _: Wanted, _: u32) -> Result<Whole, StoreError> {
        let totals = Totals { whole: Sums::default(), sections: Vec::new() };
        Ok(Whole { at: self.end().id, items: Vec::new(), inside: Vec::new(), totals })
    }
}
