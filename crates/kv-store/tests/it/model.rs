//! A store that is obviously right: it keeps the whole key space of every revision.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use kv_store::{
    Alarm, AlarmChange, AlarmKind, Command, Compare, CompareResult, CompareTarget, DeleteRange, DeleteRangeAnswer,
    Event, EventQuery, KeyRange, KeyValue, LEASE_TTL_MAX, Lease, NEVER_COMPACTED, Op, OpAnswer, Put, PutAnswer,
    RangeAnswer, RangeQuery, SortOrder, SortTarget, Txn, TxnAnswer,
};

type Keys = BTreeMap<Vec<u8>, KeyValue>;

/// The failures a command or a read can have, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Compacted,
    Future,
    KeyNotFound,
    LeaseNotFound,
    LeaseExists,
    LeaseTtlTooLarge,
    NoSpace,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Put(PutAnswer),
    DeleteRange(DeleteRangeAnswer),
    Txn(TxnAnswer),
    Compact(i64),
    SetMember,
    LeaseGrant,
    LeaseRevoke,
    LeaseCheckpoint,
    Auth,
    Alarm(Option<Alarm>),
}

#[derive(Debug, Clone)]
struct Revision {
    keys: Keys,
    /// The changes that made it, with the pair of a deletion holding only its key.
    changes: Vec<(bool, KeyValue)>,
}

/// The naive store.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The first one is revision 1, of the empty store.
    revisions: Vec<Revision>,
    compacted: i64,
    leases: BTreeMap<i64, Lease>,
    alarms: BTreeSet<Alarm>,
}

