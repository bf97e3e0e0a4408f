//! The newest events, in memory: what a client that was away for a moment missed is found here
//! without a read of the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chorus_model::{Event, Room, SyncId};
use tokio::sync::watch;

/// A window over the end of the log, and how far it was announced.
#[derive(Debug)]
pub struct Tail {
    window: RwLock<VecDeque<Arc<Event>>>,
    capacity: usize,
    published: watch::Sender<SyncId>,
    renamed: AtomicU64,
}

impl Tail {
    /// An empty window of at most `capacity` events, behind which `published` was announced.
    pub fn new(capacity: usize, published: SyncId) -> Self {
        Self {
            window: RwLock::new(VecDeque::new()),
            capacity,
            published: watch::Sender::new(published),
            renamed: AtomicU64::new(0),
        }
    }

    /// The last event that was announced.
    pub fn published(&self) -> SyncId {
        *self.published.borrow()
    }

    /// How often tasks have got other names, or were deleted: what was read of a task's name after
    /// this was asked holds until it says something else.
    pub fn renamed(&self) -> u64 {
        self.renamed.load(Ordering::Acquire)
    }

    /// Tells whoever waits when more was announced.
    pub fn watch(&self) -> watch::Receiver<SyncId> {
        self.published.subscribe()
    }

    /// The events after `after` and up to `upto` that concern one of `rooms`, oldest first, at
    /// most `limit`, and the last event that was looked at. `None` if the window does not reach
    /// back that far.
    ///
    /// `upto` is the head that the reader's rights were read at: what came later may have changed
    /// them.
    pub fn between(
        &self,
        after: SyncId,
        upto: SyncId,
        rooms: &[Room],
        limit: usize,
    ) -> Option<(Vec<Arc<Event>>, SyncId)> {
        let window = self.window.read().unwrap_or_else(PoisonError::into_inner);
        let last = window.back()?.sync_id.min(upto);
        if after >= last {
            return Some((Vec::new(), after));
        }
        let first = window.front()?.sync_id;
        let skip = usize::try_from((after.0 + 1).checked_sub(first.0)?).ok()?;
        let mut found = Vec::new();
        for event in window.iter().skip(skip).take_while(|event| event.sync_id <= last) {
            if event.body.rooms().iter().any(|room| rooms.contains(room)) {
                found.push(Arc::clone(event));
                if found.len() == limit {
                    return Some((found, event.sync_id));
                }
            }
        }
        Some((found, last))
    }

    /// Adds the next event. The publisher calls this in order, without holes.
    pub(crate) fn push(&self, event: Arc<Event>) {
        let mut window = self.window.write().unwrap_or_else(PoisonError::into_inner);
        let hole = window.back().is_some_and(|last| last.sync_id.next() != event.sync_id);
        if hole {
            window.clear();
        }
        if hole || event.body.renames_tasks() {
            self.renamed.fetch_add(1, Ordering::AcqRel);
        }
        if window.len() == self.capacity {
            window.pop_front();
        }
        window.push_back(event);
    }

    /// Everything up to `id` was announced.
    pub(crate) fn announce(&self, id: SyncId) {
        self.published.send_replace(id);
    }
}

#[cfg(test)]
mod tests {
    use chorus_model::{Body, ProjectId, Scope, Timestamp, User, UserId, UserRef, WorkspaceRole};

    use super::*;

    fn event(id: u64, user: i64) -> Arc<Event> {
        let user = User {
            id: UserId(user),
            username: "ann".into(),
            email: None,
            full_name: "Ann".into(),
            role: WorkspaceRole::User,
            is_active: true,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        };
        let actor: UserRef = user.to_ref();
        Arc::new(Event {
            sync_id: SyncId(id),
            scope: Scope::User(user.id),
            actor,
            origin: None,
            at: Timestamp::default(),
            body: Body::UserUpdated { user },
        })
    }

    /// A window of four over events 1 to 6, of which the even ones concern user 2.
    fn tail() -> Tail {
        let tail = Tail::new(4, SyncId(6));
        for id in 1..=6 {
            tail.push(event(id, if id % 2 == 0 { 2 } else { 1 }));
        }
        tail
    }

    #[test]
    fn answers_only_what_it_holds() {
        let rooms = [Room::User(UserId(2)), Room::Project(ProjectId(1))];
        let check = |after: u64, upto: u64, limit, expected: Option<(&[u64], u64)>| {
            let found = tail().between(SyncId(after), SyncId(upto), &rooms, limit);
            let found = found.map(|(events, scanned)| {
                (events.iter().map(|event| event.sync_id.0).collect::<Vec<_>>(), scanned.0)
            });
            assert_eq!(found, expected.map(|(ids, scanned)| (ids.to_vec(), scanned)), "{after}");
        };
        check(2, 6, 10, Some((&[4, 6], 6)));
        check(2, 6, 1, Some((&[4], 4)));
        check(2, 5, 10, Some((&[4], 5)));
        check(6, 6, 10, Some((&[], 6)));
        check(9, 9, 10, Some((&[], 9)));
        check(1, 6, 10, None);
    }

    #[test]
    fn a_hole_empties_the_window() {
        let tail = tail();
        tail.push(event(9, 2));
        assert!(tail.between(SyncId(5), SyncId(9), &[], 10).is_none());
        assert!(tail.between(SyncId(8), SyncId(9), &[], 10).is_some());
    }

    #[test]
    fn tells_how_often_tasks_were_renamed() {
        let (tail, task) = (Tail::new(4, SyncId(0)), crate::hub::tests::task_event(1, 2));
        let named = |id, body| Arc::new(Event { sync_id: SyncId(id), body, ..task.clone() });
        let Body::TaskDeleted { task: made } = &task.body else { panic!("{task:?}") };
        let renamed = chorus_model::Task { title: "Other".into(), ..made.clone() };
        let moved = chorus_model::Task { position: 9.0, ..made.clone() };
        let change = |new: &chorus_model::Task| Body::TaskUpdated {
            task: new.clone(),
            changes: chorus_model::task::TaskChanges::between(made, new),
        };
        let created = Body::TaskCreated { task: made.clone() };
        let told = [created, change(&moved), change(&renamed), task.body.clone()];
        let mut counts = Vec::new();
        for (id, body) in (1..).zip(told) {
            tail.push(named(id, body));
            counts.push(tail.renamed());
        }
        assert_eq!(counts, [0, 0, 1, 2]);
        tail.push(named(9, change(&moved)));
        assert_eq!(tail.renamed(), 3, "what is missing may have renamed some");
    }
}
