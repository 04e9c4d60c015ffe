//! What locks and elections have in common: candidates stand in line under a name, and the first of them has it.
//!
//! A candidate is a key, the name, a slash and its lease in hexadecimal, attached to that lease. Whose key was created
//! first is first in line. Everybody waits for the one just before, so that a departure wakes one candidate and not all of them.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use kv_proto::etcdserverpb::ResponseHeader;
use kv_store::{
    Answer, Caller, Command, Compare, CompareResult, CompareTarget, DeleteRange, KeyRange, KeyValue, Op, OpAnswer, Put,
    RangeAnswer, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer, WatchStream,
};
use tokio::sync::Notify;
use tonic::Status;

use super::lease;
use crate::auth::Credentials;
use crate::engine::Engine;
use crate::status::mismatch;

/// The time to live of a lease that is granted because a request names none, in seconds.
const SESSION_TTL: i64 = 60;

/// A candidate's entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Bytes,
    pub(super) lease: i64,
    pub(super) create_revision: i64,
    /// The value, if the candidate stood in line before.
    pub(super) earlier_value: Option<Bytes>,
    pub(super) header: ResponseHeader,
}

/// One request's view of a name.
pub(super) struct Contest {
    engine: Arc<Engine>,
    credentials: Credentials,
    caller: Caller,
    candidates: KeyRange,
    prefix: Bytes,
}

impl Contest {
    pub(super) fn new(engine: &Arc<Engine>, credentials: Credentials, name: &[u8]) -> Result<Self, Status> {
        let caller = engine.auth.caller(&credentials).map_err(unknown)?;
        let mut prefix = BytesMut::from(name);
        prefix.put_u8(b'/');
        let mut end = prefix.clone();
        *end.last_mut().expect("it ends with a slash") += 1;
        let (prefix, end) = (prefix.freeze(), end.freeze());
        let candidates = KeyRange::Between(prefix.clone(), end);
        Ok(Self { engine: Arc::clone(engine), credentials, caller, candidates, prefix })
    }

    /// The keys of all candidates.
    pub(super) fn candidates(&self) -> &KeyRange {
        &self.candidates
    }

    /// Puts a candidate in line, unless its key is there. Lease 0 stands for a new one.
    pub(super) async fn enter(&self, lease: i64, value: Bytes) -> Result<Entry, Status> {
        let lease = self.lease(lease).await?;
        let mut key = BytesMut::from(&self.prefix[..]);
        // As Go writes it, negative numbers with a sign.
        let sign = if lease < 0 { "-" } else { "" };
        key.put_slice(format!("{sign}{:x}", lease.unsigned_abs()).as_bytes());
        let key = key.freeze();
        let answer = self
            .run(Txn {
                compare: vec![created_at(&key, 0)],
                success: vec![Op::Put(Put { key: key.clone(), value, lease, ..Put::default() })],
                failure: vec![Op::Range(RangeQuery::new(KeyRange::Key(key.clone())))],
            })
            .await?;
        let header = self.engine.header(answer.revision);
        let earlier = answer.responses.into_iter().find_map(|response| match response {
            OpAnswer::Range(mut range) => range.kvs.pop(),
            _ => None,
        });
        let create_revision = earlier.as_ref().map_or(answer.revision, |pair| pair.create_revision);
        Ok(Entry { key, lease, create_revision, earlier_value: earlier.map(|pair| pair.value), header })
    }

    /// Returns `lease`, or a new one for 0.
    pub(super) async fn lease(&self, lease: i64) -> Result<i64, Status> {
        if lease != 0 {
            return Ok(lease);
        }
        let (id, _) = lease::grant(&self.engine, &self.caller, 0, SESSION_TTL).await.map_err(unknown)?;
        Ok(id)
    }

    /// Waits until nobody is in line before the entry; says whether the entry is still there then. If the waiting is given
    /// up, the entry is withdrawn.
    pub(super) async fn wait_for_turn(&self, entry: &Entry) -> Result<Turn, Status> {
        let mut guard = Withdrawal { contest: self, entry, armed: true };
        let turn = self.wait(entry).await;
        guard.armed = turn.is_err();
        turn
    }

    async fn wait(&self, entry: &Entry) -> Result<Turn, Status> {
        let mut line = None;
        let mut waited = false;
        loop {
            // Whom to wait for is looked up after the watcher is there, so that no departure is missed.
            let before = self.last_before(entry.create_revision).await?;
            let Some(before) = before else { break };
            if line.as_ref().is_none_or(|(watched, _)| *watched != before) {
                let mut changes = Changes::new(&self.engine);
                changes.watch(&KeyRange::Key(before.clone()));
                changes.watch(&KeyRange::Key(entry.key.clone()));
                line = Some((before, changes));
                continue;
            }
            waited = true;
            if !self.is_there(entry).await? {
                return Ok(Turn::Lost);
            }
            if let Some((_, changes)) = &line {
                changes.next().await;
            }
        }
        match waited {
            false => Ok(Turn::AtOnce),
            true if self.is_there(entry).await? => Ok(Turn::Waited(self.engine.header(self.engine.store.revision()))),
            true => Ok(Turn::Lost),
        }
    }

