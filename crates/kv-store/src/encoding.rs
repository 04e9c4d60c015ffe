//! How commands are written into the log: a format of our own, versioned by the entry that carries them.
//!
//! A command is a kind byte and its fields in order. Numbers are varints (signed ones in two's
//! complement, as in protobuf), byte strings a length and the bytes, lists a length and the items,
//! several switches one byte of flags. There is no skipping of unknown fields: a new shape of a
//! command gets a new kind, so that an old entry always means what it meant.
//!
//! A command that somebody stands for begins with who that is: the kind byte 16, the user's name and the auth revision,
//! or the kind byte 17 for the server itself; then comes the command as it would be alone. Without them nobody stands for it.

pub(crate) mod auth;

use bytes::{BufMut, Bytes, BytesMut};

use crate::alarm::{Alarm, AlarmChange, AlarmKind};
use crate::auth::Caller;
use crate::command::{
    Command, Compare, CompareResult, CompareTarget, DeleteRange, LeaseRemaining, Member, Op, Put, RangeQuery,
    SortOrder, SortTarget, Txn,
};
use crate::command_kind::CommandKind;
use crate::key_range::KeyRange;
use crate::kv::{put_varint, varint};

/// Why bytes from the log are not a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("the command ends inside {what}")]
    Truncated {
        /// What was being read.
        what: &'static str,
    },
    /// A kind or a flag this release does not know.
    #[error("unknown {what} {value}")]
    Unknown {
        /// What was being read.
        what: &'static str,
        /// What was found.
        value: u64,
    },
    /// Bytes are left over.
    #[error("{length} bytes follow the command")]
    TrailingBytes {
        /// How many.
        length: usize,
    },
    /// Transactions are nested deeper than any request may be.
    #[error("transactions are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// How deep transactions may be nested. Requests are bounded by their number of operations, 128 by
/// default, of which each level takes one; the bound keeps damaged bytes from exhausting the stack.
const MAX_DEPTH: usize = 128;

const KIND_PUT: u8 = 1;
const KIND_DELETE_RANGE: u8 = 2;
const KIND_TXN: u8 = 3;
const KIND_COMPACT: u8 = 4;
const KIND_SET_MEMBER: u8 = 5;
const KIND_RANGE: u8 = 6;
const KIND_ALARM: u8 = 7;
const KIND_LEASE_GRANT: u8 = 8;
const KIND_LEASE_REVOKE: u8 = 9;
const KIND_LEASE_CHECKPOINT: u8 = 10;

/// What stands before a command on behalf of a user.
const CALLER_USER: u8 = 16;

/// What stands before a command of the server's own.
const CALLER_SERVER: u8 = 17;

const PUT_PREV_KV: u8 = 1;
const PUT_IGNORE_VALUE: u8 = 2;
const PUT_IGNORE_LEASE: u8 = 4;
const DELETE_PREV_KV: u8 = 1;
const RANGE_KEYS_ONLY: u8 = 1;
const RANGE_COUNT_ONLY: u8 = 2;
const RANGE_HAS_FILTERS: u8 = 4;
const MEMBER_LEARNER: u8 = 1;

const ALARM_RAISE: u8 = 1;
const ALARM_CLEAR: u8 = 2;

const RANGE_KIND_KEY: u8 = 0;
const RANGE_KIND_FROM: u8 = 1;
const RANGE_KIND_BETWEEN: u8 = 2;

impl Command {
    /// Returns the command as it is written into the log, in a buffer of its own, with nobody standing for it.
    pub fn encode(&self) -> Bytes {
        self.encode_for(&Caller::Nobody)
    }

