//! The real tree obeys every rule of the house.

use xtask::{Finding, Tree, TreeError, root, rules::Rule};

#[test]
fn crates_depend_downwards_only() -> Result<(), TreeError> {
    obeyed(Rule::Layering)
}

#[test]
fn sql_is_at_home_in_storage_alone() -> Result<(), TreeError> {
    obeyed(Rule::Sql)
}

#[test]
fn files_and_functions_stay_small() -> Result<(), TreeError> {
    obeyed(Rule::Size)
}

#[test]
fn foreign_event_names_stay_in_their_dialects() -> Result<(), TreeError> {
    obeyed(Rule::ForeignWords)
}

#[test]
fn names_say_what_a_thing_is() -> Result<(), TreeError> {
    obeyed(Rule::Names)
}

#[test]
fn tasks_have_an_owner_and_nobody_sleeps() -> Result<(), TreeError> {
    obeyed(Rule::Tasks)
}

#[test]
fn every_queue_is_bounded() -> Result<(), TreeError> {
    obeyed(Rule::Channels)
}

#[test]
fn documents_point_at_what_exists() -> Result<(), TreeError> {
    obeyed(Rule::Documents)
}

/// Without it a tree that was read from the wrong place would obey every rule.
#[test]
fn the_tree_is_this_repository() -> Result<(), TreeError> {
    let tree = Tree::open(&root())?;
    assert!(tree.paths.contains("xtask/tests/house.rs"));
    assert!(tree.sources.iter().any(|source| source.path == "crates/model/src/lib.rs"));
    assert!(tree.packages.iter().any(|package| package.name == "chorus-server"));
    Ok(())
}

fn obeyed(rule: Rule) -> Result<(), TreeError> {
    let findings = rule.check(&Tree::open(&root())?);
    let listed: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", listed.join("\n"));
    Ok(())
}
