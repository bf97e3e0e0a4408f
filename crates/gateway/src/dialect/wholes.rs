//! What some events are told with beside themselves, kept as it was read last, and rendered once
//! for each dialect.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chorus_model::{SyncId, Whole};
use chorus_realtime::Wanted;
use serde_json::value::{RawValue, to_raw_value};

use super::Dialect;

/// Most that are kept.
const MOST: usize = 16;

/// The wholes that were read last.
#[derive(Debug, Default)]
pub(super) struct Wholes {
    kept: Mutex<VecDeque<Arc<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    wanted: Wanted,
    whole: Whole,
    /// What each dialect makes of it.
    rendered: Mutex<Vec<(&'static str, Arc<RawValue>)>>,
}

impl Wholes {
    /// Whether there is one that was read after this event, or right at it.
    pub(super) fn has(&self, wanted: Wanted, at: SyncId) -> bool {
        self.find(wanted, at).is_some()
    }

    /// Keeps one in place of what was read earlier.
    pub(super) fn keep(&self, wanted: Wanted, whole: Whole) {
        if self.has(wanted, whole.at) {
            return;
        }
        let mut kept = self.lock();
        kept.retain(|entry| entry.wanted != wanted);
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back(Arc::new(Entry { wanted, whole, rendered: Mutex::default() }));
    }

    /// What a dialect makes of it; null where it is not there.
    pub(super) fn rendered(
        &self,
        wanted: Wanted,
        at: SyncId,
        dialect: &dyn Dialect,
    ) -> Arc<RawValue> {
        let Some(entry) = self.find(wanted, at) else {
            return Arc::from(RawValue::NULL.to_owned());
        };
        let mut rendered = entry.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = rendered.iter().find(|(name, _)| *name == dialect.name()) {
            return Arc::clone(known);
        }
        let value = dialect.render(wanted.kind, &entry.whole);
        let made = to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned());
        let made: Arc<RawValue> = Arc::from(made);
        rendered.push((dialect.name(), Arc::clone(&made)));
        made
    }

    fn find(&self, wanted: Wanted, at: SyncId) -> Option<Arc<Entry>> {
        let kept = self.lock();
        kept.iter().find(|entry| entry.wanted == wanted && entry.whole.at >= at).map(Arc::clone)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chorus_model::{Kind, ProjectId, Sums, Totals};

    use super::*;
    use crate::dialect::Prodsight;

    fn whole(at: u64) -> Whole {
        let totals = Totals { whole: Sums::default(), sections: Vec::new() };
        Whole { at: SyncId(at), items: Vec::new(), inside: Vec::new(), totals }
    }

    fn wanted(project: i64) -> Wanted {
        let kind = Kind::named("script").unwrap();
        Wanted { project: ProjectId(project), kind }
    }

    #[test]
    fn what_was_read_before_an_event_does_not_tell_it() {
        let wholes = Wholes::default();
        let rendered = |at| wholes.rendered(wanted(1), SyncId(at), &Prodsight::default());
        wholes.keep(wanted(1), whole(7));
        assert!(wholes.has(wanted(1), SyncId(7)) && !wholes.has(wanted(1), SyncId(8)));
        assert!(!wholes.has(wanted(2), SyncId(7)));
        assert_eq!(rendered(8).get(), "null");
        assert!(Arc::ptr_eq(&rendered(6), &rendered(7)), "rendered once");
        wholes.keep(wanted(1), whole(5));
        assert!(wholes.has(wanted(1), SyncId(7)), "the newest stays");
    }

    #[test]
    fn few_are_kept() {
        let wholes = Wholes::default();
        for project in 0..20 {
            wholes.keep(wanted(project), whole(1));
        }
        assert_eq!(wholes.lock().len(), MOST);
        assert!(wholes.has(wanted(19), SyncId(1)) && !wholes.has(wanted(3), SyncId(1)));
    }
}