/// Says whether a command may add something.
fn adds(command: &Command) -> bool {
    fn txn_puts(txn: &Txn) -> bool {
        txn.success.iter().chain(&txn.failure).any(|op| match op {
            Op::Put(_) => true,
            Op::Txn(txn) => txn_puts(txn),
            _ => false,
        })
    }
    match command {
        Command::Put(_) | Command::LeaseGrant { .. } => true,
        Command::Txn(txn) => txn_puts(txn),
        _ => false,
    }
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            revisions: vec![Revision { keys: Keys::new(), changes: Vec::new() }],
            compacted: NEVER_COMPACTED,
            leases: BTreeMap::new(),
            alarms: BTreeSet::new(),
        }
    }

    pub(crate) fn revision(&self) -> i64 {
        self.revisions.len() as i64
    }

    pub(crate) fn compacted(&self) -> i64 {
        self.compacted
    }

    /// Returns the leases, each with the keys that are attached to it.
    pub(crate) fn leases(&self) -> Vec<(Lease, Vec<Bytes>)> {
        let keys = &self.at(self.revision()).keys;
        let attached = |id| keys.values().filter(|pair| pair.lease == id).map(|pair| pair.key.clone()).collect();
        self.leases.values().map(|lease| (*lease, attached(lease.id))).collect()
    }

    fn at(&self, revision: i64) -> &Revision {
        &self.revisions[revision as usize - 1]
    }

    pub(crate) fn alarms(&self) -> Vec<Alarm> {
        self.alarms.iter().copied().collect()
    }

    pub(crate) fn run(&mut self, command: &Command) -> Result<Done, Refusal> {
        if let Command::Alarm(change) = command {
            return Ok(Done::Alarm(match change {
                AlarmChange::Raise(alarm) => {
                    self.alarms.insert(*alarm);
                    Some(*alarm)
                }
                AlarmChange::Clear(alarm) => self.alarms.take(alarm),
            }));
        }
        if adds(command) && self.alarms.iter().any(|alarm| alarm.kind == AlarmKind::NO_SPACE) {
            return Err(Refusal::NoSpace);
        }
        if let Command::Compact { revision } = command {
            if *revision <= self.compacted {
                return Err(Refusal::Compacted);
            }
            if *revision > self.revision() {
                return Err(Refusal::Future);
            }
            self.compacted = *revision;
            return Ok(Done::Compact(self.revision()));
        }
        if let Command::LeaseGrant { id, ttl } = *command {
            if ttl > LEASE_TTL_MAX {
                return Err(Refusal::LeaseTtlTooLarge);
            }
            if self.leases.contains_key(&id) {
                return Err(Refusal::LeaseExists);
            }
            self.leases.insert(id, Lease { id, granted_ttl: ttl, remaining_ttl: 0 });
            return Ok(Done::LeaseGrant);
        }
        if let Command::LeaseCheckpoint(leases) = command {
            for remaining in leases {
                if let Some(lease) = self.leases.get_mut(&remaining.id) {
                    lease.remaining_ttl = remaining.ttl.min(lease.granted_ttl);
                }
            }
            return Ok(Done::LeaseCheckpoint);
        }
        let mut writing = Writing {
            model: self,
            next: Revision { keys: self.at(self.revision()).keys.clone(), changes: Vec::new() },
        };
        let done = match command {
            Command::Put(put) => {
                writing.check_put(put)?;
                Done::Put(writing.put(put))
            }
            Command::DeleteRange(delete) => Done::DeleteRange(writing.delete(delete)),
            Command::Txn(txn) => {
                let path = writing.choose(txn);
                writing.check(txn, &path)?;
                let mut answer = writing.execute(txn, &path);
                answer.revision = writing.visible();
                Done::Txn(answer)
            }
            Command::LeaseRevoke { id } => {
                writing.revoke(*id)?;
                Done::LeaseRevoke
            }
            Command::Compact { .. } | Command::Alarm(_) | Command::LeaseGrant { .. } | Command::LeaseCheckpoint(_) => {
                unreachable!("handled above")
            }
            Command::SetMember(_) => Done::SetMember,
            // Has tests of its own; the model knows keys.
            Command::Auth(_) => Done::Auth,
        };
        let next = writing.next;
        if !next.changes.is_empty() {
            self.revisions.push(next);
        }
        if let Command::LeaseRevoke { id } = command {
            self.leases.remove(id);
        }
        Ok(done)
    }

    pub(crate) fn range(&self, query: &RangeQuery) -> Result<RangeAnswer, Refusal> {
        let newest = self.revision();
        if query.revision > newest {
            return Err(Refusal::Future);
        }
        let at = if query.revision <= 0 { newest } else { query.revision };
        if at < self.compacted {
            return Err(Refusal::Compacted);
        }
        Ok(read(&self.at(at).keys, query, newest))
    }

    pub(crate) fn events(&self, query: &EventQuery) -> Result<Vec<Event>, Refusal> {
        if query.from < self.compacted {
            return Err(Refusal::Compacted);
        }
        let mut events = Vec::new();
        for major in query.from.max(1)..=self.revision() {
            let changes = &self.at(major).changes;
            for (at, (deleted, pair)) in changes.iter().enumerate() {
                // Of the compacted revision only what is still the newest is kept.
                if major == self.compacted && changes[at + 1..].iter().any(|(_, later)| later.key == pair.key) {
                    continue;
                }
                if if *deleted { query.no_delete } else { query.no_put } || !query.range.contains(&pair.key) {
                    continue;
                }
                let creates = !deleted && pair.create_revision == major;
                let known = major > self.compacted && major > 1;
                let before = (query.prev_kv && known && !creates).then(|| self.at(major - 1).keys.get(&*pair.key));
                events.push(Event {
                    deleted: *deleted,
                    kv: KeyValue { mod_revision: major, ..pair.clone() },
                    prev_kv: before.flatten().cloned(),
                });
            }
        }
        Ok(events)
    }

    /// `HashKV`, from its definition, as it is under a compact revision.
    pub(crate) fn hash(&self, revision: i64, compacted: i64) -> u32 {
        // Etcd filters only where something passes the filter.
        let seen_from = if self.at(revision).keys.is_empty() { compacted } else { revision };
        let seen: BTreeSet<(i64, &[u8])> =
            self.at(seen_from.max(1)).keys.iter().map(|(key, pair)| (pair.mod_revision, &**key)).collect();
        let mut bytes = b"key".to_vec();
        for major in 1..=revision {
            for (sub, (deleted, pair)) in self.at(major).changes.iter().enumerate() {
                if major <= compacted && (*deleted || !seen.contains(&(major, &*pair.key))) {
                    continue;
                }
                bytes.extend(major.to_be_bytes());
                bytes.push(b'_');
                bytes.extend((sub as i64).to_be_bytes());
                if *deleted {
                    bytes.push(b't');
                }
                bytes.extend(pair.encode());
            }
        }
        crc32c::crc32c(&bytes)
    }
}

