//! The binary `chorus`.
fn main() {}