    /// Returns the key of the candidate that entered last before a revision.
    async fn last_before(&self, create_revision: i64) -> Result<Option<Bytes>, Status> {
        let query = RangeQuery {
            max_create_revision: create_revision - 1,
            limit: 1,
            sort_target: SortTarget::Create,
            sort_order: SortOrder::Descend,
            keys_only: true,
            ..RangeQuery::new(self.candidates.clone())
        };
        Ok(self.read(query).await?.kvs.pop().map(|pair| pair.key))
    }

    async fn is_there(&self, entry: &Entry) -> Result<bool, Status> {
        let query = RangeQuery { keys_only: true, ..RangeQuery::new(KeyRange::Key(entry.key.clone())) };
        let found = self.read(query).await?;
        Ok(found.kvs.first().is_some_and(|pair| pair.create_revision == entry.create_revision))
    }

    /// Returns who is first in line, and the revision at which that is so.
    pub(super) async fn first(&self) -> Result<(Option<KeyValue>, i64), Status> {
        let query = RangeQuery {
            limit: 1,
            sort_target: SortTarget::Create,
            sort_order: SortOrder::Ascend,
            ..RangeQuery::new(self.candidates.clone())
        };
        let mut found = self.read(query).await?;
        Ok((found.kvs.pop(), found.revision))
    }

    /// Runs `op` if the key is still the one that was created at this revision; says whether it was.
    pub(super) async fn run_if_created_at(
        &self,
        key: &Bytes,
        create_revision: i64,
        op: Op,
    ) -> Result<(bool, ResponseHeader), Status> {
        let compare = vec![created_at(key, create_revision)];
        let answer = self.run(Txn { compare, success: vec![op], ..Txn::default() }).await?;
        Ok((answer.succeeded, self.engine.header(answer.revision)))
    }

    /// Refuses whom the candidates are not for.
    pub(super) fn check_readable(&self) -> Result<(), Status> {
        self.engine.auth.permit_range(&self.credentials, &self.candidates).map(drop).map_err(unknown)
    }

    async fn read(&self, query: RangeQuery) -> Result<RangeAnswer, Status> {
        self.engine.linearizable().await.map_err(unknown)?;
        let permit = self.engine.auth.permit_range(&self.credentials, &query.range).map_err(unknown)?;
        let answer = self.engine.range(&query).await.map_err(unknown)?;
        self.engine.auth.confirm(&permit).map_err(unknown)?;
        Ok(answer)
    }

    async fn run(&self, txn: Txn) -> Result<TxnAnswer, Status> {
        match self.engine.propose_for(&self.caller, &Command::Txn(txn)).await.map_err(unknown)? {
            Answer::Txn(answer) => Ok(answer),
            other => Err(mismatch(&other)),
        }
    }
}

/// How waiting in line ended.
#[derive(Debug)]
pub(super) enum Turn {
    /// Nobody was before the candidate.
    AtOnce,
    /// Somebody was; the header is of the moment when the candidate became the first.
    Waited(ResponseHeader),
    /// The candidate's key is gone: its lease ended, or somebody deleted it.
    Lost,
}

/// Withdraws an entry whose candidate does not wait any more.
struct Withdrawal<'a> {
    contest: &'a Contest,
    entry: &'a Entry,
    armed: bool,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.armed {
            return;
        }
        let (engine, caller) = (Arc::clone(&self.contest.engine), self.contest.caller.clone());
        let withdraw = Command::Txn(Txn {
            compare: vec![created_at(&self.entry.key, self.entry.create_revision)],
            success: vec![delete(&self.entry.key)],
            ..Txn::default()
        });
        runtime.spawn(async move {
            // If it fails, the entry ends with its lease.
            let _ = engine.propose_for(&caller, &withdraw).await;
        });
    }
}

/// Tells of changes of some keys, without saying which.
pub(super) struct Changes {
    hub: WatchStream,
    changed: Arc<Notify>,
}

impl Changes {
    pub(super) fn new(engine: &Engine) -> Self {
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        Self { hub: engine.store.watch_hub().open(Arc::new(move || wake.notify_one())), changed }
    }

    pub(super) fn watch(&mut self, keys: &KeyRange) {
        self.hub.add(keys);
    }

    /// Waits until something has changed since the last call, or since the keys were added.
    pub(super) async fn next(&self) {
        self.changed.notified().await;
        self.hub.take_ready();
    }
}

pub(super) fn delete(key: &Bytes) -> Op {
    Op::DeleteRange(DeleteRange { range: KeyRange::Key(key.clone()), prev_kv: false })
}

fn created_at(key: &Bytes, revision: i64) -> Compare {
    Compare {
        range: KeyRange::Key(key.clone()),
        result: CompareResult::Equal,
        target: CompareTarget::CreateRevision(revision),
    }
}

/// Etcd's services of this kind are clients of its others, and pass on the text of an error without its code.
#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
pub(super) fn unknown(status: Status) -> Status {
    Status::unknown(status.message().to_owned())
}
