//! Which acknowledgements a client still owes.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Most answers that are waited for at once: a client that never answers costs no more than this.
const MOST: usize = 64;

/// The questions to one client in one namespace. Most clients are never asked and cost no memory
/// beyond two words.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    asked: Mutex<Option<Box<Asked>>>,
}

#[derive(Debug, Default)]
struct Asked {
    next: u64,
    open: VecDeque<u64>,
}

impl Questions {
    /// The id of a new question. Ids count from 0, as those of the reference server do.
    pub(crate) fn ask(&self) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = asked.get_or_insert_default();
        let id = asked.next;
        asked.next += 1;
        if asked.open.len() == MOST {
            asked.open.pop_front();
        }
        asked.open.push_back(id);
        id
    }

    /// Whether an answer to this question is waited for; from now on none is.
    pub(crate) fn close(&self, id: u64) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked.as_mut() else { return false };
        let at = asked.open.iter().position(|open| *open == id);
        at.and_then(|at| asked.open.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_answered_once() {
        let questions = Questions::default();
        assert!(!questions.close(0), "nobody asked");
        assert_eq!((questions.ask(), questions.ask()), (0, 1));
        assert!(questions.close(1) && questions.close(0));
        assert!(!questions.close(0), "it was answered");
        assert!(!questions.close(2), "it was not asked yet");
        assert_eq!(questions.ask(), 2, "ids are not used again");
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let questions = Questions::default();
        let last = (0..=MOST).map(|_| questions.ask()).last().unwrap();
        assert!(!questions.close(0));
        assert!(questions.close(1) && questions.close(last));
    }
}
