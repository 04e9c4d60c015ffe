//! A log file that begins anew when it is full: the full one gets the time into its name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::timestamp::timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
        for (asked, name) in [(rotation.localtime, "localtime"), (rotation.compress, "compress")] {
            if asked {
                return Err(format!(
                    "invalid log rotation config: {name} is not offered by this release; leave it false"
                ));
            }
        }
        Ok(rotation)
    }

    fn bytes_max(&self) -> u64 {
        let mebibytes = if self.maxsize == 0 { Self::default().maxsize } else { self.maxsize };
        mebibytes.saturating_mul(1 << 20)
    }
}

/// Says whether a text is a time as it stands in a file's name, `2006-01-02T15-04-05.000000`.
fn is_time(text: &str) -> bool {
    const SHAPE: &str = "dddd-dd-ddTdd-dd-dd.dddddd";
    let fits = |(found, wanted): (u8, u8)| if wanted == b'd' { found.is_ascii_digit() } else { found == wanted };
    text.len() == SHAPE.len() && text.bytes().zip(SHAPE.bytes()).all(fits)
}

/// The file in use.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    file: File,
    bytes: u64,
}

impl LogFile {
    pub(crate) fn open(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), rotation, file, bytes })
    }

    /// Begins a new file, and removes old ones that are too many or too old.
    fn rotate(&mut self, now: Duration) -> io::Result<()> {
        let (before, after) = self.around();
        // Colons are no part of a file's name everywhere.
        let time = timestamp(now).replace(':', "-");
        let old = self.path.with_file_name(format!("{before}{}{after}", time.trim_end_matches('Z')));
        match fs::rename(&self.path, old) {
            // It was renamed before, and the new one could not be made then.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        *self = Self::open(&self.path, self.rotation)?;
        self.remove_old(now)
    }

    fn remove_old(&self, now: Duration) -> io::Result<()> {
        let (before, after) = self.around();
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut old = Vec::new();
        for entry in fs::read_dir(directory.unwrap_or(Path::new(".")))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_prefix(&before).and_then(|rest| rest.strip_suffix(&after)).is_some_and(is_time) {
                old.push((name, entry));
            }
        }
        // The time in the names sorts them; the newest come first.
        old.sort_unstable_by(|(left, _), (right, _)| right.cmp(left));
        let kept = if self.rotation.maxbackups == 0 { usize::MAX } else { self.rotation.maxbackups };
        for (at, (_, entry)) in old.iter().enumerate() {
            let written = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let is_old = self.rotation.maxage > 0 && now.saturating_sub(written) > DAY * self.rotation.maxage;
            if at >= kept || is_old {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Returns what is before and after the time in the names of old files.
    fn around(&self) -> (String, String) {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let extension = part(self.path.extension());
        let after = if extension.is_empty() { extension } else { format!(".{extension}") };
        (format!("{}-", part(self.path.file_stem())), after)
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
    fn the_value_of_the_flag_is_read() {
        let rotation = Rotation::parse(r#"{"maxsize": 7, "maxbackups": 3}"#).unwrap();
        assert_eq!(rotation, Rotation { maxsize: 7, maxbackups: 3, ..Rotation::default() });
        assert!(Rotation::parse("{").unwrap_err().starts_with("improperly formatted log rotation config: "));
        assert!(Rotation::parse(r#"{"compress": true}"#).unwrap_err().contains("compress is not offered"));
    }
}
