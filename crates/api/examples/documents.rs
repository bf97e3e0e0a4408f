//! Writes `docs/openapi.json` and `docs/asyncapi.json`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::write(docs.join("openapi.json"), chorus_api::document::openapi())?;
    fs::write(docs.join("asyncapi.json"), chorus_api::document::asyncapi())
}
