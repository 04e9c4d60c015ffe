//! Draws random requests that hit each other often: few keys, revisions around what is kept, every option.

use bytes::Bytes;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::watch_create_request::FilterType;
use kv_proto::etcdserverpb::{
    CompactionRequest, Compare, DeleteRangeRequest, HashKvRequest, LeaseGrantRequest, LeaseRevokeRequest,
    LeaseTimeToLiveRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest,
};

use crate::harness::Random;

/// The keys of most operations. With [`RARE_KEY`] they are twelve, because etcd sorts that many stably and more of them
/// not: a tie between equal values would make the order of a longer answer an accident.
const KEYS: [&[u8]; 11] = [b"\0", b"a", b"a\0", b"aa", b"ab", b"b", b"ba", b"c/1", b"c/2", b"\xff", b"\xff\xff"];
/// A key that is mostly absent.
const RARE_KEY: &[u8] = b"d";
/// Values that compare in interesting ways.
const VALUES: [&[u8]; 7] = [b"", b"\0", b"1", b"10", b"2", b"v", b"\xff"];
/// The range end that stands for "from this key on".
const FROM_KEY: &[u8] = b"\0";
/// A lease nobody has granted.
const UNKNOWN_LEASE: i64 = 77;
/// The leases that come and go.
const LEASES: [i64; 5] = [1, 2, 3, 0x7fff_ffff_ffff_ffff, -4];
/// Times to live: none ends before the sequence does, and the last is refused.
const TTLS: [i64; 4] = [1000, 100_000, 9_000_000_000, 9_000_000_001];
/// How deep transactions nest.
const DEPTH_MAX: u32 = 2;
/// How many operations of a branch, and compares, are drawn at most.
const BREADTH_MAX: u64 = 4;
/// The server's default limit of operations in a transaction.
const SERVER_OPS_MAX: usize = 128;

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Put(PutRequest),
    Range(RangeRequest),
    RangeStream(RangeRequest),
    DeleteRange(DeleteRangeRequest),
    Txn(TxnRequest),
    Compact(CompactionRequest),
    HashKv(HashKvRequest),
    LeaseGrant(LeaseGrantRequest),
    LeaseRevoke(LeaseRevokeRequest),
    LeaseTimeToLive(LeaseTimeToLiveRequest),
    LeaseLeases,
    /// Renews a lease, on a stream of its own.
    LeaseKeepAlive(i64),
    /// Opens a watcher on the stream that all watchers share.
    Watch(WatchCreateRequest),
    /// Cancels a watcher, or an id that does not exist.
    CancelWatch(i64),
    /// Compares everything watchers have received.
    CompareWatches,
    /// Kills the server and starts it again.
    Restart,
}

/// Draws operations. It follows the store's revisions, so that it can aim at their edges.
#[derive(Debug)]
pub(crate) struct Generator {
    random: Random,
    /// The newest revision.
    current: i64,
    /// The last compacted revision, or 0.
    compacted: i64,
    /// Revisions compacted to whose hash both servers remember.
    settled: Vec<i64>,
    /// Those that a server may remember or not: the compaction or the one before it may not have been finished when the
    /// next one came, or a restart has forgotten it unless the end of the log was replayed. Asking for them is a race.
    unsettled: Vec<i64>,
    /// The next compaction is one of these.
    unsettled_next: bool,
    /// The first compaction was to 0.
    zero_compacted: bool,
    /// Operations already decided on.
    planned: Vec<Operation>,
}

impl Generator {
    /// Starts the sequence of `seed` on an empty store.
    pub(crate) fn new(seed: u64) -> Generator {
        Generator {
            random: Random::new(seed),
            current: 1,
            compacted: 0,
            settled: Vec::new(),
            unsettled: Vec::new(),
            unsettled_next: false,
            zero_compacted: false,
            planned: Vec::new(),
        }
    }

    /// Notes the revision a response's header spoke of.
    pub(crate) fn saw_revision(&mut self, revision: i64) {
        self.current = self.current.max(revision);
    }

