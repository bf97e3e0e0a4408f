//! What some events are written with beside themselves: all of a kind in a project, read before
//! they are announced, once for all events that are announced together. Nothing is read unless
//! somebody is connected whose words need it.

use std::sync::Arc;

use chorus_model::Event;
use chorus_storage::StoreError;

use super::Publisher;
use crate::frame::{Encoder, FrameKey, Wanted};
use crate::past::Moment;

/// Bytes of fields of what lies in the items: what more there is, is told without.
const MOST_BYTES: u32 = 256 * 1024;

/// What encoding lacks for some events: a question to the log.
pub struct Lacking {
    encoder: Arc<dyn Encoder>,
    events: Vec<Arc<Event>>,
    keys: Vec<FrameKey>,
}

impl Publisher {
    /// Has read what the encoder lacks for these events. Where that fails they are told without.
    pub(super) async fn supply(&mut self, events: &[Arc<Event>]) {
        let lacks =
            |event: &Event| self.hub.keys().any(|key| self.encoder.lacks(event, key).is_some());
        if !events.iter().any(|event| lacks(event)) {
            return;
        }
        let lacking = Lacking {
            encoder: Arc::clone(&self.encoder),
            events: events.to_vec(),
            keys: self.hub.keys().collect(),
        };
        if let Err(error) = self.past.supply(lacking).await {
            tracing::warn!(%error, "cannot read what events are told with");
        }
    }
}

impl Lacking {
    /// Reads it, and supplies the encoder.
    pub fn read(&self, log: &dyn Moment) -> Result<(), StoreError> {
        supply(log, &*self.encoder, &self.events, &self.keys)
    }
}

/// Reads what the encoder lacks for these events and keys.
pub(super) fn supply(
    log: &dyn Moment,
    encoder: &dyn Encoder,
    events: &[Arc<Event>],
    keys: &[FrameKey],
) -> Result<(), StoreError> {
    for wanted in lacking(encoder, events, keys) {
        encoder.supply(wanted, log.whole(wanted, MOST_BYTES)?);
    }
    Ok(())
}

fn lacking(encoder: &dyn Encoder, events: &[Arc<Event>], keys: &[FrameKey]) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for event in events {
        for wanted in keys.iter().filter_map(|key| encoder.lacks(event, *key)) {
            if !all.contains(&wanted) {
                all.push(wanted);
            }
        }
    }
    all
}

impl std::fmt::Debug for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lacking").field("events", &self.events.len()).finish_non_exhaustive()
    }
}
