//! One change as it is kept: what happened to a key at a point, and its row in the table `rev`.
//!
//! A row is
//!
//! | bytes | what |
//! |---|---|
//! | 1 | flags: 1 the key has a previous change, 2 the value is apart |
//! | 4 | CRC-32C, big-endian, of the row's key, the flags and everything after this field |
//! | varints | if the key has a previous change: its revision and sub-revision |
//! | varint, 4 | if the value is apart: its length, and its CRC-32C |
//! | rest | the key-value pair in its canonical encoding, without the value if that is apart; of a tombstone only the key |
//!
//! LMDB has no checksums of its own, so nothing is taken from a row before its checksum was compared.

use bytes::{BufMut, Bytes, BytesMut};

use crate::digest::Digest;
use crate::kv::{KeyValue, KeyValueRef, put_varint, varint};
use crate::revision::Point;
use crate::schema::{ChangeType, RevKey, VALUE_IN_ROW_BYTES_MAX, parse_rev_key, rev_key};
use crate::storage_error::StorageError;

const HAS_PREVIOUS: u8 = 1;
const VALUE_APART: u8 = 2;
const CHECKSUM_END: usize = 5;

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The revision of the change and its place in it.
    pub at: Point,
    /// Whether the key was deleted.
    pub tombstone: bool,
    /// The key's change before this one, a tombstone included; it may have been compacted since.
    pub previous: Option<Point>,
    /// The pair in its canonical encoding; of a tombstone only the key.
    pub kv: Bytes,
}

impl Record {
    /// Makes the record of a write, which is the `sub`th change of the pair's modification revision.
    pub fn put(sub: i64, previous: Option<Point>, pair: &KeyValue) -> Self {
        Self { at: Point::new(pair.mod_revision, sub), tombstone: false, previous, kv: pair.encode() }
    }

    /// Makes the record of a deletion.
    pub fn tombstone(at: Point, previous: Option<Point>, key: Bytes) -> Self {
        Self { at, tombstone: true, previous, kv: KeyValue { key, ..KeyValue::default() }.encode() }
    }

    /// Reads the pair in place.
    ///
    /// # Panics
    ///
    /// If `kv` was set to something else than a canonical encoding.
    pub fn fields(&self) -> KeyValueRef<'_> {
        KeyValueRef::parse(&self.kv).expect("a record holds a canonical encoding, checked when it was read")
    }

    /// Appends to a digest what `HashKV` takes of the change.
    pub(crate) fn append_to(&self, digest: Digest) -> Digest {
        digest.append_change(self.at, self.tombstone, &self.kv)
    }

    /// Returns what the record takes in memory, in bytes.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.kv.len()
    }

    /// Returns the key.
    pub fn key(&self) -> &[u8] {
        self.fields().key
    }

    /// Returns the pair; key and value share the record's buffer.
    pub fn pair(&self) -> KeyValue {
        KeyValue::decode(&self.kv).expect("a record holds a canonical encoding, checked when it was read")
    }
}

/// A record without its value, read in place: what an index is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// The revision of the change and its place in it.
    pub at: Point,
    /// Whether the key was deleted.
    pub tombstone: bool,
    /// The key's change before this one.
    pub previous: Option<Point>,
    /// The key.
    pub key: &'a [u8],
    /// The revision that began this generation of the key, zero in a tombstone.
    pub create_revision: i64,
    /// The number of writes in this generation, zero in a tombstone.
    pub version: i64,
    /// The lease the key is attached to, zero for none.
    pub lease: i64,
}