    /// Returns the command as it is written into the log on behalf of a caller.
    pub fn encode_for(&self, caller: &Caller) -> Bytes {
        let mut out = BytesMut::with_capacity(self.size_hint());
        match caller {
            Caller::Nobody => {}
            Caller::User { name, auth_revision } => {
                out.put_u8(CALLER_USER);
                put_bytes(&mut out, name.as_bytes());
                put_varint(&mut out, *auth_revision);
            }
            Caller::Server => out.put_u8(CALLER_SERVER),
        }
        match self {
            Self::Put(put) => encode_put(&mut out, put),
            Self::DeleteRange(delete) => encode_delete(&mut out, delete),
            Self::Txn(txn) => encode_txn(&mut out, txn),
            Self::Compact { revision } => {
                out.put_u8(KIND_COMPACT);
                put_number(&mut out, *revision);
            }
            Self::SetMember(member) => encode_member(&mut out, member),
            Self::LeaseGrant { id, ttl } => {
                out.put_u8(KIND_LEASE_GRANT);
                put_number(&mut out, *id);
                put_number(&mut out, *ttl);
            }
            Self::LeaseRevoke { id } => {
                out.put_u8(KIND_LEASE_REVOKE);
                put_number(&mut out, *id);
            }
            Self::LeaseCheckpoint(leases) => encode_lease_checkpoint(&mut out, leases),
            Self::Auth(change) => auth::encode(&mut out, change),
            Self::Alarm(change) => encode_alarm(&mut out, *change),
        }
        out.freeze()
    }

    /// Reads a command, whoever stands for it; its byte strings share the buffer.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for bytes that no release of ours has written.
    pub fn decode(encoded: &Bytes) -> Result<Self, DecodeError> {
        Self::decode_with_caller(encoded).map(|(_, command)| command)
    }

    /// Reads a command and who stands for it.
    ///
    /// # Errors
    ///
    /// As [`Command::decode`].
    pub fn decode_with_caller(encoded: &Bytes) -> Result<(Caller, Self), DecodeError> {
        let mut input = Input { bytes: encoded, at: 0 };
        let caller = input.caller()?;
        let command = match input.byte("the kind of a command")? {
            KIND_PUT => Self::Put(input.put()?),
            KIND_DELETE_RANGE => Self::DeleteRange(input.delete()?),
            KIND_TXN => Self::Txn(input.txn(0)?),
            KIND_COMPACT => Self::Compact { revision: input.number("a revision")? },
            KIND_SET_MEMBER => Self::SetMember(input.member()?),
            KIND_LEASE_GRANT => Self::LeaseGrant { id: input.number("a lease")?, ttl: input.number("a time to live")? },
            KIND_LEASE_REVOKE => Self::LeaseRevoke { id: input.number("a lease")? },
            KIND_LEASE_CHECKPOINT => Self::LeaseCheckpoint(input.lease_checkpoint()?),
            kind @ auth::FIRST_KIND..=auth::LAST_KIND => Self::Auth(input.auth_command(kind)?),
            KIND_ALARM => Self::Alarm(input.alarm()?),
            kind => return Err(DecodeError::Unknown { what: "kind of command", value: kind.into() }),
        };
        input.end()?;
        Ok((caller, command))
    }

    fn size_hint(&self) -> usize {
        match self {
            Self::Put(put) => put.key.len() + put.value.len() + 32,
            _ => 256,
        }
    }
}

impl CommandKind {
    /// Returns what an encoded command does, without decoding it; nothing for bytes that are none.
    pub fn of(encoded: &Bytes) -> Option<Self> {
        let mut input = Input { bytes: encoded, at: 0 };
        input.skip_caller().ok()?;
        Some(match *encoded.get(input.at)? {
            KIND_PUT => Self::Put,
            KIND_DELETE_RANGE => Self::DeleteRange,
            KIND_TXN => Self::Txn,
            KIND_COMPACT => Self::Compact,
            KIND_SET_MEMBER => Self::SetMember,
            KIND_LEASE_GRANT => Self::LeaseGrant,
            KIND_LEASE_REVOKE => Self::LeaseRevoke,
            KIND_LEASE_CHECKPOINT => Self::LeaseCheckpoint,
            KIND_ALARM => Self::Alarm,
            kind => return auth::kind(kind),
        })
    }
}

