//! Finding out what a directory of segments holds, and telling a torn end from damage.
//!
//! A batch is written only when the one before it is durable, and a segment is begun only when all batches
//! of the one before it are durable. So a crash leaves at most one batch in part: the last one of
//! the newest segment. Everything else that is not right is damage to bytes that were reported as
//! durable, and opening refuses.
//!
//! **Which files count.** The file's header says which segment it is; its name says nothing. The newest
//! header and the purges behind it say which is the oldest segment still needed; all from there to the newest must be
//! there. Older ones wait to be recycled. A file without a usable header was being made (all zeros) or recycled
//! (a header written in part) when the process died, as a header is durable before any
//! batch follows it. It is then free, unless it holds whole batches of a segment that is missing: those
//! were written behind a header that was once good.
//!
//! **Where a segment that is not the newest ends.** The next header says so: it repeats the number of the next
//! batch and the CRC of the last one. Each batch repeats the CRC of the one before, so one changed, dropped or
//! exchanged batch breaks the chain.
//!
//! **Where the newest ends.** At the first offset where no batch continues the chain. What stands there is
//!
//! - *nothing of ours*: zeros, or batches of the file's earlier life, which carry another segment number and another
//!   salt. The log ends here.
//! - *something that says it is the next batch* and fails its CRC. It was being written: cut it off, and say so.
//!   (It may also be the last batch reported as durable, damaged since. No file format can tell.)
//!
//! Either is damage instead if a whole batch of this segment with this or a later number stands anywhere
//! behind it: that one was written when this one was durable. The salt is random, so that neither remains of
//! a recycled file nor a client's values that imitate a batch are taken for one.
//!
//! A cut-off batch stays in its file. It is never read again, as every start of the process opens a new
//! segment, whose header says where the one before ends.
//!
//! **Beside a running server** a file can be recycled while it is read, and a batch that was seen in part a
//! moment ago can be whole. So a bad batch is read a second time after a later one was found, the newest
//! segment must still be the same one when its end is found, and [`Reader`](crate::Reader) takes an error for one
//! only when the set of segments has not changed meanwhile; else it starts again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blocks::BLOCK_BYTES;
use crate::error::OpenError;
use crate::format::{Chain, FORMAT_VERSION, HEADER_BYTES, NoHeader, Record, SegmentHeader};
use crate::pool::Slot;
use crate::segment::{Batch, Found, Segment, newest_segment_in, read_whole};
use crate::slot;
use crate::table::{Line, Table};
use crate::types::{Position, Recovery, State, TornTail};

/// What a directory holds.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) recovery: Recovery,
    /// What all batches come to.
    pub(crate) state: State,
    pub(crate) table: Table,
    /// Where the next segment continues.
    pub(crate) chain: Chain,
    /// The segments from the oldest needed to the newest.
    pub(crate) segments: Vec<ScannedSegment>,
    /// The files that can be used again.
    pub(crate) spares: Vec<Slot>,
}

/// A segment that holds part of the log.
#[derive(Debug)]
pub(crate) struct ScannedSegment {
    pub(crate) segment: Arc<Segment>,
    /// The highest index among its entries.
    pub(crate) index_max: Option<u64>,
}

impl Scan {
    /// Reads the directory.
    pub(crate) fn run(dir: &Path) -> Result<Scan, OpenError> {
        let Files { mut headed, headless } = Files::list(dir)?;
        let Some((&newest, _)) = headed.last_key_value() else {
            return Scan::empty(headless);
        };
        let NewestEnd { oldest_needed: oldest, chain: end_of_newest, torn } = NewestEnd::find(&headed[&newest])?;
        let mut spares = Vec::new();
        let needed = headed.split_off(&oldest);
        spares.extend(headed.into_values().map(HeadedFile::into_spare));
        check_complete(dir, oldest, newest, &needed, &headless)?;
        spares.extend(headless.into_iter().map(HeadlessFile::into_spare));

        let mut replay = Replay { state: needed[&oldest].header.state, table: Table::default() };
        let mut chain = needed[&oldest].header.chain;
        let mut segments = Vec::new();
        let mut files = needed.into_values().peekable();
        while let Some(file) = files.next() {
            let segment = Arc::new(file.open()?);
            let mut walk = Walk { segment: &segment, chain, offset: HEADER_BYTES };
            if file.header.chain != chain {
                return Err(walk.corrupt("the segment does not continue the one before it"));
            }
            let end = files.peek().map_or(end_of_newest, |next| next.header.chain);
            let mut index_max = None;
            walk.batches(Some(end), |walk, batch| {
                index_max = index_max.max(replay.batch(walk, batch)?);
                Ok(())
            })?;
            chain = walk.chain;
            segments.push(ScannedSegment { segment, index_max });
        }
        let Replay { mut state, table } = replay;
        state.committed = state.committed_in_log();
        let recovery =
            Recovery { vote: state.vote, committed: state.committed, purged: state.purged, last: state.last, torn };
        Ok(Scan { recovery, state, table, chain, segments, spares })
    }

