//! Every queue is bounded.
//!
//! A queue without a bound turns a slow reader into a dead server. A bounded one makes its full
//! case visible, and whoever creates it decides what happens then.

use super::Rule;
use crate::{
    Finding,
    source::{
        Source,
        words::{Word, reads, reads_before},
    },
};

const ADVICE: &str = "this queue has no bound; give it one (`mpsc::channel(n)` of tokio, \
                      `sync_channel(n)` of std) and name what happens when it is full";

/// Imports that make an unbounded queue look like any other call.
const IMPORTS: &[&str] = &["std::sync::mpsc::channel", "channel::mpsc::unbounded"];

/// Finds unbounded channels, tests included.
pub fn check(source: &Source) -> Vec<Finding> {
    let imports = source.outline.imports.iter().filter(|import| {
        let path = import.path.as_str();
        path.ends_with("unbounded_channel") || IMPORTS.iter().any(|it| path.ends_with(it))
    });
    let words = &source.words;
    let calls = words.iter().enumerate().filter(|(index, _)| creates_unbounded(words, *index));
    imports
        .map(|import| import.line)
        .chain(calls.map(|(_, word)| word.line))
        .map(|line| Finding::new(&source.path, line, Rule::Channels.name(), ADVICE))
        .collect()
}

fn creates_unbounded(words: &[Word], index: usize) -> bool {
    let name = words[index].text.as_str();
    if name == "unbounded_channel" {
        return true;
    }
    if !reads_before(words, index, &["mpsc", "::"]) {
        return false;
    }
    // Only std's unbounded `channel` takes no capacity.
    name == "unbounded"
        || (name == "channel" && reads(words, after_generics(words, index + 1), &["(", ")"]))
}

/// The index after the `::<…>` at `index`, if there is one.
fn after_generics(words: &[Word], index: usize) -> usize {
    if !reads(words, index, &["::", "<"]) {
        return index;
    }
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(index + 1) {
        match word.text.as_str() {
            "<" => depth += 1,
            // The `>` of `fn() -> T` closes nothing.
            ">" if !reads_before(words, at, &["-"]) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    index
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
    fn queues_without_a_bound_are_found() {
        for text in [
            "fn a() { let (b, c) = mpsc::unbounded_channel(); }",
            "fn a() { let (b, c) = tokio::sync::mpsc::unbounded_channel::<u8>(); }",
            "fn a() { let (b, c) = std::sync::mpsc::channel(); }",
            "fn a() { let (b, c) = mpsc::channel::<(u8, fn() -> Vec<u8>)>(); }",
            "fn a() { let (b, c) = mpsc::unbounded(); }",
            "fn a() { run!(mpsc::channel()); }",
            "use tokio::sync::mpsc::{Sender, channel as c, unbounded_channel as u};",
            "use std::sync::{Arc, mpsc::{Receiver, channel}};",
        ] {
            assert!(found(text).iter().all(|line| *line == 1), "{text}");
            assert!(!found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn queues_with_a_bound_pass() {
        for text in [
            "fn a() { let (b, c) = mpsc::channel(16); }",
            "fn a() { let (b, c) = mpsc::channel::<Vec<u8>>(CAPACITY); }",
            "fn a() { let (b, c) = std::sync::mpsc::sync_channel(1); }",
            "fn a() { let (b, c) = oneshot::channel(); }",
            "fn a(event: &Event) { event.channel(); }",
            "use tokio::sync::mpsc::{self, channel};",
            "/// Unlike `unbounded_channel()`.\nfn a() {}",
        ] {
            assert_eq!(found(text), NOTHING, "{text}");
        }
    }
}