    /// Notes a compaction that was accepted.
    pub(crate) fn saw_compaction(&mut self, request: &CompactionRequest) {
        self.compacted = request.revision;
        self.zero_compacted |= request.revision == 0;
        if request.physical && !self.unsettled_next {
            self.settled.push(request.revision);
        } else {
            self.unsettled.append(&mut self.settled);
            self.unsettled.push(request.revision);
        }
        self.unsettled_next = !request.physical;
    }

    /// Returns the next operation.
    pub(crate) fn next(&mut self) -> Operation {
        if let Some(operation) = self.planned.pop() {
            return operation;
        }
        match self.random.below(1000) {
            0..300 => Operation::Put(self.put()),
            300..500 => Operation::Range(self.range()),
            500..530 => {
                let mut request = self.range();
                if request.sort_order == SortOrder::None as i32 {
                    // etcd sorts each message by itself then, so that the order depends on where it cuts.
                    request.sort_target = SortTarget::Key as i32;
                }
                Operation::RangeStream(request)
            }
            530..630 => Operation::DeleteRange(self.delete_range()),
            630..840 => {
                let mut request = self.txn(0);
                if deletes(&request) {
                    restrain_puts(&mut request);
                }
                Operation::Txn(request)
            }
            840..860 => Operation::Compact(self.compaction()),
            860..900 => Operation::HashKv(self.hash_kv()),
            900..920 => self.watch(),
            920..940 => Operation::CancelWatch(self.random.below(12) as i64),
            940..960 => self.lease(),
            960..999 => Operation::CompareWatches,
            _ => {
                self.unsettled.append(&mut self.settled);
                self.unsettled_next = true;
                Operation::Restart
            }
        }
    }

    /// Returns the operation a sequence ends with: the hash of the whole history.
    pub(crate) fn last(&self) -> Operation {
        Operation::HashKv(HashKvRequest { revision: self.current })
    }

    fn key(&mut self) -> Bytes {
        match self.random.below(60) {
            0 => Bytes::new(),
            1 => Bytes::from_static(RARE_KEY),
            _ => Bytes::from_static(self.random.pick(&KEYS)),
        }
    }

    fn value(&mut self) -> Bytes {
        if self.random.one_in(4) {
            let length = self.random.below(40);
            (0..length).map(|_| self.random.next() as u8).collect()
        } else {
            Bytes::from_static(self.random.pick(&VALUES))
        }
    }

    /// Draws a key and a range end of every shape: one key, all, from a key on, a prefix, an interval, an empty one.
    fn interval(&mut self) -> (Bytes, Bytes) {
        let key = self.key();
        match self.random.below(10) {
            0..4 => (key, Bytes::new()),
            4..6 => (Bytes::from_static(b"\0"), Bytes::from_static(b"\0")),
            6 => (key, Bytes::from_static(b"\0")),
            7 => {
                let end = prefix_end(&key);
                (key, end)
            }
            _ => {
                let end = self.key();
                (key, end)
            }
        }
    }

    fn revision(&mut self) -> i64 {
        match self.random.below(20) {
            0..10 => 0,
            10 => self.current,
            11 => self.compacted,
            12 => self.compacted - 1,
            13 => self.current + 1 + self.random.below(3) as i64,
            14 => -1,
            _ => self.compacted + self.random.below((self.current - self.compacted + 1) as u64) as i64,
        }
    }

    fn put(&mut self) -> PutRequest {
        let mut request = PutRequest {
            key: self.key(),
            value: self.value(),
            prev_kv: self.random.one_in(3),
            ignore_value: self.random.one_in(12),
            ignore_lease: self.random.one_in(12),
            ..PutRequest::default()
        };
        if request.ignore_value && !self.random.one_in(3) {
            request.value = Bytes::new();
        }
        if self.random.one_in(4) {
            request.lease = self.lease_id();
        }
        request
    }

    fn lease_id(&mut self) -> i64 {
        if self.random.one_in(20) { UNKNOWN_LEASE } else { self.random.pick(&LEASES) }
    }

