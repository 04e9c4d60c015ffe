//! A log on a disk of its own: the data directory then holds a link to its directory, so that every tool finds it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::Path;

use crate::engine_error::EngineError;

/// Sees to it that `log`, in the data directory, is the directory `wal_dir`.
pub(crate) fn link(log: &Path, wal_dir: &Path) -> Result<(), EngineError> {
    let failed = |action: &str, path: &Path, error: &io::Error| {
        EngineError::Config(format!("--wal-dir: {action} {}: {error}", path.display()))
    };
    // As the data directory: what is in the log is for nobody else.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(wal_dir);
    made.map_err(|error| failed("make", wal_dir, &error))?;
    let target = fs::canonicalize(wal_dir).map_err(|error| failed("find", wal_dir, &error))?;
    match fs::canonicalize(log) {
        Ok(current) if current == target => Ok(()),
        Ok(current) => Err(EngineError::Config(format!(
            "the log is in {}, and --wal-dir says {}. To move it: stop kvd, copy the first to the second, and put a link \
             to the second in place of {}",
            current.display(),
            target.display(),
            log.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::read_dir(&target).map_err(|error| failed("read", &target, &error))?.next().is_some() {
                let what = format!("--wal-dir: {} is not empty, and no log of this directory", target.display());
                return Err(EngineError::Config(what));
            }
            symlink(&target, log).map_err(|error| failed("link to it from", log, &error))?;
            let directory = log.parent().unwrap_or(Path::new("."));
            let synced = fs::File::open(directory).and_then(|directory| directory.sync_all());
            synced.map_err(|error| failed("sync", directory, &error))
        }
        Err(error) => Err(failed("find", log, &error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_log_is_where_it_was_or_where_it_is_wanted() {
        let root = tempfile::tempdir().unwrap();
        let (log, wanted, other) = (root.path().join("log"), root.path().join("wal"), root.path().join("other"));
        link(&log, &wanted).unwrap();
        assert!(log.is_symlink());
        fs::write(log.join("segment"), "").unwrap();
        assert!(wanted.join("segment").exists());
        assert_eq!(fs::metadata(&wanted).unwrap().permissions().mode() & 0o777, 0o700);
        // Every later start.
        link(&log, &wanted).unwrap();
        let error = link(&log, &other).unwrap_err().to_string();
        assert!(error.contains("wal, and --wal-dir says"), "{error}");
        // Of another data directory.
        let error = link(&root.path().join("second"), &wanted).unwrap_err().to_string();
        assert!(error.contains("is not empty, and no log of this directory"), "{error}");
    }
}
