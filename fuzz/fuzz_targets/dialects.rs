#![no_main]

#[path = "../checks/dialects.rs"]
mod dialects;

libfuzzer_sys::fuzz_target!(|input: &[u8]| dialects::check(input));
