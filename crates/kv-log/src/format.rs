//! Every byte of a segment file, and nothing but bytes: encoding, decoding and checking.
//!
//! All numbers are little-endian. A file is a sequence of blocks of 4096 bytes.
//!
//! ```text
//! block 0        segment header
//! block 1..      batches, each in whole blocks, zero-padded, one right behind the other
//! behind them    zeros, or whatever the file held before it was recycled
//! ```
//!
//! Segment header. Offsets in the block; bytes not named are zero.
//!
//! ```text
//!   0   8  magic "kvd-log\0"
//!   8   4  format version
//!  12   4  CRC-32C of the whole block, with these four bytes zero
//!  16   8  segment number, from 1
//!  24   8  salt
//!  32   8  length of the file
//!  40   8  number of the segment's first batch
//!  48   8  number of the oldest segment that is still needed
//!  56   4  CRC of the batch before the first one, 0 if there is none
//!  60   4  which of the following are there: 1 vote, 2 vote is committed, 4 purged, 8 committed, 16 last
//!  64  16  vote: term, node
//!  80  16  purged: term, index
//!  96  16  committed: term, index
//! 112  16  last: term, index
//! ```
//!
//! Batch. The CRC covers everything behind it up to the end of the records, so also the salt.
//!
//! ```text
//!   0   4  magic "kvdB"
//!   4   4  CRC-32C of bytes 8 to 64 + length
//!   8   4  CRC of the batch before
//!  12   4  length of the records in bytes
//!  16   8  segment number
//!  24   8  batch number, from 1, one step from batch to batch across all segments
//!  32   8  salt of the segment
//!  40  16  committed: term, index
//!  56   4  1 if committed is there
//!  60   4  number of records
//!  64      records
//! ```
//!
//! Record: kind (1 byte), length of the body (4 bytes), body.
//!
//! ```text
//! 1 blank       term 8, index 8
//! 2 command     term 8, index 8, payload
//! 3 membership  term 8, index 8, payload
//! 4 vote        term 8, node 8, committed 1
//! 5 truncate    the position that stays the last: term 8, index 8; or nothing: no entry stays
//! 6 purge       term 8, index 8, oldest segment still needed 8
//! ```
//!
//! In a batch, truncations and purges stand before every entry, so its entries have consecutive indexes.

use bytes::{Buf, BufMut, Bytes};

use crate::blocks::{BLOCK_BYTES, blocks_for};
use crate::types::{Entry, Payload, Position, State, Vote};

/// The version of the format that is written, and the newest that is read.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The length of a segment header.
pub(crate) const HEADER_BYTES: u64 = BLOCK_BYTES as u64;

/// The length of a batch's header.
pub(crate) const BATCH_HEADER_BYTES: usize = 64;

/// The largest payload of an entry, so that the length of a batch always fits its field.
pub const ENTRY_BYTES_MAX: usize = 1 << 30;

const SEGMENT_MAGIC: [u8; 8] = *b"kvd-log\0";
const BATCH_MAGIC: [u8; 4] = *b"kvdB";
const HEADER_CRC_AT: usize = 12;
const HEADER_FIELDS_BYTES: usize = 128;
const BATCH_CRC_FROM: usize = 8;
const RECORD_HEADER_BYTES: usize = 5;
const POSITION_BYTES: usize = 16;

const HAS_VOTE: u32 = 1;
const VOTE_IS_COMMITTED: u32 = 2;
const HAS_PURGED: u32 = 4;
const HAS_COMMITTED: u32 = 8;
const HAS_LAST: u32 = 16;

const KIND_BLANK: u8 = 1;
const KIND_COMMAND: u8 = 2;
const KIND_MEMBERSHIP: u8 = 3;
const KIND_VOTE: u8 = 4;
const KIND_TRUNCATE: u8 = 5;
const KIND_PURGE: u8 = 6;

