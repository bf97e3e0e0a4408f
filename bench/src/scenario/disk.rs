//! The lower bound of a durable write: one append, forced to the disk.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Trying as _};
use crate::histogram::Histogram;

/// About what one change of a task adds to the write-ahead log: four pages.
const APPENDED: usize = 4 * 4096;

/// Appends and syncs for as long as `span`; how long each took.
pub fn run(span: Duration) -> Result<Histogram, Failure> {
    let directory = tempfile::tempdir().trying("make a directory")?;
    let mut file = File::create(directory.path().join("log")).trying("make a file")?;
    let (bytes, began) = (vec![7; APPENDED], Instant::now());
    let mut times = Histogram::default();
    while began.elapsed() < span {
        let start = Instant::now();
        file.write_all(&bytes).and_then(|()| file.sync_all()).trying("write to the disk")?;
        times.record(start.elapsed());
    }
    Ok(times)
}
