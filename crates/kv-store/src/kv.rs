//! The key-value pair and its canonical encoding, which is both the wire format and the record format.
//!
//! The encoding is protobuf's for `mvccpb.KeyValue` in its one canonical form: fields ascending,
//! defaults left out, varints in their shortest form. `HashKV` is taken over these bytes, so two
//! servers agree only if they encode alike.

use bytes::{BufMut, Bytes, BytesMut};

/// One version of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyValue {
    /// The key, any bytes but none.
    pub key: Bytes,
    /// The revision that began this generation of the key.
    pub create_revision: i64,
    /// The revision of this write.
    pub mod_revision: i64,
    /// The number of writes in this generation.
    pub version: i64,
    /// The value, any bytes.
    pub value: Bytes,
    /// The lease the key is attached to, zero for none.
    pub lease: i64,
}

/// Why bytes are not a canonical key-value pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyValueError {
    /// The bytes end inside a field.
    #[error("the key-value pair ends inside field {field}")]
    Truncated {
        /// The number of the field that is cut.
        field: u8,
    },
    /// A tag is out of order, unknown, or carries a default.
    #[error("unexpected byte {tag:#04x} where a field of a key-value pair begins")]
    BadTag {
        /// The byte found.
        tag: u8,
    },
}

const TAG_KEY: u8 = 0x0a;
const TAG_CREATE_REVISION: u8 = 0x10;
const TAG_MOD_REVISION: u8 = 0x18;
const TAG_VERSION: u8 = 0x20;
const TAG_VALUE: u8 = 0x2a;
const TAG_LEASE: u8 = 0x30;

impl KeyValue {
    /// Returns the length of the canonical encoding in bytes.
    pub fn encoded_len(&self) -> usize {
        self.as_ref().encoded_len(self.value.len())
    }

    /// Appends the canonical encoding.
    pub fn encode_to(&self, out: &mut BytesMut) {
        self.as_ref().encode_to(out);
    }

    /// Borrows the pair.
    fn as_ref(&self) -> KeyValueRef<'_> {
        KeyValueRef {
            key: &self.key,
            create_revision: self.create_revision,
            mod_revision: self.mod_revision,
            version: self.version,
            value: &self.value,
            lease: self.lease,
        }
    }

    /// Returns the canonical encoding in a buffer of its own.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.encoded_len());
        self.encode_to(&mut out);
        out.freeze()
    }

    /// Reads the canonical encoding; key and value share the buffer.
    ///
    /// # Errors
    ///
    /// [`KeyValueError`] for bytes that no canonical encoder writes.
    pub fn decode(encoded: &Bytes) -> Result<Self, KeyValueError> {
        let pair = KeyValueRef::parse(encoded)?;
        Ok(Self {
            key: encoded.slice_ref(pair.key),
            create_revision: pair.create_revision,
            mod_revision: pair.mod_revision,
            version: pair.version,
            value: encoded.slice_ref(pair.value),
            lease: pair.lease,
        })
    }
}

/// A key-value pair read in place: key and value are parts of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyValueRef<'a> {
    /// The key, any bytes but none.
    pub key: &'a [u8],
    /// The revision that began this generation of the key.
    pub create_revision: i64,
    /// The revision of this write.
    pub mod_revision: i64,
    /// The number of writes in this generation.
    pub version: i64,
    /// The value, any bytes.
    pub value: &'a [u8],
    /// The lease the key is attached to, zero for none.
    pub lease: i64,
}

impl<'a> KeyValueRef<'a> {
    /// Returns the canonical encoding up to a value of `value_length` bytes, and behind it.
    pub(crate) fn encode_around_value(&self, value_length: usize) -> (BytesMut, BytesMut) {
        let (mut before, mut after) = (BytesMut::new(), BytesMut::new());
        self.encode_before_value(value_length, &mut before);
        self.encode_after_value(&mut after);
        (before, after)
    }

    /// Reads the canonical encoding.
    ///
    /// # Errors
    ///
    /// [`KeyValueError`] for bytes that no canonical encoder writes.
    pub fn parse(encoded: &'a [u8]) -> Result<Self, KeyValueError> {
        let mut pair = Self::default();
        let mut at = 0;
        let mut last_tag = 0;
        while at < encoded.len() {
            let tag = encoded[at];
            if tag <= last_tag {
                return Err(KeyValueError::BadTag { tag });
            }
            last_tag = tag;
            at += 1;
            let (number, after) = varint(encoded, at).ok_or(KeyValueError::Truncated { field: tag >> 3 })?;
            at = after;
            if number == 0 {
                return Err(KeyValueError::BadTag { tag });
            }
            match tag {
                TAG_KEY | TAG_VALUE => {
                    let end = usize::try_from(number)
                        .ok()
                        .and_then(|length| at.checked_add(length))
                        .filter(|end| *end <= encoded.len())
                        .ok_or(KeyValueError::Truncated { field: tag >> 3 })?;
                    let bytes = &encoded[at..end];
                    at = end;
                    if tag == TAG_KEY { pair.key = bytes } else { pair.value = bytes }
                }
                TAG_CREATE_REVISION => pair.create_revision = number as i64,
                TAG_MOD_REVISION => pair.mod_revision = number as i64,
                TAG_VERSION => pair.version = number as i64,
                TAG_LEASE => pair.lease = number as i64,
                _ => return Err(KeyValueError::BadTag { tag }),
            }
        }
        Ok(pair)
    }