/// Writes the row of a record into `row`; returns its key, and the value if that has to be kept apart.
pub(crate) fn encode_row<'a>(record: &'a Record, row: &mut BytesMut) -> (RevKey, Option<&'a [u8]>) {
    let change = if record.tombstone { ChangeType::Tombstone } else { ChangeType::Put };
    let key = rev_key(record.at, change);
    // The length of the encoding bounds the value's, so that most records are not parsed here.
    let apart = (record.kv.len() > VALUE_IN_ROW_BYTES_MAX)
        .then(|| record.fields())
        .filter(|pair| pair.value.len() > VALUE_IN_ROW_BYTES_MAX);

    row.clear();
    row.put_u8(
        if record.previous.is_some() { HAS_PREVIOUS } else { 0 } | if apart.is_some() { VALUE_APART } else { 0 },
    );
    row.put_u32(0);
    if let Some(previous) = record.previous {
        put_varint(row, previous.major as u64);
        put_varint(row, previous.sub as u64);
    }
    let value = if let Some(pair) = apart {
        put_varint(row, pair.value.len() as u64);
        row.put_u32(crc32c::crc32c(pair.value));
        KeyValueRef { value: &[], ..pair }.encode_to(row);
        Some(pair.value)
    } else {
        row.put_slice(&record.kv);
        None
    };
    let checksum = checksum(&key, row);
    row[1..CHECKSUM_END].copy_from_slice(&checksum.to_be_bytes());
    (key, value)
}

/// A row of `rev` whose checksum is right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) at: Point,
    pub(crate) tombstone: bool,
    pub(crate) previous: Option<Point>,
    pub(crate) apart: Option<ApartValue>,
    /// The canonical encoding as it is in the row.
    pub(crate) encoded: &'a [u8],
    pub(crate) pair: KeyValueRef<'a>,
}

/// What a row says about a value that is kept in the table `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApartValue {
    pub(crate) length: usize,
    pub(crate) checksum: u32,
}

impl<'a> Row<'a> {
    pub(crate) fn head(&self) -> Head<'a> {
        Head {
            at: self.at,
            tombstone: self.tombstone,
            previous: self.previous,
            key: self.pair.key,
            create_revision: self.pair.create_revision,
            version: self.pair.version,
            lease: self.pair.lease,
        }
    }

    /// Makes the record of a row that holds its value.
    pub(crate) fn record(&self) -> Record {
        self.record_of(Bytes::copy_from_slice(self.encoded))
    }

    /// Makes the same record in memory that it shares with others.
    pub(crate) fn record_in(&self, buffer: &mut BytesMut) -> Record {
        buffer.extend_from_slice(self.encoded);
        self.record_of(buffer.split().freeze())
    }

    /// Makes the record of a row whose value is apart; `put_value` appends exactly the value.
    pub(crate) fn record_with(
        &self,
        value: ApartValue,
        put_value: impl FnOnce(&mut BytesMut) -> Result<(), StorageError>,
    ) -> Result<Record, StorageError> {
        let mut encoded = BytesMut::with_capacity(self.pair.encoded_len(value.length));
        self.pair.encode_before_value(value.length, &mut encoded);
        put_value(&mut encoded)?;
        self.pair.encode_after_value(&mut encoded);
        Ok(self.record_of(encoded.freeze()))
    }

    /// Returns what `HashKV` takes of the change, also where the value is apart.
    pub(crate) fn digest(&self) -> Digest {
        let name = Digest::of_name(self.at, self.tombstone);
        match self.apart {
            None => name.append(self.encoded),
            Some(value) => name.append_pair(&self.pair, Digest::known(value.checksum, value.length)),
        }
    }

    fn record_of(&self, kv: Bytes) -> Record {
        Record { at: self.at, tombstone: self.tombstone, previous: self.previous, kv }
    }
}

/// Reads a row and compares its checksum.
pub(crate) fn parse_row<'a>(key: &[u8], row: &'a [u8]) -> Result<Row<'a>, StorageError> {
    let (at, change) = parse_rev_key(key)?;
    let corrupted = |detail: &str| StorageError::corrupted(format!("read revision {at} from table rev"), detail);
    if row.len() < CHECKSUM_END {
        return Err(corrupted("the row is too short"));
    }
    let flags = row[0];
    let stored = u32::from_be_bytes(row[1..CHECKSUM_END].try_into().expect("four bytes"));
    if checksum(key, row) != stored {
        return Err(corrupted("the checksum does not match"));
    }
    if flags & !(HAS_PREVIOUS | VALUE_APART) != 0 {
        return Err(corrupted("a flag is unknown"));
    }
    let mut place = CHECKSUM_END;
    let mut number = || {
        let (number, after) = varint(row, place)?;
        place = after;
        Some(number)
    };
    let cut = || corrupted("the row ends inside its header");
    let previous = if flags & HAS_PREVIOUS == 0 {
        None
    } else {
        Some(Point::new(number().ok_or_else(cut)? as i64, number().ok_or_else(cut)? as i64))
    };
    let length = if flags & VALUE_APART == 0 { None } else { Some(number().ok_or_else(cut)? as usize) };
    let apart = match length {
        None => None,
        Some(length) => {
            let bytes = row.get(place..place + 4).ok_or_else(cut)?;
            place += 4;
            Some(ApartValue { length, checksum: u32::from_be_bytes(bytes.try_into().expect("four bytes")) })
        }
    };
    let encoded = &row[place..];
    let pair = KeyValueRef::parse(encoded).map_err(|error| corrupted(&error.to_string()))?;
    Ok(Row { at, tombstone: change == ChangeType::Tombstone, previous, apart, encoded, pair })
}

