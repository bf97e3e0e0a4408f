//! The bounded queue towards one session.
//!
//! Anyone may push; whoever has pushed flushes. A flush writes at once, without waiting, under
//! the outbox's own lock: the lock is what keeps the frames of two flushers apart, and the other
//! party is, at worst, one non-blocking `sendmsg` away. When the socket is full the session's own
//! task is woken and finishes; until then nobody else tries.
//!
//! What the hub tells is [offered](Outbox::offer) and may be refused: the hub then has it from the
//! log. Answers to the client itself are [pushed](Outbox::push) and have some room beyond the
//! limits, so that a client that is behind is still answered.

mod drains;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use chorus_model::ConnectionId;
use smallvec::SmallVec;

use crate::counters::{self, Counters};
use crate::frame::Frame;
use crate::mutation::{self, Mutation};

pub(crate) use drains::Drains;

/// How bytes leave. Implemented by `gateway` for sockets.
pub trait Link: Send + Sync {
    /// Writes as much as goes without waiting.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Wakes the task of the session: there is something to send, or to end.
    fn wake(&self);
}

/// How much may wait for one session. Answers may go a quarter beyond.
#[derive(Debug, Clone, Copy)]
pub struct OutboxLimits {
    /// Most frames.
    pub frames: usize,
    /// Most bytes.
    pub bytes: usize,
}

impl Default for OutboxLimits {
    fn default() -> Self {
        Self { frames: 1024, bytes: 4 << 20 }
    }
}

/// Why a session was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client has stopped reading, or goes on asking without reading the answers.
    Slow,
    /// Writing failed: the peer is gone.
    Broken,
    /// The server takes it away: shutdown, eviction, a protocol violation.
    Ended,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// Queued; the first since the last flush.
    First,
    /// Queued behind others that wait for a flush.
    Queued,
    /// Not queued: an ephemeral frame and no room.
    Dropped,
    /// Not queued: no room. Only what is offered is answered so.
    Full,
    /// Not queued: the session is ending.
    Closed,
}

/// The queue. Shared by the session and by every connection in it.
pub struct Outbox {
    queue: Mutex<Queue>,
    limits: OutboxLimits,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    link: Option<Arc<dyn Link>>,
    /// Frames were pushed since the last flush.
    dirty: bool,
    /// The socket is full; the session's task will go on.
    blocked: bool,
    closed: Option<CloseReason>,
    /// Bytes that have left the queue.
    gone: u64,
    /// Who waits for it to be drained, and where they are told of.
    waiting: SmallVec<[ConnectionId; 1]>,
    drains: Option<Arc<Drains>>,
}

/// Most frames in one `writev`; the kernel's own limit is 1,024.
const SLICES: usize = 64;
/// An empty queue larger than this gives its memory back.
const KEEP: usize = 32;

impl Outbox {
    /// An empty outbox without a link: frames wait until one is there.
    pub fn new(limits: OutboxLimits, counters: Arc<Counters>) -> Self {
        Self { queue: Mutex::default(), limits, counters }
    }

    /// From now on frames leave by `link`.
    pub fn attach(&self, link: Arc<dyn Link>) {
        let mut queue = self.lock();
        queue.blocked = false;
        queue.link = Some(link);
    }

    /// Queues an answer. When there is no room, ephemeral frames go first; when there is none
    /// beyond the limits either, the session ends.
    pub fn push(&self, frame: Frame) -> PushOutcome {
        let mut queue = self.lock();
        match self.make_room(&mut queue, std::slice::from_ref(&frame)) {
            PushOutcome::Full if self.is_beyond(&queue) => {
                self.close_slow(&mut queue);
                PushOutcome::Closed
            }
            PushOutcome::Full | PushOutcome::First => queue.add(frame),
            refused => refused,
        }
    }

    /// Queues frames that belong together, all or none of them. When there is no room, ephemeral
    /// frames go first.
    pub fn offer(&self, frames: &[Frame]) -> PushOutcome {
        let mut queue = self.lock();
        let mut outcome = self.make_room(&mut queue, frames);
        if outcome == PushOutcome::First {
            for (at, frame) in frames.iter().enumerate() {
                let added = queue.add(frame.clone());
                outcome = if at == 0 { added } else { outcome };
            }
        }
        outcome
    }

