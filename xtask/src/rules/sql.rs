//! Only `storage` contains SQL.

use std::collections::BTreeSet;

use super::Rule;
use crate::{Finding, listing::ending, source::Source};

const HOME: &str = "crates/storage/";
/// Where it is allowed too: the rules themselves, and the lower bound that the figures of storage
/// stand beside, which must not use it.
const GUESTS: [&str; 2] = ["xtask/", "bench/src/scenario/bare.rs"];
const ADVICE: &str = "only `storage` contains SQL; give it a function that says what is wanted";

/// What a statement's first word must be followed by to be taken for SQL and not for English.
enum Sign {
    /// The next word is one of these.
    Next(&'static [&'static str]),
    /// This word comes later.
    Later(&'static str),
    /// The statement is written in capitals.
    Capitals,
}

const STATEMENTS: &[(&str, &[Sign])] = &[
    ("SELECT", &[Sign::Later("FROM"), Sign::Capitals]),
    ("WITH", &[Sign::Later("SELECT")]),
    ("INSERT", &[Sign::Next(&["INTO", "OR"])]),
    ("UPDATE", &[Sign::Later("SET")]),
    ("DELETE", &[Sign::Next(&["FROM"])]),
    ("CREATE", &[Sign::Next(OBJECTS)]),
    ("ALTER", &[Sign::Next(OBJECTS)]),
    ("DROP", &[Sign::Next(OBJECTS)]),
    ("PRAGMA", &[Sign::Capitals, Sign::Later("=")]),
    ("BEGIN", &[Sign::Next(&["IMMEDIATE", "DEFERRED", "EXCLUSIVE", "TRANSACTION", "ISOLATION"])]),
    ("SAVEPOINT", &[Sign::Capitals]),
    ("VACUUM", &[Sign::Next(&["INTO"])]),
];

const OBJECTS: &[&str] = &[
    "TABLE",
    "INDEX",
    "UNIQUE",
    "TRIGGER",
    "VIEW",
    "TEMP",
    "TEMPORARY",
    "VIRTUAL",
    "TYPE",
    "FUNCTION",
    "SEQUENCE",
    "SCHEMA",
    "EXTENSION",
];

/// Finds string literals outside `crates/storage` that are SQL statements, tests included.
pub fn check(source: &Source) -> Vec<Finding> {
    // The tables and snippets of this rule are not statements that anyone runs.
    if GUESTS.iter().chain([&HOME]).any(|home| source.path.starts_with(home)) {
        return Vec::new();
    }
    source
        .strings()
        .filter(|(string, _)| is_statement(string))
        .map(|(_, line)| Finding::new(&source.path, line, Rule::Sql.name(), ADVICE))
        .collect()
}

/// Finds files of SQL outside `crates/storage`.
pub fn check_paths(paths: &BTreeSet<String>) -> Vec<Finding> {
    paths
        .iter()
        .filter(|path| ending(path) == "sql" && !path.starts_with(HOME))
        .map(|path| Finding::new(path, 1, Rule::Sql.name(), ADVICE))
        .collect()
}

fn is_statement(string: &str) -> bool {
    let mut words = string.split_whitespace();
    let Some(verb) = words.next() else {
        return false;
    };
    let capitals = verb == verb.to_ascii_uppercase();
    // Prose begins with one capital.
    if !capitals && verb != verb.to_ascii_lowercase() {
        return false;
    }
    let rest: Vec<&str> = words.collect();
    let Some((_, signs)) = STATEMENTS.iter().find(|(it, _)| it.eq_ignore_ascii_case(verb)) else {
        return false;
    };
    let is = |word: &&str, wanted: &str| word.eq_ignore_ascii_case(wanted);
    signs.iter().any(|sign| match sign {
        Sign::Next(wanted) => {
            rest.first().is_some_and(|next| wanted.iter().any(|wanted| is(next, wanted)))
        }
        Sign::Later(wanted) => rest.iter().any(|word| is(word, wanted)),
        Sign::Capitals => capitals && !rest.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_from_english_and_from_http() {
        for (string, statement) in [
            ("SELECT 1", true),
            ("SELECT id FROM task", true),
            ("select id from task", true),
            ("\n    SELECT id\n    FROM task", true),
            ("WITH seen AS (SELECT 1) SELECT * FROM seen", true),
            ("INSERT INTO task VALUES (?1)", true),
            ("insert or replace into task values (?1)", true),
            ("UPDATE task SET title = ?1", true),
            ("DELETE FROM task", true),
            ("CREATE TABLE task (id INTEGER)", true),
            ("alter table task add column due", true),
            ("PRAGMA journal_mode = WAL", true),
            ("BEGIN IMMEDIATE", true),
            ("select a project first", false),
            ("Select a project from the list", false),
            ("update the task", false),
            ("UPDATE", false),
            ("DELETE /api/v1/tasks/1 HTTP/1.1\r\n", false),
            ("delete the task", false),
            ("create a room", false),
            ("begin again", false),
            ("with love", false),
            ("selected from", false),
            ("", false),
        ] {
            assert_eq!(is_statement(string), statement, "{string:?}");
        }
    }

    #[test]
    fn a_statement_is_at_home_in_storage_alone() {
        let text = "fn a(c: &C) {\n    c.run(\"DELETE FROM task\");\n}";
        for (path, found) in [
            ("crates/storage/src/tasks.rs", 0),
            ("crates/collab/src/tasks.rs", 1),
            ("crates/api/tests/tasks.rs", 1),
        ] {
            let findings = check(&Source::parse(path, text).unwrap());
            assert_eq!(findings.len(), found, "{path}");
            assert!(findings.iter().all(|finding| finding.line == 2));
        }
    }

    #[test]
    fn a_statement_inside_a_macro_is_found_and_one_in_a_document_is_not() {
        let text = "/// `SELECT 1`\n#[doc = \"SELECT 1\"]\nfn a() { run!(x, \"SELECT 1\"); }";
        let findings = check(&Source::parse("crates/api/src/a.rs", text).unwrap());
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 3);
    }

    #[test]
    fn files_of_sql_live_in_storage() {
        let paths = ["crates/storage/schema/1.sql", "crates/collab/seed.sql"].map(String::from);
        let findings = check_paths(&BTreeSet::from(paths));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "crates/collab/seed.sql");
    }
}
