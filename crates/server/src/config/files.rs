//! Where files of assets are kept, and how much of them.

use std::path::PathBuf;

use chorus_collab::files::FileLimits;

use super::sources::Sources;
use super::{keys, values};

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// A directory of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSettings {
    /// Where.
    pub directory: PathBuf,
    /// How much fits.
    pub limits: FileLimits,
}

impl FileSettings {
    pub(super) fn read(from: &mut Sources<'_>, option: Option<&str>) -> Option<Self> {
        let path = |text: &str| Ok(Some(PathBuf::from(text)));
        let directory = from.value(option, &keys::FILES, None, path);
        let file = u64::from(from.value(None, &keys::FILE_MIB, 1_024, values::count)) * MIB;
        let project = u64::from(from.value(None, &keys::PROJECT_MIB, 10_240, values::count)) * MIB;
        directory.map(|directory| Self { directory, limits: FileLimits { file, project } })
    }
}