    /// Tells `drains` of a connection as soon as little waits: now, or when the client has read.
    pub(crate) fn when_drained(&self, id: ConnectionId, drains: &Arc<Drains>) {
        let mut queue = self.lock();
        queue.drains = Some(Arc::clone(drains));
        queue.waiting.push(id);
        self.tell_drained(&mut queue);
    }

    /// Bytes that have ever left: written, taken or dropped. Rises as long as the client reads
    /// what waits for it.
    pub fn gone(&self) -> u64 {
        self.lock().gone
    }

    /// [`gone`](Self::gone) when all that waits now will have left.
    pub fn end(&self) -> u64 {
        let queue = self.lock();
        queue.gone + queue.bytes as u64
    }

    /// Ends the session of a client that has stopped reading.
    pub(crate) fn give_up(&self) {
        let mut queue = self.lock();
        if queue.closed.is_none() {
            self.close_slow(&mut queue);
        }
    }

    /// Writes what waits, unless the session's task is already at it.
    pub fn flush(&self) {
        let mut queue = self.lock();
        queue.dirty = false;
        if !queue.blocked {
            queue.write();
            self.tell_drained(&mut queue);
        }
    }

    /// Pushes and flushes: for answers to one client.
    pub fn send(&self, frame: Frame) -> PushOutcome {
        let outcome = self.push(frame);
        self.flush();
        outcome
    }

    /// For the session's task when its socket is writable again: writes on. Returns whether
    /// something still waits for the socket.
    pub fn resume(&self) -> bool {
        let mut queue = self.lock();
        queue.blocked = false;
        queue.write();
        self.tell_drained(&mut queue);
        queue.blocked
    }

    /// Whether the session's task should wait for its socket to become writable.
    pub fn is_blocked(&self) -> bool {
        self.lock().blocked
    }

    /// Whether the socket is full and so much waits for it that the client should not be asked for
    /// more: the room beyond the limits is for answers that are being made already.
    pub fn is_crowded(&self) -> bool {
        let queue = self.lock();
        let OutboxLimits { frames, bytes } = self.limits;
        queue.blocked && (queue.frames.len() >= frames || queue.bytes >= bytes)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().frames.is_empty()
    }

    /// Takes frames out, for a transport that answers requests (long-polling): as many as fit in
    /// `max_bytes`, at least one if any waits.
    pub fn take(&self, max_bytes: usize) -> SmallVec<[Bytes; 8]> {
        let mut queue = self.lock();
        queue.dirty = false;
        queue.blocked = false;
        let mut taken = SmallVec::new();
        let mut total = 0;
        while let Some(frame) = queue.frames.front() {
            total += frame.bytes.len();
            if total > max_bytes && !taken.is_empty() {
                break;
            }
            taken.extend(queue.frames.pop_front().map(|frame| frame.bytes));
        }
        queue.leave(taken.iter().map(Bytes::len).sum());
        queue.give_back();
        self.tell_drained(&mut queue);
        taken
    }

    /// Ends the session; what waits is not sent any more, unless `flush` went before.
    pub fn close(&self, reason: CloseReason) {
        self.lock().close(reason);
    }

    /// Why the session is to end, if it is.
    pub fn closed(&self) -> Option<CloseReason> {
        self.lock().closed
    }

    /// What is to be done with frames: [`PushOutcome::First`] stands for queueing them.
    fn make_room(&self, queue: &mut Queue, frames: &[Frame]) -> PushOutcome {
        if queue.closed.is_some() {
            return PushOutcome::Closed;
        }
        let bytes = frames.iter().map(|frame| frame.bytes.len()).sum();
        if self.has_room(queue, frames.len(), bytes) {
            return PushOutcome::First;
        }
        if frames.iter().all(|frame| frame.ephemeral) {
            counters::count(&self.counters.ephemeral_dropped);
            return PushOutcome::Dropped;
        }
        counters::add(&self.counters.ephemeral_dropped, queue.drop_ephemeral());
        let found = self.has_room(queue, frames.len(), bytes);
        if found { PushOutcome::First } else { PushOutcome::Full }
    }