/// The first block of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) segment: u64,
    pub(crate) salt: u64,
    pub(crate) file_bytes: u64,
    /// Where the chain of batches continues.
    pub(crate) chain: Chain,
    pub(crate) oldest_needed: u64,
    /// What all batches before this segment come to.
    pub(crate) state: State,
}

/// The link from one batch to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The number of the next batch.
    pub(crate) batch: u64,
    /// The CRC of the batch before it.
    pub(crate) previous_crc: u32,
}

impl Chain {
    /// Where the first batch of a new log continues.
    pub(crate) const START: Chain = Chain { batch: 1, previous_crc: 0 };
}

/// What a block that should be a segment header is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// All zeros: the file was made beforehand and not used yet.
    Blank,
    /// Something that was never ours.
    Foreign,
    /// Of a later release.
    Future(u32),
    /// Written in part, or damaged.
    Damaged,
}

impl SegmentHeader {
    /// Writes the header over a whole block.
    pub(crate) fn encode(&self, block: &mut [u8]) {
        assert_eq!(block.len(), BLOCK_BYTES, "a header is one block");
        let State { purged, last, vote, committed } = self.state;
        let mut flags = 0;
        if let Some(vote) = vote {
            flags |= HAS_VOTE | if vote.committed { VOTE_IS_COMMITTED } else { 0 };
        }
        for (position, flag) in [(purged, HAS_PURGED), (committed, HAS_COMMITTED), (last, HAS_LAST)] {
            flags |= if position.is_some() { flag } else { 0 };
        }
        block.fill(0);
        let mut out = &mut *block;
        out.put_slice(&SEGMENT_MAGIC);
        out.put_u32_le(FORMAT_VERSION);
        out.put_u32_le(0);
        out.put_u64_le(self.segment);
        out.put_u64_le(self.salt);
        out.put_u64_le(self.file_bytes);
        out.put_u64_le(self.chain.batch);
        out.put_u64_le(self.oldest_needed);
        out.put_u32_le(self.chain.previous_crc);
        out.put_u32_le(flags);
        out.put_u64_le(vote.map_or(0, |vote| vote.term));
        out.put_u64_le(vote.map_or(0, |vote| vote.node));
        for position in [purged, committed, last] {
            put_position(&mut out, position.unwrap_or(Position { term: 0, index: 0 }));
        }
        let crc = crc32c::crc32c(block);
        block[HEADER_CRC_AT..HEADER_CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads a header from a block.
    pub(crate) fn decode(block: &[u8]) -> Result<SegmentHeader, NoHeader> {
        let Some(mut input) = block.get(..HEADER_FIELDS_BYTES) else { return Err(NoHeader::Damaged) };
        if input[..8] != SEGMENT_MAGIC {
            return Err(if block.iter().all(|byte| *byte == 0) { NoHeader::Blank } else { NoHeader::Foreign });
        }
        input.advance(8);
        let version = input.get_u32_le();
        if version > FORMAT_VERSION {
            return Err(NoHeader::Future(version));
        }
        let crc = input.get_u32_le();
        let actual = crc32c::crc32c(&block[..HEADER_CRC_AT]);
        let actual = crc32c::crc32c_append(actual, &[0; 4]);
        let actual = crc32c::crc32c_append(actual, &block[HEADER_CRC_AT + 4..]);
        if crc != actual || version == 0 {
            return Err(NoHeader::Damaged);
        }
        let segment = input.get_u64_le();
        let salt = input.get_u64_le();
        let file_bytes = input.get_u64_le();
        let batch = input.get_u64_le();
        let oldest_needed = input.get_u64_le();
        let previous_crc = input.get_u32_le();
        let flags = input.get_u32_le();
        let has = |flag| flags & flag != 0;
        let (term, node) = (input.get_u64_le(), input.get_u64_le());
        let vote = has(HAS_VOTE).then_some(Vote { term, node, committed: has(VOTE_IS_COMMITTED) });
        let [purged, committed, last] = [HAS_PURGED, HAS_COMMITTED, HAS_LAST].map(|flag| {
            let position = get_position(&mut input);
            has(flag).then_some(position)
        });
        Ok(SegmentHeader {
            segment,
            salt,
            file_bytes,
            chain: Chain { batch, previous_crc },
            oldest_needed,
            state: State { purged, last, vote, committed },
        })
    }
}

/// The first bytes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(crate) segment: u64,
    pub(crate) salt: u64,
    /// Its own number, and the CRC of the batch before.
    pub(crate) chain: Chain,
    pub(crate) committed: Option<Position>,
    pub(crate) records: u32,
    pub(crate) records_bytes: u32,
}

impl BatchHeader {
    /// Returns the length of the batch without its padding.
    pub(crate) fn batch_bytes(&self) -> usize {
        BATCH_HEADER_BYTES + self.records_bytes as usize
    }

