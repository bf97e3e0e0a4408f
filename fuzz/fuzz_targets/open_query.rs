#![no_main]

#[path = "../checks/open_query.rs"]
mod open_query;

libfuzzer_sys::fuzz_target!(|input: &[u8]| open_query::check(input));