/// The checksum of a row: of its key and of all its bytes but the checksum's own.
fn checksum(key: &[u8], row: &[u8]) -> u32 {
    let checksum = crc32c::crc32c_append(crc32c::crc32c(key), &row[..1]);
    crc32c::crc32c_append(checksum, &row[CHECKSUM_END..])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::schema::hex;

    fn pair(value: &[u8]) -> KeyValue {
        KeyValue {
            key: Bytes::from_static(b"foo"),
            create_revision: 2,
            mod_revision: 300,
            version: 3,
            value: Bytes::copy_from_slice(value),
            lease: 9,
        }
    }

    fn row(record: &Record) -> (RevKey, BytesMut, Option<Vec<u8>>) {
        let mut row = BytesMut::new();
        let (key, value) = encode_row(record, &mut row);
        (key, row, value.map(<[u8]>::to_vec))
    }

    #[test]
    fn rows_have_their_layout() {
        let (_, first, _) = row(&Record::put(0, None, &pair(b"bar")));
        expect!["00e0316ad80a03666f6f100218ac0220032a036261723009"].assert_eq(&hex(&first));

        let (_, later, _) = row(&Record::put(0, Some(Point::new(299, 1)), &pair(b"bar")));
        expect!["019720ee84ab02010a03666f6f100218ac0220032a036261723009"].assert_eq(&hex(&later));

        let (_, deleted, _) =
            row(&Record::tombstone(Point::new(301, 0), Some(Point::new(300, 0)), Bytes::from_static(b"foo")));
        expect!["0181ffa35dac02000a03666f6f"].assert_eq(&hex(&deleted));

        let (_, long, value) = row(&Record::put(0, None, &pair(&[7; 513])));
        expect!["02dc5d809481049f970f810a03666f6f100218ac0220033009"].assert_eq(&hex(&long));
        assert_eq!(value, Some(vec![7; 513]));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let record = Record::put(4, Some(Point::new(299, 1)), &pair(b"bar"));
        let (key, row, _) = row(&record);
        for bit in 0..8 * row.len() {
            let mut damaged = row.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = parse_row(&key, &damaged).unwrap_err();
            assert_eq!(error.to_string(), "read revision 300.4 from table rev: the checksum does not match");
        }
        let mut moved = key;
        moved[7] ^= 1;
        assert!(parse_row(&moved, &row).is_err(), "a row under another key");
    }

    proptest! {
        #[test]
        fn a_row_is_read_back(
            value in proptest::collection::vec(any::<u8>(), 0..1500),
            lease in any::<i64>(),
            previous in proptest::option::of((1..i64::MAX, 0..1000i64)),
        ) {
            let pair = KeyValue { lease, ..pair(&value) };
            let record = Record::put(7, previous.map(|(major, sub)| Point::new(major, sub)), &pair);
            let (key, row, apart) = row(&record);
            let parsed = parse_row(&key, &row).unwrap();
            prop_assert_eq!(parsed.head().lease, lease);
            let read = match apart.zip(parsed.apart) {
                Some((value, apart)) => {
                    prop_assert_eq!(apart.length, value.len());
                    let put_value = |out: &mut BytesMut| {
                        out.put_slice(&value);
                        Ok(())
                    };
                    parsed.record_with(apart, put_value).unwrap()
                }
                None => parsed.record(),
            };
            prop_assert_eq!(read, record);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(row in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse_row(&rev_key(Point::new(5, 0), ChangeType::Put), &row);
        }
    }
}
