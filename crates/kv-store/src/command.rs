//! What can be asked of the store, and what it answers.

use bytes::Bytes;

use crate::alarm::{Alarm, AlarmChange};
use crate::auth::AuthCommand;
use crate::command_kind::CommandKind;
use crate::error::{ReadError, WriteError};
use crate::key_range::KeyRange;
use crate::kv::KeyValue;

/// A change to the store, as it goes through the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Writes one key.
    Put(Put),
    /// Deletes the keys of a range.
    DeleteRange(DeleteRange),
    /// Runs one of two lists of operations.
    Txn(Txn),
    /// Gives up the history before a revision.
    Compact {
        /// The oldest revision that stays readable.
        revision: i64,
    },
    /// Records a member's name and addresses.
    SetMember(Member),
    /// Grants a lease; its id and time to live are fixed.
    LeaseGrant {
        /// The id.
        id: i64,
        /// The time to live in seconds.
        ttl: i64,
    },
    /// Ends a lease, and deletes the keys attached to it in one revision.
    LeaseRevoke {
        /// The lease.
        id: i64,
    },
    /// Records how much time leases have left; those that do not exist are passed over.
    LeaseCheckpoint(Vec<LeaseRemaining>),
    /// Changes users, roles or whether they matter.
    Auth(AuthCommand),
    /// Raises an alarm or takes it back.
    Alarm(AlarmChange),
}

impl Command {
    /// Returns what the command does.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Put(_) => CommandKind::Put,
            Self::DeleteRange(_) => CommandKind::DeleteRange,
            Self::Txn(_) => CommandKind::Txn,
            Self::Compact { .. } => CommandKind::Compact,
            Self::SetMember(_) => CommandKind::SetMember,
            Self::LeaseGrant { .. } => CommandKind::LeaseGrant,
            Self::LeaseRevoke { .. } => CommandKind::LeaseRevoke,
            Self::LeaseCheckpoint(_) => CommandKind::LeaseCheckpoint,
            Self::Alarm(_) => CommandKind::Alarm,
            Self::Auth(change) => match change {
                AuthCommand::Enable => CommandKind::AuthEnable,
                AuthCommand::Disable => CommandKind::AuthDisable,
                AuthCommand::AddUser { .. } => CommandKind::AddUser,
                AuthCommand::DeleteUser { .. } => CommandKind::DeleteUser,
                AuthCommand::ChangePassword { .. } => CommandKind::ChangePassword,
                AuthCommand::GrantRole { .. } => CommandKind::GrantRole,
                AuthCommand::RevokeRole { .. } => CommandKind::RevokeRole,
                AuthCommand::AddRole { .. } => CommandKind::AddRole,
                AuthCommand::DeleteRole { .. } => CommandKind::DeleteRole,
                AuthCommand::GrantPermission { .. } => CommandKind::GrantPermission,
                AuthCommand::RevokePermission { .. } => CommandKind::RevokePermission,
            },
        }
    }
}

/// How much time a lease has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRemaining {
    /// The lease.
    pub id: i64,
    /// The seconds left; zero says that it was renewed and has all its time again.
    pub ttl: i64,
}

/// A write of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Put {
    /// The key.
    pub key: Bytes,
    /// The new value.
    pub value: Bytes,
    /// The lease to attach the key to, zero for none.
    pub lease: i64,
    /// Answer with the pair as it was.
    pub prev_kv: bool,
    /// Keep the present value; the key must exist.
    pub ignore_value: bool,
    /// Keep the present lease; the key must exist.
    pub ignore_lease: bool,
}

/// A deletion of the keys of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRange {
    /// The keys.
    pub range: KeyRange,
    /// Answer with the pairs as they were.
    pub prev_kv: bool,
}

/// Comparisons, and the operations to run if all of them hold, or else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Txn {
    /// The comparisons; none holds.
    pub compare: Vec<Compare>,
    /// What to run when every comparison holds.
    pub success: Vec<Op>,
    /// What to run otherwise.
    pub failure: Vec<Op>,
}

impl Txn {
    /// Says whether the transaction can be answered without the log: every operation of both branches is a range.
    pub fn is_read_only(&self) -> bool {
        self.success.iter().chain(&self.failure).all(|op| matches!(op, Op::Range(_)))
    }
}

/// An operation of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Reads a range, seeing what the transaction wrote before.
    Range(RangeQuery),
    /// Writes a key.
    Put(Put),
    /// Deletes a range.
    DeleteRange(DeleteRange),
    /// Runs a transaction whose comparisons are judged against the state before the outermost one.
    Txn(Txn),
}

/// A comparison of stored values with a given one. It must hold for every key of the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// The keys.
    pub range: KeyRange,
    /// How the stored value must relate to the given one.
    pub result: CompareResult,
    /// What is compared, and with what.
    pub target: CompareTarget,
}

/// How a stored value relates to a given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareResult {
    /// Stored and given are the same.
    Equal,
    /// The stored one is greater.
    Greater,
    /// The stored one is less.
    Less,
    /// They differ.
    NotEqual,
    /// A number the API does not define: etcd takes the comparison as holding.
    Undefined,
}

