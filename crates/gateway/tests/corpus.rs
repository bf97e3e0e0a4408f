//! What the fuzz target of the dialects begins with, through its check, in every run of the tests.

#[path = "../../../fuzz/checks/dialects.rs"]
mod dialects;
#[path = "../../../fuzz/checks/replay.rs"]
mod replay;

#[test]
fn dialects() {
    replay::replay("dialects", dialects::check);
}