    fn has_room(&self, queue: &Queue, frames: usize, bytes: usize) -> bool {
        let OutboxLimits { frames: most_frames, bytes: most_bytes } = self.limits;
        queue.frames.is_empty()
            || mutation::made(Mutation::Unbounded)
            || (queue.frames.len() + frames <= most_frames && queue.bytes + bytes <= most_bytes)
    }

    /// Whether even answers have no room any more.
    fn is_beyond(&self, queue: &Queue) -> bool {
        let beyond = |most: usize| most + most / 4;
        queue.frames.len() >= beyond(self.limits.frames) || queue.bytes >= beyond(self.limits.bytes)
    }

    fn tell_drained(&self, queue: &mut Queue) {
        let little =
            queue.frames.len() <= self.limits.frames / 4 && queue.bytes <= self.limits.bytes / 4;
        if let Some(drains) = &queue.drains
            && little
            && !queue.waiting.is_empty()
        {
            drains.add(queue.waiting.drain(..));
        }
    }

    fn close_slow(&self, queue: &mut Queue) {
        counters::count(&self.counters.slow_closed);
        queue.close(CloseReason::Slow);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A panic while the lock is held cannot leave a half-made change: every step is complete.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let queue = self.lock();
        f.debug_struct("Outbox")
            .field("frames", &queue.frames.len())
            .field("bytes", &queue.bytes)
            .field("closed", &queue.closed)
            .finish_non_exhaustive()
    }
}

impl Queue {
    fn write(&mut self) {
        while !self.frames.is_empty() && self.closed.is_none() {
            // Borrowed and not cloned: where each client gets one frame, its count of references
            // is in no cache.
            let Some(link) = &self.link else { return };
            match Self::send(&self.frames, &**link) {
                Ok(0) => self.close(CloseReason::Broken),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    link.wake();
                    return;
                }
                Err(_) => self.close(CloseReason::Broken),
            }
        }
        self.give_back();
    }

    fn send(frames: &VecDeque<Frame>, link: &dyn Link) -> io::Result<usize> {
        if let (1, Some(only)) = (frames.len(), frames.front()) {
            return link.try_write(&[IoSlice::new(&only.bytes)]);
        }
        let waiting = frames.iter().take(SLICES).map(|frame| IoSlice::new(&frame.bytes));
        link.try_write(&waiting.collect::<SmallVec<[IoSlice<'_>; SLICES]>>())
    }

    fn add(&mut self, frame: Frame) -> PushOutcome {
        self.bytes += frame.bytes.len();
        self.frames.push_back(frame);
        let dirty = std::mem::replace(&mut self.dirty, true);
        if dirty { PushOutcome::Queued } else { PushOutcome::First }
    }

    fn leave(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.gone += bytes as u64;
    }

    fn advance(&mut self, mut written: usize) {
        self.leave(written);
        while written > 0 {
            let Some(front) = self.frames.front_mut() else {
                return;
            };
            if written < front.bytes.len() {
                front.bytes.advance(written);
                // Half a frame is on the wire: the rest must follow.
                front.ephemeral = false;
                return;
            }
            written -= front.bytes.len();
            self.frames.pop_front();
        }
    }

    fn drop_ephemeral(&mut self) -> u64 {
        let before = self.frames.len();
        self.frames.retain(|frame| !frame.ephemeral);
        let left = self.frames.iter().map(|frame| frame.bytes.len()).sum::<usize>();
        self.leave(self.bytes - left);
        (before - self.frames.len()) as u64
    }

    fn close(&mut self, reason: CloseReason) {
        if self.closed.is_none() {
            self.closed = Some(reason);
            if let Some(link) = &self.link {
                link.wake();
            }
        }
    }

    fn give_back(&mut self) {
        if self.frames.is_empty() && self.frames.capacity() > KEEP {
            self.frames = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests;
