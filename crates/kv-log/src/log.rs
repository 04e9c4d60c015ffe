//! The handle of an open log.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::blocks::BLOCK_BYTES;
use crate::disk::{SyncMode, sync_parent};
use crate::error::{OpenError, ReadError, WriteError};
use crate::format::{ENTRY_BYTES_MAX, Record};
use crate::metrics::{Counters, Metrics};
use crate::options::Options;
use crate::pool::{Pool, PoolOptions, Slot, is_no_space};
use crate::read;
use crate::recovery::{Scan, ScannedSegment};
use crate::shared::{Done, Inner, Shared};
use crate::slot;
use crate::tail::{LiveSegment, Past, Tail, TailOptions};
use crate::types::{Entry, Position, Recovery, State, Vote};
use crate::writer::{SEGMENT_BYTES_MIN, Writer};

/// An open log. Clones share it.
///
/// Orders take effect in memory at once and in the order they are given; they reach the disk in the same
/// order, on a thread of the log's own. When one is reported as durable, so are all before it; only a
/// purge may be reported before its turn, while the others wait for room on a full disk. That thread
/// also runs the callbacks, so they must not block. An order that is refused changes nothing and is
/// answered at once, on the caller's thread.
///
/// Dropping the last clone waits until everything that was ordered is written.
///
/// Only one process may have a log open; the caller sees to that. [`Reader`](crate::Reader) reads beside it.
#[derive(Clone)]
pub struct Log {
    threads: Arc<Threads>,
}