struct Path {
    succeeded: bool,
    nested: Vec<Path>,
}

struct Writing<'a> {
    model: &'a Model,
    next: Revision,
}

impl Writing<'_> {
    fn visible(&self) -> i64 {
        self.model.revision() + i64::from(!self.next.changes.is_empty())
    }

    fn check_put(&self, put: &Put) -> Result<(), Refusal> {
        if put.lease != 0 && !self.model.leases.contains_key(&put.lease) {
            return Err(Refusal::LeaseNotFound);
        }
        let exists = self.next.keys.contains_key(&*put.key);
        if (put.ignore_value || put.ignore_lease) && !exists { Err(Refusal::KeyNotFound) } else { Ok(()) }
    }

    fn put(&mut self, put: &Put) -> PutAnswer {
        let revision = self.model.revision() + 1;
        let old = self.next.keys.get(&*put.key).cloned();
        let pair = KeyValue {
            key: put.key.clone(),
            create_revision: old.as_ref().map_or(revision, |old| old.create_revision),
            mod_revision: revision,
            version: old.as_ref().map_or(0, |old| old.version) + 1,
            value: match &old {
                Some(old) if put.ignore_value => old.value.clone(),
                _ => put.value.clone(),
            },
            lease: match &old {
                Some(old) if put.ignore_lease => old.lease,
                _ => put.lease,
            },
        };
        self.next.keys.insert(put.key.to_vec(), pair.clone());
        self.next.changes.push((false, pair));
        PutAnswer { revision, prev_kv: old.filter(|_| put.prev_kv) }
    }

    fn delete(&mut self, delete: &DeleteRange) -> DeleteRangeAnswer {
        let keys: Vec<_> = self.next.keys.keys().filter(|key| delete.range.contains(key)).cloned().collect();
        let mut prev_kvs = Vec::new();
        for key in &keys {
            let old = self.next.keys.remove(key).expect("the key was there");
            self.next.changes.push((true, KeyValue { key: old.key.clone(), ..KeyValue::default() }));
            prev_kvs.push(old);
        }
        if !delete.prev_kv {
            prev_kvs.clear();
        }
        DeleteRangeAnswer { revision: self.visible(), deleted: keys.len() as i64, prev_kvs }
    }

    fn revoke(&mut self, id: i64) -> Result<(), Refusal> {
        if !self.model.leases.contains_key(&id) {
            return Err(Refusal::LeaseNotFound);
        }
        let attached: Vec<_> = self.next.keys.values().filter(|pair| pair.lease == id).cloned().collect();
        for pair in attached {
            self.delete(&DeleteRange { range: KeyRange::Key(pair.key), prev_kv: false });
        }
        Ok(())
    }

    fn choose(&self, txn: &Txn) -> Path {
        let succeeded = txn.compare.iter().all(|compare| self.holds(compare));
        let nested = branch(txn, succeeded)
            .iter()
            .filter_map(|op| if let Op::Txn(txn) = op { Some(self.choose(txn)) } else { None })
            .collect();
        Path { succeeded, nested }
    }

    fn holds(&self, compare: &Compare) -> bool {
        let found: Vec<_> = self.next.keys.values().filter(|pair| compare.range.contains(&pair.key)).collect();
        if found.is_empty() {
            return !matches!(compare.target, CompareTarget::Value(_)) && judge(compare, &KeyValue::default());
        }
        found.into_iter().all(|pair| judge(compare, pair))
    }

    fn check(&self, txn: &Txn, path: &Path) -> Result<(), Refusal> {
        let mut nested = path.nested.iter();
        for op in branch(txn, path.succeeded) {
            match op {
                Op::Range(query) if query.revision > self.model.revision() => return Err(Refusal::Future),
                Op::Range(query) if query.revision != 0 && query.revision < self.model.compacted => {
                    return Err(Refusal::Compacted);
                }
                Op::Range(_) | Op::DeleteRange(_) => {}
                Op::Put(put) => self.check_put(put)?,
                Op::Txn(txn) => self.check(txn, nested.next().expect("a path"))?,
            }
        }
        Ok(())
    }

    fn execute(&mut self, txn: &Txn, path: &Path) -> TxnAnswer {
        let mut nested = path.nested.iter();
        let mut responses = Vec::new();
        for op in branch(txn, path.succeeded) {
            responses.push(match op {
                Op::Range(query) => {
                    let keys = if query.revision > 0 { &self.model.at(query.revision).keys } else { &self.next.keys };
                    OpAnswer::Range(read(keys, query, self.visible()))
                }
                Op::Put(put) => OpAnswer::Put(self.put(put)),
                Op::DeleteRange(delete) => OpAnswer::DeleteRange(self.delete(delete)),
                Op::Txn(txn) => OpAnswer::Txn(self.execute(txn, nested.next().expect("a path"))),
            });
        }
        TxnAnswer { revision: self.visible(), succeeded: path.succeeded, responses }
    }
}

