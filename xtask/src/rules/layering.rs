//! Crates depend downwards only, and on no foreign crate that is another's business.
//!
//! The two tables are the map of `ARCHITECTURE.md` as the compiler sees it.

use super::Rule;
use crate::{
    Finding,
    package::{Dependency, Package},
};

/// Each package of the workspace and the packages of ours that it may name, tests included.
const OWN: &[(&str, &[&str])] = &[
    ("chorus-protocol", &[]),
    ("chorus-model", &[]),
    ("chorus-storage", &["chorus-model"]),
    ("chorus-realtime", &["chorus-model", "chorus-storage"]),
    ("chorus-collab", &["chorus-model", "chorus-storage", "chorus-realtime"]),
    ("chorus-gateway", &["chorus-model", "chorus-protocol", "chorus-collab", "chorus-realtime"]),
    ("chorus-api", &["chorus-model", "chorus-collab", "chorus-realtime"]),
    ("chorus-client", &["chorus-protocol"]),
    (
        "chorus-server",
        &[
            "chorus-model",
            "chorus-protocol",
            "chorus-storage",
            "chorus-realtime",
            "chorus-collab",
            "chorus-gateway",
            "chorus-api",
            "chorus-client",
        ],
    ),
    ("chorus-simulate", &["chorus-model", "chorus-storage", "chorus-realtime"]),
    ("xtask", &[]),
];

/// Foreign crates that are the business of some packages only; `*` stands for any ending.
const FOREIGN: &[(&[&str], &[&str])] = &[
    (&["rusqlite", "libsqlite3-sys", "tokio-postgres", "postgres*", "sqlx*"], &["chorus-storage"]),
    (&["redis*", "fred"], &["chorus-realtime"]),
    (&["axum*", "tower*"], &["chorus-gateway", "chorus-api", "chorus-server"]),
    (&["hyper*"], &["chorus-gateway", "chorus-api", "chorus-client", "chorus-server"]),
    (&["tokio-tungstenite", "rustyline", "rpassword"], &["chorus-client"]),
    (
        &["tokio", "tokio-util", "tokio-stream"],
        &[
            "chorus-storage",
            "chorus-realtime",
            "chorus-collab",
            "chorus-gateway",
            "chorus-api",
            "chorus-client",
            "chorus-server",
            "chorus-simulate",
        ],
    ),
];

/// Finds packages that name one above or beside them, or a foreign crate that is not theirs.
///
/// Tests may name any foreign crate, but no more of our own than the code they test.
pub fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let finding =
        |line, advice| Finding::new(&package.manifest, line, Rule::Layering.name(), advice);
    let Some((_, allowed)) = OWN.iter().find(|(name, _)| *name == package.name) else {
        let advice = format!("give `{}` a line in the table of the layering rule", package.name);
        return vec![finding(1, advice)];
    };
    package
        .dependencies
        .iter()
        .filter_map(|dependency| {
            let advice = objection(&package.name, allowed, dependency)?;
            Some(finding(dependency.line, advice))
        })
        .collect()
}

fn objection(package: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if OWN.iter().any(|(own, _)| *own == name) {
        return (!allowed.contains(&name)).then(|| {
            let allowed = if allowed.is_empty() { "nothing".into() } else { allowed.join(", ") };
            format!("`{package}` must not know `{name}`; of our own it may name {allowed}")
        });
    }
    let (_, owners) =
        FOREIGN.iter().find(|(crates, _)| crates.iter().any(|pattern| covers(pattern, name)))?;
    (!dependency.dev && !owners.contains(&package)).then(|| {
        let owners = owners.join(", ");
        format!("`{package}` must not know `{name}`, which is the business of {owners}")
    })
}

fn covers(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependency: &str, dev: bool) -> Package {
        let dependency = Dependency { name: dependency.into(), dev, line: 12 };
        Package {
            name: name.into(),
            manifest: "crates/it/Cargo.toml".into(),
            dependencies: vec![dependency],
        }
    }

    #[test]
    fn own_crates_are_named_downwards_only_also_by_tests() {
        for (name, dependency, allowed) in [
            ("chorus-storage", "chorus-model", true),
            ("chorus-server", "chorus-storage", true),
            ("chorus-model", "chorus-protocol", false),
            ("chorus-storage", "chorus-realtime", false),
            ("chorus-gateway", "chorus-storage", false),
            ("chorus-api", "chorus-gateway", false),
            ("chorus-api", "chorus-protocol", false),
            ("chorus-collab", "chorus-server", false),
            ("chorus-client", "chorus-protocol", true),
            ("chorus-client", "chorus-gateway", false),
        ] {
            for dev in [false, true] {
                let findings = check(&[package(name, dependency, dev)]);
                assert_eq!(findings.is_empty(), allowed, "{name} -> {dependency}, dev: {dev}");
            }
        }
    }

    #[test]
    fn foreign_crates_are_named_by_their_owners_and_by_tests() {
        for (name, dependency, allowed) in [
            ("chorus-storage", "rusqlite", true),
            ("chorus-collab", "rusqlite", false),
            ("chorus-server", "tokio-postgres", false),
            ("chorus-realtime", "redis", true),
            ("chorus-gateway", "redis", false),
            ("chorus-api", "axum", true),
            ("chorus-collab", "axum", false),
            ("chorus-realtime", "tower-service", false),
            ("chorus-collab", "hyper-util", false),
            ("chorus-model", "tokio", false),
            ("chorus-protocol", "tokio-util", false),
            ("chorus-model", "serde", true),
        ] {
            let findings = check(&[package(name, dependency, false)]);
            assert_eq!(findings.is_empty(), allowed, "{name} -> {dependency}");
            let of_tests = check(&[package(name, dependency, true)]);
            assert_eq!(of_tests, [], "tests of {name} -> {dependency}");
        }
    }

    #[test]
    fn a_finding_points_at_the_line_and_tells_what_is_allowed() {
        let findings = check(&[package("chorus-api", "chorus-storage", false)]);
        assert_eq!(
            findings[0].to_string(),
            "crates/it/Cargo.toml:12: layering: `chorus-api` must not know `chorus-storage`; \
             of our own it may name chorus-model, chorus-collab, chorus-realtime"
        );
    }

    #[test]
    fn a_package_without_a_line_in_the_table_is_found() {
        assert_eq!(check(&[package("chorus-mail", "serde", false)]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle() {
        for (index, (_, allowed)) in OWN.iter().enumerate() {
            let below: Vec<_> = OWN[..index].iter().map(|(name, _)| *name).collect();
            assert!(allowed.iter().all(|name| below.contains(name)), "{:?}", OWN[index]);
        }
    }
}