    /// Returns which segments there are, to tell whether somebody changes them.
    pub(crate) fn census(dir: &Path) -> Result<Vec<(PathBuf, [u8; BLOCK_BYTES])>, OpenError> {
        let mut census = Vec::new();
        for path in slot::list(dir).map_err(|source| io_error("list", dir, source))? {
            let mut block = [0; BLOCK_BYTES];
            if let Ok(file) = File::open(&path)
                && read_whole(&file, &mut block, 0).is_ok()
            {
                census.push((path, block));
            }
        }
        Ok(census)
    }

    /// A directory without a usable segment: a new one, if no file speaks against it.
    fn empty(headless: Vec<HeadlessFile>) -> Result<Scan, OpenError> {
        if let Some((file, number)) = headless.iter().find_map(|file| Some((file, file.holds?))) {
            return Err(file.corrupt(number));
        }
        Ok(Scan {
            recovery: Recovery::default(),
            state: State::default(),
            table: Table::default(),
            chain: Chain::START,
            segments: Vec::new(),
            spares: headless.into_iter().map(HeadlessFile::into_spare).collect(),
        })
    }
}

/// The files of a directory, by what their first block says.
struct Files {
    headed: BTreeMap<u64, HeadedFile>,
    headless: Vec<HeadlessFile>,
}

struct HeadedFile {
    path: PathBuf,
    bytes: u64,
    header: SegmentHeader,
}

struct HeadlessFile {
    path: PathBuf,
    bytes: u64,
    /// The newest segment of which it has whole batches.
    holds: Option<u64>,
}

impl Files {
    fn list(dir: &Path) -> Result<Files, OpenError> {
        let mut headed = BTreeMap::new();
        let mut headless = Vec::new();
        for path in slot::list(dir).map_err(|source| io_error("list", dir, source))? {
            match Files::look(&path)? {
                Err(file) => headless.push(file),
                Ok(file) => {
                    let segment = file.header.segment;
                    if let Some(HeadedFile { path: first, .. }) = headed.insert(segment, file) {
                        return Err(OpenError::DuplicateSegment { segment, first, second: path });
                    }
                }
            }
        }
        Ok(Files { headed, headless })
    }

    fn look(path: &Path) -> Result<Result<HeadedFile, HeadlessFile>, OpenError> {
        let failed = |action| move |source| io_error(action, path, source);
        // Also an error if it was there a moment ago: it may have been the newest segment.
        let file = File::open(path).map_err(failed("open"))?;
        let bytes = file.metadata().map_err(failed("read the size of"))?.len();
        let mut block = [0; BLOCK_BYTES];
        if !read_whole(&file, &mut block, 0).map_err(failed("read"))? {
            return Err(OpenError::Truncated { path: path.to_owned(), expected: HEADER_BYTES, found: bytes });
        }
        let problem = match SegmentHeader::decode(&block) {
            Ok(header) => return Ok(Ok(HeadedFile { path: path.to_owned(), bytes, header })),
            Err(NoHeader::Future(found)) => {
                return Err(OpenError::FutureFormat { path: path.to_owned(), found, supported: FORMAT_VERSION });
            }
            Err(problem) => problem,
        };
        let holds = newest_segment_in(&file, bytes).map_err(failed("read"))?;
        if problem == NoHeader::Foreign && holds.is_none() {
            return Err(OpenError::Foreign { path: path.to_owned() });
        }
        Ok(Err(HeadlessFile { path: path.to_owned(), bytes, holds }))
    }
}

impl HeadedFile {
    fn open(&self) -> Result<Segment, OpenError> {
        if self.bytes < self.header.file_bytes {
            return Err(OpenError::Truncated {
                path: self.path.clone(),
                expected: self.header.file_bytes,
                found: self.bytes,
            });
        }
        Segment::open(&self.path, &self.header).map_err(|source| io_error("open", &self.path, source))
    }

    fn into_spare(self) -> Slot {
        Slot { path: self.path, bytes: self.bytes }
    }
}

impl HeadlessFile {
    fn corrupt(&self, segment: u64) -> OpenError {
        OpenError::Corrupt {
            segment,
            path: self.path.clone(),
            offset: 0,
            reason: "the header of a segment with batches is unreadable",
        }
    }

    fn into_spare(self) -> Slot {
        Slot { path: self.path, bytes: self.bytes }
    }
}

/// What the newest segment says about the whole log.
struct NewestEnd {
    oldest_needed: u64,
    /// What the next batch would continue.
    chain: Chain,
    torn: Option<TornTail>,
}

impl NewestEnd {
    /// Finds the end, and on the way the oldest segment still needed: what the header says, or a purge recorded
    /// behind it.
    fn find(newest: &HeadedFile) -> Result<NewestEnd, OpenError> {
        let segment = Arc::new(newest.open()?);
        let mut oldest_needed = newest.header.oldest_needed;
        let mut walk = Walk { segment: &segment, chain: newest.header.chain, offset: HEADER_BYTES };
        let torn = walk.batches(None, |walk, batch| {
            for record in batch.records().map_err(|reason| walk.corrupt(reason))? {
                if let Record::Purge { oldest_needed: recorded, .. } = record {
                    oldest_needed = oldest_needed.max(recorded);
                }
            }
            Ok(())
        })?;
        // Where its batches end, another life of the file may have begun.
        if !segment.is_there().map_err(|source| walk.io(source))? {
            return Err(walk.corrupt("the segment was recycled while it was read"));
        }
        Ok(NewestEnd { oldest_needed: oldest_needed.min(segment.number), chain: walk.chain, torn })
    }
}

