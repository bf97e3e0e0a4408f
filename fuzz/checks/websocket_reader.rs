//! The bytes of one WebSocket connection. The first byte of the input says how they are cut.

use std::ops::ControlFlow;

use chorus_protocol::websocket::{MAX_OVERHEAD, Reader, Violation};

const MAX_MESSAGE: usize = 512;

/// The same is heard whether the bytes come at once or in pieces, and no more is held than allowed.
pub(crate) fn check(input: &[u8]) {
    let [cut, bytes @ ..] = input else {
        return;
    };
    let whole = hear(std::iter::once(bytes));
    let pieces = hear(bytes.chunks(usize::from(*cut).max(1)));
    assert_eq!(whole, pieces);
}

fn hear<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> (Vec<String>, Result<(), Violation>) {
    let mut reader = Reader::new(MAX_MESSAGE);
    let mut heard = Vec::new();
    for piece in pieces {
        let read = reader.read(&mut piece.to_vec(), &mut |message| {
            heard.push(format!("{message:?}"));
            ControlFlow::Continue(())
        });
        if read.is_err() {
            return (heard, read);
        }
        assert!(reader.buffered() <= MAX_MESSAGE + MAX_OVERHEAD);
    }
    (heard, Ok(()))
}
