//! Changes an input in the ways that decoders trip over.

use crate::Random;

/// Numbers that sit on an edge of some field: signs, varint lengths, sizes.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x20];

/// Returns `input` with one to eight changes.
pub fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(8) {
        change(random, &mut bytes, other);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        bytes.push(random.next() as u8);
        return;
    }
    let at = random.below(bytes.len());
    let length = random.below(bytes.len() - at + 1).min(1 + random.below(64));
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.next() as u8,
        2 => bytes[at] = EDGES[random.below(EDGES.len())],
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..at + length)),
        5 => {
            let copied = bytes[at..at + length].to_vec();
            bytes.splice(at..at, copied);
        }
        6 => bytes.insert(at, EDGES[random.below(EDGES.len())]),
        7 => {
            // A number as wide as the formats have them.
            let edge = [u64::MAX, 1 << 63, (1 << 31) - 1, 1 << 32][random.below(4)].to_le_bytes();
            let end = bytes.len().min(at + edge.len());
            bytes[at..end].copy_from_slice(&edge[..end - at]);
        }
        _ if other.is_empty() => bytes.extend_from_within(at..),
        _ => {
            let from = random.below(other.len());
            let until = other.len().min(from + 64);
            let end = bytes.len().min(at + until - from);
            bytes.splice(at..end, other[from..until].iter().copied());
        }
    }
}
