//! The rules of the house that a machine can check, and the reading of the tree that they need.
//!
//! In reading order:
//!
//! - [`rules`]: the list of rules; one module per rule says what it demands and finds what breaks it.
//! - [`finding`]: one place that breaks a rule, and what to do instead.
//! - [`tree`]: the repository as the rules see it: its files, its Rust sources, its packages.
//! - [`source`]: what the rules ask of one Rust file: its words, functions, names and tests.
//! - [`package`]: the packages of the workspace and what they depend on.
//! - [`listing`]: which files belong to the repository.
//!
//! `cargo xtask tidy` prints all findings; `cargo test -p xtask` fails on the same ones, and shows
//! on small snippets that each rule finds what it should and leaves good code alone.

pub mod finding;
pub mod listing;
pub mod package;
pub mod rules;
pub mod source;
pub mod tree;

pub use finding::Finding;
pub use tree::{Tree, TreeError, root};