    /// Returns how many blocks the batch takes.
    pub(crate) fn blocks(&self) -> usize {
        blocks_for(self.batch_bytes())
    }

    /// Completes a batch whose records stand in their place already: writes the header and the
    /// padding. Returns the batch's CRC.
    pub(crate) fn seal(&self, blocks: &mut [u8]) -> u32 {
        let end = self.batch_bytes();
        blocks[end..].fill(0);
        let mut out = &mut blocks[..BATCH_HEADER_BYTES];
        out.put_slice(&BATCH_MAGIC);
        out.put_u32_le(0);
        out.put_u32_le(self.chain.previous_crc);
        out.put_u32_le(self.records_bytes);
        out.put_u64_le(self.segment);
        out.put_u64_le(self.chain.batch);
        out.put_u64_le(self.salt);
        put_position(&mut out, self.committed.unwrap_or(Position { term: 0, index: 0 }));
        out.put_u32_le(u32::from(self.committed.is_some()));
        out.put_u32_le(self.records);
        let crc = crc32c::crc32c(&blocks[BATCH_CRC_FROM..end]);
        blocks[4..8].copy_from_slice(&crc.to_le_bytes());
        crc
    }

    /// Reads a header from the first bytes of a batch, with the CRC that the batch must have. Nothing
    /// where no batch begins; what is returned is not checked otherwise.
    pub(crate) fn decode(block: &[u8]) -> Option<(BatchHeader, u32)> {
        let mut input = block.get(..BATCH_HEADER_BYTES)?;
        if input[..4] != BATCH_MAGIC {
            return None;
        }
        input.advance(4);
        let crc = input.get_u32_le();
        let previous_crc = input.get_u32_le();
        let records_bytes = input.get_u32_le();
        let segment = input.get_u64_le();
        let batch = input.get_u64_le();
        let salt = input.get_u64_le();
        let committed = get_position(&mut input);
        let committed = (input.get_u32_le() != 0).then_some(committed);
        let records = input.get_u32_le();
        let chain = Chain { batch, previous_crc };
        Some((BatchHeader { segment, salt, chain, committed, records, records_bytes }, crc))
    }
}

/// Returns the CRC of a batch, given without its padding.
pub(crate) fn batch_crc(batch: &[u8]) -> u32 {
    crc32c::crc32c(&batch[BATCH_CRC_FROM..])
}

/// One thing that happened to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    Entry(Entry),
    Vote(Vote),
    /// The entries behind this one are gone.
    Truncate(Option<Position>),
    /// The entries up to this one are gone.
    Purge {
        position: Position,
        oldest_needed: u64,
    },
}

impl Record {
    /// Returns the length of the encoded record.
    pub(crate) fn encoded_bytes(&self) -> usize {
        RECORD_HEADER_BYTES + self.body_bytes()
    }

    fn body_bytes(&self) -> usize {
        match self {
            Record::Entry(entry) => POSITION_BYTES + entry.payload.bytes().len(),
            Record::Vote(_) => 17,
            Record::Truncate(None) => 0,
            Record::Truncate(Some(_)) => POSITION_BYTES,
            Record::Purge { .. } => POSITION_BYTES + 8,
        }
    }

