//! How far a file is, told while it comes in.
//!
//! How often is counted in bytes, so that who sends more is told of no more often than the bytes
//! have cost: a file below [`STEP`] is told of by its event alone. With each word the sender's
//! rights are looked at again, so that who was put out is no longer seen sending, and need not
//! send it all to be refused.

use chorus_model::signal::{SignalBody, Upload, UploadState};
use chorus_model::{ItemId, Kind, Signal, SyncId, UserRef};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::fault::Fault;

/// Bytes that come between two words, at least.
const STEP: u64 = 1 << 20;
/// Words about a file whose size is known, at most.
const PARTS: u64 = 20;

/// A file that comes in. Dropped before it is [done](Self::done), it has failed.
pub(super) struct Progress<'a> {
    collab: &'a Collab,
    user: UserRef,
    kind: &'static Kind,
    upload: Upload,
    /// With how many bytes the next word is due.
    due: u64,
    /// Whether anybody was told of it.
    told: bool,
}

impl<'a> Progress<'a> {
    /// One of `user`, to be an asset of this kind. Unless it is `shown` nobody hears of it.
    pub(super) fn new(
        collab: &'a Collab,
        user: UserRef,
        kind: &'static Kind,
        upload: Upload,
        shown: bool,
    ) -> Self {
        let due = if shown { next(0, upload.total) } else { u64::MAX };
        Self { collab, user, kind, upload, due, told: false }
    }

    /// So many bytes have come. An error if the sender may not go on.
    pub(super) async fn arrived(&mut self, received: u64) -> Result<(), Fault> {
        self.upload.received = received;
        if received < self.due {
            return Ok(());
        }
        self.due = next(received, self.upload.total);
        let (project, action) = (self.upload.project, Action::EditItems(self.kind.editors));
        let may = self.collab.query(self.user.id, move |reads, user| {
            access::permit(reads, user, project, action).map(drop)
        });
        may.await?;
        self.told = true;
        self.tell(SyncId(0));
        Ok(())
    }

    /// It is the file of this asset, as the event at this place says.
    pub(super) fn done(mut self, asset: ItemId, at: SyncId) {
        self.end(UploadState::Done(asset), at);
    }

    fn end(&mut self, state: UploadState, at: SyncId) {
        if std::mem::take(&mut self.told) {
            self.upload.state = state;
            self.tell(at);
        }
    }

    fn tell(&self, after: SyncId) {
        let (user, upload) = (self.user.clone(), self.upload.clone());
        let (at, body) = (self.collab.clock().now(), SignalBody::Upload(upload));
        self.collab.realtime().signal_after(after, Signal { user, at, cause: None, body });
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.end(UploadState::Failed, SyncId(0));
    }
}

/// With how many bytes a word is due, after one with `received`. Where the size is not known, what
/// has come stands for it: ever more bytes lie between two words.
fn next(received: u64, total: Option<u64>) -> u64 {
    let step = STEP.max(total.unwrap_or(received) / PARTS);
    (received / step).saturating_add(1).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With how many bytes somebody hears of a file that comes in pieces of this size.
    fn words(size: u64, total: Option<u64>, piece: u64) -> Vec<u64> {
        let (mut received, mut due, mut words) = (0, next(0, total), Vec::new());
        while received < size {
            received = size.min(received + piece);
            if received >= due {
                words.push(received);
                due = next(received, total);
            }
        }
        words
    }

    #[test]
    fn a_small_file_is_not_told_of() {
        for total in [None, Some(STEP - 1)] {
            assert!(words(STEP - 1, total, 1 << 16).is_empty());
        }
        assert_eq!(words(STEP, Some(STEP), 1 << 16), [STEP]);
    }

    #[test]
    fn a_large_one_is_told_of_twenty_times_the_last_time_when_it_is_there() {
        for size in [20 << 20, 200 << 20, (200 << 20) + 12_345, 10 << 30] {
            for piece in [4_096, 65_536, 100_000] {
                let words = words(size, Some(size), piece);
                assert_eq!(words.len(), 20, "{size} by {piece}");
                let left = size - words[19];
                assert!(left < PARTS, "{left} of {size} by {piece}");
            }
        }
    }

    #[test]
    fn one_of_unknown_size_is_told_of_ever_less_often() {
        let words = words(100 << 30, None, 1 << 18);
        assert!(words.len() < 200, "{}", words.len());
        assert_eq!(words[..2], [STEP, 2 * STEP]);
        let rare = words.windows(2).all(|two| two[1] - two[0] >= STEP.max(two[0] / PARTS) / 2);
        assert!(rare, "{words:?}");
    }
}
