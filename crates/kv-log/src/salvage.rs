//! Reading whatever is left of a damaged log: every whole batch, wherever it stands.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use crate::format::Record;
use crate::segment::whole_batches;
use crate::slot;
use crate::types::{Entry, Position};

/// What is left of a damaged log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Salvaged {
    /// The entries that can be read, by index; some may be missing between them.
    pub entries: BTreeMap<u64, Entry>,
    /// The newest entry known to be committed.
    pub committed: Option<Position>,
}

impl Salvaged {
    /// Reads every whole batch of every file of a log, however damaged the rest is, and keeps the entries from an index on.
    ///
    /// Batches are numbered along the whole log, so their order is known wherever they are found. What is left of purged
    /// segments is read too. Changes nothing.
    ///
    /// # Errors
    ///
    /// What the operating system says where a file cannot be read at all.
    pub fn read(dir: &Path, from_index: u64) -> io::Result<Salvaged> {
        let mut batches = BTreeMap::new();
        for path in slot::list(dir)? {
            let file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            whole_batches(&file, bytes, |batch| {
                // A batch that was cut off is followed by another one of its number, in a later segment.
                batches.insert((batch.header.chain.batch, batch.header.segment), batch);
            })?;
        }
        let mut salvaged = Salvaged::default();
        for batch in batches.into_values() {
            let Ok(records) = batch.records() else { continue };
            salvaged.committed = salvaged.committed.max(batch.header.committed);
            for record in records {
                match record {
                    Record::Entry(entry) if entry.position.index >= from_index => {
                        salvaged.entries.insert(entry.position.index, entry);
                    }
                    Record::Truncate(last) => {
                        salvaged.entries.split_off(&last.map_or(0, |last| last.index + 1));
                    }
                    Record::Entry(_) | Record::Vote(_) | Record::Purge { .. } => {}
                }
            }
        }
        Ok(salvaged)
    }
}
