//! The end of the log on disk: where the next batch is written, and which segments are still needed.
//!
//! Invariants: a block is written once in the life of a segment; a segment's header is durable before its
//! first batch is written. After an error nothing more may be written.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::blocks::{BLOCK_BYTES, Blocks, blocks_for};
use crate::disk::{Disk, DiskFile, SyncMode};
use crate::error::{OpenError, WriteError};
use crate::format::{BATCH_HEADER_BYTES, BatchHeader, Chain, HEADER_BYTES, Record, SegmentHeader};
use crate::metrics::Counters;
use crate::options::Salt;
use crate::pool::Slot;
use crate::segment::Segment;
use crate::table::Line;
use crate::types::{Position, State};

/// How the files are written.
pub(crate) struct TailOptions {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) sync: SyncMode,
    pub(crate) salt: Salt,
    pub(crate) counters: Arc<Counters>,
}

/// What is on disk when a process starts.
pub(crate) struct Past {
    pub(crate) segments: VecDeque<LiveSegment>,
    pub(crate) chain: Chain,
    pub(crate) state: State,
}

/// A segment that holds part of the log.
#[derive(Debug)]
pub(crate) struct LiveSegment {
    pub(crate) slot: Slot,
    pub(crate) segment: Arc<Segment>,
    /// The highest index among its entries.
    pub(crate) index_max: Option<u64>,
}

pub(crate) struct Tail {
    options: TailOptions,
    blocks: Blocks,
    /// From the oldest needed to the one written to.
    segments: VecDeque<LiveSegment>,
    chain: Chain,
    /// What all batches so far come to.
    state: State,
    file: Box<dyn DiskFile>,
    offset: u64,
}

impl Tail {
    /// Continues behind what an earlier process left, in a segment of its own.
    pub(crate) fn start(mut options: TailOptions, past: Past, slot: Slot) -> Result<Tail, Failure> {
        let Past { mut segments, chain, state } = past;
        let mut blocks = Blocks::default();
        let header = next_header(&mut options.salt, &segments, chain, state, &slot);
        let (file, live) = begin(&options, &mut blocks, &header, slot)?;
        segments.push_back(live);
        Ok(Tail { options, blocks, segments, chain, state, file, offset: HEADER_BYTES })
    }

    /// Goes on in another file.
    pub(crate) fn begin_segment(&mut self, slot: Slot) -> Result<(), Failure> {
        let header = next_header(&mut self.options.salt, &self.segments, self.chain, self.state, &slot);
        let (file, live) = begin(&self.options, &mut self.blocks, &header, slot)?;
        self.segments.push_back(live);
        self.file = file;
        self.offset = HEADER_BYTES;
        Ok(())
    }

    /// Returns how many bytes the current segment has left.
    pub(crate) fn room_bytes(&self) -> u64 {
        self.current().slot.bytes - self.offset
    }

    /// Returns the size of the current segment.
    pub(crate) fn segment_bytes(&self) -> u64 {
        self.current().slot.bytes
    }

    /// Returns the first segment that is needed when the entries up to `purged` are not.
    pub(crate) fn oldest_needed(&self, purged: u64) -> u64 {
        let last = self.segments.len() - 1;
        let needed = self.segments.iter().take(last).position(|live| live.index_max.is_some_and(|max| max > purged));
        self.segments[needed.unwrap_or(last)].segment.number
    }

