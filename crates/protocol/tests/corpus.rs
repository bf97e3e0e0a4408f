//! Every input the fuzz targets begin with, through the same checks, in every run of the tests.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/checks/engineio_packet.rs"]
mod engineio_packet;
#[path = "../../../fuzz/checks/engineio_payload.rs"]
mod engineio_payload;
#[path = "../../../fuzz/checks/open_query.rs"]
mod open_query;
#[path = "../../../fuzz/checks/socketio_packet.rs"]
mod socketio_packet;
#[path = "../../../fuzz/checks/websocket_reader.rs"]
mod websocket_reader;

/// Feeds a target's corpus, and every beginning of each of its files, to its check.
#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(&corpus) else {
        panic!("{target} has a corpus in {}", corpus.display());
    };
    let mut replayed = 0;
    for file in files {
        let Ok(input) = file.and_then(|file| fs::read(file.path())) else {
            panic!("the corpus of {target} can be read");
        };
        for end in 0..=input.len() {
            check(&input[..end]);
        }
        replayed += 1;
    }
    assert!(replayed >= 5, "{target} has only {replayed} inputs");
}

#[test]
fn engineio_packet() {
    replay("engineio_packet", engineio_packet::check);
}

#[test]
fn engineio_payload() {
    replay("engineio_payload", engineio_payload::check);
}

#[test]
fn socketio_packet() {
    replay("socketio_packet", socketio_packet::check);
}

#[test]
fn websocket_reader() {
    replay("websocket_reader", websocket_reader::check);
}

#[test]
fn open_query() {
    replay("open_query", open_query::check);
}
