//! The rules of the house, one module each.
//!
//! Every module has a pure `check`, from what it reads to what it finds, with a table of snippets
//! beside it that it must refuse and let pass.

pub mod channels;
pub mod documents;
pub mod foreign_words;
pub mod layering;
pub mod names;
pub mod size;
pub mod sql;
pub mod tasks;

use crate::{Finding, Tree, source::Source};

/// A rule of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Crates depend downwards only, and on no foreign crate that is another's business.
    Layering,
    /// Only `storage` contains SQL.
    Sql,
    /// Files and functions stay small.
    Size,
    /// The event names of foreign applications occur only in their dialects.
    ForeignWords,
    /// Names say what a thing is.
    Names,
    /// Tasks belong to someone, and nobody waits for the clock.
    Tasks,
    /// Every queue is bounded.
    Channels,
    /// Documents point at what exists and at nothing outside the repository.
    Documents,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::Layering,
        Self::Sql,
        Self::Size,
        Self::ForeignWords,
        Self::Names,
        Self::Tasks,
        Self::Channels,
        Self::Documents,
    ];

    /// The word that findings carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Layering => "layering",
            Self::Sql => "sql",
            Self::Size => "size",
            Self::ForeignWords => "foreign-words",
            Self::Names => "names",
            Self::Tasks => "tasks",
            Self::Channels => "channels",
            Self::Documents => "documents",
        }
    }

    /// Every place of the tree that breaks this rule, in the order of the files.
    pub fn check(self, tree: &Tree) -> Vec<Finding> {
        let mut findings = match self {
            Self::Layering => layering::check(&tree.packages),
            Self::Sql => {
                let mut findings = sql::check_paths(&tree.paths);
                findings.extend(in_sources(tree, sql::check));
                findings
            }
            Self::Size => in_sources(tree, size::check),
            Self::ForeignWords => in_sources(tree, foreign_words::check),
            Self::Names => {
                let mut findings = names::check_paths(&tree.paths);
                findings.extend(in_sources(tree, names::check));
                findings
            }
            Self::Tasks => in_the_house(tree, tasks::check),
            Self::Channels => in_the_house(tree, channels::check),
            Self::Documents => documents::check(&tree.root, &tree.paths, &tree.texts),
        };
        findings.sort_unstable();
        // An import is seen both as a path and as its words.
        findings.dedup();
        findings
    }
}

/// Every place of the tree that breaks any rule, in the order of the files.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Rule::ALL.iter().flat_map(|rule| rule.check(tree)).collect();
    findings.sort_unstable();
    findings
}

fn in_sources(tree: &Tree, check: fn(&Source) -> Vec<Finding>) -> Vec<Finding> {
    tree.sources.iter().flat_map(check).collect()
}

/// Only what is part of the product or checks it: a load generator is one process with one end.
fn in_the_house(tree: &Tree, check: fn(&Source) -> Vec<Finding>) -> Vec<Finding> {
    let outside = |source: &&Source| !source.path.starts_with("bench/");
    tree.sources.iter().filter(outside).flat_map(check).collect()
}
