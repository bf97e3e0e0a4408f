//! Counting by valgrind's callgrind.
//!
//! A path is walked twice, with few turns and with many; what the second takes more is the cost of
//! the turns between. So start, preparation and the filling of buffers cancel out, and all threads
//! count: a commit is mostly the writer's work. (Switching the collection on at a function would
//! see one thread, and miss what the compiler has put elsewhere.)

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::path::Path;

const VALGRIND: &str = "valgrind";

/// The version of valgrind.
pub fn version() -> Result<String, Failure> {
    let told = Command::new(VALGRIND).arg("--version").output().map_err(Failure::NoValgrind)?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// The instructions of one turn of a path.
pub fn per_turn(path: &Path) -> Result<u64, Failure> {
    if cfg!(debug_assertions) {
        return Err(Failure::NotOptimised);
    }
    let (few, many) = (path.turns / 5, path.turns);
    let more = total(path, many)?.saturating_sub(total(path, few)?);
    Ok(more / ((many - few) * path.shares))
}

/// The instructions of a whole walk.
fn total(path: &Path, turns: u64) -> Result<u64, Failure> {
    let own = std::env::current_exe().map_err(|error| Failure::walk(path.name, error))?;
    let out = profile(path.name);
    let output = Command::new(VALGRIND)
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(own)
        .args(["walk", path.name, &turns.to_string()])
        .output()
        .map_err(Failure::NoValgrind)?;
    if !output.status.success() {
        return Err(Failure::walk(path.name, String::from_utf8_lossy(&output.stderr)));
    }
    let text = fs::read_to_string(&out).map_err(Failure::file(&out))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| Failure::walk(path.name, "callgrind has written no totals"))
}

/// Where the profile of a path is left: `callgrind_annotate` shows where its instructions go.
pub fn profile(path: &str) -> PathBuf {
    let beside = std::env::current_exe().unwrap_or_default();
    beside.with_file_name(format!("callgrind.{path}"))
}
