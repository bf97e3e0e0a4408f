//! How an outbox writes: to a socket at once, to a poll by waking whoever holds it.

use std::io::{self, IoSlice};

use chorus_realtime::Link;
use futures_util::task::AtomicWaker;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// A bare TCP stream and the task that reads it.
#[derive(Debug)]
pub(crate) struct SocketLink {
    pub(crate) stream: TcpStream,
    pub(crate) waker: AtomicWaker,
}

impl SocketLink {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, waker: AtomicWaker::new() }
    }

    /// Reads what is there, without waiting.
    ///
    /// Less than there is room for is all that there is: the stream then counts as not readable
    /// until more comes, and is not asked once more only to say that it has nothing. (epoll and
    /// kqueue say it whenever something comes, so that this loses nothing.)
    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut last = None;
        let outcome = self.stream.try_io(Interest::READABLE, || {
            let read = rustix::io::read(&self.stream, &mut *buf)?;
            if read == 0 || read == buf.len() {
                return Ok(read);
            }
            last = Some(read);
            Err(io::ErrorKind::WouldBlock.into())
        });
        last.map_or(outcome, Ok)
    }
}

impl Link for SocketLink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [one] => self.stream.try_write(one),
            many => self.stream.try_write_vectored(many),
        }
    }

    fn wake(&self) {
        self.waker.wake();
    }
}

/// The polls of a session.
#[derive(Debug, Default)]
pub(crate) struct PollLink {
    /// Wakes the poll that is held.
    pub(crate) poll: Notify,
    /// Wakes the session's task, which looks whether the session is to end.
    pub(crate) task: Notify,
}

impl Link for PollLink {
    fn try_write(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn wake(&self) {
        self.poll.notify_one();
        self.task.notify_one();
    }
}
