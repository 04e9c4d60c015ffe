//! kv-log as openraft's log storage.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, Range, RangeBounds};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use futures_util::Stream;
use kv_log::{Log, WriteError};
use openraft::alias::{EntryOf, LogIdOf, VoteOf};
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{LogState, OptionalSend, RaftLogReader};
use tokio::sync::oneshot;

use crate::progress::Progress;
use crate::type_config::{
    TypeConfig, from_log_entry, from_log_position, from_log_vote, to_log_entry, to_log_position, to_log_vote,
};

/// How many bytes of entries are read at once.
const READ_BYTES: usize = 1 << 20;

/// The log as openraft writes and reads it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct LogStore {
    log: Log,
    progress: Arc<Progress>,
}

impl LogStore {
    pub(crate) fn new(log: Log, progress: Arc<Progress>) -> Self {
        Self { log, progress }
    }

    fn entries(&self, range: Range<u64>) -> EntryStream {
        EntryStream { log: self.log.clone(), range, read: Vec::new().into_iter() }
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<R>(&mut self, range: R) -> io::Result<Vec<EntryOf<TypeConfig>>>
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        self.entries(indexes(&range, &self.log)).collect()
    }

    async fn entries_stream<R>(
        &mut self,
        range: R,
    ) -> impl Stream<Item = io::Result<EntryOf<TypeConfig>>> + OptionalSend
    where
        R: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        self.entries(indexes(&range, &self.log))
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<EntryOf<TypeConfig>>> {
        let entries = self.log.read(start..end, READ_BYTES).map_err(io::Error::other)?;
        entries.into_iter().map(from_log_entry).collect()
    }

    async fn read_vote(&mut self) -> io::Result<Option<VoteOf<TypeConfig>>> {
        Ok(self.log.state().vote.map(from_log_vote))
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let state = self.log.state();
        Ok(LogState {
            last_purged_log_id: state.purged.map(from_log_position),
            last_log_id: state.last.map(from_log_position),
        })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &VoteOf<TypeConfig>) -> io::Result<()> {
        let vote = to_log_vote(vote);
        durable(|done| self.log.save_vote(vote, done)).await?;
        self.progress.set_term(vote.term);
        Ok(())
    }

    async fn save_committed(&mut self, committed: Option<LogIdOf<TypeConfig>>) -> io::Result<()> {
        if let Some(committed) = committed {
            self.log.note_committed(to_log_position(&committed));
            self.progress.set_committed(committed.index());
        }
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogIdOf<TypeConfig>>> {
        Ok(self.log.state().committed.map(from_log_position))
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = EntryOf<TypeConfig>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<_> = entries.into_iter().map(to_log_entry).collect();
        for entry in &entries {
            if matches!(entry.payload, kv_log::Payload::Membership(_)) {
                self.progress.membership_appended(entry.position.index);
            }
        }
        self.progress.add_appended_bytes(entries.iter().map(|entry| entry.cost_bytes() as u64).sum());
        self.log.append(entries, move |written| callback.io_completed(written.map_err(io::Error::other)));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogIdOf<TypeConfig>>) -> io::Result<()> {
        let last = last.as_ref().map(to_log_position);
        durable(|done| self.log.truncate_after(last, done)).await
    }

    /// Does not wait for the disk: a purge that is lost in a crash is only made again. A log that cannot be written
    /// any more tells that itself.
    async fn purge(&mut self, upto: LogIdOf<TypeConfig>) -> io::Result<()> {
        self.log.purge_to(to_log_position(&upto), |_| {});
        Ok(())
    }
}

type Done = Box<dyn FnOnce(Result<(), WriteError>) + Send>;

/// Waits until what `write` asks of the log is durable.
async fn durable(write: impl FnOnce(Done)) -> io::Result<()> {
    let (sender, receiver) = oneshot::channel();
    // Where nobody listens any more the node has stopped.
    write(Box::new(move |written| drop(sender.send(written))));
    receiver.await.unwrap_or(Err(WriteError::Stopped)).map_err(io::Error::other)
}

/// Turns bounds into indexes; open ones end where the log does.
fn indexes(bounds: &impl RangeBounds<u64>, log: &Log) -> Range<u64> {
    let start = match bounds.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(before) => before + 1,
        Bound::Unbounded => log.state().purged.map_or(0, |purged| purged.index + 1),
    };
    let end = match bounds.end_bound() {
        Bound::Included(last) => last + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => log.state().last.map_or(0, |last| last.index + 1),
    };
    start..end
}

/// The entries of a range, read as they are asked for, so that a long replay takes little memory.
struct EntryStream {
    log: Log,
    /// What is not read yet.
    range: Range<u64>,
    read: vec::IntoIter<kv_log::Entry>,
}

impl Iterator for EntryStream {
    type Item = io::Result<EntryOf<TypeConfig>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.read.next() {
            return Some(from_log_entry(entry));
        }
        if self.range.is_empty() {
            return None;
        }
        let read = match self.log.read(self.range.clone(), READ_BYTES) {
            Ok(read) => read,
            Err(error) => return Some(Err(io::Error::other(error))),
        };
        let (Some(first), Some(last)) = (read.first(), read.last()) else {
            return Some(Err(io::Error::other(format!("log entry {} is not there", self.range.start))));
        };
        if first.position.index != self.range.start {
            return Some(Err(io::Error::other(format!("log entry {} is not there", self.range.start))));
        }
        self.range.start = last.position.index + 1;
        self.read = read.into_iter();
        self.read.next().map(from_log_entry)
    }
}

impl Stream for EntryStream {
    type Item = io::Result<EntryOf<TypeConfig>>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.next())
    }
}
