//! The documents in the tree are those of the code.

use std::fs;
use std::path::Path;

fn assert_fresh(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/{name} is stale: run `cargo run --package chorus-api --example documents`"
    );
}

#[test]
fn openapi_is_fresh() {
    assert_fresh("openapi.json", &chorus_api::document::openapi());
}

#[test]
fn asyncapi_is_fresh() {
    assert_fresh("asyncapi.json", &chorus_api::document::asyncapi());
}
