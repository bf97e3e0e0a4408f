//! The packages of the workspace and what they depend on, as cargo tells it.

use std::{fs, path::Path, process::Command};

use serde::Deserialize;

use crate::tree::TreeError;

/// A package of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name, `chorus-gateway`.
    pub name: String,
    /// Its `Cargo.toml`, relative to the root of the repository.
    pub manifest: String,
    /// What the manifest names as a dependency of any kind, for any target.
    pub dependencies: Vec<Dependency>,
}

/// One dependency of a [`Package`].
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The name of the package it means, whatever the manifest calls it.
    pub name: String,
    /// Whether only tests, examples and benches see it.
    pub dev: bool,
    /// Its line in the manifest, from 1; 1 if it has no line of its own.
    pub line: usize,
}

/// Asks cargo for the packages of the workspace at `root`.
///
/// # Errors
/// cargo could not be started, refused the workspace, or answered in another shape than the
/// documented one ("cargo metadata", format version 1).
pub fn packages(root: &Path) -> Result<Vec<Package>, TreeError> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| TreeError::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(TreeError::Metadata(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let told: Told = serde_json::from_slice(&output.stdout)
        .map_err(|error| TreeError::Metadata(error.to_string()))?;
    told.packages.into_iter().map(|package| package.placed(root)).collect()
}

#[derive(Deserialize)]
struct Told {
    packages: Vec<ToldPackage>,
}

#[derive(Deserialize)]
struct ToldPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<ToldDependency>,
}

#[derive(Deserialize)]
struct ToldDependency {
    name: String,
    kind: Option<String>,
}

impl ToldPackage {
    fn placed(self, root: &Path) -> Result<Package, TreeError> {
        let path = Path::new(&self.manifest_path);
        let text = fs::read_to_string(path)
            .map_err(|source| TreeError::Read { path: self.manifest_path.clone(), source })?;
        let dependencies = self
            .dependencies
            .into_iter()
            .map(|told| Dependency {
                line: line_of(&text, &told.name),
                dev: told.kind.as_deref() == Some("dev"),
                name: told.name,
            })
            .collect();
        let manifest = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        Ok(Package { name: self.name, manifest, dependencies })
    }
}

fn line_of(manifest: &str, dependency: &str) -> usize {
    let names_it = |line: &str| {
        line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
    };
    manifest.lines().position(names_it).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_found_by_its_whole_name() {
        let manifest =
            "[dependencies]\ntokio-util = \"0.7\"\ntokio = \"1\"\nhttp.workspace = true\n";
        for (name, line) in [("tokio", 3), ("tokio-util", 2), ("http", 4), ("axum", 1)] {
            assert_eq!(line_of(manifest, name), line, "{name}");
        }
    }

    #[test]
    fn cargo_tells_of_this_very_package() {
        let packages = packages(&crate::root()).unwrap();
        let xtask = packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(xtask.manifest, "xtask/Cargo.toml");
        let kind = |name: &str| {
            xtask.dependencies.iter().find(|dependency| dependency.name == name).map(|it| it.dev)
        };
        assert_eq!(kind("syn"), Some(false));
        assert_eq!(kind("tempfile"), Some(true));
        assert_eq!(kind("tokio"), None);
    }
}
