//! A sorted list of keys packed into one buffer, as a tree node keeps them.
//!
//! Neighbours begin alike, often for most of their length: what all keys have in common is kept once. A search
//! reads the heads, which are side by side, and then usually the rest of one key:
//!
//! ```text
//! keys     /pods/ns-1/a-17   /pods/ns-1/b-04   /pods/ns-2/a-20
//! common   /pods/ns-
//! heads    1/a-              1/b-              2/a-
//! bytes    /pods/ns-1/a-171/b-042/a-20
//! ```

use std::cmp::Ordering;
use std::ops::Bound;

use super::key_parts::{KeyParts, common_length, common_prefix};

/// By how many keys a list grows, so that a node wastes little room.
const KEYS_STEP: usize = 8;
/// By how many bytes the buffer grows at least.
const BYTES_STEP: usize = 64;

/// Keys in ascending order, without duplicates.
#[derive(Debug, Default)]
pub(super) struct KeyBlock {
    /// All keys begin with the first `common` bytes of the buffer. They may have more in common.
    common: usize,
    /// The first bytes of the rest of each key, as a number that sorts as they do.
    heads: Vec<u32>,
    /// Where the rest of each key ends in `bytes`; it begins where the one before ends.
    ends: Vec<u32>,
    /// The bytes in common, then the rest of each key.
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

    /// Returns the size of the buffer: what an insertion may have to move.
    pub(super) fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the size the buffer has at most when keys with nothing in common come in.
    pub(super) fn whole_byte_len(&self) -> usize {
        self.bytes.len() + self.common * self.len().saturating_sub(1)
    }

