//! One Rust file, reduced to what the rules ask of it.
//!
//! - [`words`]: the file as a flat list of tokens, macro bodies included.
//! - [`outline`]: its functions, the names it defines, its imports, and where its tests lie.

pub mod outline;
pub mod words;

use outline::Outline;
use proc_macro2::TokenStream;
use words::Word;

/// A parsed Rust file.
#[derive(Debug)]
pub struct Source {
    /// Its path, relative to the root of the repository.
    pub path: String,
    /// How many lines it has.
    pub lines: usize,
    /// Its tokens, flat.
    pub words: Vec<Word>,
    /// Its shape.
    pub outline: Outline,
    only_for_tests: bool,
}

impl Source {
    /// Parses `content` as the file at `path`.
    ///
    /// # Errors
    /// `content` is not a Rust file.
    pub fn parse(path: &str, content: &str) -> syn::Result<Self> {
        let stream: TokenStream = syn::parse_str(content)?;
        let words = words::flatten(stream.clone());
        let outline = Outline::of(&syn::parse2(stream)?);
        Ok(Self {
            path: path.to_owned(),
            lines: content.lines().count(),
            words,
            outline,
            only_for_tests: is_test_path(path),
        })
    }

    /// Whether the line (from 1) is compiled for tests alone.
    pub fn is_test(&self, line: usize) -> bool {
        self.only_for_tests || self.outline.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// How many lines are compiled outside tests, comments and blank lines included.
    pub fn production_lines(&self) -> usize {
        (1..=self.lines).filter(|line| !self.is_test(*line)).count()
    }

    /// The string literals outside doc comments: what they say, and their line.
    pub fn strings(&self) -> impl Iterator<Item = (&str, usize)> {
        self.words.iter().enumerate().filter_map(|(index, word)| {
            let documents = words::reads_before(&self.words, index, &["doc", "="]);
            let string = word.string.as_deref().filter(|_| !documents)?;
            Some((string, word.line))
        })
    }

    /// The paths, without `.rs`, of the modules that this file declares for tests alone.
    pub fn test_modules(&self) -> Vec<String> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let folder = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main" | "mod")) => folder,
            _ => stem,
        };
        self.outline.test_modules.iter().map(|name| format!("{folder}/{name}")).collect()
    }

    /// Marks this file as compiled for tests alone if it lies in one of `modules`.
    pub fn belongs_to_test_modules(&mut self, modules: &[String]) {
        self.only_for_tests |= modules.iter().any(|module| {
            let rest = self.path.strip_prefix(module.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "e2e"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"//! A "documented" file.
/// Says "hello".
fn greet() -> &'static str {
    concat!("hel", "lo")
}

#[cfg(test)]
mod tests {
    #[test]
    fn greets() {}
}
"#;

    #[test]
    fn lines_of_tests_are_told_from_the_others() {
        let source = Source::parse("crates/a/src/greet.rs", FILE).unwrap();
        assert_eq!(source.lines, 11);
        assert_eq!(source.production_lines(), 6);
        assert!(source.is_test(7) && source.is_test(11));
        assert!(!source.is_test(6));
    }

    #[test]
    fn strings_are_found_in_macros_but_not_in_documents() {
        let source = Source::parse("crates/a/src/greet.rs", FILE).unwrap();
        assert_eq!(source.strings().collect::<Vec<_>>(), [("hel", 4), ("lo", 4)]);
    }

    #[test]
    fn files_of_tests_are_known_by_their_path() {
        for (path, test) in [
            ("crates/a/src/tests.rs", true),
            ("crates/a/tests/wire.rs", true),
            ("crates/a/src/hub/tests/burst.rs", true),
            ("crates/a/src/contests.rs", false),
        ] {
            assert_eq!(Source::parse(path, "fn a() {}").unwrap().is_test(1), test, "{path}");
        }
    }
}