fn check_complete(
    dir: &Path,
    oldest: u64,
    newest: u64,
    needed: &BTreeMap<u64, HeadedFile>,
    headless: &[HeadlessFile],
) -> Result<(), OpenError> {
    let holding = |wanted: &dyn Fn(u64) -> bool| {
        headless.iter().find_map(|file| file.holds.filter(|segment| wanted(*segment)).map(|segment| (file, segment)))
    };
    if let Some((file, segment)) = holding(&|segment| segment > newest) {
        return Err(file.corrupt(segment));
    }
    if let Some(missing) = (oldest..=newest).find(|segment| !needed.contains_key(segment)) {
        return Err(match holding(&|segment| segment == missing) {
            Some((file, segment)) => file.corrupt(segment),
            None => OpenError::MissingSegment { segment: missing, oldest, newest, path: dir.to_owned() },
        });
    }
    Ok(())
}

/// A walk along the batches of one segment.
struct Walk<'a> {
    segment: &'a Arc<Segment>,
    /// What the batch at `offset` must continue.
    chain: Chain,
    offset: u64,
}

impl Walk<'_> {
    /// Reads the segment to its end: what the next segment's header says, or else what can be found. Returns
    /// what was cut off there.
    fn batches(
        &mut self,
        end: Option<Chain>,
        mut each: impl FnMut(&Walk<'_>, &Batch) -> Result<(), OpenError>,
    ) -> Result<Option<TornTail>, OpenError> {
        loop {
            if let Some(end) = end
                && self.chain.batch >= end.batch
            {
                return if self.chain == end {
                    Ok(None)
                } else {
                    Err(self.corrupt("the next segment does not continue this one"))
                };
            }
            let mut found = self.read()?;
            if !self.continues(&found) {
                if end.is_some() {
                    return Err(self.corrupt("a batch is damaged or missing, and a later segment follows"));
                }
                let later = self.segment.has_batch_from(self.offset, self.chain.batch);
                if !later.map_err(|source| self.io(source))? {
                    return Ok(self.torn(&found));
                }
                found = self.read()?;
            }
            match found {
                Found::Batch(batch) if batch.header.chain == self.chain => {
                    each(self, &batch)?;
                    self.chain = Chain { batch: self.chain.batch + 1, previous_crc: batch.crc };
                    self.offset += (batch.header.blocks() * BLOCK_BYTES) as u64;
                }
                _ => return Err(self.corrupt("a batch is damaged or missing, and later ones are whole")),
            }
        }
    }

    fn read(&self) -> Result<Found, OpenError> {
        self.segment.at(self.offset).map_err(|source| self.io(source))
    }

    fn continues(&self, found: &Found) -> bool {
        matches!(found, Found::Batch(batch) if batch.header.chain == self.chain)
    }

    fn torn(&self, found: &Found) -> Option<TornTail> {
        let (segment, path, offset) = (self.segment.number, self.segment.path.clone(), self.offset);
        match found {
            Found::Nothing => None,
            Found::Damaged | Found::Batch(_) => Some(TornTail { segment, path, offset }),
        }
    }

    fn io(&self, source: io::Error) -> OpenError {
        io_error("read", &self.segment.path, source)
    }

    fn corrupt(&self, reason: &'static str) -> OpenError {
        let (segment, path) = (self.segment.number, self.segment.path.clone());
        OpenError::Corrupt { segment, path, offset: self.offset, reason }
    }
}

/// The log as the records make it.
struct Replay {
    state: State,
    table: Table,
}

impl Replay {
    /// Takes in a batch and returns the highest index among its entries.
    fn batch(&mut self, walk: &Walk<'_>, batch: &Batch) -> Result<Option<u64>, OpenError> {
        let mut index_max = None;
        for record in batch.records().map_err(|reason| walk.corrupt(reason))? {
            match record {
                Record::Vote(vote) => self.state.vote = Some(vote),
                Record::Truncate(last) => {
                    let from = self.state.truncate(last);
                    self.table.truncate_from(from);
                }
                Record::Purge { position, .. } => {
                    self.state.purge(position);
                    self.table.purge_to(position.index);
                }
                Record::Entry(entry) => {
                    if !self.state.is_followed_by(entry.position) {
                        return Err(walk.corrupt("an entry does not follow the one before it"));
                    }
                    let Position { index, .. } = entry.position;
                    if index_max.is_none() {
                        let (offset, segment) = (walk.offset, Arc::clone(walk.segment));
                        self.table.push(Line { first: index, offset, segment });
                    }
                    index_max = Some(index);
                    self.state.last = Some(entry.position);
                }
            }
        }
        self.state.committed = batch.header.committed.or(self.state.committed);
        Ok(index_max)
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { action, path: path.to_owned(), source }
}
