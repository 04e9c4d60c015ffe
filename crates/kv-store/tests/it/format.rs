//! Files of every released format still open, and hold what they held.
//!
//! `data/format-1` was written by the release that introduced the format: values in their rows and apart, tombstones,
//! a lease, several changes in one revision, times, ids, and a compaction at 8 that was broken off after two changes.
//! It is never written again; a new format gets a directory of its own beside it.

use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use expect_test::expect;
use kv_store::{EntryEffects, LmdbFile, LogPosition, Point, Storage, Table};

use crate::support::{entry, open, put};

/// A copy to open, because opening makes files.
fn stored(format: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format);
    for name in ["CURRENT", "store-0000000001.mdb"] {
        fs::copy(stored.join(name), directory.path().join(name)).unwrap();
    }
    directory
}

fn content(storage: &Storage) -> String {
    let mut text = String::new();
    let reader = storage.read().unwrap();
    writeln!(text, "{:#?}", reader.meta().unwrap()).unwrap();
    for record in reader.records(Point::new(0, 0), i64::MAX).unwrap() {
        let record = record.unwrap();
        let pair = record.pair();
        let value = if pair.value.len() > 10 {
            format!("{} bytes, CRC {:08x}", pair.value.len(), crc32c::crc32c(&pair.value))
        } else {
            format!("{:?}", pair.value)
        };
        let previous = record.previous.map_or("first".to_owned(), |previous| format!("after {previous}"));
        let what = if record.tombstone { "tombstone" } else { "put" };
        writeln!(
            text,
            "{} {what} {:?} {previous}: created {}, version {}, lease {}, {value}",
            record.at, pair.key, pair.create_revision, pair.version, pair.lease,
        )
        .unwrap();
    }
    for row in reader.rows(Table::Time, b"").unwrap() {
        let (key, value) = row.unwrap();
        let number = |bytes: &[u8]| i64::from_be_bytes(bytes.try_into().unwrap());
        writeln!(text, "revision {} at {}", number(key), number(value)).unwrap();
    }
    text
}

#[test]
fn a_store_of_format_1_opens_and_goes_on() {
    let directory = stored("format-1");
    LmdbFile::open(&directory.path().join("store-0000000001.mdb")).unwrap().check().unwrap();
    let storage = open(directory.path()).unwrap();
    let expected = expect![[r#"
        Meta {
            format_version: 1,
            applied: Some(
                LogPosition {
                    term: 3,
                    index: 100,
                },
            ),
            revision: 10,
            compact_revision: 8,
            compact_finished: 5,
            cluster_id: Some(
                14841639064401269961,
            ),
            member_id: Some(
                10276657743932975437,
            ),
        }
        4.0 put b"long" first: created 4, version 1, lease 0, 9000 bytes, CRC 54cd284a
        6.0 put b"alpha" after 5.0: created 6, version 1, lease 0, b"again"
        7.0 put b"long" after 4.0: created 4, version 2, lease 12, 513 bytes, CRC 8b387c57
        8.0 put b"long" after 7.0: created 4, version 3, lease 12, 512 bytes, CRC b275f7fc
        9.0 put b"long" after 8.0: created 4, version 4, lease 0, 2300 bytes, CRC 3b2ed875
        10.0 tombstone b"alpha" after 6.0: created 0, version 0, lease 0, b""
        revision 5 at 1700000000005
        revision 6 at 1700000000006
        revision 7 at 1700000000007
        revision 8 at 1700000000008
        revision 9 at 1700000000009
        revision 10 at 1700000000010
    "#]];
    expected.assert_eq(&content(&storage));

    let mut damages = Vec::new();
    storage.check(&mut |damage| damages.push(damage), &mut |_| ()).unwrap();
    assert!(damages.is_empty(), "{damages:?}");

    while storage.compact_slice(8, 1).unwrap().finished != Some(8) {}
    let position = LogPosition { term: 3, index: 110 };
    storage.write(&[EntryEffects { position, ..entry(&[put(11, "written by this release", b"")]) }]).unwrap();
    storage.defragment(|_| ControlFlow::Continue(())).unwrap();
    let expected = expect![[r#"
        Meta {
            format_version: 1,
            applied: Some(
                LogPosition {
                    term: 3,
                    index: 110,
                },
            ),
            revision: 11,
            compact_revision: 8,
            compact_finished: 8,
            cluster_id: Some(
                14841639064401269961,
            ),
            member_id: Some(
                10276657743932975437,
            ),
        }
        6.0 put b"alpha" after 5.0: created 6, version 1, lease 0, b"again"
        8.0 put b"long" after 7.0: created 4, version 3, lease 12, 512 bytes, CRC b275f7fc
        9.0 put b"long" after 8.0: created 4, version 4, lease 0, 2300 bytes, CRC 3b2ed875
        10.0 tombstone b"alpha" after 6.0: created 0, version 0, lease 0, b""
        11.0 put b"written by this release" first: created 11, version 1, lease 0, b""
        revision 8 at 1700000000008
        revision 9 at 1700000000009
        revision 10 at 1700000000010
    "#]];
    let written = content(&storage);
    expected.assert_eq(&written);
    drop(storage);
    assert_eq!(content(&open(directory.path()).unwrap()), written);
}