    fn lease(&mut self) -> Operation {
        match self.random.below(20) {
            0..8 => Operation::LeaseGrant(LeaseGrantRequest { id: self.lease_id(), ttl: self.random.pick(&TTLS) }),
            8..12 => Operation::LeaseRevoke(LeaseRevokeRequest { id: self.lease_id() }),
            12..16 => {
                let (id, keys) = (self.lease_id(), !self.random.one_in(4));
                Operation::LeaseTimeToLive(LeaseTimeToLiveRequest { id, keys })
            }
            16..18 => Operation::LeaseLeases,
            _ => Operation::LeaseKeepAlive(self.lease_id()),
        }
    }

    fn range(&mut self) -> RangeRequest {
        let (key, range_end) = self.interval();
        let mut request = RangeRequest {
            key,
            range_end,
            revision: self.revision(),
            serializable: self.random.one_in(4),
            keys_only: self.random.one_in(5),
            count_only: self.random.one_in(8),
            ..RangeRequest::default()
        };
        if self.random.one_in(3) {
            request.limit = self.random.below(7) as i64 - 1;
        }
        if self.random.one_in(3) {
            request.sort_order = self.random.below(3) as i32;
            request.sort_target = self.random.below(5) as i32;
        }
        if self.random.one_in(50) {
            request.sort_order = 3;
        }
        if self.random.one_in(50) {
            request.sort_target = 5;
        }
        for bound in [
            &mut request.min_mod_revision,
            &mut request.max_mod_revision,
            &mut request.min_create_revision,
            &mut request.max_create_revision,
        ] {
            if self.random.one_in(12) {
                *bound = self.random.below(self.current as u64 + 2) as i64;
            }
        }
        request
    }

    fn delete_range(&mut self) -> DeleteRangeRequest {
        let (key, range_end) = self.interval();
        DeleteRangeRequest { key, range_end, prev_kv: self.random.one_in(3) }
    }

    fn txn(&mut self, depth: u32) -> TxnRequest {
        if depth == 0 && self.random.one_in(60) {
            let put = |index: usize| PutRequest { key: format!("{index}").into(), ..PutRequest::default() };
            let branch = (0..=SERVER_OPS_MAX).map(|index| operation(Request::RequestPut(put(index)))).collect();
            return TxnRequest { success: branch, ..TxnRequest::default() };
        }
        let read_only = self.random.one_in(6);
        TxnRequest {
            compare: (0..self.random.below(BREADTH_MAX)).map(|_| self.compare()).collect(),
            success: self.branch(depth, read_only),
            failure: self.branch(depth, read_only),
        }
    }

    fn branch(&mut self, depth: u32, read_only: bool) -> Vec<RequestOp> {
        (0..self.random.below(BREADTH_MAX + 1)).map(|_| self.branch_operation(depth, read_only)).collect()
    }

    fn branch_operation(&mut self, depth: u32, read_only: bool) -> RequestOp {
        if self.random.one_in(150) {
            return RequestOp { request: None };
        }
        operation(match self.random.below(10) {
            0..3 => Request::RequestRange(self.range()),
            _ if read_only => Request::RequestRange(self.range()),
            3..7 => Request::RequestPut(self.put()),
            7..9 => Request::RequestDeleteRange(self.delete_range()),
            _ if depth < DEPTH_MAX => Request::RequestTxn(self.txn(depth + 1)),
            _ => Request::RequestPut(self.put()),
        })
    }

    fn compare(&mut self) -> Compare {
        let target = self.random.pick(&[
            CompareTarget::Version,
            CompareTarget::Create,
            CompareTarget::Mod,
            CompareTarget::Value,
            CompareTarget::Lease,
        ]);
        let number = match self.random.below(3) {
            0 => 0,
            1 => self.random.below(4) as i64,
            _ => self.random.below(self.current as u64 + 1) as i64,
        };
        let union = match target {
            CompareTarget::Version => TargetUnion::Version(number),
            CompareTarget::Create => TargetUnion::CreateRevision(number),
            CompareTarget::Mod => TargetUnion::ModRevision(number),
            CompareTarget::Value => TargetUnion::Value(self.value()),
            CompareTarget::Lease if self.random.one_in(2) => TargetUnion::Lease(self.lease_id()),
            CompareTarget::Lease => TargetUnion::Lease(number),
        };
        let result = self.random.pick(&[
            CompareResult::Equal,
            CompareResult::Greater,
            CompareResult::Less,
            CompareResult::NotEqual,
        ]);
        let (key, range_end) = if self.random.one_in(3) { self.interval() } else { (self.key(), Bytes::new()) };
        Compare {
            result: result as i32,
            target: target as i32,
            key,
            range_end,
            target_union: (!self.random.one_in(20)).then_some(union),
        }
    }

