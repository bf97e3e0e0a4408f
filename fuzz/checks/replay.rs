//! A corpus through a check, for the ordinary tests.

use std::fs;
use std::path::Path;

/// Feeds a target's corpus, and every beginning of each of its files, to its check.
#[track_caller]
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let Ok(files) = fs::read_dir(&corpus) else {
        panic!("{target} has a corpus in {}", corpus.display());
    };
    let mut replayed = 0;
    for file in files {
        let Ok(input) = file.and_then(|file| fs::read(file.path())) else {
            panic!("the corpus of {target} can be read");
        };
        for end in 0..=input.len() {
            check(&input[..end]);
        }
        replayed += 1;
    }
    assert!(replayed >= 5, "{target} has only {replayed} inputs");
}
