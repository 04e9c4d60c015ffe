//! Random commands and reads over a small set of keys, so that they meet.

use bytes::Bytes;
use kv_store::{
    Alarm, AlarmChange, AlarmKind, Command, Compare, CompareResult, CompareTarget, DeleteRange, EventQuery, KeyRange,
    LEASE_TTL_MAX, LeaseRemaining, Op, Put, RangeQuery, SortOrder, SortTarget, Txn,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

const KEYS: [&[u8]; 9] = [b"a", b"a\0", b"ab", b"abc", b"b", b"b\xff", b"c", b"\xff", b"\xff\xff"];

fn key() -> impl Strategy<Value = Bytes> {
    proptest::sample::select(&KEYS[..]).prop_map(Bytes::from_static)
}

fn value() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        8 => vec(any::<u8>(), 0..4).prop_map(Bytes::from),
        // Kept apart from its row, in one piece and in several.
        1 => (513usize..520).prop_map(|length| Bytes::from(vec![b'x'; length])),
        1 => (4070usize..9000).prop_map(|length| Bytes::from(vec![b'y'; length])),
    ]
}

pub(crate) fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        4 => key().prop_map(KeyRange::Key),
        3 => (key(), key()).prop_map(|(start, end)| KeyRange::new(start, end)),
        1 => key().prop_map(KeyRange::From),
        1 => Just(KeyRange::all()),
    ]
}

/// Few ids, so that most are of leases that were granted. Zero stands for none, and cannot be granted.
fn lease() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1..4i64, 1 => Just(-1)]
}

fn lease_command() -> impl Strategy<Value = Command> {
    let ttl = prop_oneof![9 => 1..100i64, 1 => Just(LEASE_TTL_MAX + 1)];
    let remaining = (lease(), 0..100i64).prop_map(|(id, ttl)| LeaseRemaining { id, ttl });
    prop_oneof![
        4 => (lease(), ttl).prop_map(|(id, ttl)| Command::LeaseGrant { id, ttl }),
        2 => lease().prop_map(|id| Command::LeaseRevoke { id }),
        1 => vec(remaining, 0..3).prop_map(Command::LeaseCheckpoint),
    ]
}

fn put() -> impl Strategy<Value = Put> {
    (key(), value(), any::<bool>(), 0..10u8, weighted(0.2, lease())).prop_map(|(key, value, prev_kv, ignore, lease)| {
        Put {
            key,
            value: if ignore == 0 { Bytes::new() } else { value },
            lease: lease.unwrap_or(0),
            prev_kv,
            ignore_value: ignore == 0,
            ignore_lease: ignore == 1,
        }
    })
}

fn delete() -> impl Strategy<Value = DeleteRange> {
    (range(), any::<bool>()).prop_map(|(range, prev_kv)| DeleteRange { range, prev_kv })
}

fn revision() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 3 => 1..40i64, 1 => -2..0i64]
}

fn bound() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0), 1 => 1..30i64]
}

pub(crate) fn query() -> impl Strategy<Value = RangeQuery> {
    let order = proptest::sample::select(&[SortOrder::None, SortOrder::Ascend, SortOrder::Descend][..]);
    let target = proptest::sample::select(
        &[SortTarget::Key, SortTarget::Version, SortTarget::Create, SortTarget::Mod, SortTarget::Value][..],
    );
    let limit = prop_oneof![2 => Just(0), 1 => -1..6i64];
    ((range(), revision(), limit, order, target), any::<bool>(), 0..8u8, [bound(), bound(), bound(), bound()]).prop_map(
        |((range, revision, limit, sort_order, sort_target), keys_only, count, bounds)| RangeQuery {
            revision,
            limit,
            sort_order,
            sort_target,
            keys_only,
            count_only: count == 0,
            min_mod_revision: bounds[0],
            max_mod_revision: bounds[1],
            min_create_revision: bounds[2],
            max_create_revision: bounds[3],
            ..RangeQuery::new(range)
        },
    )
}

fn compare() -> impl Strategy<Value = Compare> {
    let result = proptest::sample::select(
        &[
            CompareResult::Equal,
            CompareResult::Greater,
            CompareResult::Less,
            CompareResult::NotEqual,
            CompareResult::Undefined,
        ][..],
    );
    let target = prop_oneof![
        (0..4i64).prop_map(CompareTarget::Version),
        (0..20i64).prop_map(CompareTarget::CreateRevision),
        (0..20i64).prop_map(CompareTarget::ModRevision),
        value().prop_map(CompareTarget::Value),
        (0..2i64).prop_map(CompareTarget::Lease),
        Just(CompareTarget::Undefined),
    ];
    (range(), result, target).prop_map(|(range, result, target)| Compare { range, result, target })
}

fn txn() -> impl Strategy<Value = Txn> {
    let leaf = prop_oneof![
        3 => put().prop_map(Op::Put),
        2 => delete().prop_map(Op::DeleteRange),
        2 => query().prop_map(Op::Range),
    ];
    let op = leaf.prop_recursive(2, 12, 3, |op| {
        (vec(compare(), 0..2), vec(op.clone(), 0..3), vec(op, 0..3))
            .prop_map(|(compare, success, failure)| Op::Txn(Txn { compare, success, failure }))
    });
    (vec(compare(), 0..3), vec(op.clone(), 0..4), vec(op, 0..4))
        .prop_map(|(compare, success, failure)| without_repeated_puts(Txn { compare, success, failure }))
}

/// A request in which a key is written twice never reaches the store.
fn without_repeated_puts(mut txn: Txn) -> Txn {
    for branch in [&mut txn.success, &mut txn.failure] {
        keep_first_writes(branch, &mut Vec::new());
    }
    txn
}

fn keep_first_writes(ops: &mut Vec<Op>, written: &mut Vec<KeyRange>) {
    ops.retain_mut(|op| match op {
        Op::Range(_) => true,
        Op::Put(put) => {
            let free = !written.iter().any(|range| range.contains(&put.key));
            written.push(KeyRange::Key(put.key.clone()));
            free
        }
        Op::DeleteRange(delete) => {
            let free = !written.iter().any(|range| matches!(range, KeyRange::Key(key) if delete.range.contains(key)));
            written.push(delete.range.clone());
            free
        }
        Op::Txn(txn) => {
            keep_first_writes(&mut txn.success, written);
            keep_first_writes(&mut txn.failure, written);
            true
        }
    });
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => put().prop_map(Command::Put),
        2 => delete().prop_map(Command::DeleteRange),
        4 => txn().prop_map(Command::Txn),
        1 => (-1..40i64).prop_map(|revision| Command::Compact { revision }),
        4 => lease_command(),
        1 => alarm().prop_map(Command::Alarm),
    ]
}

/// Rarely an alarm, of kinds that leave something to do, and then soon none.
fn alarm() -> impl Strategy<Value = AlarmChange> {
    let kind = prop_oneof![Just(AlarmKind::NO_SPACE), Just(AlarmKind(9))];
    (0..10, kind, 1..3u64).prop_map(|(clear, kind, member_id)| {
        let alarm = Alarm { kind, member_id };
        if clear > 0 { AlarmChange::Clear(alarm) } else { AlarmChange::Raise(alarm) }
    })
}

pub(crate) fn event_query() -> impl Strategy<Value = EventQuery> {
    (range(), 1..40i64, any::<[bool; 3]>()).prop_map(|(range, from, [no_put, no_delete, prev_kv])| EventQuery {
        range,
        from,
        no_put,
        no_delete,
        prev_kv,
    })
}