    fn compaction(&mut self) -> CompactionRequest {
        let revision = match self.random.below(10) {
            0 => self.compacted,
            1 => self.current + 1,
            2 => 0,
            3 => self.current,
            _ => self.compacted + self.random.below((self.current - self.compacted + 1) as u64) as i64,
        };
        CompactionRequest { revision, physical: !self.random.one_in(3) }
    }

    fn hash_kv(&mut self) -> HashKvRequest {
        loop {
            // A negative revision has no history: etcd returns the hash of nothing, kvd an error.
            let revision = self.revision().max(0);
            // Once an empty history was compacted to 0, etcd answers 0, the newest revision, with the hash of nothing.
            let revision = if revision == 0 && self.zero_compacted { self.current } else { revision };
            let asked = if revision == 0 { self.current } else { revision };
            if !self.unsettled.contains(&asked) {
                return HashKvRequest { revision };
            }
        }
    }

    fn watch(&mut self) -> Operation {
        let (key, range_end) = self.interval();
        let mut request = WatchCreateRequest {
            key,
            range_end,
            progress_notify: self.random.one_in(4),
            prev_kv: self.random.one_in(2),
            fragment: self.random.one_in(4),
            ..WatchCreateRequest::default()
        };
        if self.random.one_in(4) {
            request.filters.push(FilterType::Noput as i32);
        }
        if self.random.one_in(4) {
            request.filters.push(FilterType::Nodelete as i32);
        }
        if self.random.one_in(4) {
            request.watch_id = self.random.below(12) as i64;
        }
        if self.random.one_in(10) {
            // A stream answers progress requests only when every watcher's start has been reached: write that far.
            let ahead = 1 + self.random.below(3) as i64;
            request.start_revision = self.current + ahead;
            self.planned.push(Operation::CompareWatches);
            for _ in 0..=ahead {
                let put = PutRequest { key: Bytes::from_static(b"a"), value: self.value(), ..PutRequest::default() };
                self.planned.push(Operation::Put(put));
            }
            return Operation::Watch(request);
        }
        request.start_revision = self.revision().min(self.current);
        self.planned.push(Operation::CompareWatches);
        Operation::Watch(request)
    }
}

/// Tells whether a transaction has a deletion anywhere.
fn deletes(request: &TxnRequest) -> bool {
    request.success.iter().chain(&request.failure).any(|operation| match &operation.request {
        Some(Request::RequestDeleteRange(_)) => true,
        Some(Request::RequestTxn(nested)) => deletes(nested),
        _ => false,
    })
}

/// Takes out of a transaction with deletions what ends etcd 3.7.1 or what it does by accident (see the suite `quirks`): a
/// put that ignores the value or the lease of a key deleted before it, and a put behind a deletion from a key on.
fn restrain_puts(request: &mut TxnRequest) {
    for operation in request.success.iter_mut().chain(&mut request.failure) {
        match &mut operation.request {
            Some(Request::RequestPut(put)) => (put.ignore_value, put.ignore_lease) = (false, false),
            Some(Request::RequestDeleteRange(delete)) if delete.range_end == FROM_KEY => {
                delete.range_end = Bytes::from_static(b"\xff\xff\xff");
            }
            Some(Request::RequestTxn(nested)) => restrain_puts(nested),
            _ => {}
        }
    }
}

fn operation(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

/// Returns the first key after every key that starts with `prefix`.
fn prefix_end(prefix: &[u8]) -> Bytes {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end.into();
        }
    }
    Bytes::from_static(b"\0")
}
