#![no_main]

#[path = "../checks/socketio_packet.rs"]
mod socketio_packet;

libfuzzer_sys::fuzz_target!(|input: &[u8]| socketio_packet::check(input));