struct Threads {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    recovery: Recovery,
    writer: Option<JoinHandle<()>>,
    preparer: Option<JoinHandle<()>>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Log {
    /// Opens the log in a directory, which is made if it is missing. Reads all of it, and begins a new segment.
    ///
    /// # Errors
    /// Everything but a torn end is refused (see [`Recovery::torn`]); nothing was changed then.
    pub fn open(dir: &Path, mut options: Options) -> Result<Log, OpenError> {
        options.segment_bytes = whole_segment(options.segment_bytes);
        options.first_segment_bytes = whole_segment(options.first_segment_bytes).min(options.segment_bytes);
        options.batch_bytes = options.batch_bytes.min(ENTRY_BYTES_MAX);
        let io = |action| move |source| OpenError::Io { action, path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(io("create"))?;

        let scan = Scan::run(dir)?;
        // The process before may have died before its last batch was durable. From now on that batch counts.
        if let Some(newest) = scan.segments.last() {
            settle(&options, &newest.segment.path).map_err(io("sync the newest segment in"))?;
        }
        for path in slot::list_unfinished(dir).map_err(io("list"))? {
            options.disk.remove(&path).map_err(io("delete an unfinished file in"))?;
        }
        if options.sync == SyncMode::Durable {
            sync_parent(dir).map_err(io("sync the directory above"))?;
        }
        Log::start(dir, options, scan)
    }

    fn start(dir: &Path, options: Options, scan: Scan) -> Result<Log, OpenError> {
        let Scan { recovery, state, table, chain, segments, spares } = scan;
        let segments: VecDeque<LiveSegment> = segments.into_iter().map(live).collect();
        let in_use: Vec<Slot> = segments.iter().map(|live| live.slot.clone()).collect();
        let pool_options = PoolOptions {
            dir: dir.to_owned(),
            disk: Arc::clone(&options.disk),
            sync: options.sync,
            segment_bytes: options.segment_bytes,
            spare_segments: options.spare_segments,
        };
        let pool = Arc::new(Pool::new(pool_options, &in_use, spares));
        let bytes = options.first_segment_bytes;
        let slot = pool.take_or_make(bytes).map_err(|source| {
            let path = dir.to_owned();
            if is_no_space(&source) {
                OpenError::NoSpace { path, bytes, source }
            } else {
                OpenError::Io { action: "make a segment in", path, source }
            }
        })?;

        let counters = Arc::new(Counters::default());
        let tail_options =
            TailOptions { disk: options.disk, sync: options.sync, salt: options.salt, counters: Arc::clone(&counters) };
        let tail = Tail::start(tail_options, Past { segments, chain, state }, slot)?;
        let shared = Arc::new(Shared::new(Inner::new(state, table, options.cache_bytes), counters, options.notify));
        let writer = Writer {
            shared: Arc::clone(&shared),
            pool: Arc::clone(&pool),
            tail,
            segment_bytes: options.segment_bytes,
            batch_bytes: options.batch_bytes,
        };
        let spawned = |source| OpenError::Io { action: "start a thread for", path: dir.to_owned(), source };
        let mut threads = Threads { shared, pool, recovery, writer: None, preparer: None };
        let (pool, shared) = (Arc::clone(&threads.pool), Arc::clone(&threads.shared));
        threads.preparer = Some(spawn("log-preparer", move || pool.run(&shared)).map_err(spawned)?);
        threads.writer = Some(spawn("log-writer", move || writer.run()).map_err(spawned)?);
        Ok(Log { threads: Arc::new(threads) })
    }

    /// Returns what was found on disk when the log was opened.
    pub fn recovery(&self) -> &Recovery {
        &self.threads.recovery
    }

    /// Returns what the log holds as of now, durable or not.
    pub fn state(&self) -> State {
        self.shared().lock().state
    }

    /// Appends entries, which must follow the log's end: the next index, and no lower term. They are readable when this
    /// returns; `done` runs when they are durable.
    pub fn append(&self, entries: Vec<Entry>, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        let check = check_entries(&entries);
        self.order(done, check, |inner, done| {
            let mut done = Some(done);
            let count = entries.len();
            for (number, entry) in entries.into_iter().enumerate() {
                inner.state.last = Some(entry.position);
                let done = if number + 1 == count { done.take() } else { None };
                let sequence = inner.order(Some(Record::Entry(entry.clone())), done);
                inner.cache.push(sequence, entry);
            }
            if done.is_some() {
                inner.order(None, done);
            }
        });
    }

    /// Reads the entries of a range, as many as fit in `max_bytes` but one at least. What is purged or beyond the end
    /// is left out; there are no gaps in what is returned.
    ///
    /// Recent entries come from memory, older ones from the files. Waits for a disk, never for the writer.
    pub fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<Entry>, ReadError> {
        read::from_log(self.shared(), range, max_bytes)
    }

    /// Saves a vote; `done` runs when it is durable.
    pub fn save_vote(&self, vote: Vote, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        self.order(
            done,
            |_| Ok(()),
            |inner, done| {
                inner.state.vote = Some(vote);
                inner.order(Some(Record::Vote(vote)), Some(done));
            },
        );
    }

    /// Removes the entries after `last`, all that are not purged if it is `None`; `done` runs when that is durable.
    pub fn truncate_after(&self, last: Option<Position>, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        let check = move |state: &State| match (last, state.purged) {
            (Some(position), Some(purged)) if position.index < purged.index => {
                Err(WriteError::Purged { last, purged: state.purged })
            }
            _ => Ok(()),
        };
        self.order(done, check, |inner, done| {
            let from = inner.state.truncate(last);
            inner.cache.truncate_from(from);
            inner.truncations += 1;
            inner.order(Some(Record::Truncate(last)), Some(done));
        });
    }

    /// Forgets the entries up to `position`. The caller promises that nobody needs them: their effects are
    /// durable elsewhere. `done` runs when that is recorded and whole segments are free for reuse.
    ///
    /// A position beyond the end is where the log goes on: the entries came as a snapshot.
    pub fn purge_to(&self, position: Position, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        self.order(
            done,
            |_| Ok(()),
            |inner, done| {
                let news = inner.state.purged.is_none_or(|purged| purged.index < position.index);
                inner.state.purge(position);
                inner.cache.purge_to(position.index);
                inner.order(news.then_some(Record::Purge { position, oldest_needed: 0 }), Some(done));
            },
        );
    }

    /// Notes that entries up to `position` are committed. It is recorded with the next batch, and never on its own.
    pub fn note_committed(&self, position: Position) {
        self.shared().lock().state.commit(position);
    }

    /// Returns the bytes that the log's files take on the disk, those made beforehand included.
    pub fn disk_bytes(&self) -> u64 {
        self.threads.pool.disk_bytes()
    }

    /// Returns the writer's counters.
    pub fn metrics(&self) -> Metrics {
        self.shared().counters.snapshot()
    }

    /// Changes the log in memory and gives the writer its order, unless the log has stopped or the check fails.
    fn order(
        &self,
        done: impl FnOnce(Result<(), WriteError>) + Send + 'static,
        check: impl FnOnce(&State) -> Result<(), WriteError>,
        give: impl FnOnce(&mut Inner, Done),
    ) {
        let mut inner = self.shared().lock();
        let refused = inner.failed().cloned().map_or_else(|| check(&inner.state), Err);
        if refused.is_ok() {
            give(&mut inner, Box::new(done));
            drop(inner);
            self.shared().wake_writer();
        } else {
            drop(inner);
            done(refused);
        }
    }

    fn shared(&self) -> &Shared {
        &self.threads.shared
    }
}

/// Checks that entries follow each other and the log, and that none is too large.
fn check_entries(entries: &[Entry]) -> impl FnOnce(&State) -> Result<(), WriteError> + use<> {
    let mut checked = Ok(());
    let mut own = State::default();
    for Entry { position, payload } in entries {
        let bytes = payload.bytes().len();
        if bytes > ENTRY_BYTES_MAX {
            checked = checked.and(Err(WriteError::TooLarge { bytes, max: ENTRY_BYTES_MAX }));
        }
        if !own.is_followed_by(*position) {
            checked = checked.and(Err(WriteError::OutOfOrder { last: own.last, found: *position }));
        }
        own.last = Some(*position);
    }
    let first = entries.first().map(|entry| entry.position);
    move |state| match first {
        Some(found) if !state.is_followed_by(found) => Err(WriteError::OutOfOrder { last: state.last, found }),
        _ => checked,
    }
}

/// Rounds the size of a segment to what one can have.
fn whole_segment(bytes: u64) -> u64 {
    bytes.max(SEGMENT_BYTES_MIN).next_multiple_of(BLOCK_BYTES as u64)
}

/// Makes durable what the process before wrote last.
fn settle(options: &Options, path: &Path) -> io::Result<()> {
    match options.sync {
        SyncMode::Durable => options.disk.open(path, options.sync)?.sync(),
        SyncMode::Never => Ok(()),
    }
}

fn live(scanned: ScannedSegment) -> LiveSegment {
    let ScannedSegment { segment, index_max } = scanned;
    let slot = Slot { path: segment.path.clone(), bytes: segment.bytes };
    LiveSegment { slot, segment, index_max }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(run)
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.close();
        join(self.writer.take());
        self.pool.close();
        join(self.preparer.take());
    }
}

/// Waits for a thread. Not for the one that runs this, which is one of them when a callback held the last handle.
fn join(handle: Option<JoinHandle<()>>) {
    if let Some(handle) = handle
        && handle.thread().id() != thread::current().id()
    {
        // A panic was reported by the thread itself, and through the log's error.
        let _ = handle.join();
    }
}