    /// Appends the canonical encoding.
    pub(crate) fn encode_to(&self, out: &mut BytesMut) {
        out.reserve(self.encoded_len(self.value.len()));
        self.encode_before_value(self.value.len(), out);
        out.put_slice(self.value);
        self.encode_after_value(out);
    }

    /// Appends what stands before the bytes of a value of this length, which need not be the pair's own.
    pub(crate) fn encode_before_value(&self, value_length: usize, out: &mut BytesMut) {
        put_len(out, TAG_KEY, self.key.len());
        out.put_slice(self.key);
        put_varint_field(out, TAG_CREATE_REVISION, self.create_revision);
        put_varint_field(out, TAG_MOD_REVISION, self.mod_revision);
        put_varint_field(out, TAG_VERSION, self.version);
        put_len(out, TAG_VALUE, value_length);
    }

    /// Appends what stands behind the value.
    pub(crate) fn encode_after_value(&self, out: &mut BytesMut) {
        put_varint_field(out, TAG_LEASE, self.lease);
    }

    /// Returns the length of the canonical encoding with a value of this length.
    pub(crate) fn encoded_len(&self, value_len: usize) -> usize {
        bytes_field_len(self.key.len())
            + varint_field_len(self.create_revision)
            + varint_field_len(self.mod_revision)
            + varint_field_len(self.version)
            + bytes_field_len(value_len)
            + varint_field_len(self.lease)
    }
}

fn bytes_field_len(length: usize) -> usize {
    if length == 0 { 0 } else { 1 + varint_len(length as u64) + length }
}

fn varint_field_len(number: i64) -> usize {
    if number == 0 { 0 } else { 1 + varint_len(number as u64) }
}

/// Begins a field of bytes, unless there are none.
fn put_len(out: &mut BytesMut, tag: u8, length: usize) {
    if length > 0 {
        out.put_u8(tag);
        put_varint(out, length as u64);
    }
}

fn put_varint_field(out: &mut BytesMut, tag: u8, number: i64) {
    if number != 0 {
        out.put_u8(tag);
        put_varint(out, number as u64);
    }
}

/// Returns how many bytes a varint takes.
pub(crate) fn varint_len(number: u64) -> usize {
    (70 - (number | 1).leading_zeros() as usize) / 7
}

/// Appends a varint of base 128, least significant group first.
pub(crate) fn put_varint(out: &mut BytesMut, mut number: u64) {
    while number >= 0x80 {
        out.put_u8(number as u8 | 0x80);
        number >>= 7;
    }
    out.put_u8(number as u8);
}

/// Reads a varint at `at`; returns the number and the place after it. One that goes on past the end, or that is longer
/// than its number needs, is none.
pub(crate) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number = 0u64;
    for (position, byte) in bytes.iter().enumerate().skip(at).take(10) {
        let shift = 7 * (position - at);
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let is_shortest = (*byte != 0 || position == at) && (shift < 63 || *byte == 1);
            return is_shortest.then_some((number, position + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    fn pair(key: &'static str, revisions: [i64; 3], value: &'static str, lease: i64) -> KeyValue {
        KeyValue {
            key: Bytes::from_static(key.as_bytes()),
            create_revision: revisions[0],
            mod_revision: revisions[1],
            version: revisions[2],
            value: Bytes::from_static(value.as_bytes()),
            lease,
        }
    }

    #[test]
    fn the_encoding_is_protobufs() {
        expect!["0a03666f6f100218ac0220032a0362617230c60a"]
            .assert_eq(&hex(&pair("foo", [2, 300, 3], "bar", 1350).encode()));
        expect!["0a03666f6f"].assert_eq(&hex(&pair("foo", [0, 0, 0], "", 0).encode()));
    }

    #[test]
    fn bytes_no_encoder_writes_are_refused() {
        for (bytes, error) in [
            (&b"\x0a\x05ab"[..], KeyValueError::Truncated { field: 1 }),
            (b"\x10\x80", KeyValueError::Truncated { field: 2 }),
            (b"\x18\x02\x10\x02", KeyValueError::BadTag { tag: 0x10 }),
            (b"\x3a\x01", KeyValueError::BadTag { tag: 0x3a }),
            (b"\x0a\x00", KeyValueError::BadTag { tag: 0x0a }),
            (b"\x10\x82\x00", KeyValueError::Truncated { field: 2 }),
            (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03", KeyValueError::Truncated { field: 2 }),
        ] {
            assert_eq!(KeyValue::decode(&Bytes::from_static(bytes)), Err(error));
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            key in proptest::collection::vec(any::<u8>(), 1..300),
            value in proptest::collection::vec(any::<u8>(), 0..300),
            numbers in any::<[i64; 4]>(),
        ) {
            let pair = KeyValue {
                key: key.into(),
                create_revision: numbers[0],
                mod_revision: numbers[1],
                version: numbers[2],
                value: value.into(),
                lease: numbers[3],
            };
            let encoded = pair.encode();
            prop_assert_eq!(encoded.len(), pair.encoded_len());
            prop_assert_eq!(KeyValue::decode(&encoded), Ok(pair));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = KeyValue::decode(&bytes.into());
        }
    }
}
