//! The names of the log's files.
//!
//! A file is a slot: one segment after the other lives in it. The number in its name only tells the
//! files apart.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::UNFINISHED;

const PREFIX: &str = "slot-";
const SUFFIX: &str = "log";

/// Returns the path of a slot.
pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{number:010}.{SUFFIX}"))
}

/// Returns the number in a slot's name.
pub(crate) fn number(path: &Path) -> Option<u64> {
    let digits = path.file_stem()?.to_str()?.strip_prefix(PREFIX)?;
    (path.extension()? == SUFFIX && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)?.parse().ok()
}

/// Returns the slots of a directory in the order of their names. Other files are none of our business.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    list_where(dir, |path| number(path).is_some())
}

/// Returns the files whose making was interrupted.
pub(crate) fn list_unfinished(dir: &Path) -> io::Result<Vec<PathBuf>> {
    list_where(dir, |path| {
        path.extension().is_some_and(|extension| extension == UNFINISHED)
            && number(&path.with_extension(SUFFIX)).is_some()
    })
}

fn list_where(dir: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for item in std::fs::read_dir(dir)? {
        let path = item?.path();
        if wanted(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_count() {
        let dir = tempfile::tempdir().unwrap();
        let ours = [path(dir.path(), 2), path(dir.path(), 10)];
        let unfinished = path(dir.path(), 11).with_extension(UNFINISHED);
        for path in ours.iter().chain([&unfinished]) {
            std::fs::write(path, "").unwrap();
        }
        for name in ["slot-1x.log", "slot-1", "notes.unfinished", "lost+found"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(list(dir.path()).unwrap(), ours);
        assert_eq!(list_unfinished(dir.path()).unwrap(), [unfinished]);
        assert_eq!(number(&ours[1]), Some(10));
    }
}
