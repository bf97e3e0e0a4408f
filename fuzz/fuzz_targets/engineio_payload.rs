#![no_main]

#[path = "../checks/engineio_payload.rs"]
mod engineio_payload;

libfuzzer_sys::fuzz_target!(|input: &[u8]| engineio_payload::check(input));