fn encode_put(out: &mut BytesMut, put: &Put) {
    out.put_u8(KIND_PUT);
    out.put_u8(
        flag(put.prev_kv, PUT_PREV_KV)
            | flag(put.ignore_value, PUT_IGNORE_VALUE)
            | flag(put.ignore_lease, PUT_IGNORE_LEASE),
    );
    put_bytes(out, &put.key);
    put_bytes(out, &put.value);
    put_number(out, put.lease);
}

fn encode_delete(out: &mut BytesMut, delete: &DeleteRange) {
    out.put_u8(KIND_DELETE_RANGE);
    out.put_u8(flag(delete.prev_kv, DELETE_PREV_KV));
    encode_key_range(out, &delete.range);
}

fn encode_txn(out: &mut BytesMut, txn: &Txn) {
    out.put_u8(KIND_TXN);
    put_varint(out, txn.compare.len() as u64);
    for compare in &txn.compare {
        encode_compare(out, compare);
    }
    for branch in [&txn.success, &txn.failure] {
        put_varint(out, branch.len() as u64);
        for op in branch {
            match op {
                Op::Range(query) => encode_range(out, query),
                Op::Put(put) => encode_put(out, put),
                Op::DeleteRange(delete) => encode_delete(out, delete),
                Op::Txn(txn) => encode_txn(out, txn),
            }
        }
    }
}

fn encode_compare(out: &mut BytesMut, compare: &Compare) {
    out.put_u8(match compare.result {
        CompareResult::Equal => 0,
        CompareResult::Greater => 1,
        CompareResult::Less => 2,
        CompareResult::NotEqual => 3,
        CompareResult::Undefined => 4,
    });
    encode_key_range(out, &compare.range);
    let (target, number) = match &compare.target {
        CompareTarget::Version(number) => (0, *number),
        CompareTarget::CreateRevision(number) => (1, *number),
        CompareTarget::ModRevision(number) => (2, *number),
        CompareTarget::Value(value) => {
            out.put_u8(3);
            put_bytes(out, value);
            return;
        }
        CompareTarget::Lease(number) => (4, *number),
        CompareTarget::Undefined => (5, 0),
    };
    out.put_u8(target);
    put_number(out, number);
}

fn encode_range(out: &mut BytesMut, query: &RangeQuery) {
    out.put_u8(KIND_RANGE);
    let has_filters = query.has_revision_filters();
    out.put_u8(
        flag(query.keys_only, RANGE_KEYS_ONLY)
            | flag(query.count_only, RANGE_COUNT_ONLY)
            | flag(has_filters, RANGE_HAS_FILTERS),
    );
    encode_key_range(out, &query.range);
    put_number(out, query.revision);
    put_number(out, query.limit);
    out.put_u8(match query.sort_order {
        SortOrder::None => 0,
        SortOrder::Ascend => 1,
        SortOrder::Descend => 2,
    });
    out.put_u8(match query.sort_target {
        SortTarget::Key => 0,
        SortTarget::Version => 1,
        SortTarget::Create => 2,
        SortTarget::Mod => 3,
        SortTarget::Value => 4,
    });
    if has_filters {
        put_number(out, query.min_mod_revision);
        put_number(out, query.max_mod_revision);
        put_number(out, query.min_create_revision);
        put_number(out, query.max_create_revision);
    }
}

fn encode_key_range(out: &mut BytesMut, range: &KeyRange) {
    match range {
        KeyRange::Key(key) => {
            out.put_u8(RANGE_KIND_KEY);
            put_bytes(out, key);
        }
        KeyRange::From(start) => {
            out.put_u8(RANGE_KIND_FROM);
            put_bytes(out, start);
        }
        KeyRange::Between(start, end) => {
            out.put_u8(RANGE_KIND_BETWEEN);
            put_bytes(out, start);
            put_bytes(out, end);
        }
    }
}

fn encode_member(out: &mut BytesMut, member: &Member) {
    out.put_u8(KIND_SET_MEMBER);
    member.encode_to(out);
}

