//! Notes which compiler makes the code whose instructions are counted.

use std::process::Command;

fn main() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let told = Command::new(compiler).arg("--version").output();
    let version = told.map_or_else(
        |failure| format!("rustc unknown: {failure}"),
        |told| String::from_utf8_lossy(&told.stdout).trim().to_owned(),
    );
    println!("cargo:rustc-env=BUILT_BY={version}");
    println!("cargo:rerun-if-changed=build.rs");
}