/// What a comparison looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompareTarget {
    /// The version; zero for a key that does not exist.
    Version(i64),
    /// The create revision, likewise.
    CreateRevision(i64),
    /// The mod revision, likewise.
    ModRevision(i64),
    /// The value; never holds for a key that does not exist.
    Value(Bytes),
    /// The lease; zero for a key that does not exist.
    Lease(i64),
    /// A number the API does not define: etcd takes stored and given as equal.
    Undefined,
}

/// A read of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeQuery {
    /// The keys.
    pub range: KeyRange,
    /// The revision to read at; zero or less for the newest.
    pub revision: i64,
    /// The greatest number of pairs to answer; zero or less for all.
    pub limit: i64,
    /// The order of the answer.
    pub sort_order: SortOrder,
    /// What the order is by.
    pub sort_target: SortTarget,
    /// Leave the values out.
    pub keys_only: bool,
    /// Answer the count alone.
    pub count_only: bool,
    /// Leave out pairs last written before this revision; zero for no bound. The other three alike.
    pub min_mod_revision: i64,
    /// Leave out pairs last written after this revision.
    pub max_mod_revision: i64,
    /// Leave out pairs created before this revision.
    pub min_create_revision: i64,
    /// Leave out pairs created after this revision.
    pub max_create_revision: i64,
}

impl RangeQuery {
    /// Returns the plain read of every pair of `range`, newest versions, in key order.
    pub fn new(range: KeyRange) -> Self {
        Self {
            range,
            revision: 0,
            limit: 0,
            sort_order: SortOrder::None,
            sort_target: SortTarget::Key,
            keys_only: false,
            count_only: false,
            min_mod_revision: 0,
            max_mod_revision: 0,
            min_create_revision: 0,
            max_create_revision: 0,
        }
    }

    /// Says whether the answer is in the index's own order, so that a limit can be applied while reading.
    pub fn is_default_order(&self) -> bool {
        self.sort_order == SortOrder::None
            || (self.sort_target == SortTarget::Key && self.sort_order == SortOrder::Ascend)
    }

    /// Says whether pairs are left out by their revisions.
    pub fn has_revision_filters(&self) -> bool {
        self.min_mod_revision != 0
            || self.max_mod_revision != 0
            || self.min_create_revision != 0
            || self.max_create_revision != 0
    }
}

/// The direction of a sorted read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Key order; or ascending, after the limit was applied, where the target is not the key.
    None,
    /// Smallest first.
    Ascend,
    /// Greatest first.
    Descend,
}

/// What a sorted read is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortTarget {
    /// The key.
    Key,
    /// The version.
    Version,
    /// The create revision.
    Create,
    /// The mod revision.
    Mod,
    /// The value, bytewise.
    Value,
}

/// A member of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    /// The member's id.
    pub id: u64,
    /// Its name; empty until it has started once.
    pub name: String,
    /// Where the other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
    /// Says whether it has no vote.
    pub learner: bool,
}

/// The answer to a [`Command`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Command::Put`].
    Put(PutAnswer),
    /// To [`Command::DeleteRange`].
    DeleteRange(DeleteRangeAnswer),
    /// To [`Command::Txn`].
    Txn(TxnAnswer),
    /// To [`Command::Compact`]: the current revision.
    Compact {
        /// The newest revision when the compaction was recorded.
        revision: i64,
    },
    /// To [`Command::SetMember`].
    SetMember,
    /// To [`Command::LeaseGrant`].
    LeaseGrant,
    /// To [`Command::LeaseRevoke`].
    LeaseRevoke,
    /// To [`Command::LeaseCheckpoint`].
    LeaseCheckpoint,
    /// To [`Command::Auth`].
    Auth,
    /// To [`Command::Alarm`]: the alarm, unless one was to be taken back that was not raised.
    Alarm(Option<Alarm>),
}

/// What became of a command.
pub type Outcome = Result<Answer, WriteError>;

/// What a put did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAnswer {
    /// The revision the put made.
    pub revision: i64,
    /// The pair as it was, if asked for and if there was one.
    pub prev_kv: Option<KeyValue>,
}

/// What a deletion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRangeAnswer {
    /// The revision the deletion made, or the current one where nothing was deleted.
    pub revision: i64,
    /// How many keys were deleted.
    pub deleted: i64,
    /// The pairs as they were, in key order, if asked for.
    pub prev_kvs: Vec<KeyValue>,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnAnswer {
    /// The revision the transaction made, or the current one where it changed nothing.
    pub revision: i64,
    /// Says which branch ran.
    pub succeeded: bool,
    /// The answers of the branch that ran, in its order.
    pub responses: Vec<OpAnswer>,
}

/// The answer to an [`Op`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpAnswer {
    /// To [`Op::Range`].
    Range(RangeAnswer),
    /// To [`Op::Put`].
    Put(PutAnswer),
    /// To [`Op::DeleteRange`].
    DeleteRange(DeleteRangeAnswer),
    /// To [`Op::Txn`]; its `revision` is the outermost transaction's.
    Txn(TxnAnswer),
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeAnswer {
    /// The newest revision when the read began, whatever revision was asked for.
    pub revision: i64,
    /// The pairs.
    pub kvs: Vec<KeyValue>,
    /// There are more pairs than the limit let through.
    pub more: bool,
    /// The number of keys in the range, whatever the limit and the filters.
    pub count: i64,
}

/// The result of a read.
pub type RangeOutcome = Result<RangeAnswer, ReadError>;
