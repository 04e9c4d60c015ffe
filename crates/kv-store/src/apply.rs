//! Applies committed log entries, one after the other: the only place where the store changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use parking_lot::MutexGuard;

use crate::alarm::{self, Alarm, AlarmChange};
use crate::auth::{AuthCommand, AuthState, Caller};
use crate::command::{Answer, Command, LeaseRemaining, Member, Op, Outcome, Txn};
use crate::command_kind::CommandKind;
use crate::encoding::DecodeError;
use crate::error::{ReadError, WriteError};
use crate::key_range::KeyRange;
use crate::lease::Lease;
use crate::leases::LeaseChange;
use crate::record::Record;
use crate::revision::LogPosition;
use crate::schema::{self, Table};
use crate::storage::{Effect, EntryEffects};
use crate::store::{Applier, Store};
use crate::txn::{WriteTxn, Written};

/// How many keys a command may touch before it counts as costly, about a millisecond of work.
const COSTLY_KEYS: u64 = 1000;

/// How large a command may be before it counts as costly: its value is copied, or its operations are many.
const COSTLY_BYTES: usize = 256 << 10;

/// An entry being applied. What it changes is visible command by command; what it leaves for the checkpoint
/// is handed over as a whole by [`EntryApplier::finish`].
#[derive(Debug)]
#[must_use = "an entry is applied only when it is finished"]
pub struct EntryApplier<'a> {
    store: &'a Store,
    applier: MutexGuard<'a, Applier>,
    position: LogPosition,
    /// Milliseconds since the Unix epoch, fixed when the entry was proposed.
    clock: u64,
    effects: Vec<Effect>,
}

impl Store {
    /// Begins to apply the entry at `position`, which must be the next one, with the clock it was proposed at in
    /// milliseconds since the Unix epoch.
    ///
    /// # Panics
    ///
    /// If the entry was applied before: entries change the store once each.
    pub fn begin_entry(&self, position: LogPosition, clock: u64) -> EntryApplier<'_> {
        let applier = self.applier.lock();
        assert!(applier.applied < Some(position), "entry {position} was applied before");
        EntryApplier { store: self, applier, position, clock, effects: Vec::new() }
    }

    /// Says whether commands may take so long together that nothing else should wait for them on the same thread: one
    /// is large, or they touch more than a thousand keys.
    pub fn are_costly<'c>(&self, commands: impl IntoIterator<Item = &'c Bytes>) -> bool {
        let mut keys = 0;
        commands.into_iter().any(|command| {
            keys += self.cost_keys(command);
            keys > COSTLY_KEYS
        })
    }

    /// Returns about how many keys a command touches; of a large one more than may be waited for.
    fn cost_keys(&self, encoded: &Bytes) -> u64 {
        if encoded.len() > COSTLY_BYTES {
            return COSTLY_KEYS + 1;
        }
        // Nearly every command is a put, and that is told from its first byte.
        if CommandKind::of(encoded) == Some(CommandKind::Put) {
            return 0;
        }
        Command::decode(encoded).map_or(0, |command| self.keys_touched(&command))
    }

    /// The keys are looked up as they are before any of the commands ran.
    fn keys_touched(&self, command: &Command) -> u64 {
        match command {
            Command::DeleteRange(delete) => self.keys_in(&delete.range),
            Command::Txn(txn) => self.keys_touched_by(txn),
            Command::LeaseRevoke { id } => self.leases.read().key_count(*id) as u64,
            Command::LeaseCheckpoint(leases) => leases.len() as u64,
            Command::Put(_)
            | Command::Compact { .. }
            | Command::SetMember(_)
            | Command::LeaseGrant { .. }
            | Command::Alarm(_)
            | Command::Auth(_) => 0,
        }
    }

    fn keys_touched_by(&self, txn: &Txn) -> u64 {
        let compared = txn.compare.iter().map(|compare| self.keys_in(&compare.range));
        let ops = txn.success.iter().chain(&txn.failure).map(|op| match op {
            Op::Put(_) => 0,
            Op::Range(query) if query.count_only => 0,
            Op::Range(query) => self.keys_in(&query.range),
            Op::DeleteRange(delete) => self.keys_in(&delete.range),
            Op::Txn(txn) => self.keys_touched_by(txn),
        });
        compared.chain(ops).sum()
    }

    fn keys_in(&self, range: &KeyRange) -> u64 {
        match range {
            KeyRange::Key(_) => 1,
            _ => self.index.read().count(range, self.revision()),
        }
    }

    /// Applies an entry that changes nothing but the position.
    pub fn apply_blank(&self, position: LogPosition) {
        self.begin_entry(position, 0).finish();
    }

    /// Applies a change of the cluster's membership, which the store only keeps.
    pub fn apply_membership(&self, position: LogPosition, membership: Bytes) {
        let mut entry = self.begin_entry(position, 0);
        let mut row = BytesMut::from(&schema::log_position(position)[..]);
        row.extend_from_slice(&membership);
        entry.put_row(Table::Meta, Bytes::from_static(schema::meta::MEMBERSHIP), row.freeze());
        entry.applier.membership = Some((position, membership));
        entry.finish();
    }
}

