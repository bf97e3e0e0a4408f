//! Documents point at what exists and at nothing outside the repository.

use std::{collections::BTreeSet, path::Path};

use super::Rule;
use crate::{Finding, listing::ending, tree::Text};

/// What opens the target of a link, and what closes it.
const LINKS: &[(&str, char)] = &[("](", ')'), ("src=\"", '"'), ("href=\"", '"')];

/// The notes that lie beside the repository; in parts, so that this file may be read as well.
const BESIDE: &str = concat!("..", "/shared");

/// Finds links and paths in documents that lead nowhere, and texts that point outside.
///
/// `root` is where the repository lies on this machine, `paths` are all its files.
pub fn check(root: &Path, paths: &BTreeSet<String>, texts: &[Text]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in texts {
        if ending(&text.path) == "md" {
            findings.extend(dead_links(paths, text));
        }
        if matches!(file_name(&text.path), "README.md" | "ARCHITECTURE.md") {
            findings.extend(dead_paths(paths, text));
        }
        findings.extend(outside(root, text));
    }
    findings
}

fn dead_links(paths: &BTreeSet<String>, text: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, prose) in prose(&text.content) {
        for target in targets(&without_code(prose)) {
            if leads_nowhere(paths, &text.path, &target) {
                let advice = format!("`{target}` leads nowhere; name a file of the repository");
                findings.push(finding(text, line, advice));
            }
        }
    }
    findings
}

fn dead_paths(paths: &BTreeSet<String>, text: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, prose) in prose(&text.content) {
        for code in prose.split('`').skip(1).step_by(2) {
            let file = code.starts_with("crates/") && ending(code) == "rs";
            let pattern = code.contains(['*', '{', '…', '<', ' ']);
            if file && !pattern && !paths.contains(code) {
                let advice = format!("`{code}` does not exist; name the file as it is now");
                findings.push(finding(text, line, advice));
            }
        }
    }
    findings
}

fn outside(root: &Path, text: &Text) -> Vec<Finding> {
    let checkout = root.to_string_lossy();
    // A checkout at `/app` would find every container's path.
    let deep = root.components().count() > 2;
    let mut findings = Vec::new();
    for (index, line) in text.content.lines().enumerate() {
        if mentions(line, BESIDE) {
            let advice = format!("nothing points at `{BESIDE}`; say here what readers need of it");
            findings.push(finding(text, index + 1, advice));
        }
        if deep && mentions(line, &checkout) {
            let advice = "this is a path of one machine; make it relative to the repository";
            findings.push(finding(text, index + 1, advice.into()));
        }
    }
    findings
}

fn finding(text: &Text, line: usize, advice: String) -> Finding {
    Finding::new(&text.path, line, Rule::Documents.name(), advice)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether `line` has `path` in it, and not as the beginning of a longer name.
fn mentions(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(start, _)| {
        let next = line[start + path.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '-'))
    })
}

/// The lines of a document outside fenced code, numbered from 1.
fn prose(markdown: &str) -> Vec<(usize, &str)> {
    let mut fence = None;
    let mut lines = Vec::new();
    for (index, line) in markdown.lines().enumerate() {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, None) => lines.push((index + 1, line)),
            (None, Some(_)) => fence = mark,
            (Some(_), Some(_)) if fence == mark => fence = None,
            (Some(_), _) => {}
        }
    }
    lines
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

/// The targets of the links in one line: inline, HTML, and `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for (open, close) in LINKS {
        for (start, _) in line.match_indices(open) {
            let rest = &line[start + open.len()..];
            targets.extend(rest.split(*close).next().and_then(target));
        }
    }
    let definition = line.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    targets.extend(definition.and_then(|(_, rest)| target(rest)));
    targets
}

/// The target itself, without its title and its angle brackets.
fn target(written: &str) -> Option<String> {
    let target = written.split_whitespace().next()?;
    Some(target.trim_matches(['<', '>']).to_owned())
}

fn leads_nowhere(paths: &BTreeSet<String>, document: &str, target: &str) -> bool {
    let has_scheme = target.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    let path = target.split(['#', '?']).next().unwrap_or_default();
    if has_scheme || path.is_empty() {
        return false;
    }
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if path.starts_with('/') { "" } else { folder };
    let Some(path) = joined(start, path) else {
        return true;
    };
    let inside = format!("{path}/");
    let is_folder = path.is_empty() || paths.iter().any(|it| it.starts_with(&inside));
    !is_folder && !paths.contains(&path)
}

/// `path` as seen from `folder`, or nothing if it leaves the repository.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn found(path: &str, content: &str) -> Vec<usize> {
        let paths = ["README.md", "docs/log.md", "docs/img/a.png", "crates/a/src/lib.rs"];
        let text = Text { path: path.into(), content: content.into() };
        let root = Path::new("/srv/git/chorus");
        let findings = check(root, &BTreeSet::from(paths.map(String::from)), &[text]);
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for content in [
            "[a](gone.md)",
            "[a](log.md) and [b](gone.md#part)",
            "![a](img/b.png \"title\")",
            "<img src=\"img/b.png\">",
            "[a]: ../gone.md",
            "[a](../../README.md)",
            "[a](/log.md)",
        ] {
            assert_eq!(found("docs/other.md", content), [1], "{content}");
        }
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        for content in [
            "[a](log.md), [b](./log.md#part), [c](../README.md), [d](/docs/log.md)",
            "![a](img/a.png \"title\") [b](<log.md>) [c](img/) [d](..)",
            "[a](#part) [b](https://example.org/x) [c](mailto:a@example.org)",
            "[a]: log.md",
            "`[a](gone.md)`",
            "```\n[a](gone.md)\n```",
            "~~~\n```\n[a](gone.md)\n~~~",
        ] {
            assert_eq!(found("docs/other.md", content), NOTHING, "{content}");
        }
        assert_eq!(found("docs/other.rs", "[a](gone.md)"), NOTHING);
    }

    #[test]
    fn the_map_names_files_that_exist() {
        let content = "See `crates/a/src/lib.rs`,\n`crates/a/src/gone.rs`\n`crates/*/src/lib.rs`";
        assert_eq!(found("ARCHITECTURE.md", content), [2]);
        assert_eq!(found("crates/a/README.md", content), [2]);
        assert_eq!(found("docs/decisions.md", content), NOTHING);
    }

    #[test]
    fn nothing_points_outside_the_repository() {
        let beside = format!("\nsee {BESIDE}/a.md");
        assert_eq!(found("docs/other.txt", &beside), [2]);
        assert_eq!(found("Makefile", "run:\n\tcd /srv/git/chorus/web"), [2]);
        assert_eq!(found("Makefile", "run:\n\tcd /srv/git/choruses"), NOTHING);
        let longer_name = format!("mod a; // {BESIDE}_state.rs");
        assert_eq!(found("crates/a/src/lib.rs", &longer_name), NOTHING);
    }
}
