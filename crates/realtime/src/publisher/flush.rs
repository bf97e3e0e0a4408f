//! How what was told leaves.
//!
//! The outboxes that wait are a ring, flushed in pieces. Between two pieces what has come meanwhile
//! is told too, and leaves with what the outboxes further on wait with: however much comes, each is
//! written once in a turn of the ring. If all were flushed before anything else is taken up, what
//! comes while a large room is written would wait for the end of it, and leave in more and smaller
//! writes.

use std::time::Duration;

use chorus_model::crash;

use super::{Publisher, ROUND};

/// Outboxes flushed before others get a turn on this thread: less than a millisecond of writing.
pub const PIECE: usize = 128;
/// Pieces between which something is taken up, in a row; there are things to be seen to beside it.
const PIECES: usize = 128;

/// Orders that are obeyed at once after one to which no other came.
const ALONE: u8 = 16;

/// A commit whose frames wait for the flush, and when it was where, by the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnderWay {
    pub(super) on_disk: Duration,
    pub(super) taken: Duration,
    /// When so many outboxes have been flushed since the start, all of its frames have left.
    pub(super) upto: u64,
}

impl Publisher {
    /// Flushes what waits, and what is told meanwhile.
    pub(super) async fn flush_on(&mut self) {
        for _ in 0..PIECES {
            if !self.flush_piece() {
                return;
            }
            tokio::task::yield_now().await;
            for _ in 0..ROUND {
                let Ok(batch) = self.committed.try_recv() else {
                    break;
                };
                self.announce_own(&batch).await;
            }
            self.obey_waiting().await;
        }
        self.flush().await;
    }

    /// Flushes what waits now.
    pub(super) async fn flush(&mut self) {
        while self.flush_piece() {
            tokio::task::yield_now().await;
        }
    }

    /// Lets others order who are about to. Whoever orders wakes the publisher, which the runtime
    /// then runs next: without this each order would be told by itself, in writes of its own, while
    /// those who have something to say wait to be read. Where nobody else comes it costs a look at
    /// all sockets, so that it is then left out for some time.
    pub(super) async fn gather(&mut self) {
        if self.alone > 0 {
            self.alone -= 1;
            return;
        }
        tokio::task::yield_now().await;
        if self.orders.is_empty() {
            self.alone = ALONE;
        }
    }

    /// Obeys what has been ordered until now.
    pub(super) async fn obey_waiting(&mut self) {
        for _ in 0..ROUND {
            let Ok(order) = self.orders.try_recv() else {
                break;
            };
            self.obey(order).await;
        }
    }

    /// How many outboxes will have been flushed when those that wait are.
    pub(super) fn end_of_flush(&mut self) -> u64 {
        self.flushed + self.hub.dirty().len() as u64
    }

    /// Flushes some; whether others wait.
    fn flush_piece(&mut self) -> bool {
        let piece = self.piece.min(self.hub.dirty().len());
        for at in 0..piece {
            if at == piece / 2 {
                crash::point(crash::IN_FAN_OUT);
            }
            let outbox = self.hub.dirty().pop_front();
            if let Some(outbox) = outbox {
                outbox.flush();
            }
        }
        self.flushed += piece as u64;
        self.note_flushed();
        !self.hub.dirty().is_empty()
    }

    fn note_flushed(&mut self) {
        while let Some(UnderWay { on_disk, taken, upto }) = self.under_way.front().copied()
            && upto <= self.flushed
        {
            self.under_way.pop_front();
            let now = self.clock.monotonic();
            // The longer one first, so that whoever reads them in between sees nothing impossible.
            self.timings.end_to_end.observe(now.saturating_sub(on_disk));
            self.timings.fan_out.observe(now.saturating_sub(taken));
        }
    }
}