fn encode_lease_checkpoint(out: &mut BytesMut, leases: &[LeaseRemaining]) {
    out.put_u8(KIND_LEASE_CHECKPOINT);
    put_varint(out, leases.len() as u64);
    for lease in leases {
        put_number(out, lease.id);
        put_number(out, lease.ttl);
    }
}

fn encode_alarm(out: &mut BytesMut, change: AlarmChange) {
    out.put_u8(KIND_ALARM);
    let (change, alarm) = match change {
        AlarmChange::Raise(alarm) => (ALARM_RAISE, alarm),
        AlarmChange::Clear(alarm) => (ALARM_CLEAR, alarm),
    };
    out.put_u8(change);
    put_varint(out, alarm.member_id);
    put_number(out, alarm.kind.0.into());
}

impl Member {
    /// Appends the member as the log and the `member` table hold it.
    pub(crate) fn encode_to(&self, out: &mut BytesMut) {
        put_varint(out, self.id);
        out.put_u8(flag(self.learner, MEMBER_LEARNER));
        put_bytes(out, self.name.as_bytes());
        for urls in [&self.peer_urls, &self.client_urls] {
            put_varint(out, urls.len() as u64);
            for url in urls {
                put_bytes(out, url.as_bytes());
            }
        }
    }

    /// Reads a row of the `member` table.
    pub(crate) fn decode(encoded: &Bytes) -> Result<Self, DecodeError> {
        let mut input = Input { bytes: encoded, at: 0 };
        let member = input.member()?;
        input.end()?;
        Ok(member)
    }
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.put_slice(bytes);
}

fn put_number(out: &mut BytesMut, number: i64) {
    put_varint(out, number as u64);
}