impl EntryApplier<'_> {
    /// Applies one command, if who stands for it may still do it. Where nobody waits for the outcome, `answer_wanted` saves building it: a command that
    /// changed something then answers with what costs nothing.
    ///
    /// A command that fails has changed nothing and is an outcome like any other.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for bytes that are not a command: the log is damaged or from a later release.
    pub fn apply(&mut self, encoded: &Bytes, answer_wanted: bool) -> Result<Outcome, DecodeError> {
        let (caller, command) = Command::decode_with_caller(encoded)?;
        if let Some(refusal) = self.store.refusal(&command) {
            return Ok(Err(refusal));
        }
        Ok(self.permit(&caller, &command).and_then(|()| self.run(command, answer_wanted)))
    }

    /// Judges a command once more: users and roles may have been changed by entries before this one.
    fn permit(&self, caller: &Caller, command: &Command) -> Result<(), WriteError> {
        let lease_keys = |lease| self.store.lease_keys(lease).unwrap_or_default();
        Ok(self.store.auth.read().permit_command(caller, command, &lease_keys)?)
    }

    fn run(&mut self, command: Command, answer_wanted: bool) -> Outcome {
        match command {
            Command::Put(put) => {
                let mut txn = WriteTxn::begin(self.store);
                let previous = txn.check_put(&put)?;
                let answer = txn.put(put, previous);
                self.publish(txn);
                Ok(Answer::Put(answer))
            }
            Command::DeleteRange(delete) => {
                let mut txn = WriteTxn::begin(self.store);
                let answer = txn.delete_range(&delete, answer_wanted);
                self.publish(txn);
                Ok(Answer::DeleteRange(answer?))
            }
            Command::Txn(request) => {
                let mut txn = WriteTxn::begin(self.store);
                let answer = txn.run(request, answer_wanted)?;
                self.publish(txn);
                Ok(Answer::Txn(answer?))
            }
            Command::Compact { revision } => self.compact(revision),
            Command::SetMember(member) => {
                self.set_member(member);
                Ok(Answer::SetMember)
            }
            Command::LeaseGrant { id, ttl } => self.grant_lease(Lease { id, granted_ttl: ttl, remaining_ttl: 0 }),
            Command::LeaseRevoke { id } => self.revoke_lease(id),
            Command::LeaseCheckpoint(leases) => {
                self.checkpoint_leases(&leases);
                Ok(Answer::LeaseCheckpoint)
            }
            Command::Auth(change) => self.change_auth(&change),
            Command::Alarm(change) => Ok(Answer::Alarm(self.change_alarm(change))),
        }
    }

    /// Makes what a transaction wrote visible, as the next revision.
    fn publish(&mut self, txn: WriteTxn<'_>) {
        let Written { revision: major, records, lease_changes } = txn.finish();
        if records.is_empty() {
            self.change_leases(&lease_changes);
            return;
        }
        let records: Arc<[Record]> = records.into();
        self.effects.push(Effect::Records(Arc::clone(&records)));
        self.record_time(major);
        self.store.ring.write().push(Arc::clone(&records));
        {
            let _index = self.store.index.write();
            self.store.current.store(major, Ordering::Release);
        }
        self.change_leases(&lease_changes);
        self.store.watch_hub.notify(major, records.iter().map(Record::key));
    }

    /// Attaches and detaches keys, all at once.
    fn change_leases(&self, changes: &[LeaseChange]) {
        // Most transactions have to do with none, and need not wait for who looks at them.
        if !changes.is_empty() {
            self.store.leases.write().change(changes);
        }
    }

    fn compact(&mut self, revision: i64) -> Outcome {
        let (newest, oldest) = (self.store.revision(), self.store.compact_revision());
        if revision <= oldest {
            return Err(WriteError::Read(ReadError::Compacted { requested: revision, oldest }));
        }
        if revision > newest {
            return Err(WriteError::Read(ReadError::Future { requested: revision, newest }));
        }
        {
            let _index = self.store.index.write();
            self.store.compacted.store(revision, Ordering::Release);
        }
        let row = Bytes::copy_from_slice(&schema::number(revision));
        self.put_row(Table::Meta, Bytes::from_static(schema::meta::COMPACT_REVISION), row);
        self.store.schedule_compaction(revision, self.position);
        Ok(Answer::Compact { revision: newest })
    }

    fn set_member(&mut self, member: Member) {
        let mut row = BytesMut::new();
        member.encode_to(&mut row);
        self.put_row(Table::Member, Bytes::copy_from_slice(&member.id.to_be_bytes()), row.freeze());
        let mut members = self.store.members.write();
        match members.binary_search_by_key(&member.id, |member| member.id) {
            Ok(at) => members[at] = member,
            Err(at) => members.insert(at, member),
        }
    }

    fn grant_lease(&mut self, lease: Lease) -> Outcome {
        let mut leases = self.store.leases.write();
        leases.check_grant(lease)?;
        leases.grant(lease);
        drop(leases);
        self.put_lease(lease);
        Ok(Answer::LeaseGrant)
    }

    /// Deletes what is attached. Nobody who finds the lease gone finds its keys.
    fn revoke_lease(&mut self, id: i64) -> Outcome {
        let keys = self.store.leases.read().keys(id).ok_or(WriteError::LeaseNotFound { lease: id })?;
        let mut txn = WriteTxn::begin(self.store);
        for key in keys {
            txn.delete(key);
        }
        txn.remove_lease(id);
        self.publish(txn);
        self.effects.push(Effect::Delete { table: Table::Lease, key: Bytes::copy_from_slice(&schema::number(id)) });
        Ok(Answer::LeaseRevoke)
    }

    fn checkpoint_leases(&mut self, remaining: &[LeaseRemaining]) {
        for lease in remaining {
            let changed = self.store.leases.write().checkpoint(lease.id, lease.ttl);
            if let Some(lease) = changed {
                self.put_lease(lease);
            }
        }
    }

    fn put_lease(&mut self, lease: Lease) {
        let (key, value) = schema::lease_row(lease);
        self.put_row(Table::Lease, Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value));
    }

    fn change_auth(&mut self, change: &AuthCommand) -> Outcome {
        let mut state = AuthState::clone(&self.store.auth());
        for row in state.change(change)? {
            let (table, key) = (row.table, row.key);
            self.effects.push(match row.value {
                Some(value) => Effect::Put { table, key, value },
                None => Effect::Delete { table, key },
            });
        }
        let enabled = state.is_enabled();
        *self.store.auth.write() = Arc::new(state);
        self.store.auth_enabled.store(enabled, Ordering::Release);
        Ok(Answer::Auth)
    }

    /// Raises an alarm or takes it back; returns the one that this is about, if it is or was raised.
    fn change_alarm(&mut self, change: AlarmChange) -> Option<Alarm> {
        let changed = self.store.alarms.change(change);
        match change {
            AlarmChange::Raise(alarm) => {
                if changed {
                    self.put_row(Table::Alarm, Bytes::copy_from_slice(&alarm.row_key()), alarm::ROW_VALUE);
                }
                Some(alarm)
            }
            AlarmChange::Clear(alarm) if changed => {
                let key = Bytes::copy_from_slice(&alarm.row_key());
                self.effects.push(Effect::Delete { table: Table::Alarm, key });
                Some(alarm)
            }
            AlarmChange::Clear(_) => None,
        }
    }

    /// Notes when a revision was made, at most once a second. The clock never runs backwards here, whatever the
    /// proposer's did.
    fn record_time(&mut self, major: i64) {
        let second = self.clock / 1000;
        if self.applier.last_time.is_none_or(|last| second > last) {
            self.applier.last_time = Some(second);
            self.put_row(
                Table::Time,
                Bytes::copy_from_slice(&schema::time_key(major)),
                Bytes::copy_from_slice(&schema::number(self.clock as i64)),
            );
        }
    }

    fn put_row(&mut self, table: Table, key: Bytes, value: Bytes) {
        self.effects.push(Effect::Put { table, key, value });
    }

    /// Ends the entry: its position is applied, and its effects go to the checkpoint as a whole.
    pub fn finish(mut self) {
        self.applier.applied = Some(self.position);
        self.store.enqueue(EntryEffects {
            position: self.position,
            revision: self.store.revision(),
            effects: std::mem::take(&mut self.effects),
        });
    }
}
