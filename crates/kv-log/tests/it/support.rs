//! What the tests share: small logs, entries with known contents, and waiting for the writer.

use std::path::Path;
use std::sync::mpsc;

use bytes::Bytes;
use kv_log::{Entry, Log, Options, Payload, Position, Reader, Recovery, Salt, Vote, WriteError};

/// The smallest segment there is.
pub(crate) const SMALL_SEGMENT_BYTES: u64 = 32 << 10;

/// Options that make everything happen early.
pub(crate) fn small_options(seed: u64) -> Options {
    Options {
        segment_bytes: SMALL_SEGMENT_BYTES,
        first_segment_bytes: SMALL_SEGMENT_BYTES,
        batch_bytes: 16 << 10,
        cache_bytes: 2 << 10,
        ..Options::new(Salt::seeded(seed))
    }
}

pub(crate) fn open_small(dir: &Path) -> Log {
    Log::open(dir, small_options(1)).expect("open the log")
}

pub(crate) fn at(term: u64, index: u64) -> Position {
    Position { term, index }
}

pub(crate) fn vote(term: u64) -> Vote {
    Vote { term, node: 7, committed: term.is_multiple_of(2) }
}

/// An entry whose contents follow from its position and size.
pub(crate) fn entry(term: u64, index: u64, bytes: usize) -> Entry {
    let payload: Bytes = (0..bytes as u64).map(|byte| (byte ^ index ^ (term << 3)) as u8).collect();
    let payload = match index % 5 {
        0 if bytes == 0 => Payload::Blank,
        1 => Payload::Membership(payload),
        _ => Payload::Command(payload),
    };
    Entry { position: at(term, index), payload }
}

/// Gives an order and waits until it is durable.
pub(crate) fn wait(order: impl FnOnce(Box<dyn FnOnce(Result<(), WriteError>) + Send>)) -> Result<(), WriteError> {
    let (sender, receiver) = mpsc::channel();
    order(Box::new(move |written| {
        // The test may have given up on it.
        let _ = sender.send(written);
    }));
    receiver.recv().expect("every order is answered")
}

pub(crate) fn append(log: &Log, entries: Vec<Entry>) {
    wait(|done| log.append(entries, done)).expect("append");
}

pub(crate) fn append_one(log: &Log, term: u64, index: u64, bytes: usize) {
    append(log, vec![entry(term, index, bytes)]);
}

pub(crate) fn truncate(log: &Log, last: Option<Position>) {
    wait(|done| log.truncate_after(last, done)).expect("truncate");
}

pub(crate) fn purge(log: &Log, position: Position) {
    wait(|done| log.purge_to(position, done)).expect("purge");
}

pub(crate) fn save_vote(log: &Log, vote: Vote) {
    wait(|done| log.save_vote(vote, done)).expect("save a vote");
}

pub(crate) fn read_all(log: &Log) -> Vec<Entry> {
    log.read(0..u64::MAX, usize::MAX).expect("read")
}

/// What a log holds, to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Contents {
    pub(crate) vote: Option<Vote>,
    pub(crate) purged: Option<Position>,
    pub(crate) last: Option<Position>,
    pub(crate) entries: Vec<Entry>,
}

impl Contents {
    pub(crate) fn of_log(log: &Log) -> Contents {
        let state = log.state();
        Contents { vote: state.vote, purged: state.purged, last: state.last, entries: read_all(log) }
    }

    pub(crate) fn of_reader(reader: &Reader) -> Contents {
        let Recovery { vote, purged, last, .. } = *reader.recovery();
        let entries = reader.entries(0).collect::<Result<_, _>>().expect("read");
        Contents { vote, purged, last, entries }
    }
}
