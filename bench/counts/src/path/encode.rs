//! From an event to the bytes that all who hear it share.

use std::hint::black_box;

use chorus_realtime::{Encoder as _, FrameKey};

use super::material::{event, lexicon, there};
use crate::failure::Failure;

/// Over Socket.IO, in the words of the Task Manager app.
pub fn taskmanager(turns: u64) -> Result<(), Failure> {
    let key = lexicon().spoken("taskmanager", "/").map(|(_, key)| key);
    encode(there("encode-taskmanager", key)?, "encode-taskmanager", turns)
}

/// On a raw socket, in those of the Project Manager app.
pub fn envelope(turns: u64) -> Result<(), Failure> {
    let key = lexicon().spoken_raw("envelope").map(|(_, key)| key);
    encode(there("encode-envelope", key)?, "encode-envelope", turns)
}

/// On a raw socket, in our own.
pub fn native(turns: u64) -> Result<(), Failure> {
    let key = lexicon().spoken_raw("native").map(|(_, key)| key);
    encode(there("encode-native", key)?, "encode-native", turns)
}

fn encode(key: FrameKey, path: &'static str, turns: u64) -> Result<(), Failure> {
    let (lexicon, event) = (lexicon(), event());
    for _ in 0..turns {
        there(path, black_box(lexicon.frame(black_box(&event), key)))?;
    }
    Ok(())
}
