//! As much of HPACK (RFC 7541) as it takes to find one header in a block without keeping its table of headers.

use std::ops::Range;

/// The place of `:authority` in the static table.
const AUTHORITY_INDEX: usize = 1;

/// A string in a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Where it stands, its length included.
    pub(crate) place: Range<usize>,
    /// What it says; `None` if it has characters that are not printable ASCII.
    pub(crate) text: Option<Vec<u8>>,
}

/// Finds the value of `:authority` where it is written out. A block that cannot be read has none: whoever reads it in
/// earnest will complain.
pub(crate) fn find_authority(block: &[u8]) -> Option<Literal> {
    let mut cursor = Cursor { block, at: 0 };
    while let Some(first) = cursor.peek() {
        let name_bits = match first {
            0x80.. => {
                cursor.integer(7)?;
                continue;
            }
            0x40.. => 6,
            0x20.. => {
                cursor.integer(5)?;
                continue;
            }
            _ => 4,
        };
        let is_authority = match cursor.integer(name_bits)? {
            0 => cursor.literal()?.text.is_some_and(|name| name == b":authority"),
            index => index == AUTHORITY_INDEX,
        };
        let value = cursor.literal()?;
        if is_authority {
            return Some(value);
        }
    }
    None
}

/// Writes a string without compression.
pub(crate) fn encode_literal(text: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len() + 3);
    let mut rest = text.len();
    if rest < 0x7f {
        encoded.push(rest as u8);
    } else {
        encoded.push(0x7f);
        rest -= 0x7f;
        while rest >= 0x80 {
            encoded.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        encoded.push(rest as u8);
    }
    encoded.extend_from_slice(text);
    encoded
}

struct Cursor<'a> {
    block: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.block.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Reads a number that begins in the lowest bits of the next byte.
    fn integer(&mut self, bits: u32) -> Option<usize> {
        let full = (1 << bits) - 1;
        let mut number = usize::from(self.next()?) & full;
        if number < full {
            return Some(number);
        }
        for shift in [0, 7, 14] {
            let byte = self.next()?;
            number += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn literal(&mut self) -> Option<Literal> {
        let start = self.at;
        let compressed = self.peek()? & 0x80 != 0;
        let length = self.integer(7)?;
        let bytes = self.block.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        let text = if compressed { decode_huffman(bytes) } else { Some(bytes.to_vec()) };
        Some(Literal { place: start..self.at, text })
    }
}

/// The characters of each code length, in the order of their codes. The code is canonical: codes of one length are
/// consecutive, and go on from those of the length before. Longer codes are for bytes that are no printable ASCII.
const CODES: [(u32, &[u8]); 10] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\0$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
];

/// Undoes the compression of a string.
fn decode_huffman(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    let (mut pending, mut pending_bits) = (0u32, 0u32);
    for byte in bytes {
        pending = pending << 8 | u32::from(*byte);
        pending_bits += 8;
        loop {
            match front(pending, pending_bits) {
                Front::Character(character, bits) => {
                    text.push(character);
                    pending_bits -= bits;
                    pending &= (1 << pending_bits) - 1;
                }
                Front::Incomplete => break,
                Front::Unprintable => return None,
            }
        }
    }
    // The last byte is filled with ones.
    (pending_bits < 8 && pending == (1 << pending_bits) - 1).then_some(text)
}

/// What some bits begin with.
enum Front {
    /// A character, and the length of its code.
    Character(u8, u32),
    /// It takes more bits to tell.
    Incomplete,
    /// The code of a byte that is no printable ASCII.
    Unprintable,
}

fn front(pending: u32, pending_bits: u32) -> Front {
    let (mut code, mut bits) = (0, 0);
    for (length, characters) in CODES {
        code <<= length - bits;
        bits = length;
        if bits > pending_bits {
            return Front::Incomplete;
        }
        let first = pending >> (pending_bits - bits);
        if first < code + characters.len() as u32 {
            return Front::Character(characters[(first - code) as usize], bits);
        }
        code += characters.len() as u32;
    }
    Front::Unprintable
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// Compresses a string, bit by bit.
    pub(crate) fn encode_huffman(text: &[u8]) -> Vec<u8> {
        let mut bits = String::new();
        for character in text {
            let (mut code, mut length) = (0u32, 0);
            for (next_length, characters) in CODES {
                code <<= next_length - length;
                length = next_length;
                if let Some(place) = characters.iter().position(|known| known == character) {
                    let _ = write!(bits, "{:0width$b}", code + place as u32, width = length as usize);
                    break;
                }
                code += characters.len() as u32;
            }
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        (0..bits.len()).step_by(8).map(|at| u8::from_str_radix(&bits[at..at + 8], 2).unwrap()).collect()
    }

    #[test]
    fn the_standards_examples_are_decoded() {
        for (hex, text) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95ba97d7f", "custom-key"),
            ("9d29ad171863c78f0b97c8e9ae82ae43d3", "https://www.example.com"),
            ("d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ] {
            assert_eq!(decode_huffman(&bytes(hex)).as_deref(), Some(text.as_bytes()));
            assert_eq!(encode_huffman(text.as_bytes()), bytes(hex));
        }
        assert_eq!(decode_huffman(&bytes("07ff")), None, "more padding than a byte takes");
        assert_eq!(decode_huffman(&bytes("ffffffff")), None, "no printable character");
    }

    #[test]
    fn the_standards_requests_are_searched() {
        // C.3.1 and C.4.1: the same three indexed headers before the authority, plain and compressed.
        for (hex, place) in
            [("828684410f7777772e6578616d706c652e636f6d", 4..20), ("828684418cf1e3c2e5f23a6ba0ab90f4ff", 4..17)]
        {
            let found = find_authority(&bytes(hex)).unwrap();
            assert_eq!((found.text.as_deref(), found.place), (Some(&b"www.example.com"[..]), place));
        }
        // C.3.2: the authority is indexed.
        assert_eq!(find_authority(&bytes("828684be58086e6f2d6361636865")), None);
        let block = bytes("828684410f7777772e6578616d706c652e636f6d");
        for end in 4..block.len() {
            assert_eq!(find_authority(&block[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn strings_of_every_length_come_back() {
        for length in [0, 1, 126, 127, 128, 254, 255, 256, 5000] {
            let text = vec![b'x'; length];
            let block = [&[0x41][..], &encode_literal(&text)].concat();
            let found = find_authority(&block).unwrap();
            assert_eq!((found.text, found.place), (Some(text), 1..block.len()));
        }
    }
}
