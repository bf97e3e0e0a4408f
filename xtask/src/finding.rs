//! One place that breaks a rule.

use std::fmt;

/// A place that breaks a rule, and what to do instead.
///
/// Ordered by path, then line, so that sorted findings read file by file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root of the repository, with `/` between its parts.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The name of the broken rule, as [`Rule::name`](crate::rules::Rule::name) gives it.
    pub rule: &'static str,
    /// What is wrong and what to do instead.
    pub advice: String,
}

impl Finding {
    /// A finding at one line of a file.
    pub fn new(path: &str, line: usize, rule: &'static str, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, advice: advice.into() }
    }
}

/// `path:line: rule: what to do instead`, which editors and terminals turn into a link.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_a_place_a_rule_and_an_advice() {
        let finding = Finding::new("crates/api/src/lib.rs", 7, "sql", "ask storage");
        assert_eq!(finding.to_string(), "crates/api/src/lib.rs:7: sql: ask storage");
    }
}
