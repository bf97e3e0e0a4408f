//! What an engine counts.

use std::sync::atomic::{AtomicU64, Ordering};

use chorus_realtime::ByWord;

use super::http::Refusal;
use super::session::Ending;

/// Counts since the engine was made.
#[derive(Debug)]
pub struct Tally {
    endings: ByWord,
    refusals: ByWord,
    unread: AtomicU64,
}

/// Sessions that are open, by what carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transports {
    /// Engine.IO over a WebSocket, from the beginning or since an upgrade.
    pub websocket: usize,
    /// Engine.IO over long-polling.
    pub polling: usize,
    /// A WebSocket without Engine.IO.
    pub raw: usize,
}

/// What a session is carried by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    Polling,
    Raw,
}

impl Transports {
    pub(crate) fn of(&mut self, transport: Transport) -> &mut usize {
        match transport {
            Transport::WebSocket => &mut self.websocket,
            Transport::Polling => &mut self.polling,
            Transport::Raw => &mut self.raw,
        }
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            endings: ByWord::new(&Ending::WORDS),
            refusals: ByWord::new(&Refusal::WORDS),
            unread: AtomicU64::new(0),
        }
    }
}

impl Tally {
    /// Sessions that ended, by the reason.
    pub fn endings(&self) -> Vec<(&'static str, u64)> {
        self.endings.read()
    }

    /// Requests to open or use a session that the engine itself refused, by the reason.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.refusals.read()
    }

    /// Messages that were not read, because their session sends more than it may.
    pub fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }

    pub(crate) fn passed_over(&self) {
        chorus_realtime::counters::count(&self.unread);
    }

    pub(crate) fn ended(&self, ending: Ending) {
        self.endings.count(ending.word());
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refusals.count(refusal.word());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_word_of_its_own() {
        let tally = Tally::default();
        for ending in Ending::ALL {
            tally.ended(ending);
        }
        for (word, count) in tally.endings() {
            assert_eq!(count, 1, "{word}");
        }
        tally.refused(Refusal::BadMethod);
        let refused: Vec<_> = tally.refusals().into_iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(refused, [("bad_method", 1)]);
    }
}