    /// Writes one batch, which is durable when this returns. The caller has seen to it that there is room.
    /// Returns where its entries are, if it has any.
    pub(crate) fn append<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Record> + Clone,
        committed: Option<Position>,
    ) -> Result<Option<Line>, Failure> {
        let records_bytes: usize = records.clone().map(Record::encoded_bytes).sum();
        let live = self.segments.back_mut().expect("there is always a current segment");
        let header = BatchHeader {
            segment: live.segment.number,
            salt: live.segment.salt,
            chain: self.chain,
            committed,
            records: records.clone().count() as u32,
            records_bytes: records_bytes as u32,
        };
        let blocks = self.blocks.dirty(header.blocks());
        assert!(self.offset + blocks.len() as u64 <= live.slot.bytes, "a batch never spans segments");
        let mut out = &mut blocks[BATCH_HEADER_BYTES..];
        records.clone().for_each(|record| record.encode(&mut out));
        let crc = header.seal(blocks);

        write(&self.options.counters, self.file.as_mut(), &live.slot, blocks, self.offset)?;

        let mut line = None;
        for record in records {
            match record {
                Record::Entry(entry) => {
                    let index = entry.position.index;
                    line.get_or_insert_with(|| Line {
                        first: index,
                        offset: self.offset,
                        segment: Arc::clone(&live.segment),
                    });
                    live.index_max = live.index_max.max(Some(index));
                    self.state.last = Some(entry.position);
                }
                Record::Vote(vote) => self.state.vote = Some(*vote),
                Record::Truncate(last) => drop(self.state.truncate(*last)),
                Record::Purge { position, .. } => self.state.purge(*position),
            }
        }
        self.state.committed = committed.or(self.state.committed);
        self.offset += blocks.len() as u64;
        self.chain = Chain { batch: self.chain.batch + 1, previous_crc: crc };
        Ok(line)
    }

    /// Lets go of the segments before the oldest one needed, after that was recorded, and returns their files.
    pub(crate) fn release(&mut self, oldest_needed: u64) -> Vec<Slot> {
        let count = self.segments.partition_point(|live| live.segment.number < oldest_needed);
        self.segments.drain(..count).map(|live| live.slot).collect()
    }

    /// Gives memory back that a large batch took.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.blocks.shrink(bytes);
    }

    fn current(&self) -> &LiveSegment {
        self.segments.back().expect("there is always a current segment")
    }
}

/// Returns how many bytes a batch with so many bytes of records takes on disk.
pub(crate) fn batch_disk_bytes(records_bytes: usize) -> u64 {
    (blocks_for(BATCH_HEADER_BYTES + records_bytes) * BLOCK_BYTES) as u64
}

fn next_header(
    salt: &mut Salt,
    segments: &VecDeque<LiveSegment>,
    chain: Chain,
    state: State,
    slot: &Slot,
) -> SegmentHeader {
    let segment = segments.back().map_or(1, |newest| newest.segment.number + 1);
    let oldest_needed = segments.front().map_or(segment, |oldest| oldest.segment.number);
    SegmentHeader { segment, salt: salt.draw(), file_bytes: slot.bytes, chain, oldest_needed, state }
}

/// Makes a file the next segment.
fn begin(
    options: &TailOptions,
    blocks: &mut Blocks,
    header: &SegmentHeader,
    slot: Slot,
) -> Result<(Box<dyn DiskFile>, LiveSegment), Failure> {
    let failed = |action| {
        let path = slot.path.clone();
        move |source| Failure { action, path, source }
    };
    let mut file = options.disk.open(&slot.path, options.sync).map_err(failed("open"))?;
    let block = blocks.dirty(1);
    header.encode(block);
    write(&options.counters, file.as_mut(), &slot, block, 0)?;
    let segment = Arc::new(Segment::open(&slot.path, header).map_err(failed("open"))?);
    Ok((file, LiveSegment { slot, segment, index_max: None }))
}

fn write(counters: &Counters, file: &mut dyn DiskFile, slot: &Slot, blocks: &[u8], offset: u64) -> Result<(), Failure> {
    let start = Instant::now();
    file.write(blocks, offset).map_err(|source| Failure {
        action: "write and sync",
        path: slot.path.clone(),
        source,
    })?;
    counters.wrote(blocks.len(), start.elapsed());
    Ok(())
}

/// What the file system refused.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) action: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

impl From<Failure> for WriteError {
    fn from(Failure { action, path, source }: Failure) -> WriteError {
        WriteError::Io { action, path, source: Arc::new(source) }
    }
}

impl From<Failure> for OpenError {
    fn from(Failure { action, path, source }: Failure) -> OpenError {
        OpenError::Io { action, path, source }
    }
}
