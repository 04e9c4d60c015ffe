//! The digest of a change, as `HashKV` sees it: a CRC-32C that can be appended to another without the bytes.

use crate::kv::KeyValueRef;
use crate::revision::Point;

/// The CRC-32C of some bytes, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    crc: u32,
    length: usize,
}

impl Digest {
    /// Returns the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { crc: crc32c::crc32c(bytes), length: bytes.len() }
    }

    /// Returns the digest of bytes whose checksum is known.
    pub(crate) fn known(crc: u32, length: usize) -> Self {
        Self { crc, length }
    }

    /// Returns the checksum.
    pub fn crc(self) -> u32 {
        self.crc
    }

    /// Returns the digest of these bytes and then `bytes`.
    pub fn append(self, bytes: &[u8]) -> Self {
        Self { crc: crc32c::crc32c_append(self.crc, bytes), length: self.length + bytes.len() }
    }

    /// Returns the digest of these bytes and then the other's.
    pub fn then(self, other: Self) -> Self {
        Self { crc: crc32c::crc32c_combine(self.crc, other.crc, other.length), length: self.length + other.length }
    }

    /// Begins the digest of a change with its name.
    pub(crate) fn of_name(at: Point, tombstone: bool) -> Self {
        Self::of(Name::of(at, tombstone).bytes())
    }

    /// Appends a change: its name, and its pair in canonical encoding.
    pub(crate) fn append_change(self, at: Point, tombstone: bool, encoded: &[u8]) -> Self {
        // In one pass over the bytes: combining costs more than a short record does.
        self.append(Name::of(at, tombstone).bytes()).append(encoded)
    }

    /// Appends a pair in its canonical encoding, of whose value only the digest is at hand.
    pub(crate) fn append_pair(self, pair: &KeyValueRef<'_>, value: Self) -> Self {
        let (before, after) = pair.encode_around_value(value.length);
        self.append(&before).then(value).append(&after)
    }
}

/// The name etcd gives a change: the revision and sub-revision, 8 bytes each with `_` between, and `t` behind them
/// for a tombstone.
struct Name {
    bytes: [u8; 18],
    length: usize,
}

impl Name {
    fn of(at: Point, tombstone: bool) -> Self {
        let mut bytes = [0; 18];
        bytes[..8].copy_from_slice(&at.major.to_be_bytes());
        bytes[8] = b'_';
        bytes[9..17].copy_from_slice(&at.sub.to_be_bytes());
        bytes[17] = b't';
        Self { bytes, length: if tombstone { 18 } else { 17 } }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::kv::KeyValue;

    #[test]
    fn a_pair_can_be_digested_without_its_value() {
        for (value, lease) in [(&b"v"[..], 0), (&[7; 600], 9)] {
            let pair = KeyValue {
                key: Bytes::from_static(b"key"),
                create_revision: 2,
                mod_revision: 300,
                version: 3,
                value: Bytes::copy_from_slice(value),
                lease,
            };
            let encoded = pair.encode();
            let name = Digest::of_name(Point::new(300, 1), false);
            let parsed = KeyValueRef::parse(&encoded).expect("our own encoding");
            assert_eq!(
                name.append_pair(&KeyValueRef { value: b"", ..parsed }, Digest::of(value)),
                name.append(&encoded)
            );
        }
    }

    #[test]
    fn digests_are_appended_as_their_bytes_would_be() {
        let (a, b) = (b"some bytes".as_slice(), b"and others".as_slice());
        assert_eq!(Digest::of(a).then(Digest::of(b)), Digest::of(&[a, b].concat()));
        assert_eq!(Digest::of(a).then(Digest::of(b"")), Digest::of(a));
    }
}
