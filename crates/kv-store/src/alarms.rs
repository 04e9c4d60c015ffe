//! The raised alarms, and which commands they stop.
//!
//! They are raised and taken back by log entries, so that every member refuses the same commands. What a raised alarm
//! stops is etcd's rule:
//!
//! | alarm | stops |
//! |---|---|
//! | [`NO_SPACE`](AlarmKind::NO_SPACE) | what can add something: puts, transactions with a put in either branch, new leases |
//! | [`CORRUPT`](AlarmKind::CORRUPT) | every change of keys and leases, and compaction |

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

use crate::alarm::{Alarm, AlarmChange, AlarmKind};
use crate::command::{Command, Op, Txn};
use crate::error::WriteError;
use crate::schema::Table;
use crate::storage::StorageReader;
use crate::storage_error::StorageError;

/// The raised alarms, and what they stop.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    raised: RwLock<BTreeSet<Alarm>>,
    /// Whether there is one of a kind that stops something: asked for every command.
    no_space: AtomicBool,
    corrupt: AtomicBool,
}

impl Alarms {
    /// Reads the table of alarms.
    pub(crate) fn load(reader: &StorageReader) -> Result<Self, StorageError> {
        let alarms = Self::default();
        for row in reader.rows(Table::Alarm, &[])? {
            alarms.raised.write().insert(Alarm::parse_row_key(row?.0)?);
        }
        alarms.judge();
        Ok(alarms)
    }

    /// Raises or takes back; says whether that changed anything.
    pub(crate) fn change(&self, change: AlarmChange) -> bool {
        let changed = match change {
            AlarmChange::Raise(alarm) => self.raised.write().insert(alarm),
            AlarmChange::Clear(alarm) => self.raised.write().remove(&alarm),
        };
        self.judge();
        changed
    }

    /// Returns the raised alarms, by kind and member.
    pub(crate) fn raised(&self) -> Vec<Alarm> {
        self.raised.read().iter().copied().collect()
    }

    /// Returns why a command is refused.
    pub(crate) fn refusal(&self, command: &Command) -> Option<WriteError> {
        if self.corrupt.load(Ordering::Acquire) && changes_keys(command) {
            Some(WriteError::Corrupt)
        } else if self.no_space.load(Ordering::Acquire) && command.adds() {
            Some(WriteError::NoSpace)
        } else {
            None
        }
    }

    fn judge(&self) {
        let raised = self.raised.read();
        let any = |kind| raised.iter().any(|alarm| alarm.kind == kind);
        self.no_space.store(any(AlarmKind::NO_SPACE), Ordering::Release);
        self.corrupt.store(any(AlarmKind::CORRUPT), Ordering::Release);
    }
}

/// Says whether keys or leases, or their history, may be different afterwards.
fn changes_keys(command: &Command) -> bool {
    match command {
        Command::Put(_)
        | Command::DeleteRange(_)
        | Command::Txn(_)
        | Command::Compact { .. }
        | Command::LeaseGrant { .. }
        | Command::LeaseRevoke { .. } => true,
        Command::SetMember(_) | Command::LeaseCheckpoint(_) | Command::Auth(_) | Command::Alarm(_) => false,
    }
}

impl Command {
    /// Says whether the command may add keys or leases. The others free room, or take next to none.
    pub fn adds(&self) -> bool {
        match self {
            Command::Put(_) | Command::LeaseGrant { .. } => true,
            Command::Txn(txn) => has_put(txn),
            Command::DeleteRange(_)
            | Command::Compact { .. }
            | Command::LeaseRevoke { .. }
            | Command::LeaseCheckpoint(_)
            | Command::SetMember(_)
            | Command::Auth(_)
            | Command::Alarm(_) => false,
        }
    }
}

/// Says whether either branch puts something, whichever would run.
fn has_put(txn: &Txn) -> bool {
    txn.success.iter().chain(&txn.failure).any(|op| match op {
        Op::Put(_) => true,
        Op::Txn(txn) => has_put(txn),
        Op::Range(_) | Op::DeleteRange(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::command::{DeleteRange, Put};
    use crate::key_range::KeyRange;

    const NO_SPACE: Alarm = Alarm { kind: AlarmKind::NO_SPACE, member_id: 7 };
    const CORRUPT: Alarm = Alarm { kind: AlarmKind::CORRUPT, member_id: 7 };

    #[test]
    fn each_alarm_stops_what_etcds_does() {
        let put = Op::Put(Put { key: "k".into(), ..Put::default() });
        let delete = DeleteRange { range: KeyRange::new("k", ""), prev_kv: false };
        let deleting = Txn { success: vec![Op::DeleteRange(delete.clone())], ..Txn::default() };
        let nested = Txn { success: vec![], failure: vec![put.clone()], compare: vec![] };
        let nesting = Txn { success: vec![Op::Txn(nested)], ..Txn::default() };
        let commands = [
            ("put", Command::Put(Put::default())),
            ("put in a branch of a branch", Command::Txn(nesting)),
            ("delete", Command::DeleteRange(delete)),
            ("delete in a transaction", Command::Txn(deleting)),
            ("compact", Command::Compact { revision: 2 }),
            ("grant", Command::LeaseGrant { id: 1, ttl: 1 }),
            ("revoke", Command::LeaseRevoke { id: 1 }),
            ("checkpoint", Command::LeaseCheckpoint(Vec::new())),
            ("member", Command::SetMember(crate::command::Member::default())),
            ("alarm", Command::Alarm(AlarmChange::Clear(NO_SPACE))),
        ];
        let refused = |alarms: &Alarms| {
            let refused = commands.iter().filter_map(|(name, command)| Some((*name, alarms.refusal(command)?)));
            refused.map(|(name, error)| format!("{name}: {error}\n")).collect::<String>()
        };
        let alarms = Alarms::default();
        assert_eq!(refused(&alarms), "");

        assert!(alarms.change(AlarmChange::Raise(NO_SPACE)));
        assert!(!alarms.change(AlarmChange::Raise(NO_SPACE)));
        expect![[r"
            put: the store has outgrown its quota
            put in a branch of a branch: the store has outgrown its quota
            grant: the store has outgrown its quota
        "]]
        .assert_eq(&refused(&alarms));

        alarms.change(AlarmChange::Raise(CORRUPT));
        expect![[r"
            put: the store is damaged
            put in a branch of a branch: the store is damaged
            delete: the store is damaged
            delete in a transaction: the store is damaged
            compact: the store is damaged
            grant: the store is damaged
            revoke: the store is damaged
        "]]
        .assert_eq(&refused(&alarms));
        assert_eq!(alarms.raised(), [NO_SPACE, CORRUPT]);

        // The alarm of one member does not end with another's.
        alarms.change(AlarmChange::Raise(Alarm { member_id: 8, ..NO_SPACE }));
        assert!(alarms.change(AlarmChange::Clear(CORRUPT)));
        assert!(alarms.change(AlarmChange::Clear(NO_SPACE)));
        assert!(!alarms.change(AlarmChange::Clear(NO_SPACE)));
        assert!(refused(&alarms).starts_with("put: the store has outgrown its quota"));
        alarms.change(AlarmChange::Clear(Alarm { member_id: 8, ..NO_SPACE }));
        alarms.change(AlarmChange::Raise(Alarm { kind: AlarmKind(99), member_id: 7 }));
        assert_eq!(refused(&alarms), "");
    }
}
