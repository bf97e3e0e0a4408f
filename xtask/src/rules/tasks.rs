//! Tasks belong to someone, and nobody waits for the clock.
//!
//! A task is spawned on a `TaskTracker`, a thread by a named `std::thread::Builder`; both end at
//! shutdown. A `sleep` guesses when something will have happened; tests and code await the event.

use std::ops::RangeInclusive;

use super::Rule;
use crate::{
    Finding,
    source::{
        Source,
        words::{Word, reads, reads_before},
    },
};

const SPAWN: &str = "nobody would own this task; spawn it on the lifecycle's tracker, or a thread \
                     by a named `std::thread::Builder`";
const SLEEP: &str = "await the event itself; a real back-off carries \
                     `#[expect(clippy::disallowed_methods, reason = ...)]`";

/// Modules and types whose `spawn` leaves the task to itself.
const DETACHING: &[&str] = &["tokio", "task", "thread", "Handle", "Runtime"];

/// Finds detached tasks and sleeps, tests included.
pub fn check(source: &Source) -> Vec<Finding> {
    let finding = |line, advice| Finding::new(&source.path, line, Rule::Tasks.name(), advice);
    let words = &source.words;
    let excused = excused(words);
    let mut findings = Vec::new();
    for import in &source.outline.imports {
        if DETACHING.iter().any(|owner| import.path.ends_with(&format!("{owner}::spawn"))) {
            findings.push(finding(import.line, SPAWN));
        }
    }
    for (index, word) in words.iter().enumerate() {
        if spawns_detached(words, index) {
            findings.push(finding(word.line, SPAWN));
        }
        if sleeps(words, index) && !excused.iter().any(|words| words.contains(&index)) {
            findings.push(finding(word.line, SLEEP));
        }
    }
    findings
}

fn spawns_detached(words: &[Word], index: usize) -> bool {
    if !reads(words, index, &["spawn"]) {
        return false;
    }
    let by_path = DETACHING.iter().any(|owner| reads_before(words, index, &[owner, "::"]));
    let by_method = reads_before(words, index, &["."])
        && receiver(words, index - 1).is_some_and(|name| {
            let last = name.rsplit('_').next();
            matches!(last, Some("runtime" | "rt" | "handle" | "current"))
        });
    by_path || by_method
}

/// The name nearest before the dot at `dot`: of the variable, or of the method whose result it is.
///
/// `?`, `unwrap`, `expect` and `clone` are looked through, since they change no receiver.
fn receiver(words: &[Word], dot: usize) -> Option<&str> {
    let mut index = dot.checked_sub(1)?;
    loop {
        let word = &words[index];
        match (word.text.as_str(), word.partner) {
            (")", Some(open)) => index = open.checked_sub(1)?,
            ("?" | ".", _) => index = index.checked_sub(1)?,
            ("unwrap" | "expect" | "clone", _) => index = index.checked_sub(2)?,
            (name, _) => return Some(name),
        }
    }
}

fn sleeps(words: &[Word], index: usize) -> bool {
    reads(words, index, &["sleep", "("]) && !reads_before(words, index, &["fn"])
}

/// The words of the items and statements whose back-off is expected, with a reason.
fn excused(words: &[Word]) -> Vec<RangeInclusive<usize>> {
    let expectations = (0..words.len()).filter_map(|index| {
        if !reads(words, index, &["#", "[", "expect", "("]) {
            return None;
        }
        let close = words[index + 1].partner?;
        let says = |text| words[index..close].iter().any(|word| word.text == text);
        (says("disallowed_methods") && says("reason")).then_some(close)
    });
    expectations.map(|close| close..=end_of_statement(words, close + 1)).collect()
}