    pub(super) fn get(&self, index: usize) -> KeyParts<'_> {
        KeyParts::new(&self.bytes[..self.common], &self.bytes[self.start(index)..self.ends[index] as usize])
    }

    pub(super) fn last(&self) -> Option<KeyParts<'_>> {
        self.len().checked_sub(1).map(|last| self.get(last))
    }

    /// Finds `key`, or the place where it belongs.
    pub(super) fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (start, rest) = key.split_at(self.common.min(key.len()));
        let place = self.search_rest(rest);
        // A key that is found has the common bytes, so they are compared, at the price of a cache miss, only now.
        match start.cmp(&self.bytes[..self.common]) {
            Ordering::Less => Err(0),
            Ordering::Equal => place,
            Ordering::Greater => Err(self.len()),
        }
    }

    /// Finds a key by what is behind the common bytes.
    fn search_rest(&self, rest: &[u8]) -> Result<usize, usize> {
        let head = head(rest);
        // Counting reads all heads at once, where a binary search would wait for one after the other.
        let mut low = self.heads.iter().filter(|other| **other < head).count();
        let mut high = low + self.heads[low..].iter().take_while(|other| **other == head).count();
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.get(middle).rest().cmp(rest) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
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
        let half = usize::midpoint(self.common, self.bytes.len());
        1 + self.ends.partition_point(|end| (*end as usize) < half)
    }

    pub(super) fn insert(&mut self, index: usize, key: &[u8]) {
        if self.len() == self.ends.capacity() {
            self.heads.reserve_exact(KEYS_STEP);
            self.ends.reserve_exact(KEYS_STEP);
        }
        if self.len() == 0 {
            self.bytes.clear();
            self.bytes.extend_from_slice(key);
            self.common = key.len();
        } else {
            let common = common_prefix(&self.bytes[..self.common], key);
            if common < self.common {
                self.set_common(common);
            }
        }
        let rest = &key[self.common..];
        if self.bytes.capacity() - self.bytes.len() < rest.len() {
            self.bytes.reserve_exact(rest.len().max(BYTES_STEP));
        }
        let at = self.start(index);
        let end = self.bytes.len();
        self.bytes.resize(end + rest.len(), 0);
        checked(self.bytes.len());
        self.bytes.copy_within(at..end, at + rest.len());
        self.bytes[at..at + rest.len()].copy_from_slice(rest);
        self.ends.insert(index, at as u32);
        for later in &mut self.ends[index..] {
            *later += rest.len() as u32;
        }
        self.heads.insert(index, head(rest));
    }

    pub(super) fn remove(&mut self, index: usize) {
        let start = self.start(index);
        let end = self.ends.remove(index) as usize;
        self.bytes.drain(start..end);
        for later in &mut self.ends[index..] {
            *later -= (end - start) as u32;
        }
        self.heads.remove(index);
    }

    /// Cuts the list at `index` and returns the part behind.
    pub(super) fn split_off(&mut self, index: usize) -> Self {
        let start = self.start(index);
        let mut upper = Self {
            common: self.common,
            heads: self.heads.split_off(index),
            ends: self.ends.split_off(index),
            bytes: [&self.bytes[..self.common], &self.bytes[start..]].concat(),
        };
        for end in &mut upper.ends {
            *end -= (start - self.common) as u32;
        }
        self.bytes.truncate(start);
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
        for index in 0..other.len() {
            self.insert(self.len(), &other.get(index).to_vec());
        }
        self.find_common();
    }

    /// Gives back the room for keys that were expected and did not come.
    pub(super) fn shrink(&mut self) {
        self.heads.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    fn start(&self, index: usize) -> usize {
        if index == 0 { self.common } else { self.ends[index - 1] as usize }
    }

    /// Finds out what the keys have in common, and keeps it once.
    fn find_common(&mut self) {
        if let Some(last) = self.last() {
            let common = common_length(self.get(0), last);
            if common != self.common {
                self.set_common(common);
            }
        }
    }

    /// Keeps that many bytes once, which must be in common.
    fn set_common(&mut self, common: usize) {
        let (before, now) = (self.common, self.common.min(common));
        let length = self.bytes.len() + self.len() * before - self.len() * common + common - before;
        let mut bytes = Vec::with_capacity(length.max(now));
        if let Some(first) = self.len().checked_sub(1).map(|_| self.get(0).to_vec()) {
            bytes.extend_from_slice(&first[..common]);
        }
        let mut start = before;
        for (own_head, end) in self.heads.iter_mut().zip(&mut self.ends) {
            let rest = bytes.len();
            bytes.extend_from_slice(&self.bytes[now..before]);
            bytes.extend_from_slice(&self.bytes[start + (common - now)..*end as usize]);
            start = *end as usize;
            *end = bytes.len() as u32;
            *own_head = head(&bytes[rest..]);
        }
        checked(bytes.len());
        (self.common, self.bytes) = (common, bytes);
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

/// Checks that positions in a buffer of this length fit the list of ends.
fn checked(bytes: usize) {
    assert!(u32::try_from(bytes).is_ok(), "a node holds few large keys, and a message is shorter than 4 GiB");
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

    fn keys(block: &KeyBlock) -> Vec<String> {
        (0..block.len()).map(|index| String::from_utf8(block.get(index).to_vec()).unwrap()).collect()
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
        block.remove(0);
        block.remove(0);
        block.insert(0, b"other");
        assert_eq!(keys(&block), ["other"]);
    }

    #[test]
    fn search_tells_the_place() {
        let block = block(&["b", "dd", "fff"]);
        assert_eq!(block.search(b"dd"), Ok(1));
        assert_eq!(block.search(b"d"), Err(1));
        assert_eq!((block.count_below(b"dd"), block.count_to(b"dd"), block.count_to(b"z")), (1, 2, 3));
    }

    #[test]
    fn what_keys_have_in_common_is_kept_once() {
        let mut block = block(&["/pods/ns-1/a-17", "/pods/ns-1/b-04", "/pods/ns-2/a-20"]);
        assert_eq!(block.byte_len(), "/pods/ns-".len() + 3 * "1/a-17".len());
        for absent in ["", "/pods", "/pods/ns-", "/pods/nr-1/a-17"] {
            assert_eq!(block.search(absent.as_bytes()), Err(0), "{absent}");
        }
        for absent in ["/pods/ns-2/a-20\0", "/pods/nt", "0"] {
            assert_eq!(block.search(absent.as_bytes()), Err(3), "{absent}");
        }
        block.insert(3, b"/services");
        assert_eq!(keys(&block), ["/pods/ns-1/a-17", "/pods/ns-1/b-04", "/pods/ns-2/a-20", "/services"]);
        assert_eq!(block.search(b"/pods/ns-1/b-04"), Ok(1));
        let upper = block.split_off(2);
        assert_eq!((block.byte_len(), upper.byte_len()), ("/pods/ns-1/".len() + 2 * 4, 1 + 14 + 8));
    }

    #[test]
    fn a_cut_list_can_be_joined_again() {
        let mut left = block(&["b", "dd", "fff"]);
        let right = left.split_off(1);
        assert_eq!((keys(&left), keys(&right)), (vec!["b".to_owned()], vec!["dd".to_owned(), "fff".to_owned()]));
        left.append(&right);
        assert_eq!(keys(&left), ["b", "dd", "fff"]);
    }
}
