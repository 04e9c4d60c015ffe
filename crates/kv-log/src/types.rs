//! The words of the log: positions, votes, entries, and what is known about all of them together.

use std::path::PathBuf;

use bytes::Bytes;

/// The place of an entry in the log: the term it was proposed in and its index.
///
/// Indexes run without gaps; terms never fall along the log. So the derived order, term first, is
/// the log's own order for the entries that are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The term of the leader that proposed the entry.
    pub term: u64,
    /// The entry's number, counted from 0 over the log's whole life.
    pub index: u64,
}

/// For whom this member voted, and in which term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vote {
    /// The term of the vote.
    pub term: u64,
    /// The candidate.
    pub node: u64,
    /// Whether a quorum granted it, which makes the candidate the leader of the term.
    pub committed: bool,
}

/// What an entry carries. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the entry a new leader commits its predecessors' entries with.
    Blank,
    /// Commands for the state machine, in the store's encoding.
    Command(Bytes),
    /// A configuration of the cluster, in the encoding of whoever runs the consensus.
    Membership(Bytes),
}

impl Payload {
    /// Returns the carried bytes; none for a blank entry.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Payload::Blank => &[],
            Payload::Command(bytes) | Payload::Membership(bytes) => bytes,
        }
    }
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// What it carries.
    pub payload: Payload,
}

impl Entry {
    /// Returns what the entry counts for against limits on memory: its payload and a fixed overhead.
    pub fn cost_bytes(&self) -> usize {
        self.payload.bytes().len() + ENTRY_OVERHEAD_BYTES
    }
}

/// What an entry without payload counts for against limits on memory.
const ENTRY_OVERHEAD_BYTES: usize = 64;

/// What the log holds, as of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// The newest entry that was purged.
    pub purged: Option<Position>,
    /// The newest entry; the newest purged one where there is no other.
    pub last: Option<Position>,
    /// The newest vote.
    pub vote: Option<Vote>,
    /// The newest entry noted as committed.
    pub committed: Option<Position>,
}

impl State {
    /// Says whether an entry may stand next: with no gap and no step back in term. Anything may begin an
    /// empty log.
    pub(crate) fn is_followed_by(&self, next: Position) -> bool {
        self.last.is_none_or(|last| next.index == last.index + 1 && next.term >= last.term)
    }

    /// Removes the entries behind `last`, but never purged ones. Returns the first index that is free.
    pub(crate) fn truncate(&mut self, last: Option<Position>) -> u64 {
        let last =
            if last.map(|last| last.index) < self.purged.map(|purged| purged.index) { self.purged } else { last };
        if last.map(|last| last.index) < self.last.map(|last| last.index) {
            self.last = last;
        }
        self.last.map_or(0, |last| last.index + 1)
    }

    /// Forgets the entries up to `position`, which may lie beyond the last one.
    pub(crate) fn purge(&mut self, position: Position) {
        if self.purged.is_none_or(|purged| purged.index < position.index) {
            self.purged = Some(position);
        }
        if self.last.is_none_or(|last| last.index < position.index) {
            self.last = Some(position);
        }
    }

    /// Moves the newest committed entry forward.
    pub(crate) fn commit(&mut self, position: Position) {
        if self.committed.is_none_or(|committed| committed.index < position.index) {
            self.committed = Some(position);
        }
    }

    /// Returns the newest committed entry, or the last one if what is committed lies beyond it.
    pub(crate) fn committed_in_log(&self) -> Option<Position> {
        if self.committed.map(|committed| committed.index) > self.last.map(|last| last.index) {
            self.last
        } else {
            self.committed
        }
    }
}

/// What was found on disk when the log was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The newest vote.
    pub vote: Option<Vote>,
    /// The newest entry recorded as committed, never beyond `last`. Later ones may have been
    /// committed too: this is written with the next batch and not on its own.
    pub committed: Option<Position>,
    /// The newest entry that was purged.
    pub purged: Option<Position>,
    /// The newest entry; the newest purged one where there is no other.
    pub last: Option<Position>,
    /// The batch at the very end that was cut off because it was written only in part.
    pub torn: Option<TornTail>,
}

/// A batch at the very end of the log that was written only in part. Nothing in it was ever
/// reported as durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The number of the segment it stands in.
    pub segment: u64,
    /// The file of that segment.
    pub path: PathBuf,
    /// Where in the file it begins.
    pub offset: u64,
}
