//! A stored log of each released format, which every later build opens, and which this one writes
//! again byte for byte.

use std::path::{Path, PathBuf};

use kv_log::{Log, Options, Reader, SyncMode};

use crate::support::{Contents, append, append_one, at, entry, purge, save_vote, small_options, truncate, vote};

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1")
}

/// Writes a log with every kind of record, a restart and a second segment.
fn write(dir: &Path) -> Contents {
    let open = |seed| Log::open(dir, Options { sync: SyncMode::Never, ..small_options(seed) }).unwrap();
    let log = open(1);
    save_vote(&log, vote(1));
    append(&log, (0..6).map(|index| entry(1, index, 10 * index as usize)).collect());
    log.note_committed(at(1, 3));
    truncate(&log, Some(at(1, 4)));
    drop(log);
    let log = open(2);
    save_vote(&log, vote(2));
    append_one(&log, 2, 5, 0);
    purge(&log, at(1, 1));
    Contents::of_log(&log)
}

/// `UPDATE_EXPECT=1` stores the log anew. Only for a format that is in no release.
#[test]
fn format_1_is_read_and_written() {
    let dir = tempfile::tempdir().unwrap();
    let contents = write(dir.path());
    let names = ["slot-0000000001.log", "slot-0000000002.log"];
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(stored()).unwrap();
        for name in names {
            std::fs::copy(dir.path().join(name), stored().join(name)).unwrap();
        }
    }
    let reader = Reader::open(&stored()).unwrap();
    assert_eq!(Contents::of_reader(&reader), contents);
    assert_eq!(reader.recovery().committed, Some(at(1, 3)));
    for name in names {
        let [written, stored] = [dir.path(), &stored()].map(|dir| std::fs::read(dir.join(name)).unwrap());
        assert!(written == stored, "{name} is not what it was");
    }
}
