//! Every input the fuzz targets begin with, through the same checks, in every run of the tests.

#[path = "../../../fuzz/checks/engineio_packet.rs"]
mod engineio_packet;
#[path = "../../../fuzz/checks/engineio_payload.rs"]
mod engineio_payload;
#[path = "../../../fuzz/checks/open_query.rs"]
mod open_query;
#[path = "../../../fuzz/checks/replay.rs"]
mod replay;
#[path = "../../../fuzz/checks/socketio_packet.rs"]
mod socketio_packet;
#[path = "../../../fuzz/checks/websocket_reader.rs"]
mod websocket_reader;

use replay::replay;

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