    /// Writes the record at the front of `out`, which moves behind it.
    pub(crate) fn encode(&self, out: &mut impl BufMut) {
        let kind = match self {
            Record::Entry(entry) => match entry.payload {
                Payload::Blank => KIND_BLANK,
                Payload::Command(_) => KIND_COMMAND,
                Payload::Membership(_) => KIND_MEMBERSHIP,
            },
            Record::Vote(_) => KIND_VOTE,
            Record::Truncate(_) => KIND_TRUNCATE,
            Record::Purge { .. } => KIND_PURGE,
        };
        out.put_u8(kind);
        out.put_u32_le(self.body_bytes() as u32);
        match self {
            Record::Entry(entry) => {
                put_position(out, entry.position);
                out.put_slice(entry.payload.bytes());
            }
            Record::Vote(vote) => {
                out.put_u64_le(vote.term);
                out.put_u64_le(vote.node);
                out.put_u8(u8::from(vote.committed));
            }
            Record::Truncate(last) => {
                if let Some(last) = last {
                    put_position(out, *last);
                }
            }
            Record::Purge { position, oldest_needed } => {
                put_position(out, *position);
                out.put_u64_le(*oldest_needed);
            }
        }
    }

    /// Reads all records of a batch. Payloads are slices of `input`.
    pub(crate) fn decode_all(count: u32, mut input: Bytes) -> Result<Vec<Record>, &'static str> {
        let mut records = Vec::with_capacity((count as usize).min(input.len() / RECORD_HEADER_BYTES));
        let mut entry_seen = false;
        while !input.is_empty() {
            if input.len() < RECORD_HEADER_BYTES {
                return Err("a record is cut short");
            }
            let kind = input.get_u8();
            let length = input.get_u32_le() as usize;
            if input.len() < length {
                return Err("a record is cut short");
            }
            let record = Record::decode(kind, input.split_to(length))?;
            match record {
                Record::Entry(_) => entry_seen = true,
                Record::Truncate(_) | Record::Purge { .. } if entry_seen => {
                    return Err("a truncation or purge stands behind an entry");
                }
                _ => {}
            }
            records.push(record);
        }
        if records.len() != count as usize {
            return Err("the number of records is wrong");
        }
        Ok(records)
    }

    fn decode(kind: u8, mut body: Bytes) -> Result<Record, &'static str> {
        const LENGTH: &str = "a record has the wrong length";
        let exactly = |bytes: usize| if body.len() == bytes { Ok(()) } else { Err(LENGTH) };
        match kind {
            KIND_BLANK | KIND_COMMAND | KIND_MEMBERSHIP => {
                if body.len() < POSITION_BYTES || (kind == KIND_BLANK && body.len() != POSITION_BYTES) {
                    return Err(LENGTH);
                }
                let position = get_position(&mut body);
                let payload = match kind {
                    KIND_BLANK => Payload::Blank,
                    KIND_COMMAND => Payload::Command(body),
                    _ => Payload::Membership(body),
                };
                Ok(Record::Entry(Entry { position, payload }))
            }
            KIND_VOTE => {
                exactly(17)?;
                let (term, node) = (body.get_u64_le(), body.get_u64_le());
                Ok(Record::Vote(Vote { term, node, committed: body.get_u8() != 0 }))
            }
            KIND_TRUNCATE if body.is_empty() => Ok(Record::Truncate(None)),
            KIND_TRUNCATE => {
                exactly(POSITION_BYTES)?;
                Ok(Record::Truncate(Some(get_position(&mut body))))
            }
            KIND_PURGE => {
                exactly(POSITION_BYTES + 8)?;
                let position = get_position(&mut body);
                Ok(Record::Purge { position, oldest_needed: body.get_u64_le() })
            }
            _ => Err("a record is of an unknown kind"),
        }
    }
}

