//! The old files of a log that begins anew when it is full: which there are, compressing them, and removing those that are too many
//! or too old.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::timestamp::timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a compressed file's name ends with.
const COMPRESSED: &str = ".gz";

/// And one that is not complete.
const PARTIAL: &str = ".gz.partial";

/// Which old files are kept, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keeping {
    /// Days that they are kept; zero keeps them for ever.
    pub(crate) days: u32,
    /// How many are kept; zero keeps all.
    pub(crate) files: usize,
    pub(crate) compress: bool,
}

/// The old files of one log.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    directory: PathBuf,
    /// What is before and after the time in their names.
    before: String,
    after: String,
}

/// One of them.
struct Old {
    /// The time that is in its name.
    time: String,
    entry: DirEntry,
    compressed: bool,
}

impl Archive {
    /// Returns the old files of the log at `path`, whichever there are.
    pub(crate) fn of(path: &Path) -> Self {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let extension = part(path.extension());
        let after = if extension.is_empty() { extension } else { format!(".{extension}") };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).to_owned();
        Self { directory, before: format!("{}-", part(path.file_stem())), after }
    }

    /// Returns the name of the file that is full now.
    pub(crate) fn name(&self, now: Duration) -> PathBuf {
        // Colons are no part of a file's name everywhere.
        let time = timestamp(now).replace(':', "-");
        self.directory.join(format!("{}{}{}", self.before, time.trim_end_matches('Z'), self.after))
    }

    /// Removes what is too much or too old, and compresses the rest, if that is asked for.
    pub(crate) fn tidy(&self, keeping: Keeping, now: Duration) -> io::Result<()> {
        let mut old = self.list()?;
        // The time in the names sorts them; the newest come first.
        old.sort_unstable_by(|left, right| right.time.cmp(&left.time));
        let kept = if keeping.files == 0 { usize::MAX } else { keeping.files };
        for (at, Old { entry, compressed, .. }) in old.iter().enumerate() {
            let written = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let is_old = keeping.days > 0 && now.saturating_sub(written) > DAY * keeping.days;
            if at >= kept || is_old {
                fs::remove_file(entry.path())?;
            } else if keeping.compress && !compressed {
                compress(&entry.path())?;
            }
        }
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<Old>> {
        let mut old = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let (plain, compressed) =
                name.strip_suffix(COMPRESSED).map_or((name.as_str(), false), |plain| (plain, true));
            let time = plain.strip_prefix(&self.before).and_then(|rest| rest.strip_suffix(&self.after));
            if let Some(time) = time.filter(|time| is_time(time)) {
                old.push(Old { time: time.to_owned(), entry, compressed });
            }
        }
        Ok(old)
    }
}

/// Says whether a text is a time as it stands in a file's name, `2006-01-02T15-04-05.000000`.
fn is_time(text: &str) -> bool {
    const SHAPE: &str = "dddd-dd-ddTdd-dd-dd.dddddd";
    let fits = |(found, wanted): (u8, u8)| if wanted == b'd' { found.is_ascii_digit() } else { found == wanted };
    text.len() == SHAPE.len() && text.bytes().zip(SHAPE.bytes()).all(fits)
}

/// Puts a compressed file in a file's place. It keeps the time it was written, by which it is judged.
fn compress(path: &Path) -> io::Result<()> {
    let with = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let mut plain = File::open(path)?;
    let mut encoder = GzEncoder::new(File::create(with(PARTIAL))?, Compression::default());
    io::copy(&mut plain, &mut encoder)?;
    let compressed = encoder.finish()?;
    compressed.set_permissions(plain.metadata()?.permissions())?;
    compressed.set_modified(plain.metadata()?.modified()?)?;
    compressed.sync_all()?;
    fs::rename(with(PARTIAL), with(COMPRESSED))?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    const FOUR_DAYS: Duration = Duration::from_secs(4 * 24 * 60 * 60);

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn old_files_are_compressed_and_counted_with_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let archive = Archive::of(&directory.path().join("kvd.log"));
        let keeping = Keeping { days: 0, files: 2, compress: true };
        for second in 1..=3 {
            fs::write(archive.name(Duration::from_secs(second)), format!("lines {second}\n")).unwrap();
            archive.tidy(keeping, Duration::from_secs(second)).unwrap();
        }
        fs::write(directory.path().join("kvd-notes.log.gz"), "of somebody else").unwrap();
        let expected =
            ["kvd-1970-01-01T00-00-02.000000.log.gz", "kvd-1970-01-01T00-00-03.000000.log.gz", "kvd-notes.log.gz"];
        assert_eq!(names(directory.path()), expected);
        let mut text = String::new();
        let compressed = File::open(directory.path().join(expected[1])).unwrap();
        GzDecoder::new(compressed).read_to_string(&mut text).unwrap();
        assert_eq!(text, "lines 3\n");
    }

    #[test]
    fn an_old_file_stays_as_old_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let archive = Archive::of(&directory.path().join("kvd"));
        let path = archive.name(Duration::from_secs(1));
        fs::write(&path, "lines").unwrap();
        File::options().append(true).open(&path).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        let keeping = Keeping { days: 5, files: 0, compress: true };
        archive.tidy(keeping, FOUR_DAYS).unwrap();
        assert_eq!(names(directory.path()), ["kvd-1970-01-01T00-00-01.000000.gz"]);
        archive.tidy(Keeping { days: 3, ..keeping }, FOUR_DAYS).unwrap();
        assert_eq!(names(directory.path()).len(), 0);
    }
}
