#![no_main]

#[path = "../checks/engineio_packet.rs"]
mod engineio_packet;

libfuzzer_sys::fuzz_target!(|input: &[u8]| engineio_packet::check(input));
