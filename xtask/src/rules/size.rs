//! Files and functions stay small.

use super::Rule;
use crate::{Finding, source::Source};

/// The most lines a file may have outside its tests.
const FILE_LINES: usize = 500;
/// The most lines a function may have from its signature to its closing brace.
const FUNCTION_LINES: usize = 70;

/// Finds files and functions that have outgrown their room; tests may be of any size.
pub fn check(source: &Source) -> Vec<Finding> {
    let rule = Rule::Size.name();
    let mut findings = Vec::new();
    let lines = source.production_lines();
    if lines > FILE_LINES {
        let advice = format!(
            "{lines} lines outside tests, {FILE_LINES} at most; divide the file by what it does"
        );
        findings.push(Finding::new(&source.path, 1, rule, advice));
    }
    for function in &source.outline.functions {
        if function.lines > FUNCTION_LINES && !source.is_test(function.line) {
            let advice = format!(
                "`{}` has {} lines, {FUNCTION_LINES} at most; name its parts",
                function.name, function.lines
            );
            findings.push(Finding::new(&source.path, function.line, rule, advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn found(path: &str, text: &str) -> Vec<usize> {
        let source = Source::parse(path, text).unwrap();
        check(&source).into_iter().map(|finding| finding.line).collect()
    }

    fn function(lines: usize) -> String {
        format!("/// Doc.\nfn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_may_fill_its_room_but_not_burst_it() {
        assert_eq!(found("crates/a/src/a.rs", &function(FUNCTION_LINES)), NOTHING);
        assert_eq!(found("crates/a/src/a.rs", &function(FUNCTION_LINES + 1)), [2]);
        let method = format!("impl A {{\n{}}}", function(FUNCTION_LINES + 1));
        assert_eq!(found("crates/a/src/a.rs", &method), [3]);
    }

    #[test]
    fn a_file_may_fill_its_room_but_not_burst_it() {
        let lines = |count: usize| "const A: u8 = 1;\n".repeat(count);
        assert_eq!(found("crates/a/src/a.rs", &lines(FILE_LINES)), NOTHING);
        assert_eq!(found("crates/a/src/a.rs", &lines(FILE_LINES + 1)), [1]);
        let tested = lines(FILE_LINES) + "#[cfg(test)]\nmod tests {\n" + &lines(100) + "}\n";
        assert_eq!(found("crates/a/src/a.rs", &tested), NOTHING);
    }

    #[test]
    fn tests_may_be_of_any_size() {
        let test = format!("#[cfg(test)]\nmod tests {{\n{}}}", function(FUNCTION_LINES + 1));
        assert_eq!(found("crates/a/src/a.rs", &test), NOTHING);
        assert_eq!(found("crates/a/tests/a.rs", &function(FILE_LINES + 1)), NOTHING);
    }
}
