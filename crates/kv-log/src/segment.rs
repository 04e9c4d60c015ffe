//! One segment file as it is read: which batch begins where, and whether it is whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::blocks::BLOCK_BYTES;
use crate::format::{BATCH_HEADER_BYTES, BatchHeader, Record, SegmentHeader, batch_crc};
use crate::types::Entry;

/// How much is read at once where most of it is expected to be of no interest.
const SEARCH_BYTES: usize = 1 << 20;

/// A segment open for reading.
///
/// The file may be recycled at any time; its batches then belong to another segment and are no longer
/// found here.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) salt: u64,
    pub(crate) bytes: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

/// What stands at an offset of a segment.
#[derive(Debug)]
pub(crate) enum Found {
    /// A batch of this segment, whole.
    Batch(Batch),
    /// What says it is a batch of this segment and is not right.
    Damaged,
    /// Nothing of this segment: zeros, or an older segment's remains.
    Nothing,
}

/// A batch that was read and checked.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    pub(crate) crc: u32,
    records: Bytes,
}

impl Batch {
    /// Decodes what the batch holds.
    pub(crate) fn records(&self) -> Result<Vec<Record>, &'static str> {
        Record::decode_all(self.header.records, self.records.clone())
    }

    /// Decodes what the batch holds and returns only the entries.
    pub(crate) fn entries(&self) -> Result<impl Iterator<Item = Entry> + use<>, &'static str> {
        Ok(self.records()?.into_iter().filter_map(|record| match record {
            Record::Entry(entry) => Some(entry),
            _ => None,
        }))
    }
}

impl Segment {
    /// Opens the file that the segment's header was just read from or written to.
    pub(crate) fn open(path: &Path, header: &SegmentHeader) -> io::Result<Segment> {
        Ok(Segment {
            number: header.segment,
            salt: header.salt,
            bytes: header.file_bytes,
            path: path.to_owned(),
            file: File::open(path)?,
        })
    }

    /// Reads what stands at an offset.
    pub(crate) fn at(&self, offset: u64) -> io::Result<Found> {
        let mut block = [0; BLOCK_BYTES];
        if offset + BLOCK_BYTES as u64 > self.bytes || !read_whole(&self.file, &mut block, offset)? {
            return Ok(Found::Nothing);
        }
        let Some((header, crc)) = BatchHeader::decode(&block) else { return Ok(Found::Nothing) };
        if header.segment != self.number || header.salt != self.salt {
            return Ok(Found::Nothing);
        }
        Ok(match read_batch(&self.file, &block, header, crc, offset, self.bytes)? {
            Some(batch) => Found::Batch(batch),
            None => Found::Damaged,
        })
    }

    /// Says whether the file still holds this segment. It does not once it is recycled, and that is so before
    /// any of the segment's batches is overwritten.
    pub(crate) fn is_there(&self) -> io::Result<bool> {
        let mut block = [0; BLOCK_BYTES];
        Ok(read_whole(&self.file, &mut block, 0)?
            && SegmentHeader::decode(&block)
                .is_ok_and(|header| header.segment == self.number && header.salt == self.salt))
    }

    /// Says whether a whole batch of this segment with at least the given number begins at an offset
    /// or behind it.
    pub(crate) fn has_batch_from(&self, offset: u64, batch_min: u64) -> io::Result<bool> {
        let found = find_batch(&self.file, offset, self.bytes, |header| {
            header.segment == self.number && header.salt == self.salt && header.chain.batch >= batch_min
        })?;
        Ok(found.is_some())
    }
}

/// Returns the number of the newest segment of which a file holds whole batches, whatever its header says.
pub(crate) fn newest_segment_in(file: &File, bytes: u64) -> io::Result<Option<u64>> {
    let mut newest = None;
    let mut offset = BLOCK_BYTES as u64;
    while let Some((at, header)) = find_batch(file, offset, bytes, |header| Some(header.segment) > newest)? {
        newest = Some(header.segment);
        offset = at + BLOCK_BYTES as u64;
    }
    Ok(newest)
}

/// Shows every whole batch that stands in a file, of whatever segment.
pub(crate) fn whole_batches(file: &File, bytes: u64, mut each: impl FnMut(Batch)) -> io::Result<()> {
    let mut block = [0; BLOCK_BYTES];
    let mut offset = BLOCK_BYTES as u64;
    while read_whole(file, &mut block, offset)? {
        let batch = match BatchHeader::decode(&block) {
            Some((header, crc)) => read_batch(file, &block, header, crc, offset, bytes)?,
            None => None,
        };
        let blocks = batch.as_ref().map_or(1, |batch| batch.header.blocks());
        batch.into_iter().for_each(&mut each);
        offset += (blocks * BLOCK_BYTES) as u64;
    }
    Ok(())
}

/// Finds the first whole batch from an offset on whose header is wanted. Every block may begin one.
fn find_batch(
    file: &File,
    mut offset: u64,
    bytes: u64,
    wanted: impl Fn(&BatchHeader) -> bool,
) -> io::Result<Option<(u64, BatchHeader)>> {
    let mut window = vec![0; SEARCH_BYTES];
    while offset < bytes {
        let piece = &mut window[..(bytes - offset).min(SEARCH_BYTES as u64) as usize];
        if !read_whole(file, piece, offset)? {
            return Ok(None);
        }
        for (number, block) in piece.chunks_exact(BLOCK_BYTES).enumerate() {
            let at = offset + (number * BLOCK_BYTES) as u64;
            if let Some((header, crc)) = BatchHeader::decode(block)
                && wanted(&header)
                && read_batch(file, block, header, crc, at, bytes)?.is_some()
            {
                return Ok(Some((at, header)));
            }
        }
        offset += piece.len() as u64;
    }
    Ok(None)
}

/// Reads and checks the batch whose first block was read. Nothing if it is not whole.
fn read_batch(
    file: &File,
    first_block: &[u8],
    header: BatchHeader,
    crc: u32,
    offset: u64,
    file_bytes: u64,
) -> io::Result<Option<Batch>> {
    let length = header.batch_bytes();
    if length as u64 > file_bytes - offset {
        return Ok(None);
    }
    let mut batch = vec![0; length];
    let in_first_block = length.min(BLOCK_BYTES);
    batch[..in_first_block].copy_from_slice(&first_block[..in_first_block]);
    if !read_whole(file, &mut batch[in_first_block..], offset + BLOCK_BYTES as u64)? || batch_crc(&batch) != crc {
        return Ok(None);
    }
    let records = Bytes::from(batch).slice(BATCH_HEADER_BYTES..);
    Ok(Some(Batch { header, crc, records }))
}

/// Fills a buffer from a file; false if the file ends before.
pub(crate) fn read_whole(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
    match file.read_exact_at(buffer, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
