//! A socket that holds so many bytes, and the end of a connection from within.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chorus_model::Timestamp;
use chorus_realtime::{Ended, Exit, Link, Outbox};

use crate::words::line;

/// What is on its way to a client.
#[derive(Debug)]
pub struct Pipe {
    bytes: Mutex<VecDeque<u8>>,
    capacity: usize,
}

impl Pipe {
    /// An empty one with room for `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        Self { bytes: Mutex::default(), capacity }
    }

    /// The next bytes, at most so many.
    pub fn read(&self, most: usize) -> Vec<u8> {
        let mut bytes = self.lock();
        let most = most.min(bytes.len());
        bytes.drain(..most).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for Pipe {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes = self.lock();
        let room = self.capacity.saturating_sub(bytes.len());
        let before = bytes.len();
        bytes.extend(slices.iter().flat_map(|slice| slice.iter()).take(room));
        match bytes.len() - before {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            written => Ok(written),
        }
    }

    fn wake(&self) {}
}

/// Notes that a connection was ended from within, and tells its client.
#[derive(Debug)]
pub struct Door {
    /// Where its frames wait.
    pub outbox: Arc<Outbox>,
    /// Whether it was ended.
    pub ended: Arc<AtomicBool>,
}

impl Exit for Door {
    fn take(&self, _: Ended, _: Timestamp) {
        self.outbox.send(line("bye"));
        self.ended.store(true, Ordering::Relaxed);
    }
}
