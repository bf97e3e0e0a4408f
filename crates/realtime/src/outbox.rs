//! The bounded queue towards one session.
//!
//! Anyone may push; whoever has pushed flushes. A flush writes at once, without waiting, under
//! the outbox's own lock: the lock is what keeps the frames of two flushers apart, and the other
//! party is, at worst, one non-blocking `sendmsg` away. When the socket is full the session's own
//! task is woken and finishes; until then nobody else tries.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use smallvec::SmallVec;

use crate::counters::{self, Counters};
use crate::frame::Frame;

/// How bytes leave. Implemented by `gateway` for sockets.
pub trait Link: Send + Sync {
    /// Writes as much as goes without waiting.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Wakes the task of the session: there is something to send, or to end.
    fn wake(&self);
}

/// How much may wait for one session.
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
    /// The outbox was full of frames that must arrive.
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

    /// Queues a frame. When there is no room, ephemeral frames go first; a durable frame that
    /// still finds none ends the session.
    pub fn push(&self, frame: Frame) -> PushOutcome {
        let mut queue = self.lock();
        if queue.closed.is_some() {
            return PushOutcome::Closed;
        }
        if !self.has_room(&queue, frame.bytes.len()) {
            if frame.ephemeral {
                counters::count(&self.counters.ephemeral_dropped);
                return PushOutcome::Dropped;
            }
            counters::add(&self.counters.ephemeral_dropped, queue.drop_ephemeral());
            if !self.has_room(&queue, frame.bytes.len()) {
                counters::count(&self.counters.slow_closed);
                queue.close(CloseReason::Slow);
                return PushOutcome::Closed;
            }
        }
        queue.bytes += frame.bytes.len();
        queue.frames.push_back(frame);
        if std::mem::replace(&mut queue.dirty, true) {
            PushOutcome::Queued
        } else {
            PushOutcome::First
        }
    }

    /// Writes what waits, unless the session's task is already at it.
    pub fn flush(&self) {
        let mut queue = self.lock();
        queue.dirty = false;
        if !queue.blocked {
            queue.write();
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
        queue.bytes -= taken.iter().map(Bytes::len).sum::<usize>();
        queue.give_back();
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

    fn has_room(&self, queue: &Queue, bytes: usize) -> bool {
        queue.frames.is_empty()
            || (queue.frames.len() < self.limits.frames && queue.bytes + bytes <= self.limits.bytes)
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

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
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
        self.bytes = self.frames.iter().map(|frame| frame.bytes.len()).sum();
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
    fn ephemeral_frames_go_first_then_the_session() {
        let (outbox, _, counters) = outbox(3, 0);
        for frame in [ephemeral("1"), durable("2"), ephemeral("3")] {
            outbox.push(frame);
        }
        assert_eq!(outbox.push(ephemeral("4")), PushOutcome::Dropped);
        assert_eq!(outbox.push(durable("5")), PushOutcome::Queued);
        assert_eq!(outbox.push(durable("6")), PushOutcome::Queued);
        assert_eq!(outbox.push(durable("7")), PushOutcome::Closed);
        assert_eq!(outbox.closed(), Some(CloseReason::Slow));
        let figures = counters.read();
        assert!(figures.contains(&("ephemeral_dropped", 3)));
        assert!(figures.contains(&("slow_closed", 1)));
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
