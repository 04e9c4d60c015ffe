//! A check finds nothing where nothing is wrong, and names what is.

use bytes::Bytes;
use expect_test::{Expect, expect};
use kv_store::{Checked, Command, DeleteRange, KeyRange, KeyValue, Point, Put, Record, Storage, Table, schema};
use proptest::prelude::*;

use crate::harness::Subject;
use crate::support::{damage, entry, open, put, put_again};

fn check(storage: &Storage) -> (Checked, String) {
    let mut found = String::new();
    let mut bytes = 0;
    let checked = storage.check(&mut |damage| found += &(damage + "\n"), &mut |now| bytes = now).unwrap();
    assert!(bytes > 0 || checked.changes == 0);
    (checked, found)
}

/// Writes records as they are, one entry each, and checks.
#[track_caller]
fn check_records(records: &[Record], expected: &Expect) {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for record in records {
        storage.write(&[entry(std::slice::from_ref(record))]).unwrap();
    }
    expected.assert_eq(&check(&storage).1);
}

fn tombstone(revision: i64, previous: Option<i64>, key: &'static str) -> Record {
    let previous = previous.map(|previous| Point::new(previous, 0));
    Record::tombstone(Point::new(revision, 0), previous, Bytes::from_static(key.as_bytes()))
}

/// The second or a later write of a generation.
fn rewrite(revision: i64, previous: i64, created: i64, version: i64) -> Record {
    let key = Bytes::from_static(b"a");
    let pair = KeyValue { key, create_revision: created, mod_revision: revision, version, ..KeyValue::default() };
    Record::put(0, Some(Point::new(previous, 0)), &pair)
}

#[test]
fn changes_that_do_not_follow_each_other_are_named() {
    check_records(
        &[put(2, "a", b""), rewrite(3, 2, 2, 2), tombstone(4, Some(3), "a"), put_again(5, Some(4), "a", b"")],
        &expect![[""]],
    );
    check_records(
        &[put(2, "a", b""), put(4, "b", b"")],
        &expect![[r#"
        revision 4.0: the change before it, after 2.0, is missing
    "#]],
    );
    check_records(
        &[put(2, "a", b""), put(3, "a", b"")],
        &expect![[r#"
        revision 3.0: it names no change of its key before it, and 2.0 is one
    "#]],
    );
    check_records(
        &[put(2, "a", b""), rewrite(3, 2, 2, 3)],
        &expect![[r#"
        revision 3.0: it does not continue the key's change at 2.0
    "#]],
    );
    check_records(
        &[put(2, "b", b""), rewrite(3, 1, 1, 2)],
        &expect![[r#"
        revision 3.0: the change of its key before it, 1.0, is missing
    "#]],
    );
    check_records(
        &[put(2, "a", b""), put(3, "b", b""), rewrite(4, 3, 2, 2)],
        &expect![[r#"
        revision 4.0: it names 3.0 as the change of its key before it, and 2.0 is
    "#]],
    );
    check_records(
        &[tombstone(2, None, "a")],
        &expect![[r#"
        revision 2.0: it deletes a key that was never written
    "#]],
    );
    check_records(
        &[put(2, "a", b""), tombstone(3, Some(2), "a"), tombstone(4, Some(3), "a")],
        &expect![[r#"
        revision 4.0: it does not continue the key's change at 3.0
    "#]],
    );
    check_records(
        &[put(2, "a", b""), tombstone(3, Some(2), "a"), rewrite(4, 3, 2, 2)],
        &expect![[r#"
        revision 4.0: it does not continue the key's change at 3.0
    "#]],
    );
}

#[test]
fn rows_that_say_too_much_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    storage.write(&[entry(&[put(2, "a", &[7; 3000])]), entry(&[put(3, "b", b"")])]).unwrap();
    let row = |table, key: &[u8], value: &[u8]| storage.write_row(table, key, value).unwrap();
    for revision in [2, 3] {
        row(Table::Time, &schema::time_key(revision), &schema::number(10 - revision));
    }
    row(Table::Member, b"12345678", b"no member");
    row(Table::Meta, schema::meta::REVISION, &schema::number(4));
    row(Table::Meta, schema::meta::COMPACT_REVISION, &schema::number(9));
    row(Table::Meta, schema::meta::COMPACT_FINISHED, &schema::number(1));
    row(Table::Meta, schema::meta::MEMBERSHIP, &[0; 16]);
    expect![[r#"
        table meta: revision 9 is compacted and 4 is the newest
        table meta: the membership of log entry 0-0: the membership has a wrong length
        revision 4: it is the newest, and its changes are missing
        table time: the clock goes backwards at revision 3
        table member: row 3132333435363738: unknown flags of a member 111
    "#]]
    .assert_eq(&check(&storage).1);
    row(Table::Meta, schema::meta::REVISION, b"?");
    expect![[r#"
        read row revision of table meta: unexpected 3f
        table time: the clock goes backwards at revision 3
        table member: row 3132333435363738: unknown flags of a member 111
    "#]]
    .assert_eq(&check(&storage).1);
}

#[test]
fn damaged_bytes_are_named_once() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let long = [b"a long value, ".as_slice(), &[7; 5000], b" the end of it"].concat();
    let records = [put(2, "a", b"the short value"), put(3, "long", &long), put(4, "b", b"healthy")];
    for record in records.iter().chain([&rewrite(5, 2, 2, 2)]) {
        storage.write(&[entry(std::slice::from_ref(record))]).unwrap();
    }
    drop(storage);
    damage(directory.path(), b"the short value");
    damage(directory.path(), b"the end of it");
    let storage = open(directory.path()).unwrap();
    let (checked, found) = check(&storage);
    expect![[r#"
        read revision 2.0 from table rev: the checksum does not match
        read the value of revision 3.0 from table value: the checksum does not match
    "#]]
    .assert_eq(&found);
    assert_eq!((checked.changes, checked.pieces, checked.live_keys), (4, 2, 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was done, and however far a compaction has come.
    #[test]
    fn nothing_is_found_where_nothing_is_wrong(
        steps in prop::collection::vec((0..5u8, 0..12u8, 1..40i64, 0..4usize), 1..60),
    ) {
        let mut subject = Subject::new();
        for (step, key, revision, slices) in steps {
            let name = Bytes::from(format!("key {key}"));
            let command = match step {
                0 | 1 => Command::Put(Put { key: name, value: vec![key; 300 * key as usize].into(), ..Put::default() }),
                2 => Command::DeleteRange(DeleteRange { range: KeyRange::Key(name), prev_kv: false }),
                3 => Command::DeleteRange(DeleteRange { range: KeyRange::From(name), prev_kv: false }),
                _ => Command::Compact { revision },
            };
            subject.apply(&[command]);
            if slices > 0 {
                subject.checkpoint();
                subject.compact(slices);
            }
        }
        subject.checkpoint();
        let (checked, found) = check(subject.store().storage());
        prop_assert_eq!(found, "");
        prop_assert_eq!(checked.live_keys, subject.store().live_keys());
    }
}
