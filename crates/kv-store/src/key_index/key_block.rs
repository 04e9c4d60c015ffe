//! A sorted list of keys packed into one buffer, as a tree node keeps them.
//!
//! A key of its own allocation costs 16 bytes for the pointer, 8 for the allocator's header and a cache
//! miss for each comparison of a binary search. Packed, it costs 8 bytes, and a search reads the heads, which
//! are side by side, and then usually one key:
//!
//! ```text
//! keys     /pods/ns-1/a-17   /pods/ns-1/b-04   /pods/ns-2/a-20
//! common   /pods/ns-
//! heads    1/a-              1/b-              2/a-
//! ```

use std::cmp::Ordering;
use std::ops::Bound;

/// By how many keys a list grows, so that a node wastes little room.
const KEYS_STEP: usize = 8;
/// By how many bytes the buffer grows at least.
const BYTES_STEP: usize = 256;

/// Keys in ascending order, without duplicates.
#[derive(Debug, Default)]
pub(super) struct KeyBlock {
    /// All keys begin with the first `common` bytes of the first one. They may have more in common.
    common: usize,
    /// The bytes of each key behind those in common, as a number that sorts as they do.
    heads: Vec<u32>,
    /// Where each key ends in `bytes`; it begins where the one before ends.
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl KeyBlock {
    /// Returns an empty list with room for so many keys, though not for their bytes.
    pub(super) fn with_room(keys: usize) -> Self {
        Self { heads: Vec::with_capacity(keys), ends: Vec::with_capacity(keys), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.start(index)..self.ends[index] as usize]
    }

    pub(super) fn last(&self) -> Option<&[u8]> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    /// Finds `key`, or the place where it belongs.
    pub(super) fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (start, rest) = key.split_at(self.common.min(key.len()));
        let head = head(rest);
        // Counting reads all heads at once, where a binary search would wait for one after the other.
        let mut low = self.heads.iter().filter(|other| **other < head).count();
        let mut high = low + self.heads[low..].iter().take_while(|other| **other == head).count();
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.get(middle).cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        // A key that is found has the common bytes, so they are compared, at the price of a cache miss, only now.
        match start.cmp(&self.bytes[..self.common]) {
            Ordering::Less => Err(0),
            Ordering::Equal => Err(low),
            Ordering::Greater => Err(self.len()),
        }
    }

    /// Counts the keys before `key`.
    pub(super) fn count_below(&self, key: &[u8]) -> usize {
        self.search(key).unwrap_or_else(|place| place)
    }

    /// Counts the keys up to and with `key`.
    pub(super) fn count_to(&self, key: &[u8]) -> usize {
        self.search(key).map_or_else(|place| place, |found| found + 1)
    }

    /// Returns the index of the first key that `start` lets in.
    pub(super) fn first_in(&self, start: Bound<&[u8]>) -> usize {
        match start {
            Bound::Included(start) => self.count_below(start),
            Bound::Excluded(start) => self.count_to(start),
            Bound::Unbounded => 0,
        }
    }

    /// Returns the index of the first key that `end` keeps out.
    pub(super) fn first_behind(&self, end: Bound<&[u8]>) -> usize {
        match end {
            Bound::Included(end) => self.count_to(end),
            Bound::Excluded(end) => self.count_below(end),
            Bound::Unbounded => self.len(),
        }
    }

    /// Returns the first index at which the keys before it fill half of the buffer.
    pub(super) fn middle_by_bytes(&self) -> usize {
        let half = self.bytes.len() / 2;
        1 + self.ends.partition_point(|end| (*end as usize) < half)
    }

    pub(super) fn insert(&mut self, index: usize, key: &[u8]) {
        if self.len() == self.ends.capacity() {
            self.heads.reserve_exact(KEYS_STEP);
            self.ends.reserve_exact(KEYS_STEP);
        }
        if self.bytes.capacity() - self.bytes.len() < key.len() {
            self.bytes.reserve_exact(key.len().max(BYTES_STEP));
        }
        let common = if self.len() == 0 { key.len() } else { common_length(&self.bytes[..self.common], key) };
        let at = self.start(index);
        let end = self.bytes.len();
        self.bytes.resize(end + key.len(), 0);
        checked(self.bytes.len());
        self.bytes.copy_within(at..end, at + key.len());
        self.bytes[at..at + key.len()].copy_from_slice(key);
        self.ends.insert(index, at as u32);
        for later in &mut self.ends[index..] {
            *later += key.len() as u32;
        }
        self.heads.insert(index, head(&key[common..]));
        if common < self.common {
            self.set_common(common);
        }
        self.common = common;
    }