fn branch(txn: &Txn, succeeded: bool) -> &[Op] {
    if succeeded { &txn.success } else { &txn.failure }
}

fn judge(compare: &Compare, pair: &KeyValue) -> bool {
    let ordering = match &compare.target {
        CompareTarget::Version(given) => pair.version.cmp(given),
        CompareTarget::CreateRevision(given) => pair.create_revision.cmp(given),
        CompareTarget::ModRevision(given) => pair.mod_revision.cmp(given),
        CompareTarget::Value(given) => pair.value.cmp(given),
        CompareTarget::Lease(given) => pair.lease.cmp(given),
        CompareTarget::Undefined => Ordering::Equal,
    };
    match compare.result {
        CompareResult::Equal => ordering == Ordering::Equal,
        CompareResult::NotEqual => ordering != Ordering::Equal,
        CompareResult::Greater => ordering == Ordering::Greater,
        CompareResult::Less => ordering == Ordering::Less,
        CompareResult::Undefined => true,
    }
}

fn read(keys: &Keys, query: &RangeQuery, revision: i64) -> RangeAnswer {
    let mut found: Vec<_> = keys.values().filter(|pair| query.range.contains(&pair.key)).cloned().collect();
    let count = found.len() as i64;
    if query.count_only {
        return RangeAnswer { revision, kvs: Vec::new(), more: false, count };
    }
    let limit = if query.limit > 0 { query.limit as usize } else { usize::MAX };
    let filtered = query.min_mod_revision != 0
        || query.max_mod_revision != 0
        || query.min_create_revision != 0
        || query.max_create_revision != 0;
    if !filtered && query.sort_order == SortOrder::None {
        found.truncate(limit.saturating_add(1));
    }
    found.retain(|pair| {
        (query.min_mod_revision == 0 || pair.mod_revision >= query.min_mod_revision)
            && (query.max_mod_revision == 0 || pair.mod_revision <= query.max_mod_revision)
            && (query.min_create_revision == 0 || pair.create_revision >= query.min_create_revision)
            && (query.max_create_revision == 0 || pair.create_revision <= query.max_create_revision)
    });
    let compare = |a: &KeyValue, b: &KeyValue| match query.sort_target {
        SortTarget::Key => a.key.cmp(&b.key),
        SortTarget::Version => a.version.cmp(&b.version),
        SortTarget::Create => a.create_revision.cmp(&b.create_revision),
        SortTarget::Mod => a.mod_revision.cmp(&b.mod_revision),
        SortTarget::Value => a.value.cmp(&b.value),
    };
    match query.sort_order {
        SortOrder::Descend => found.sort_by(|a, b| compare(b, a)),
        SortOrder::None | SortOrder::Ascend => found.sort_by(compare),
    }
    let more = found.len() > limit;
    found.truncate(limit);
    if query.keys_only {
        for pair in &mut found {
            pair.value.clear();
            // Such a read is answered from the index alone, and tells no leases, as etcd's.
            if query.sort_target != SortTarget::Value {
                pair.lease = 0;
            }
        }
    }
    RangeAnswer { revision, kvs: found, more, count }
}

/// The range of every key, for looking at everything.
pub(crate) fn everything() -> RangeQuery {
    RangeQuery::new(KeyRange::all())
}
