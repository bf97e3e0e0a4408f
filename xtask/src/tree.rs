//! The repository as the rules see it.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    listing::{self, ending},
    package::{self, Package},
    source::Source,
};

/// The root of the repository that this package was built in.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// Everything the rules look at, read once.
#[derive(Debug)]
pub struct Tree {
    /// Where the repository lies on this machine.
    pub root: PathBuf,
    /// Every file of the repository, text or not, relative to the root.
    pub paths: BTreeSet<String>,
    /// The files that are text.
    pub texts: Vec<Text>,
    /// The Rust files.
    pub sources: Vec<Source>,
    /// The packages of the workspace.
    pub packages: Vec<Package>,
}

/// A text file.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its path, relative to the root of the repository.
    pub path: String,
    /// Its whole content.
    pub content: String,
}

/// Why a tree could not be read.
#[derive(Debug, Error)]
pub enum TreeError {
    /// A file or folder could not be read.
    #[error("{path}: {source}")]
    Read {
        /// Which one.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A Rust file is not Rust.
    #[error("{path}:{line}: {source}")]
    Syntax {
        /// Which one.
        path: String,
        /// Where parsing stopped, from 1.
        line: usize,
        /// What was expected there.
        source: syn::Error,
    },
    /// cargo could not tell the packages of the workspace.
    #[error("cargo metadata: {0}")]
    Metadata(String),
}

impl Tree {
    /// Reads the repository at `root`.
    pub fn open(root: &Path) -> Result<Self, TreeError> {
        let failed = |path: &str, source| TreeError::Read { path: path.to_owned(), source };
        let paths = listing::files(root).map_err(|error| failed("the repository", error))?;
        let mut texts = Vec::new();
        for path in &paths {
            let bytes = fs::read(root.join(path)).map_err(|error| failed(path, error))?;
            if let Ok(content) = String::from_utf8(bytes) {
                texts.push(Text { path: path.clone(), content });
            }
        }
        Ok(Self {
            root: root.to_owned(),
            sources: sources(&texts)?,
            packages: package::packages(root)?,
            paths: paths.into_iter().collect(),
            texts,
        })
    }
}

fn sources(texts: &[Text]) -> Result<Vec<Source>, TreeError> {
    let mut sources = Vec::new();
    for Text { path, content } in texts.iter().filter(|text| ending(&text.path) == "rs") {
        let source = Source::parse(path, content).map_err(|error| TreeError::Syntax {
            path: path.clone(),
            line: error.span().start().line,
            source: error,
        })?;
        sources.push(source);
    }
    let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        source.belongs_to_test_modules(&modules);
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_file_that_only_tests_compile_counts_as_a_test() {
        let text = |path: &str, content: &str| Text { path: path.into(), content: content.into() };
        let sources = sources(&[
            text("crates/a/src/clock.rs", "#[cfg(test)] mod stopped;\nmod running;"),
            text("crates/a/src/clock/running.rs", "fn tick() {}"),
            text("crates/a/src/clock/stopped.rs", "fn tick() {}"),
            text("crates/a/src/clock/stopped/hands.rs", "fn tick() {}"),
        ])
        .unwrap();
        let tests: Vec<bool> = sources.iter().map(|source| source.is_test(1)).collect();
        assert_eq!(tests, [true, false, true, true]);
        assert!(!sources[0].is_test(2));
    }

    #[test]
    fn a_file_that_is_not_rust_is_named_with_its_line() {
        let broken = Text { path: "a.rs".into(), content: "fn a() {}\nfn (".into() };
        let error = sources(&[broken]).unwrap_err();
        assert!(error.to_string().starts_with("a.rs:2: "), "{error}");
    }
}
