//! Which files belong to the repository.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders that hold only what a build made, for trees that git cannot speak for.
const MADE: &[&str] = &[".git", "target", "node_modules", "dist"];

/// The files of the repository at `root`, relative to it, with `/` between their parts, sorted.
///
/// These are the files that git tracks or would track if they were added, so that a new file is
/// checked before its first commit. In a tree without git (an unpacked archive, a container) they
/// are all files outside the folders that builds make.
///
/// # Errors
/// Only in a tree without git: a folder could not be read.
pub fn files(root: &Path) -> io::Result<Vec<String>> {
    let mut files = match tracked(root) {
        Some(files) => files,
        None => walked(root)?,
    };
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// What follows the last dot of a path: `rs` of `src/lib.rs`; nothing if there is no dot.
pub fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = String::from_utf8_lossy(&listed.stdout);
    // A file that was deleted but not yet staged is still listed.
    Some(
        names
            .split_terminator('\0')
            .filter(|name| root.join(name).is_file())
            .map(str::to_owned)
            .collect(),
    )
}

fn walked(root: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = folder.join(entry.file_name());
            if kind.is_dir() && !MADE.iter().any(|made| path.ends_with(made)) {
                folders.push(path);
            } else if kind.is_file() {
                files.push(slashed(&path));
            }
        }
    }
    Ok(files)
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary_tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn a_tree_without_git_is_walked_past_what_builds_make() {
        let tree = temporary_tree(&["a.md", "src/b.rs", "target/c.rs", "web/node_modules/d.ts"]);
        assert_eq!(files(tree.path()).unwrap(), ["a.md", "src/b.rs"]);
    }

    #[test]
    fn git_hides_what_it_ignores_and_shows_what_is_new() {
        let tree = temporary_tree(&["old.rs", "new.rs", "ignored.db", "target/kept.rs"]);
        fs::write(tree.path().join(".gitignore"), "*.db\n").unwrap();
        for arguments in [["init", "--quiet"], ["add", "old.rs"]] {
            let git = Command::new("git").args(arguments).current_dir(tree.path()).status();
            assert!(git.unwrap().success());
        }
        assert_eq!(
            files(tree.path()).unwrap(),
            [".gitignore", "new.rs", "old.rs", "target/kept.rs"]
        );
    }
}
