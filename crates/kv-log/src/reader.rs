//! Reading a log without writing: for offline tools, also beside a running server.

use std::path::{Path, PathBuf};

use crate::error::{OpenError, ReadError};
use crate::read::from_line;
use crate::recovery::Scan;
use crate::types::{Entry, Recovery};

/// How often reading starts again because the server moved on meanwhile. More than one is rare: the server
/// would have to fill and purge a segment in the time it takes to read the log.
const ATTEMPTS: usize = 100;

/// A log as it was at one moment.
///
/// Takes no lock and changes nothing. A server may go on writing; what it adds is not seen.
#[derive(Debug)]
pub struct Reader {
    scan: Scan,
    dir: PathBuf,
}

impl Reader {
    /// Reads all of a log and checks it.
    ///
    /// # Errors
    /// The same as for [`Log::open`](crate::Log::open). A directory that is not there is an error here.
    pub fn open(dir: &Path) -> Result<Reader, OpenError> {
        let mut attempts = 1;
        loop {
            let before = Scan::census(dir)?;
            match Scan::run(dir) {
                Ok(scan) => return Ok(Reader { scan, dir: dir.to_owned() }),
                // Only a directory that nobody changes is known to be damaged.
                Err(_) if attempts < ATTEMPTS && before != Scan::census(dir)? => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns what the log holds.
    pub fn recovery(&self) -> &Recovery {
        &self.scan.recovery
    }

    /// Returns the directory that was read.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the entries from an index on, in order, or from the oldest one if that is purged. They are read
    /// batch by batch.
    ///
    /// # Errors
    /// [`ReadError::Recycled`] if the server purged an entry before it was read.
    pub fn entries(&self, from_index: u64) -> impl Iterator<Item = Result<Entry, ReadError>> + '_ {
        let Recovery { purged, last, .. } = self.scan.recovery;
        let oldest = purged.map(|purged| purged.index + 1).max(self.scan.table.first()).unwrap_or(0);
        Entries {
            scan: &self.scan,
            next: from_index.max(oldest),
            behind: last.map_or(0, |last| last.index + 1),
            batch: Vec::new().into_iter(),
        }
    }
}

struct Entries<'a> {
    scan: &'a Scan,
    /// The first index not read yet.
    next: u64,
    behind: u64,
    batch: std::vec::IntoIter<Entry>,
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.batch.next() {
            return Some(Ok(entry));
        }
        if self.next >= self.behind {
            return None;
        }
        let index = self.next;
        let (line, line_end) = self.scan.table.find(index).expect("every entry is in the table");
        let end = line_end.min(self.behind);
        // An error is the last item.
        self.next = self.behind;
        match from_line(line, index..end) {
            Ok(Some(entries)) => {
                self.next = end.min(index + entries.len() as u64);
                self.batch = entries.into_iter();
                self.batch.next().map(Ok)
            }
            Ok(None) => Some(Err(ReadError::Recycled { index })),
            Err(error) => Some(Err(error)),
        }
    }
}
