//! The mirror itself: keys as they are, then changes, and from the start again where the source has dropped some.
//!
//! A round copies the keys at one revision and follows the changes behind it. When a change that is still needed has been
//! compacted, the next round copies the keys that are newer than the last position. What has been deleted meanwhile can no
//! longer be seen at the source; it is what an earlier round has copied and this one has not met. Of each copied key a hash
//! of eight bytes is remembered for that.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use bytes::Bytes;
use kv_cli::{CliError, Outcome, Output, Progress, Record, key_range};
use kv_client::{Client, Deadline, Error};
use kv_proto::ApiError;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{
    DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest, WatchResponse,
};
use kv_proto::mvccpb::event::EventType;
use prost::Message as _;

use crate::commands::pages::Pages;
use crate::session::failure;
use crate::voice::Voice;

/// How often the number of copied keys and changes is printed, as in etcdctl.
const REPORT_EVERY: Duration = Duration::from_secs(30);

/// Bytes of a transaction at most, unless one operation alone has more: well below what servers accept.
const TRANSACTION_BYTES_MAX: usize = 512 * 1024;

/// What is copied, and how.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) prefixes: Prefixes,
    /// The first revision to copy changes of; 0 to copy the keys as they are first.
    pub(super) begin: i64,
    /// Operations in a transaction.
    pub(super) transaction_max: usize,
}

/// What keys begin with.
#[derive(Debug)]
pub(super) struct Prefixes {
    pub(super) source: Vec<u8>,
    pub(super) destination: Vec<u8>,
}

impl Prefixes {
    /// Returns the name of a key at the destination.
    fn renamed(&self, key: &[u8]) -> Bytes {
        [&self.destination, key.strip_prefix(&self.source[..]).unwrap_or(key)].concat().into()
    }
}

/// A mirror at work.
pub(super) struct Mirror {
    source: Client,
    destination: Client,
    output: Output,
    plan: Plan,
    /// Everything up to this revision has been copied.
    position: i64,
    hasher: RandomState,
    /// Hashes of the keys that were copied, by their names at the destination.
    copied: HashSet<u64>,
    /// Keys and changes that were copied.
    total: u64,
    progress: Progress,
}

/// Why a round ended.
enum End {
    /// The source has dropped changes that were still needed.
    Compacted,
    Failed(CliError),
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        match error.api() {
            Some(ApiError::Compacted) => End::Compacted,
            _ => End::Failed(failure(&error)),
        }
    }
}

impl Mirror {
    pub(super) fn new(source: Client, destination: Client, output: Output, plan: Plan) -> Mirror {
        let progress = Progress::count("keys and changes copied:");
        let (hasher, copied) = (RandomState::new(), HashSet::new());
        Mirror { source, destination, output, plan, position: 0, hasher, copied, total: 0, progress }
    }

    /// Copies until something fails.
    pub(super) async fn run(mut self) -> Result<(), CliError> {
        // Where only changes were asked for, the keys as they are do not matter, and changes that are gone are an error.
        let changes_only = self.plan.begin > 1;
        if changes_only {
            self.position = self.plan.begin - 1;
        }
        let mut report = tokio::time::interval_at(tokio::time::Instant::now() + REPORT_EVERY, REPORT_EVERY);
        loop {
            if !changes_only {
                match Box::pin(self.copy_keys()).await {
                    Ok(()) => {}
                    Err(End::Compacted) => continue,
                    Err(End::Failed(error)) => return Err(error),
                }
            }
            match Box::pin(self.follow(&mut report)).await {
                End::Compacted if !changes_only => {
                    Voice::of(self.output.format)
                        .say("the source has compacted changes that were not copied yet; copying the keys again");
                }
                End::Compacted => return Err(failure(&Error::Api(ApiError::Compacted))),
                End::Failed(error) => return Err(error),
            }
        }
    }

    /// Copies the keys as they are: all of them, or in a later round those that are newer than the last position.
    async fn copy_keys(&mut self) -> Result<(), End> {
        let (key, range_end) = key_range(&self.plan.prefixes.source, None, true, false);
        let range = RangeRequest { key: key.into(), range_end: range_end.into(), ..RangeRequest::default() };
        let mut pages = Pages::new(range);
        let is_first = self.copied.is_empty();
        let mut met = HashSet::new();
        let mut batch = Batch::default();
        let mut revision = 0;
        loop {
            let page = pages.next(&self.source, Deadline::NEVER).await?;
            if revision == 0 {
                revision = page.header.unwrap_or_default().revision;
            }
            for kv in page.kvs {
                let key = self.plan.prefixes.renamed(&kv.key);
                let hash = self.hasher.hash_one(&key);
                met.insert(hash);
                self.copied.insert(hash);
                if kv.mod_revision > self.position {
                    self.add(&mut batch, put(key, kv.value)).await?;
                }
            }
            if pages.are_done() {
                break;
            }
        }
        self.send(&mut batch).await?;
        if !is_first {
            self.delete_what_is_gone(&met).await?;
        }
        self.position = revision;
        Ok(())
    }

