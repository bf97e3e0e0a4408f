//! Frames that were made while somebody could not follow: those who are behind are told the same
//! events one after the other, and each is encoded once for all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chorus_model::SyncId;

use crate::frame::{FrameKey, Told};

/// Bytes that are kept.
const MOST_BYTES: usize = 16 << 20;

/// The newest of them, by event and key.
#[derive(Debug, Default)]
pub(crate) struct Made {
    kept: Mutex<Kept>,
}

type Key = (SyncId, FrameKey);

#[derive(Debug, Default)]
struct Kept {
    frames: HashMap<Key, Told>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl Made {
    /// What was made of an event for a key; `make` makes it if that is not known.
    pub(crate) fn get(&self, id: SyncId, key: FrameKey, make: impl FnOnce() -> Told) -> Told {
        if let Some(frames) = self.lock().frames.get(&(id, key)) {
            return frames.clone();
        }
        // Two at once may both make it; nobody waits for somebody else's encoding.
        let frames = make();
        self.keep(id, key, &frames);
        frames
    }

    /// Keeps what was made.
    pub(crate) fn keep(&self, id: SyncId, key: FrameKey, frames: &Told) {
        let mut kept = self.lock();
        if kept.frames.insert((id, key), frames.clone()).is_some() {
            return;
        }
        kept.order.push_back((id, key));
        kept.bytes += weight(frames);
        while kept.bytes > MOST_BYTES
            && let Some(oldest) = kept.order.pop_front()
        {
            let gone = kept.frames.remove(&oldest).map_or(0, |frames| weight(&frames));
            kept.bytes -= gone;
        }
    }

    /// Forgets all: nobody is behind any more.
    pub(crate) fn clear(&self) {
        *self.lock() = Kept::default();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its bytes, and what keeping it costs beside them.
fn weight(frames: &Told) -> usize {
    frames.iter().map(|frame| frame.bytes.len()).sum::<usize>() + 256
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use smallvec::smallvec;

    use super::*;
    use crate::frame::Frame;

    #[test]
    fn each_is_made_once_and_the_oldest_go() {
        let made = Made::default();
        let mut count = 0;
        let mut get = |id| {
            let make = || {
                count += 1;
                smallvec![Frame::durable(Bytes::from(vec![0; MOST_BYTES / 3]))]
            };
            made.get(SyncId(id), FrameKey(1), make);
            count
        };
        assert_eq!([get(1), get(1), get(2), get(1)], [1, 1, 2, 2]);
        assert_eq!([get(3), get(2), get(1)], [3, 3, 4], "two have room");
        made.clear();
        let kept = made.lock();
        assert_eq!((kept.bytes, kept.frames.len()), (0, 0));
    }
}
