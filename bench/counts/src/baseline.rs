//! What the paths took, and what was counted with: a text of one fact per line.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::callgrind;
use crate::failure::Failure;

const TITLE: &str =
    "# Instructions per turn of the hot paths. `make bench-check UPDATE=1` counts anew.";

/// Counts and what they were counted with.
#[derive(Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Counted with this.
    pub toolchain: Toolchain,
    /// Each path and its instructions per turn.
    pub counts: Vec<(String, u64)>,
}

/// What a count depends on beside the code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: String,
    /// Who counts.
    pub valgrind: String,
    /// Whose allocator and copying it is.
    pub libc: String,
    /// The architecture, and what code can choose by while it runs.
    pub machine: String,
}

impl Toolchain {
    /// What is here.
    pub fn here() -> Result<Self, Failure> {
        Ok(Self {
            rustc: env!("BUILT_BY").to_owned(),
            valgrind: callgrind::version()?,
            libc: libc(),
            machine: machine(),
        })
    }

    fn facts(&self) -> [(&'static str, &str); 4] {
        let Self { rustc, valgrind, libc, machine } = self;
        [("rustc", rustc), ("valgrind", valgrind), ("libc", libc), ("machine", machine)]
    }

    /// What differs, a line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = self.facts().into_iter().zip(other.facts());
        let different = pairs.filter(|((_, one), (_, other))| one != other);
        different.map(|((what, one), (_, other))| format!("{what}: {one}, not {other}")).collect()
    }
}

fn libc() -> String {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let version = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    version.ok().filter(|version| !version.is_empty()).unwrap_or_else(|| "not glibc".to_owned())
}

/// The architecture, and whether the processor has the wide instructions by which the library of C
/// and the check of texts choose their code.
fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let wide = if std::arch::is_x86_feature_detected!("avx2") { " with AVX2" } else { "" };
    #[cfg(not(target_arch = "x86_64"))]
    let wide = "";
    format!("{} {}{wide}", std::env::consts::ARCH, std::env::consts::OS)
}

impl Baseline {
    /// The baseline in a file.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(file).map_err(Failure::file(file))?;
        let broken = |(line, wanted)| Failure::Baseline { file: file.to_owned(), line, wanted };
        Self::parse(&text).map_err(broken)
    }

    /// Writes it.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        fs::write(file, self.to_string()).map_err(Failure::file(file))
    }

    /// The instructions of a path.
    pub fn of(&self, path: &str) -> Option<u64> {
        self.counts.iter().find(|(name, _)| name == path).map(|(_, count)| *count)
    }

    fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut read = Self { toolchain: Toolchain::default(), counts: Vec::new() };
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) =
                line.split_once(": ").ok_or((at + 1, "a name, `: ` and a value"))?;
            let toolchain = &mut read.toolchain;
            match name {
                "rustc" => value.clone_into(&mut toolchain.rustc),
                "valgrind" => value.clone_into(&mut toolchain.valgrind),
                "libc" => value.clone_into(&mut toolchain.libc),
                "machine" => value.clone_into(&mut toolchain.machine),
                path => {
                    let count = value.parse().ok().filter(|count| *count > 0);
                    let count = count.ok_or((at + 1, "a number of instructions, above 0"))?;
                    read.counts.push((path.to_owned(), count));
                }
            }
        }
        Ok(read)
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}")?;
        for (what, value) in self.toolchain.facts() {
            writeln!(f, "{what}: {value}")?;
        }
        writeln!(f)?;
        self.counts.iter().try_for_each(|(path, count)| writeln!(f, "{path}: {count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let [rustc, valgrind, libc, machine] =
            ["rustc 1.95.0 (5980 2026)", "valgrind-3.19.0", "glibc 2.36", "x86_64 linux"]
                .map(String::from);
        let toolchain = Toolchain { rustc, valgrind, libc, machine };
        let counts = vec![("encode".to_owned(), 4_711), ("commit".to_owned(), 1)];
        let baseline = Baseline { toolchain, counts };
        assert_eq!(Baseline::parse(&baseline.to_string()), Ok(baseline));
    }

    #[test]
    fn a_broken_line_is_named() {
        let refused = |text| Baseline::parse(text).map_err(|(line, _)| line);
        assert_eq!(refused("# title\n\nencode 7\n"), Err(3));
        assert_eq!(refused("encode: many"), Err(1));
        assert_eq!(refused("encode: 0"), Err(1), "nothing could be compared with that");
    }
}