    /// Deletes what an earlier round has copied and `met` does not have.
    async fn delete_what_is_gone(&mut self, met: &HashSet<u64>) -> Result<(), End> {
        let (key, range_end) = key_range(&self.plan.prefixes.destination, None, true, false);
        let keys_only = true;
        let range = RangeRequest { key: key.into(), range_end: range_end.into(), keys_only, ..RangeRequest::default() };
        let mut pages = Pages::new(range);
        let mut batch = Batch::default();
        loop {
            // A compaction there is no reason to copy again.
            let page = pages.next(&self.destination, Deadline::NEVER).await;
            for kv in page.map_err(|error| End::Failed(failure(&error)))?.kvs {
                let hash = self.hasher.hash_one(&kv.key);
                if !met.contains(&hash) && self.copied.remove(&hash) {
                    self.add(&mut batch, delete(kv.key)).await?;
                }
            }
            if pages.are_done() {
                return self.send(&mut batch).await;
            }
        }
    }

    /// Copies changes as they come.
    async fn follow(&mut self, report: &mut tokio::time::Interval) -> End {
        let (key, range_end) = key_range(&self.plan.prefixes.source, None, true, false);
        let mut session = self.source.watch();
        session.create(WatchCreateRequest {
            key: key.into(),
            range_end: range_end.into(),
            start_revision: self.position + 1,
            // So that a quiet source that compacts does not look like one that has gone on.
            progress_notify: true,
            ..WatchCreateRequest::default()
        });
        loop {
            let response = tokio::select! {
                response = session.next() => response,
                _ = report.tick() => match self.report() {
                    Ok(()) => continue,
                    Err(error) => return End::Failed(error),
                },
            };
            let copied = match response {
                Ok((_, response)) => self.copy_changes(response).await,
                Err(error) => Err(End::from(error)),
            };
            if let Err(end) = copied {
                return end;
            }
        }
    }

    async fn copy_changes(&mut self, response: WatchResponse) -> Result<(), End> {
        if response.compact_revision != 0 {
            return Err(End::Compacted);
        }
        if response.canceled {
            let reason = response.cancel_reason;
            return Err(End::Failed(CliError::new(
                kv_cli::ExitStatus::Failure,
                format_args!("watch was canceled: {reason}"),
            )));
        }
        let newest = response.header.unwrap_or_default().revision;
        let is_progress = response.events.is_empty();
        let mut batch = Batch::default();
        let mut revision = 0;
        for event in response.events {
            let kind = event.r#type();
            let Some(kv) = event.kv else { continue };
            if kv.mod_revision > revision {
                // What was changed together arrives together, and nothing else with it.
                self.send(&mut batch).await?;
                revision = kv.mod_revision;
            }
            let key = self.plan.prefixes.renamed(&kv.key);
            let hash = self.hasher.hash_one(&key);
            let operation = match kind {
                EventType::Put => {
                    self.copied.insert(hash);
                    put(key, kv.value)
                }
                EventType::Delete => {
                    self.copied.remove(&hash);
                    delete(key)
                }
            };
            if batch.operations.len() == self.plan.transaction_max {
                self.send(&mut batch).await?;
            }
            batch.push(operation);
        }
        self.send(&mut batch).await?;
        self.position = self.position.max(if is_progress { newest } else { revision });
        Ok(())
    }

    /// Adds an operation to those that are sent together, and sends what would become too much.
    async fn add(&mut self, batch: &mut Batch, operation: RequestOp) -> Result<(), End> {
        let is_full = batch.operations.len() == self.plan.transaction_max
            || batch.bytes + operation.encoded_len() > TRANSACTION_BYTES_MAX;
        if is_full {
            self.send(batch).await?;
        }
        batch.push(operation);
        Ok(())
    }

    async fn send(&mut self, batch: &mut Batch) -> Result<(), End> {
        let Batch { operations, .. } = std::mem::take(batch);
        let count = operations.len() as u64;
        if count > 0 {
            let request = TxnRequest { success: operations, ..TxnRequest::default() };
            // What the destination says never is about a compaction of the source.
            let sent = self.destination.txn(request, Deadline::NEVER).await;
            sent.map_err(|error| End::Failed(failure(&error)))?;
            self.total += count;
            self.progress.set(self.total);
        }
        Ok(())
    }

    fn report(&mut self) -> Result<(), CliError> {
        if self.progress.is_shown() {
            return Ok(());
        }
        let record = Record::new().with("copied", self.total).with("revision", self.position);
        self.output.print(&Outcome { line: self.total.to_string(), record })
    }
}

/// Operations that are sent together.
#[derive(Debug, Default)]
struct Batch {
    operations: Vec<RequestOp>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, operation: RequestOp) {
        self.bytes += operation.encoded_len();
        self.operations.push(operation);
    }
}

fn put(key: Bytes, value: Bytes) -> RequestOp {
    let put = PutRequest { key, value, ..PutRequest::default() };
    RequestOp { request: Some(Request::RequestPut(put)) }
}

fn delete(key: Bytes) -> RequestOp {
    let delete = DeleteRangeRequest { key, ..DeleteRangeRequest::default() };
    RequestOp { request: Some(Request::RequestDeleteRange(delete)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_renamed_at_their_beginning() {
        let renamed = |source: &str, destination: &str, key: &'static [u8]| {
            let prefixes = Prefixes { source: source.into(), destination: destination.into() };
            prefixes.renamed(key).to_vec()
        };
        assert_eq!(renamed("", "", b"k"), b"k");
        assert_eq!(renamed("a/", "b/", b"a/a/k\xff"), b"b/a/k\xff");
        assert_eq!(renamed("a/", "", b"a/k"), b"k");
        assert_eq!(renamed("", "b/", b"k"), b"b/k");
    }
}