    pub(super) fn remove(&mut self, index: usize) {
        let start = self.start(index);
        let end = self.ends.remove(index) as usize;
        self.bytes.drain(start..end);
        for later in &mut self.ends[index..] {
            *later -= (end - start) as u32;
        }
        self.heads.remove(index);
        if self.len() == 0 {
            self.common = 0;
        }
    }

    /// Cuts the list at `index` and returns the part behind.
    pub(super) fn split_off(&mut self, index: usize) -> Self {
        let start = self.start(index);
        let mut upper = Self {
            common: 0,
            heads: self.heads.split_off(index),
            ends: self.ends.split_off(index),
            bytes: self.bytes.split_off(start),
        };
        for end in &mut upper.ends {
            *end -= start as u32;
        }
        // What moved away would otherwise stay allocated here until as much has come.
        self.heads.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.bytes.shrink_to_fit();
        self.find_common();
        upper.find_common();
        upper
    }

    /// Adds the keys of `other`, all greater than the ones here.
    pub(super) fn append(&mut self, other: &Self) {
        let shift = self.bytes.len();
        self.bytes.reserve_exact(other.bytes.len());
        self.bytes.extend_from_slice(&other.bytes);
        checked(self.bytes.len());
        self.ends.reserve_exact(other.len());
        self.ends.extend(other.ends.iter().map(|end| end + shift as u32));
        self.heads.reserve_exact(other.len());
        self.heads.extend(&other.heads);
        self.find_common();
    }

    fn start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.ends[index - 1] as usize }
    }

    /// Finds out what the keys have in common.
    fn find_common(&mut self) {
        self.set_common(self.last().map_or(0, |last| common_length(self.get(0), last)));
    }

    fn set_common(&mut self, common: usize) {
        self.common = common;
        let mut start = 0;
        for (own_head, end) in self.heads.iter_mut().zip(&self.ends) {
            let end = *end as usize;
            *own_head = head(&self.bytes[start + common..end]);
            start = end;
        }
    }
}

/// Returns the first bytes of `rest` as a number.
fn head(rest: &[u8]) -> u32 {
    if let Some(bytes) = rest.first_chunk() {
        return u32::from_be_bytes(*bytes);
    }
    let mut bytes = [0; 4];
    bytes[..rest.len()].copy_from_slice(rest);
    u32::from_be_bytes(bytes)
}

fn common_length(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(a, b)| a == b).count()
}

/// Checks that positions in a buffer of this length fit the list of ends.
fn checked(bytes: usize) {
    assert!(u32::try_from(bytes).is_ok(), "a node holds few large keys, and a message is shorter than 4 GiB");
}

/// Returns the shortest key that is greater than `left` and not greater than `right`.
pub(super) fn shortest_between<'a>(left: &[u8], right: &'a [u8]) -> &'a [u8] {
    &right[..=common_length(left, right)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(keys: &[&str]) -> KeyBlock {
        let mut block = KeyBlock::default();
        for (index, key) in keys.iter().enumerate() {
            block.insert(index, key.as_bytes());
        }
        block
    }

    fn keys(block: &KeyBlock) -> Vec<&str> {
        (0..block.len()).map(|index| str::from_utf8(block.get(index)).unwrap()).collect()
    }

    #[test]
    fn keys_come_and_go_anywhere() {
        let mut block = block(&["b", "dd", "fff"]);
        block.insert(0, b"");
        block.insert(2, b"cccc");
        assert_eq!(keys(&block), ["", "b", "cccc", "dd", "fff"]);
        block.remove(0);
        block.remove(2);
        block.remove(2);
        assert_eq!(keys(&block), ["b", "cccc"]);
        assert_eq!(block.byte_len(), 5);
    }

    #[test]
    fn search_tells_the_place() {
        let block = block(&["b", "dd", "fff"]);
        assert_eq!(block.search(b"dd"), Ok(1));
        assert_eq!(block.search(b"d"), Err(1));
        assert_eq!((block.count_below(b"dd"), block.count_to(b"dd"), block.count_to(b"z")), (1, 2, 3));
    }

    #[test]
    fn a_cut_list_can_be_joined_again() {
        let mut left = block(&["b", "dd", "fff"]);
        let right = left.split_off(1);
        assert_eq!((keys(&left), keys(&right)), (vec!["b"], vec!["dd", "fff"]));
        left.append(&right);
        assert_eq!(keys(&left), ["b", "dd", "fff"]);
    }

    #[test]
    fn a_separator_is_no_longer_than_needed() {
        assert_eq!(shortest_between(b"pods/a-17", b"pods/b-04"), b"pods/b");
        assert_eq!(shortest_between(b"a", b"a\0"), b"a\0");
        assert_eq!(shortest_between(b"", b"abc"), b"a");
    }
}
