//! Names say what a thing is.
//!
//! A name that fits anything (`Manager`, `utils`, `process_data`) hides what its owner does, and
//! gathers what nobody else wanted.

use std::collections::BTreeSet;

use super::Rule;
use crate::{
    Finding,
    listing::ending,
    source::{Source, outline::NameKind},
};

/// Words that no type, module, file or function of ours has in its name.
const BANNED: &[&str] = &[
    "manager",
    "managers",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "misc",
    "processor",
    "processors",
    "service",
    "services",
    "data",
    "info",
];

/// Endings of the files whose names are checked: code, not documents or assets.
const CODE: &[&str] = &["rs", "sql", "ts", "tsx", "js", "mjs"];

/// Finds banned words in the names that a file defines, tests included.
pub fn check(source: &Source) -> Vec<Finding> {
    source
        .outline
        .names
        .iter()
        .filter_map(|name| {
            let advice = objection(&name.name, name.kind == NameKind::Function)?;
            Some(Finding::new(&source.path, name.line, Rule::Names.name(), advice))
        })
        .collect()
}

/// Finds banned words in the names of code files and of the folders they lie in.
pub fn check_paths(paths: &BTreeSet<String>) -> Vec<Finding> {
    paths
        .iter()
        .filter(|path| CODE.contains(&ending(path)))
        .filter_map(|path| {
            let advice = path.split('/').find_map(|part| objection(part, false))?;
            Some(Finding::new(path, 1, Rule::Names.name(), advice))
        })
        .collect()
}

fn objection(name: &str, function: bool) -> Option<String> {
    if function && name.starts_with("handle_") {
        return Some(format!("`{name}`: say what it does instead of `handle_`"));
    }
    let word = words(name).into_iter().find(|word| BANNED.contains(&word.as_str()))?;
    Some(format!("`{name}`: say what it is instead of `{word}`"))
}

/// The words of a name in any case, in lower case: `HTTPService2` is `http`, `service2`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && (before.is_some_and(|it| !it.is_uppercase())
                || after.is_some_and(|it| it.is_lowercase()));
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn found(text: &str) -> Vec<usize> {
        let source = Source::parse("crates/a/src/a.rs", text).unwrap();
        check(&source).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn names_are_read_word_by_word() {
        for (name, expected) in [
            ("RoomManager", "room manager"),
            ("HTTPService", "http service"),
            ("load_user_data", "load user data"),
            ("__raw", "raw"),
            ("Utf8Info", "utf8 info"),
            ("room-utils.ts", "room utils ts"),
            ("A", "a"),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn names_that_fit_anything_are_found() {
        for text in [
            "struct RoomManager;",
            "enum ServerInfo {}",
            "trait TaskService {}",
            "type UserData = u8;",
            "mod utils;",
            "fn process_data() {}",
            "fn handle_join() {}",
            "struct A; impl A { fn load_info(&self) {} }",
            "#[cfg(test)] mod tests { mod helpers {} }",
        ] {
            assert_eq!(found(text), [1], "{text}");
        }
    }

    #[test]
    fn other_names_pass() {
        for text in [
            "struct Database; struct Metadata; struct Informed;",
            "fn handle() {} fn handler_of() {} mod commonplace;",
            "struct A { data: u8 } const SERVICE: u8 = 1;",
            "impl tower_service::Service<u8> for A { fn poll_service(&self) {} }",
            "#[test] fn binary_data_is_kept() {}",
        ] {
            assert_eq!(found(text), NOTHING, "{text}");
        }
    }

    #[test]
    fn files_and_folders_of_code_are_read_too() {
        let paths = [
            "crates/a/src/utils.rs",
            "crates/a/tests/common/mod.rs",
            "web/src/helpers.ts",
            "crates/a/src/hub.rs",
            "docs/data-model.md",
        ];
        let findings = check_paths(&BTreeSet::from(paths.map(String::from)));
        let found: Vec<_> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(found, [paths[0], paths[1], paths[2]]);
    }
}