fn put_position(out: &mut impl BufMut, position: Position) {
    out.put_u64_le(position.term);
    out.put_u64_le(position.index);
}

fn get_position(input: &mut impl Buf) -> Position {
    Position { term: input.get_u64_le(), index: input.get_u64_le() }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its strings that way")]
mod tests {
    use std::fmt::Write;

    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn at(term: u64, index: u64) -> Position {
        Position { term, index }
    }

    fn sample_header() -> SegmentHeader {
        SegmentHeader {
            segment: 7,
            salt: 0x1122_3344_5566_7788,
            file_bytes: 1 << 20,
            chain: Chain { batch: 41, previous_crc: 0xdead_beef },
            oldest_needed: 5,
            state: State {
                purged: Some(at(2, 90)),
                last: Some(at(3, 100)),
                vote: Some(Vote { term: 4, node: 0xabcd, committed: true }),
                committed: Some(at(3, 99)),
            },
        }
    }

    fn sample_records() -> Vec<Record> {
        vec![
            Record::Vote(Vote { term: 4, node: 0xabcd, committed: false }),
            Record::Truncate(Some(at(3, 98))),
            Record::Truncate(None),
            Record::Purge { position: at(3, 95), oldest_needed: 6 },
            Record::Entry(Entry { position: at(4, 99), payload: Payload::Blank }),
            Record::Entry(Entry { position: at(4, 100), payload: Payload::Membership(Bytes::from_static(b"one")) }),
            Record::Entry(Entry { position: at(4, 101), payload: Payload::Command(Bytes::from_static(b"put a 1")) }),
        ]
    }

    fn encode_batch(records: &[Record]) -> Vec<u8> {
        let records_bytes: usize = records.iter().map(Record::encoded_bytes).sum();
        let header = BatchHeader {
            segment: 7,
            salt: 0x1122_3344_5566_7788,
            chain: Chain { batch: 41, previous_crc: 0xdead_beef },
            committed: Some(at(3, 99)),
            records: records.len() as u32,
            records_bytes: records_bytes as u32,
        };
        let mut blocks = vec![0xff; header.blocks() * BLOCK_BYTES];
        let mut out = &mut blocks[BATCH_HEADER_BYTES..];
        for record in records {
            record.encode(&mut out);
        }
        header.seal(&mut blocks);
        blocks
    }

    /// Compares with a dump that leaves out the zeros at the end.
    fn check(bytes: &[u8], expected: &Expect) {
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let mut dump = String::new();
        for (row, piece) in bytes[..end].chunks(16).enumerate() {
            write!(dump, "{:03} ", row * 16).unwrap();
            for byte in piece {
                write!(dump, " {byte:02x}").unwrap();
            }
            dump.push('\n');
        }
        expected.assert_eq(&dump);
    }

    #[test]
    fn segment_header_of_format_1() {
        let mut block = [0xff; BLOCK_BYTES];
        sample_header().encode(&mut block);
        check(
            &block,
            &expect![[r#"
                000  6b 76 64 2d 6c 6f 67 00 01 00 00 00 38 c8 32 0e
                016  07 00 00 00 00 00 00 00 88 77 66 55 44 33 22 11
                032  00 00 10 00 00 00 00 00 29 00 00 00 00 00 00 00
                048  05 00 00 00 00 00 00 00 ef be ad de 1f 00 00 00
                064  04 00 00 00 00 00 00 00 cd ab 00 00 00 00 00 00
                080  02 00 00 00 00 00 00 00 5a 00 00 00 00 00 00 00
                096  03 00 00 00 00 00 00 00 63 00 00 00 00 00 00 00
                112  03 00 00 00 00 00 00 00 64
            "#]],
        );
        assert_eq!(SegmentHeader::decode(&block), Ok(sample_header()));
    }

    #[test]
    fn batch_of_format_1() {
        let blocks = encode_batch(&sample_records());
        check(
            &blocks,
            &expect![[r#"
                000  6b 76 64 42 63 f8 91 cb ef be ad de 96 00 00 00
                016  07 00 00 00 00 00 00 00 29 00 00 00 00 00 00 00
                032  88 77 66 55 44 33 22 11 03 00 00 00 00 00 00 00
                048  63 00 00 00 00 00 00 00 01 00 00 00 07 00 00 00
                064  04 11 00 00 00 04 00 00 00 00 00 00 00 cd ab 00
                080  00 00 00 00 00 00 05 10 00 00 00 03 00 00 00 00
                096  00 00 00 62 00 00 00 00 00 00 00 05 00 00 00 00
                112  06 18 00 00 00 03 00 00 00 00 00 00 00 5f 00 00
                128  00 00 00 00 00 06 00 00 00 00 00 00 00 01 10 00
                144  00 00 04 00 00 00 00 00 00 00 63 00 00 00 00 00
                160  00 00 03 13 00 00 00 04 00 00 00 00 00 00 00 64
                176  00 00 00 00 00 00 00 6f 6e 65 02 17 00 00 00 04
                192  00 00 00 00 00 00 00 65 00 00 00 00 00 00 00 70
                208  75 74 20 61 20 31
            "#]],
        );
        let (header, crc) = BatchHeader::decode(&blocks).unwrap();
        let batch = &blocks[..header.batch_bytes()];
        assert_eq!(batch_crc(batch), crc);
        assert_eq!(header.chain, Chain { batch: 41, previous_crc: 0xdead_beef });
        assert_eq!(header.committed, Some(at(3, 99)));
        let records = Bytes::copy_from_slice(&batch[BATCH_HEADER_BYTES..]);
        assert_eq!(Record::decode_all(header.records, records), Ok(sample_records()));
    }

    #[test]
    fn an_empty_header_keeps_what_is_not_there_apart_from_zero() {
        let mut block = [0; BLOCK_BYTES];
        let header = SegmentHeader { state: State::default(), ..sample_header() };
        header.encode(&mut block);
        assert_eq!(SegmentHeader::decode(&block), Ok(header));
        let zero = Some(at(0, 0));
        let state = State { purged: zero, last: zero, committed: zero, vote: None };
        let header = SegmentHeader { state, ..sample_header() };
        header.encode(&mut block);
        assert_eq!(SegmentHeader::decode(&block), Ok(header));
    }

    #[test]
    fn what_is_no_header_has_a_name() {
        let mut block = [0; BLOCK_BYTES];
        assert_eq!(SegmentHeader::decode(&block), Err(NoHeader::Blank));
        block[4000] = 1;
        assert_eq!(SegmentHeader::decode(&block), Err(NoHeader::Foreign));
        sample_header().encode(&mut block);
        block[8] = 2;
        assert_eq!(SegmentHeader::decode(&block), Err(NoHeader::Future(2)));
        for at in [9, 12, 16, 127, 128, 4095] {
            sample_header().encode(&mut block);
            block[at] ^= 0x80;
            assert!(SegmentHeader::decode(&block).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_purge_behind_an_entry_is_refused() {
        let mut records = sample_records();
        records.reverse();
        let blocks = encode_batch(&records);
        let (header, _) = BatchHeader::decode(&blocks).unwrap();
        let bytes = Bytes::copy_from_slice(&blocks[BATCH_HEADER_BYTES..header.batch_bytes()]);
        assert!(Record::decode_all(header.records, bytes.clone()).is_err());
        assert!(Record::decode_all(header.records + 1, bytes).is_err());
    }

    proptest! {
        #[test]
        fn decoders_survive_anything(mut bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0..20_u32) {
            let _ = Record::decode_all(count, Bytes::from(bytes.clone()));
            let _ = SegmentHeader::decode(&bytes);
            for (to, from) in bytes.iter_mut().zip(BATCH_MAGIC) {
                *to = from;
            }
            let _ = BatchHeader::decode(&bytes);
        }
    }
}
