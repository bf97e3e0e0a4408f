#![no_main]

#[path = "../checks/websocket_reader.rs"]
mod websocket_reader;

libfuzzer_sys::fuzz_target!(|input: &[u8]| websocket_reader::check(input));
