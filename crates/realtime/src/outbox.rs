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

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use chorus_model::ConnectionId;
use smallvec::SmallVec;
use tokio::sync::Notify;

use crate::counters::{self, Counters};
use crate::frame::Frame;

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

/// Connections whose outboxes have been drained: they can be served on.
#[derive(Debug, Default)]
pub(crate) struct Drains {
    drained: Mutex<Vec<ConnectionId>>,
    more: Notify,
}

impl Drains {
    /// Waits until there is one.
    pub(crate) async fn some(&self) {
        self.more.notified().await;
    }

    /// Takes all of them.
    pub(crate) fn take(&self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.drained.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, ids: impl IntoIterator<Item = ConnectionId>) {
        self.drained.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
        self.more.notify_one();
    }
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
        let Some(link) = self.link.clone() else {
            return;
        };
        while !self.frames.is_empty() && self.closed.is_none() {
            let written = {
                let waiting = self.frames.iter().take(SLICES);
                let slices: SmallVec<[IoSlice<'_>; SLICES]> =
                    waiting.map(|frame| IoSlice::new(&frame.bytes)).collect();
                link.try_write(&slices)
            };
            match written {
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
mod tests {
    use super::*;

    /// A link that takes `room` bytes and then blocks.
    #[derive(Default)]
    struct Pipe {
        room: Mutex<usize>,
        got: Mutex<Vec<u8>>,
        woken: Mutex<usize>,
    }

    impl Link for Pipe {
        fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            let mut room = self.room.lock().unwrap();
            let mut written = 0;
            for slice in slices {
                let n = slice.len().min(*room);
                self.got.lock().unwrap().extend_from_slice(&slice[..n]);
                *room -= n;
                written += n;
            }
            if written == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(written) }
        }

        fn wake(&self) {
            *self.woken.lock().unwrap() += 1;
        }
    }

    fn outbox(frames: usize, room: usize) -> (Outbox, Arc<Pipe>, Arc<Counters>) {
        let counters = Arc::new(Counters::default());
        let outbox = Outbox::new(OutboxLimits { frames, bytes: 1000 }, Arc::clone(&counters));
        let pipe = Arc::new(Pipe { room: Mutex::new(room), ..Pipe::default() });
        outbox.attach(Arc::clone(&pipe) as Arc<dyn Link>);
        (outbox, pipe, counters)
    }

    fn durable(text: &'static str) -> Frame {
        Frame::durable(Bytes::from_static(text.as_bytes()))
    }

    fn ephemeral(text: &'static str) -> Frame {
        Frame::ephemeral(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_blocked_socket_is_finished_by_the_session_alone() {
        let (outbox, pipe, _) = outbox(10, 4);
        assert_eq!(outbox.push(durable("abc")), PushOutcome::First);
        assert_eq!(outbox.push(durable("def")), PushOutcome::Queued);
        outbox.flush();
        assert_eq!(*pipe.got.lock().unwrap(), b"abcd");
        assert!(outbox.is_blocked());
        assert_eq!(*pipe.woken.lock().unwrap(), 1);

        *pipe.room.lock().unwrap() = 100;
        outbox.send(durable("gh"));
        assert_eq!(*pipe.got.lock().unwrap(), b"abcd", "others wait for the session's task");
        assert!(!outbox.resume());
        assert_eq!(*pipe.got.lock().unwrap(), b"abcdefgh");
        assert!(outbox.is_empty());
    }

    #[test]
    fn ephemeral_frames_go_first_then_no_more_is_taken() {
        let (outbox, _, counters) = outbox(3, 0);
        for frame in [ephemeral("1"), durable("2"), ephemeral("3")] {
            outbox.push(frame);
        }
        assert_eq!(outbox.offer(&[ephemeral("4")]), PushOutcome::Dropped);
        assert_eq!(outbox.offer(&[durable("5"), durable("6")]), PushOutcome::Queued);
        assert_eq!(outbox.offer(&[durable("7")]), PushOutcome::Full);
        assert_eq!(outbox.closed(), None);
        let figures = counters.read();
        assert!(figures.contains(&("ephemeral_dropped", 3)));
        assert!(figures.contains(&("slow_closed", 0)));
    }

    #[test]
    fn what_belongs_together_is_taken_whole_or_not() {
        let (outbox, ..) = outbox(3, 0);
        outbox.push(durable("1"));
        outbox.push(durable("2"));
        assert_eq!(outbox.offer(&[ephemeral("a"), durable("b")]), PushOutcome::Full);
        assert_eq!(outbox.take(usize::MAX).len(), 2);
        assert_eq!(outbox.offer(&[ephemeral("a"), durable("b")]), PushOutcome::First);
    }

    #[test]
    fn answers_have_room_beyond_the_limits_but_not_for_ever() {
        let (outbox, _, counters) = outbox(8, 0);
        assert_eq!(outbox.offer(&vec![durable("1"); 8]), PushOutcome::First);
        assert_eq!(outbox.offer(&[durable("2")]), PushOutcome::Full);
        for _ in 0..2 {
            assert_eq!(outbox.push(durable("answer")), PushOutcome::Queued);
        }
        assert_eq!(outbox.push(durable("answer")), PushOutcome::Closed);
        assert_eq!(outbox.closed(), Some(CloseReason::Slow));
        let figures = counters.read();
        assert!(figures.contains(&("slow_closed", 1)));
    }

    #[test]
    fn who_waits_is_told_when_little_is_left() {
        let (outbox, pipe, _) = outbox(8, 0);
        let drains = Arc::new(Drains::default());
        outbox.offer(&vec![durable("12"); 8]);
        outbox.flush();
        outbox.when_drained(ConnectionId(7), &drains);
        let read = |bytes| {
            *pipe.room.lock().unwrap() = bytes;
            outbox.resume();
            drains.take()
        };
        assert!(read(11).is_empty(), "three wait");
        assert_eq!(read(1), [ConnectionId(7)]);
        assert!(read(4).is_empty(), "only once");
        assert_eq!((outbox.gone(), outbox.end()), (16, 16));
        outbox.when_drained(ConnectionId(8), &drains);
        assert_eq!(drains.take(), [ConnectionId(8)]);
    }

    #[test]
    fn half_a_frame_is_never_dropped() {
        let (outbox, pipe, _) = outbox(2, 2);
        outbox.send(ephemeral("abcd"));
        outbox.push(ephemeral("x"));
        outbox.push(durable("y"));
        *pipe.room.lock().unwrap() = 100;
        outbox.resume();
        assert_eq!(*pipe.got.lock().unwrap(), b"abcdy", "the whole one could go");
    }

    #[test]
    fn taking_is_bounded_but_never_empty_handed() {
        let (outbox, ..) = outbox(10, 0);
        for frame in [durable("aaaa"), durable("bb"), durable("cc")] {
            outbox.push(frame);
        }
        let sizes = |taken: SmallVec<[Bytes; 8]>| taken.iter().map(Bytes::len).collect::<Vec<_>>();
        assert_eq!(sizes(outbox.take(3)), [4]);
        assert_eq!(sizes(outbox.take(4)), [2, 2]);
        assert!(outbox.take(4).is_empty());
    }
}
