//! The three programs under their own names in one directory, as they are installed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A directory with `kvd`, `kvctl` and `kvutl`, gone when dropped.
#[derive(Debug)]
pub(crate) struct Programs(TempDir);

impl Programs {
    pub(crate) fn new() -> Programs {
        // A link of this kind needs the same file system, and one of the other kind would not be beside the others.
        let programs = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the programs");
        for (name, binary) in [
            ("kvd", env!("CARGO_BIN_EXE_kvd-under-test")),
            ("kvctl", env!("CARGO_BIN_EXE_kvctl-under-test")),
            ("kvutl", env!("CARGO_BIN_EXE_kvutl-under-test")),
        ] {
            fs::hard_link(binary, programs.path().join(name)).expect("a link to a binary");
        }
        Programs(programs)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns a `PATH` in which they come first.
    pub(crate) fn search_path(&self) -> String {
        format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap_or_default())
    }
}
