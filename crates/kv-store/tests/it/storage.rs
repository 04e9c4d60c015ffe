//! Storage: what is written is read back, and what cannot be right is an error that says so.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use expect_test::{Expect, expect};
use kv_store::{
    DirLock, Effect, EntryEffects, LogPosition, OpenError, Point, Record, Storage, StorageErrorKind, StorageOptions,
    Table, schema,
};

use crate::support::{damage, entry, open, options, put, put_again};

#[test]
fn what_is_written_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let records = [
        put(2, "small", b"value"),
        put(3, "empty", b""),
        put(4, "large", &vec![7; 100_000]),
        put_again(5, Some(2), "small", &[8; 513]),
        Record::tombstone(Point::new(6, 0), Some(Point::new(5, 0)), Bytes::from_static(b"small")),
    ];
    {
        let storage = open(directory.path()).unwrap();
        let entries: Vec<_> = records.iter().map(|record| entry(std::slice::from_ref(record))).collect();
        storage.write(&entries[..2]).unwrap();
        storage.write(&entries[2..]).unwrap();
    }
    let storage = open(directory.path()).unwrap();
    let reader = storage.read().unwrap();
    for record in &records {
        assert_eq!(reader.record(record.at).unwrap().as_ref(), Some(record));
    }
    assert_eq!(reader.record(Point::new(6, 1)).unwrap(), None);
    let all: Vec<_> = reader.records(Point::new(0, 0), i64::MAX).unwrap().map(Result::unwrap).collect();
    assert_eq!(all, records);
    let some: Vec<_> = reader.records(Point::new(3, 0), 4).unwrap().map(Result::unwrap).collect();
    assert_eq!(some, records[1..3]);
    let heads: Vec<_> = reader.heads(Point::new(0, 0), i64::MAX).unwrap().map(Result::unwrap).collect();
    for (head, record) in heads.iter().zip(&records) {
        assert_eq!((head.at, head.key, head.tombstone), (record.at, record.key(), record.tombstone));
        assert_eq!((head.previous, head.version), (record.previous, record.fields().version));
    }
    let meta = reader.meta().unwrap();
    assert_eq!((meta.revision, meta.applied), (6, Some(LogPosition { term: 1, index: 6 })));
    assert_eq!((meta.format_version, meta.compact_revision), (1, -1));
}

#[test]
fn small_tables_are_written_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let put = |key: &'static [u8], value: &'static [u8]| Effect::Put {
        table: Table::Lease,
        key: Bytes::from_static(key),
        value: Bytes::from_static(value),
    };
    let write = |index, effects| {
        let position = LogPosition { term: 1, index };
        storage.write(&[EntryEffects { position, revision: 1, effects }]).unwrap();
    };
    write(1, vec![put(b"a", b"1"), put(b"b", b"2"), put(b"c", b"3"), put(b"a", b"4")]);
    write(2, vec![Effect::Delete { table: Table::Lease, key: Bytes::from_static(b"b") }]);
    write(3, vec![Effect::Delete { table: Table::Lease, key: Bytes::from_static(b"not there") }]);

    let reader = storage.read().unwrap();
    let rows = |from| reader.rows(Table::Lease, from).unwrap().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(rows(b""), [(&b"a"[..], &b"4"[..]), (b"c", b"3")]);
    assert_eq!(rows(b"b"), [(&b"c"[..], &b"3"[..])]);
    assert_eq!(reader.row_at_or_before(Table::Lease, b"b").unwrap(), Some((&b"a"[..], &b"4"[..])));
    assert_eq!(reader.row(Table::Lease, b"b").unwrap(), None);
}

#[test]
fn a_reader_keeps_seeing_its_moment() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    storage.write(&[entry(&[put(2, "a", b"1")])]).unwrap();
    let before = storage.read().unwrap();
    storage.write(&[entry(&[put(3, "b", b"2")])]).unwrap();
    assert_eq!(before.meta().unwrap().revision, 2);
    assert_eq!(before.record(Point::new(3, 0)).unwrap(), None);
    assert_eq!(storage.meta().unwrap().revision, 3);
}

#[test]
fn entries_must_move_forward() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    storage.write(&[entry(&[put(5, "a", b"1")])]).unwrap();

    let error = storage.write(&[entry(&[put(5, "a", b"1")])]).unwrap_err();
    expect!["write the effects of log entry 1-5: entry 1-5 was written before"].assert_eq(&error.to_string());
    assert_eq!(error.kind(), StorageErrorKind::Inconsistent);

    let position = LogPosition { term: 1, index: 6 };
    let effects = vec![Effect::Records([put(4, "a", b"1")].into())];
    let error = storage.write(&[EntryEffects { position, revision: 6, effects }]).unwrap_err();
    expect!["write revision 4.0: the row is not after the last one"].assert_eq(&error.to_string());
    assert!(!error.is_retryable());
    assert_eq!(storage.meta().unwrap().applied.unwrap().index, 5);
}

