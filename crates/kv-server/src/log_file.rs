//! A log file that begins anew when it is full: the full one gets the time into its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::log_archive::{Archive, Keeping};

/// When a log file is full, and which old ones are kept: the values of `--log-rotation-config-json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Rotation {
    /// In MiB; zero is 100.
    maxsize: u64,
    /// Days that old files are kept; zero keeps them for ever.
    maxage: u32,
    /// How many old files are kept; zero keeps all.
    maxbackups: usize,
    localtime: bool,
    compress: bool,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { maxsize: 100, maxage: 0, maxbackups: 0, localtime: false, compress: false }
    }
}

impl Rotation {
    /// Reads the flag's value.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let rotation: Self =
            serde_json::from_str(json).map_err(|error| format!("improperly formatted log rotation config: {error}"))?;
        if rotation.localtime {
            return Err(
                "invalid log rotation config: localtime is not offered by this release; leave it false".to_owned()
            );
        }
        Ok(rotation)
    }

    fn keeping(&self) -> Keeping {
        Keeping { days: self.maxage, files: self.maxbackups, compress: self.compress }
    }

    fn bytes_max(&self) -> u64 {
        let mebibytes = if self.maxsize == 0 { Self::default().maxsize } else { self.maxsize };
        mebibytes.saturating_mul(1 << 20)
    }
}

/// The file in use.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    archive: Archive,
    file: File,
    bytes: u64,
    /// What compresses old files.
    tidying: Option<JoinHandle<()>>,
}

impl LogFile {
    pub(crate) fn open(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), rotation, archive: Archive::of(path), file, bytes, tidying: None })
    }

    /// Begins a new file, and tidies up the old ones.
    fn rotate(&mut self, now: Duration) -> io::Result<()> {
        let old = self.archive.name(now);
        match fs::rename(&self.path, old) {
            // It was renamed before, and the new one could not be made then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        *self = Self { tidying: self.tidying.take(), ..Self::open(&self.path, self.rotation)? };
        self.tidy(now)
    }

    /// Tidies up. Compressing takes long, so nobody waits for it; what is left when it is still busy is its own to do next time.
    fn tidy(&mut self, now: Duration) -> io::Result<()> {
        let (archive, keeping) = (self.archive.clone(), self.rotation.keeping());
        if !keeping.compress {
            return archive.tidy(keeping, now);
        }
        if self.tidying.as_ref().is_none_or(JoinHandle::is_finished) {
            let tidying = thread::Builder::new().name("log-archive".to_owned());
            // There is nobody to tell: this is the log.
            self.tidying = Some(tidying.spawn(move || drop(archive.tidy(keeping, now)))?);
        }
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.rotation.bytes_max() {
            // Where that fails, a file that is too long is better than no log.
            let _ = self.rotate(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        }
        self.file.write_all(line)?;
        self.bytes += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_gets_the_time_into_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kvd.log");
        for other in ["kvd-notes.log", "kvd-2.log", "kvd-2025-report.log"] {
            fs::write(directory.path().join(other), "of somebody else").unwrap();
        }
        let rotation = Rotation { maxsize: 1, maxbackups: 2, ..Rotation::default() };
        let mut file = LogFile::open(&path, rotation).unwrap();
        file.write_all(&vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
        file.write_all(b"b\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b\n");
        for second in 1..5 {
            file.rotate(Duration::from_secs(second)).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names.contains(&"kvd-1970-01-01T00-00-04.000000.log".to_owned()), "{names:?}");
        for other in ["kvd-notes.log", "kvd-2.log", "kvd-2025-report.log"] {
            assert!(names.contains(&other.to_owned()), "{names:?}");
        }
        // A rename that went well before the new file could not be made.
        fs::remove_file(&path).unwrap();
        file.rotate(Duration::from_secs(9)).unwrap();
        assert!(path.exists());
        drop(file);
        assert_eq!(LogFile::open(&path, rotation).unwrap().bytes, 0);
    }

    #[test]
    fn old_files_are_compressed_beside_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let rotation = Rotation { compress: true, ..Rotation::default() };
        let mut file = LogFile::open(&directory.path().join("kvd.log"), rotation).unwrap();
        file.write_all(b"a\n").unwrap();
        file.rotate(Duration::from_secs(1)).unwrap();
        file.tidying.take().unwrap().join().unwrap();
        assert!(directory.path().join("kvd-1970-01-01T00-00-01.000000.log.gz").exists());
    }

    #[test]
    fn the_value_of_the_flag_is_read() {
        let rotation = Rotation::parse(r#"{"maxsize": 7, "maxbackups": 3}"#).unwrap();
        assert_eq!(rotation, Rotation { maxsize: 7, maxbackups: 3, ..Rotation::default() });
        assert!(Rotation::parse("{").unwrap_err().starts_with("improperly formatted log rotation config: "));
        assert!(Rotation::parse(r#"{"compress": true}"#).unwrap().keeping().compress);
        assert!(Rotation::parse(r#"{"localtime": true}"#).unwrap_err().contains("localtime is not offered"));
    }
}