/// Where the item or statement that begins at `index` ends: at its semicolon, after its last
/// block, or before the bracket that closes what it stands in.
fn end_of_statement(words: &[Word], mut index: usize) -> usize {
    while let Some(word) = words.get(index) {
        match (word.text.as_str(), word.partner) {
            (";" | ")" | "]" | "}", _) => return index,
            ("{", Some(close)) => {
                let goes_on = words.get(close + 1).is_some_and(|next| {
                    matches!(next.text.as_str(), "else" | "." | "?" | ";" | ")" | ",")
                });
                if !goes_on {
                    return close;
                }
                index = close + 1;
            }
            (_, Some(close)) => index = close + 1,
            _ => index += 1,
        }
    }
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn found(text: &str) -> Vec<usize> {
        let source = Source::parse("crates/a/src/a.rs", text).unwrap();
        check(&source).into_iter().map(|finding| finding.line).collect()
    }

    fn found_in_body(body: &str) -> usize {
        found(&format!("async fn a() {{ {body} }}")).len()
    }

    #[test]
    fn tasks_that_nobody_owns_are_found() {
        for body in [
            "tokio::spawn(f());",
            "tokio::task::spawn(f());",
            "task::spawn(f());",
            "std::thread::spawn(f);",
            "thread::spawn(f);",
            "Handle::current().spawn(f());",
            "tokio::runtime::Handle::spawn(&h, f());",
            "runtime.spawn(f());",
            "self.runtime.spawn(f());",
            "runtime_handle.spawn(f());",
            "self.runtime().spawn(f());",
            "Handle::try_current()?.handle().clone().spawn(f());",
            "select! { () = done => { tokio::spawn(f()); } }",
        ] {
            assert_eq!(found_in_body(body), 1, "{body}");
        }
        for import in ["use tokio::{net, spawn};", "use std::thread::{self, spawn};"] {
            assert_eq!(found(import), [1], "{import}");
        }
    }

    #[test]
    fn tasks_and_threads_with_an_owner_pass() {
        for body in [
            "tracker.spawn(f());",
            "self.lifecycle.tracker().spawn(f());",
            "tasks.spawn_on(f(), &handle);",
            "std::thread::Builder::new().name(n).spawn(f)?;",
            "std::process::Command::new(x).spawn()?;",
            "tokio::task::spawn_blocking(f).await;",
            "thread::scope(|scope| { scope.spawn(f); });",
        ] {
            assert_eq!(found_in_body(body), 0, "{body}");
        }
    }

    #[test]
    fn sleeps_are_found_wherever_they_hide() {
        for body in [
            "tokio::time::sleep(PAUSE).await;",
            "std::thread::sleep(PAUSE);",
            "select! { () = sleep(PAUSE) => {} }",
            "#[expect(clippy::disallowed_methods)] sleep(PAUSE).await;",
            "#[expect(clippy::disallowed_methods, reason = \"b\")] f(); sleep(PAUSE).await;",
            "#[expect(clippy::unwrap_used, reason = \"b\")] sleep(PAUSE).await;",
        ] {
            assert_eq!(found_in_body(body), 1, "{body}");
        }
        assert_eq!(found("#[cfg(test)]\nmod tests {\nfn a() { thread::sleep(P); }\n}"), [3]);
        let neighbour = "#[expect(clippy::disallowed_methods, reason = \"b\")]\n\
                         fn a() { sleep(P); }\nfn b() { sleep(P); }";
        assert_eq!(found(neighbour), [3]);
    }

    #[test]
    fn an_expected_back_off_passes_and_so_does_what_is_no_sleep() {
        for body in [
            "#[expect(clippy::disallowed_methods, reason = \"b\")] sleep(PAUSE).await;",
            "#[expect(clippy::disallowed_methods, reason = \"b\")] let x = f(sleep(PAUSE)).await;",
            "#[expect(clippy::disallowed_methods, reason = \"b\")] { g(); sleep(PAUSE).await }",
            "#[expect(clippy::disallowed_methods, reason = \"b\")] let x = if y { 1 } else { \
             sleep(PAUSE).await; 2 };",
            "sleep_until(deadline).await;",
            "interval.tick().await;",
            "let sleep = 1;",
        ] {
            assert_eq!(found_in_body(body), 0, "{body}");
        }
        let item = "#[expect(clippy::disallowed_methods, reason = \"b\")]\n#[inline]\n\
                    async fn a(b: &[u8]) -> Result<(), E> { sleep(P).await; Ok(()) }";
        assert_eq!(found(item), NOTHING);
        assert_eq!(found("trait Clock { fn sleep(&self); }"), NOTHING);
    }
}