#[test]
fn a_full_map_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let lock = Arc::new(DirLock::create(directory.path()).unwrap());
    let options = StorageOptions { map_size_bytes: 1 << 20, ..options() };
    let storage = Storage::open_or_create(lock, &options).unwrap();
    let mut revision = 2;
    let error = loop {
        match storage.write(&[entry(&[put(revision, "key", &vec![1; 30_000])])]) {
            Ok(()) => revision += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StorageErrorKind::MapFull);
    assert!(error.is_retryable());
    assert!(revision > 20, "most of the map was used before it was full");
    let reader = storage.read().unwrap();
    assert_eq!(reader.meta().unwrap().revision, revision - 1);
    assert_eq!(reader.records(Point::new(0, 0), i64::MAX).unwrap().count() as i64, revision - 2);
}

#[test]
fn the_hash_is_of_what_members_share() {
    let [one, other] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let [one, other] = [&one, &other].map(|directory| open(directory.path()).unwrap());
    let hash = |storage: &Storage| storage.read().unwrap().hash_all().unwrap();
    assert_eq!(hash(&one), hash(&other));
    one.write(&[entry(&[put(2, "a", b"1")])]).unwrap();
    assert_ne!(hash(&one), hash(&other));
    // The same revision from another log entry.
    let position = LogPosition { term: 7, index: 70 };
    other.write(&[EntryEffects { position, ..entry(&[put(2, "a", b"1")]) }]).unwrap();
    other.write_row(Table::Meta, schema::meta::MEMBER_ID, &schema::number(5)).unwrap();
    assert_eq!(hash(&one), hash(&other));
}

#[test]
fn sizes_count_what_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let empty = storage.sizes().unwrap();
    assert!(empty.used_bytes <= 32 << 10, "an empty store uses {}", empty.used_bytes);
    storage.write(&[entry(&[put(2, "a", &vec![1; 1 << 20])])]).unwrap();
    let sizes = storage.sizes().unwrap();
    assert!(sizes.used_bytes - empty.used_bytes >= 1 << 20);
    assert!(sizes.allocated_bytes >= sizes.used_bytes);
    assert_eq!(sizes.file_bytes % sizes.page_size_bytes, 0);
}

fn check_refused(directory: &Path, expected: &Expect) {
    let error = open(directory).unwrap_err().to_string();
    let root = directory.display().to_string();
    expected.assert_eq(&error.replace(&root, "DIR"));
}

#[test]
fn what_is_not_ours_is_refused_and_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::create_dir_all(path.join("member/snap")).unwrap();
    fs::write(path.join("member/snap/db"), "bbolt").unwrap();
    check_refused(
        path,
        &expect![
            "DIR is the data directory of an etcd (it holds member/snap/db), which kvd does not read; start kvd on an empty directory and copy the keys over with `kvctl make-mirror` from the running etcd"
        ],
    );
    assert_eq!(fs::read_dir(path).unwrap().count(), 1, "no file was made");

    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.tex"), "").unwrap();
    check_refused(
        directory.path(),
        &expect!["DIR is not a data directory of kvd: it holds `thesis.tex`; name an empty or a new directory"],
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no file was made");

    check_refused(&directory.path().join("thesis.tex"), &expect!["data directory DIR is not a directory"]);
}

#[test]
fn an_empty_or_missing_directory_is_not_opened_where_a_store_is_expected() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let error = DirLock::acquire(&missing).unwrap_err().to_string();
    assert_eq!(error, format!("data directory {} does not exist", missing.display()));
    let lock = Arc::new(DirLock::acquire(directory.path()).unwrap());
    let error = Storage::open(lock, &options()).unwrap_err().to_string();
    assert_eq!(error, format!("{} holds no store yet", directory.path().display()));
}

#[test]
fn a_second_writer_is_refused_with_the_holder() {
    let directory = tempfile::tempdir().unwrap();
    let held = open(directory.path()).unwrap();
    let error = DirLock::acquire(directory.path()).unwrap_err().to_string();
    assert_eq!(error, format!("{} is in use by process {}", directory.path().display(), std::process::id()));
    assert!(matches!(DirLock::hold(directory.path()), Err(OpenError::Locked { .. })));
    drop(held);
    DirLock::acquire(directory.path()).unwrap();
}

#[test]
fn whoever_only_looks_keeps_writers_away_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    assert!(DirLock::hold(directory.path()).unwrap().is_none(), "there is nothing to hold yet");
    assert!(fs::read_dir(directory.path()).unwrap().next().is_none(), "and nothing was written");
    drop(open(directory.path()).unwrap());
    let first = DirLock::hold(directory.path()).unwrap();
    let second = DirLock::hold(directory.path()).unwrap();
    assert!(first.is_some() && second.is_some());
    assert!(matches!(DirLock::acquire(directory.path()), Err(OpenError::Locked { .. })));
    drop((first, second));
    DirLock::acquire(directory.path()).unwrap();
}