struct Input<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl Input<'_> {
    fn caller(&mut self) -> Result<Caller, DecodeError> {
        Ok(match self.bytes.first() {
            Some(&CALLER_USER) => {
                self.at = 1;
                let name = self.text("a user's name")?;
                Caller::User { name, auth_revision: self.unsigned("an auth revision")? }
            }
            Some(&CALLER_SERVER) => {
                self.at = 1;
                Caller::Server
            }
            _ => Caller::Nobody,
        })
    }

    fn skip_caller(&mut self) -> Result<(), DecodeError> {
        match self.bytes.first() {
            Some(&CALLER_USER) => {
                self.at = 1;
                self.at += self.length("a user's name")?;
                self.unsigned("an auth revision").map(drop)
            }
            Some(&CALLER_SERVER) => {
                self.at = 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&self) -> Result<(), DecodeError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            length => Err(DecodeError::TrailingBytes { length }),
        }
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or(DecodeError::Truncated { what })?;
        self.at += 1;
        Ok(byte)
    }

    fn flags(&mut self, what: &'static str, known: u8) -> Result<u8, DecodeError> {
        let flags = self.byte(what)?;
        if flags & !known == 0 { Ok(flags) } else { Err(DecodeError::Unknown { what, value: flags.into() }) }
    }

    fn unsigned(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        let (number, after) = varint(self.bytes, self.at).ok_or(DecodeError::Truncated { what })?;
        self.at = after;
        Ok(number)
    }

    fn number(&mut self, what: &'static str) -> Result<i64, DecodeError> {
        self.unsigned(what).map(|number| number as i64)
    }

    /// Reads the length of a list. Each item takes at least a byte, which bounds what damaged bytes can make us reserve.
    fn length(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let length = self.unsigned(what)?;
        let left = self.bytes.len() - self.at;
        usize::try_from(length).ok().filter(|length| *length <= left).ok_or(DecodeError::Truncated { what })
    }

    fn bytes(&mut self, what: &'static str) -> Result<Bytes, DecodeError> {
        let length = self.length(what)?;
        let bytes = self.bytes.slice(self.at..self.at + length);
        self.at += length;
        Ok(bytes)
    }

    fn text(&mut self, what: &'static str) -> Result<String, DecodeError> {
        String::from_utf8(self.bytes(what)?.to_vec()).map_err(|_| DecodeError::Unknown { what, value: 0 })
    }

    fn put(&mut self) -> Result<Put, DecodeError> {
        let flags = self.flags("flags of a put", PUT_PREV_KV | PUT_IGNORE_VALUE | PUT_IGNORE_LEASE)?;
        Ok(Put {
            key: self.bytes("a key")?,
            value: self.bytes("a value")?,
            lease: self.number("a lease")?,
            prev_kv: flags & PUT_PREV_KV != 0,
            ignore_value: flags & PUT_IGNORE_VALUE != 0,
            ignore_lease: flags & PUT_IGNORE_LEASE != 0,
        })
    }

    fn delete(&mut self) -> Result<DeleteRange, DecodeError> {
        let flags = self.flags("flags of a deletion", DELETE_PREV_KV)?;
        Ok(DeleteRange { range: self.key_range()?, prev_kv: flags & DELETE_PREV_KV != 0 })
    }

    fn txn(&mut self, depth: usize) -> Result<Txn, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        let compare = (0..self.length("comparisons")?).map(|_| self.compare()).collect::<Result<_, _>>()?;
        let success = self.branch(depth)?;
        let failure = self.branch(depth)?;
        Ok(Txn { compare, success, failure })
    }

    fn branch(&mut self, depth: usize) -> Result<Vec<Op>, DecodeError> {
        (0..self.length("operations")?)
            .map(|_| {
                Ok(match self.byte("the kind of an operation")? {
                    KIND_RANGE => Op::Range(self.range()?),
                    KIND_PUT => Op::Put(self.put()?),
                    KIND_DELETE_RANGE => Op::DeleteRange(self.delete()?),
                    KIND_TXN => Op::Txn(self.txn(depth + 1)?),
                    kind => return Err(DecodeError::Unknown { what: "kind of operation", value: kind.into() }),
                })
            })
            .collect()
    }

    fn compare(&mut self) -> Result<Compare, DecodeError> {
        let result = match self.byte("a comparison")? {
            0 => CompareResult::Equal,
            1 => CompareResult::Greater,
            2 => CompareResult::Less,
            3 => CompareResult::NotEqual,
            4 => CompareResult::Undefined,
            value => return Err(DecodeError::Unknown { what: "comparison", value: value.into() }),
        };
        let range = self.key_range()?;
        let target = match self.byte("the target of a comparison")? {
            0 => CompareTarget::Version(self.number("a version")?),
            1 => CompareTarget::CreateRevision(self.number("a revision")?),
            2 => CompareTarget::ModRevision(self.number("a revision")?),
            3 => CompareTarget::Value(self.bytes("a value")?),
            4 => CompareTarget::Lease(self.number("a lease")?),
            5 => {
                self.number("a number")?;
                CompareTarget::Undefined
            }
            value => return Err(DecodeError::Unknown { what: "target of a comparison", value: value.into() }),
        };
        Ok(Compare { range, result, target })
    }

    fn range(&mut self) -> Result<RangeQuery, DecodeError> {
        let flags = self.flags("flags of a range", RANGE_KEYS_ONLY | RANGE_COUNT_ONLY | RANGE_HAS_FILTERS)?;
        let mut query = RangeQuery {
            keys_only: flags & RANGE_KEYS_ONLY != 0,
            count_only: flags & RANGE_COUNT_ONLY != 0,
            revision: 0,
            ..RangeQuery::new(self.key_range()?)
        };
        query.revision = self.number("a revision")?;
        query.limit = self.number("a limit")?;
        query.sort_order = match self.byte("a sort order")? {
            0 => SortOrder::None,
            1 => SortOrder::Ascend,
            2 => SortOrder::Descend,
            value => return Err(DecodeError::Unknown { what: "sort order", value: value.into() }),
        };
        query.sort_target = match self.byte("a sort target")? {
            0 => SortTarget::Key,
            1 => SortTarget::Version,
            2 => SortTarget::Create,
            3 => SortTarget::Mod,
            4 => SortTarget::Value,
            value => return Err(DecodeError::Unknown { what: "sort target", value: value.into() }),
        };
        if flags & RANGE_HAS_FILTERS != 0 {
            query.min_mod_revision = self.number("a revision")?;
            query.max_mod_revision = self.number("a revision")?;
            query.min_create_revision = self.number("a revision")?;
            query.max_create_revision = self.number("a revision")?;
        }
        Ok(query)
    }

    fn key_range(&mut self) -> Result<KeyRange, DecodeError> {
        Ok(match self.byte("the kind of a range")? {
            RANGE_KIND_KEY => KeyRange::Key(self.bytes("a key")?),
            RANGE_KIND_FROM => KeyRange::From(self.bytes("a key")?),
            RANGE_KIND_BETWEEN => KeyRange::Between(self.bytes("a key")?, self.bytes("the end of a range")?),
            value => return Err(DecodeError::Unknown { what: "kind of range", value: value.into() }),
        })
    }

    fn member(&mut self) -> Result<Member, DecodeError> {
        let id = self.unsigned("a member id")?;
        let flags = self.flags("flags of a member", MEMBER_LEARNER)?;
        Ok(Member {
            id,
            name: self.text("a member's name")?,
            peer_urls: self.texts()?,
            client_urls: self.texts()?,
            learner: flags & MEMBER_LEARNER != 0,
        })
    }

    fn lease_checkpoint(&mut self) -> Result<Vec<LeaseRemaining>, DecodeError> {
        (0..self.length("leases")?)
            .map(|_| Ok(LeaseRemaining { id: self.number("a lease")?, ttl: self.number("a time to live")? }))
            .collect()
    }

    fn alarm(&mut self) -> Result<AlarmChange, DecodeError> {
        let change = self.byte("what is done to an alarm")?;
        let member_id = self.unsigned("a member id")?;
        let kind = self.number("the kind of an alarm")?;
        let unknown = |what, value: i64| DecodeError::Unknown { what, value: value as u64 };
        let kind = AlarmKind(i32::try_from(kind).map_err(|_| unknown("kind of alarm", kind))?);
        match change {
            ALARM_RAISE => Ok(AlarmChange::Raise(Alarm { kind, member_id })),
            ALARM_CLEAR => Ok(AlarmChange::Clear(Alarm { kind, member_id })),
            other => Err(unknown("change of an alarm", other.into())),
        }
    }

    fn texts(&mut self) -> Result<Vec<String>, DecodeError> {
        (0..self.length("URLs")?).map(|_| self.text("a URL")).collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(command: &Command, expected: &Expect) {
        let encoded = command.encode();
        expected.assert_eq(&encoded.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(Command::decode(&encoded).as_ref(), Ok(command));
        assert_eq!(CommandKind::of(&encoded), Some(command.kind()));
    }

    #[test]
    fn the_layout_is_pinned() {
        let put = Put {
            key: Bytes::from_static(b"foo"),
            value: Bytes::from_static(b"bar"),
            lease: 300,
            prev_kv: true,
            ..Put::default()
        };
        check(&Command::Put(put.clone()), &expect!["010103666f6f03626172ac02"]);
        let delete = DeleteRange { range: KeyRange::new("a", "c"), prev_kv: false };
        check(&Command::DeleteRange(delete.clone()), &expect!["02000201610163"]);
        check(&Command::Compact { revision: -1 }, &expect!["04ffffffffffffffffff01"]);
        check(
            &Command::SetMember(Member {
                id: 7,
                name: "m".to_owned(),
                peer_urls: vec!["http://p".to_owned()],
                client_urls: vec![],
                learner: true,
            }),
            &expect!["050701016d0108687474703a2f2f7000"],
        );
        check(&Command::LeaseGrant { id: 300, ttl: 60 }, &expect!["08ac023c"]);
        check(&Command::LeaseRevoke { id: -1 }, &expect!["09ffffffffffffffffff01"]);
        check(
            &Command::LeaseCheckpoint(vec![LeaseRemaining { id: 300, ttl: 59 }, LeaseRemaining { id: 1, ttl: 0 }]),
            &expect!["0a02ac023b0100"],
        );
        let alarm = |kind| Alarm { kind: AlarmKind(kind), member_id: 300 };
        check(&Command::Alarm(AlarmChange::Raise(alarm(1))), &expect!["0701ac0201"]);
        check(&Command::Alarm(AlarmChange::Clear(alarm(-1))), &expect!["0702ac02ffffffffffffffffff01"]);
        check(
            &Command::Txn(Txn {
                compare: vec![
                    Compare {
                        range: KeyRange::new("k", ""),
                        result: CompareResult::NotEqual,
                        target: CompareTarget::Value(Bytes::from_static(b"v")),
                    },
                    Compare {
                        range: KeyRange::new("k", "\0"),
                        result: CompareResult::Less,
                        target: CompareTarget::ModRevision(9),
                    },
                ],
                success: vec![Op::Put(put), Op::Txn(Txn { success: vec![Op::DeleteRange(delete)], ..Txn::default() })],
                failure: vec![Op::Range(RangeQuery {
                    limit: 5,
                    min_mod_revision: 3,
                    sort_order: SortOrder::Descend,
                    sort_target: SortTarget::Create,
                    ..RangeQuery::new(KeyRange::new("k", ""))
                })],
            }),
            &expect![
                "03020300016b0301760201016b020902010103666f6f03626172ac02030001020002016101630001060400016b0005020203000000"
            ],
        );
    }

    #[test]
    fn who_stands_for_a_command_comes_before_it() {
        let put = Command::Put(Put { key: "k".into(), ..Put::default() });
        let alone = put.encode();
        for (caller, before) in [
            (Caller::Nobody, ""),
            (Caller::User { name: "ann".to_owned(), auth_revision: 300 }, "1003616e6eac02"),
            (Caller::User { name: String::new(), auth_revision: 1 }, "100001"),
            (Caller::Server, "11"),
        ] {
            let encoded = put.encode_for(&caller);
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            assert_eq!(hex(&encoded), before.to_owned() + &hex(&alone));
            assert_eq!(CommandKind::of(&encoded), Some(CommandKind::Put));
            assert_eq!(Command::decode_with_caller(&encoded), Ok((caller, put.clone())));
        }
        let compact = Command::Compact { revision: 1 };
        assert_eq!(CommandKind::of(&compact.encode_for(&Caller::Server)), Some(CommandKind::Compact));
        assert_eq!(CommandKind::of(&Bytes::from_static(&[CALLER_USER, 9])), None);
    }

    #[test]
    fn unknown_shapes_are_refused() {
        for (bytes, error) in [
            (&b""[..], DecodeError::Truncated { what: "the kind of a command" }),
            (b"\x63", DecodeError::Unknown { what: "kind of command", value: 0x63 }),
            (b"\x04\x01\x00", DecodeError::TrailingBytes { length: 1 }),
            (b"\x01\x80", DecodeError::Unknown { what: "flags of a put", value: 0x80 }),
            (b"\x01\x00\x05ab", DecodeError::Truncated { what: "a key" }),
            (b"\x07\x03\x01\x01", DecodeError::Unknown { what: "change of an alarm", value: 3 }),
        ] {
            assert_eq!(Command::decode(&Bytes::from_static(bytes)), Err(error));
        }
        let mut nested = vec![];
        for _ in 0..MAX_DEPTH + 2 {
            nested.extend([KIND_TXN, 0, 1]);
        }
        nested.extend([0; 64]);
        assert_eq!(Command::decode(&nested.into()), Err(DecodeError::TooDeep));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Command::decode(&bytes.into());
        }

        #[test]
        fn damaged_commands_are_read_without_a_panic(at in 0usize..60, byte in any::<u8>()) {
            let command = Command::Txn(Txn {
                compare: vec![],
                success: vec![Op::Range(RangeQuery::new(KeyRange::new("abc", "abd")))],
                failure: vec![Op::Put(Put { key: "key".into(), value: "value".into(), ..Put::default() })],
            });
            let mut bytes = command.encode().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Command::decode(&bytes.into());
        }
    }
}