/// A directory with a store of two revisions, which is closed.
fn closed_store() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    storage.write(&[entry(&[put(2, "a", b"1")]), entry(&[put(3, "b", &[2; 5000])])]).unwrap();
    drop(storage);
    directory
}

#[test]
fn damage_to_the_directory_is_named() {
    let store = closed_store();
    fs::write(store.path().join("CURRENT"), "store-00000").unwrap();
    check_refused(
        store.path(),
        &expect![[r#"DIR/CURRENT holds "store-00000" where the name of a store file belongs"#]],
    );

    let store = closed_store();
    fs::remove_file(store.path().join("CURRENT")).unwrap();
    check_refused(
        store.path(),
        &expect![
            "DIR/CURRENT is gone, but DIR/store-0000000001.mdb holds data; write that file's name into it to use the store again"
        ],
    );

    let store = closed_store();
    fs::remove_file(store.path().join("store-0000000001.mdb")).unwrap();
    check_refused(
        store.path(),
        &expect!["store file DIR/store-0000000001.mdb is damaged: CURRENT names it, but it is not there"],
    );
}

#[test]
fn damage_to_the_header_is_named() {
    let check = |damage: &dyn Fn(&mut Vec<u8>), expected: &Expect| {
        let store = closed_store();
        let path = store.path().join("store-0000000001.mdb");
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        check_refused(store.path(), expected);
    };
    check(
        &|bytes| bytes.truncate(100),
        &expect!["store file DIR/store-0000000001.mdb is damaged: it ends inside its header"],
    );
    check(
        &|bytes| bytes.truncate(0),
        &expect!["store file DIR/store-0000000001.mdb is damaged: it ends inside its header"],
    );
    check(&|bytes| bytes[16] = 0, &expect!["store file DIR/store-0000000001.mdb is damaged: it is not a file of LMDB"]);
    check(
        &|bytes| bytes[20] = 9,
        &expect!["store file DIR/store-0000000001.mdb is damaged: it is a file of LMDB version 9, not 1"],
    );
}

#[test]
fn a_later_format_is_refused() {
    let store = closed_store();
    open(store.path()).unwrap().write_row(Table::Meta, schema::meta::FORMAT_VERSION, &schema::number(2)).unwrap();
    check_refused(
        store.path(),
        &expect!["DIR/store-0000000001.mdb has format version 2, and this release reads up to 1"],
    );
}

#[test]
fn an_interrupted_creation_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("store-0000000001.mdb.tmp"), "half").unwrap();
    fs::write(directory.path().join("CURRENT.tmp"), "st").unwrap();
    let storage = open(directory.path()).unwrap();
    assert_eq!(storage.meta().unwrap().revision, 1);
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    expect!["CURRENT LOCK store-0000000001.mdb store-0000000001.mdb-lock"].assert_eq(&names.join(" "));
}

#[test]
fn readers_are_metered() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    assert_eq!((storage.sizes().unwrap().readers, storage.sizes().unwrap().oldest_reader_lag), (0, 0));
    let reader = storage.read().unwrap();
    for revision in 2..5 {
        storage.write(&[entry(&[put(revision, "a", b"")])]).unwrap();
    }
    assert_eq!((storage.sizes().unwrap().readers, storage.sizes().unwrap().oldest_reader_lag), (1, 3));
    drop(reader);
    assert_eq!(storage.sizes().unwrap().readers, 0);
}

#[test]
fn a_damaged_record_is_an_error_that_names_it_and_nothing_else() {
    let long = [b"a long value, ".as_slice(), &[7; 5000], b" the end of it"].concat();
    let records = [put(2, "healthy", b"1"), put(3, "short", b"the short value"), put(4, "long", &long)];
    let cases = [
        (&b"the short value"[..], 3, expect!["read revision 3.0 from table rev: the checksum does not match"]),
        (b"the end of it", 4, expect!["read the value of revision 4.0 from table value: the checksum does not match"]),
        (b"\x0a\x04long\x10\x04", 4, expect!["read revision 4.0 from table rev: the checksum does not match"]),
    ];
    for (needle, revision, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let storage = open(directory.path()).unwrap();
        for record in &records {
            storage.write(&[entry(std::slice::from_ref(record))]).unwrap();
        }
        drop(storage);
        damage(directory.path(), needle);
        let storage = open(directory.path()).unwrap();
        let reader = storage.read().unwrap();
        for record in &records {
            match reader.record(record.at) {
                Ok(read) => assert_eq!(read.as_ref(), Some(record)),
                Err(error) => {
                    assert_eq!(record.at.major, revision);
                    assert_eq!(error.kind(), StorageErrorKind::Corrupted);
                    expected.assert_eq(&error.to_string());
                }
            }
        }
        let scanned = reader.records(Point::new(0, 0), i64::MAX).unwrap().filter(Result::is_err).count();
        assert_eq!(scanned, 1);
    }
}
