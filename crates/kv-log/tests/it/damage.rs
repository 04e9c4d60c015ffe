//! Damage: whatever byte of a log is changed, opening gives the log as it was, the log without its last
//! batch, or an error that names the place. Never anything else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use kv_log::{Log, OpenError, Options, Reader, SyncMode};

use crate::support::{Contents, append, append_one, at, entry, purge, save_vote, small_options, truncate, vote};

const BLOCK_BYTES: usize = 4096;

/// A log with every kind of record, a restart, and a segment in a recycled file. The second contents are those
/// before the last batch.
fn build(dir: &Path) -> [Contents; 2] {
    let open = |seed| Log::open(dir, Options { sync: SyncMode::Never, ..small_options(seed) }).unwrap();
    let log = open(1);
    save_vote(&log, vote(1));
    append(&log, (0..4).map(|index| entry(1, index, 20)).collect());
    append(&log, (4..6).map(|index| entry(1, index, 20)).collect());
    // The second segment.
    truncate(&log, Some(at(1, 4)));
    append_one(&log, 2, 5, 4200);
    // The third, which lets go of the first.
    purge(&log, at(2, 5));
    append(&log, (6..9).map(|index| entry(2, index, 30)).collect());
    drop(log);
    let log = open(2);
    save_vote(&log, vote(2));
    append_one(&log, 2, 9, 0);
    log.note_committed(at(2, 8));
    let before = Contents::of_log(&log);
    append_one(&log, 2, 10, 30);
    [Contents::of_log(&log), before]
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn no_changed_byte_makes_a_wrong_log() {
    let dir = tempfile::tempdir().unwrap();
    let [whole, before] = build(dir.path());
    assert_eq!(Contents::of_reader(&Reader::open(dir.path()).unwrap()), whole);
    let (mut as_it_was, mut cut, mut refused) = (0, 0, 0);
    for (path, bytes) in files(dir.path()) {
        let mut damaged = bytes.clone();
        for (block, content) in bytes.chunks(BLOCK_BYTES).enumerate() {
            let used = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            // Every used byte; of the zeros, some.
            for at in (0..used).chain((used..BLOCK_BYTES).step_by(509)) {
                let at = block * BLOCK_BYTES + at;
                damaged[at] ^= 1 << (at % 8);
                std::fs::write(&path, &damaged).unwrap();
                damaged[at] = bytes[at];
                match Reader::open(dir.path()) {
                    Ok(reader) => {
                        let found = Contents::of_reader(&reader);
                        if found == whole {
                            as_it_was += 1;
                        } else if found == before {
                            cut += 1;
                        } else {
                            panic!("byte {at} of {} makes {found:?}", path.display());
                        }
                    }
                    Err(OpenError::Io { source, .. }) => panic!("byte {at} of {}: {source}", path.display()),
                    Err(_) => refused += 1,
                }
            }
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(as_it_was > 100 && cut > 100 && refused > 500, "{as_it_was}, {cut}, {refused}");
}

/// Changes a log of three segments, with three batches each, and checks the error of opening it. Reading
/// and writing give the same, and neither changes anything.
fn check(change: impl FnOnce(&Path), expected: &Expect) {
    let dir = tempfile::tempdir().unwrap();
    for start in 0..3 {
        let log = Log::open(dir.path(), small_options(start)).unwrap();
        (0..3).for_each(|batch| append_one(&log, 1, start * 3 + batch, 10));
    }
    change(dir.path());
    let before = files(dir.path());
    let error = Reader::open(dir.path()).unwrap_err().to_string();
    assert_eq!(Log::open(dir.path(), small_options(1)).unwrap_err().to_string(), error);
    assert!(files(dir.path()) == before, "a refused log is left as it is");
    expected.assert_eq(&error.replace(dir.path().to_str().unwrap(), "DIR"));
}

/// Changes the file of one segment.
fn check_file(segment: u64, change: impl FnOnce(&mut Vec<u8>), expected: &Expect) {
    check(
        |dir| {
            let path = dir.join(format!("slot-{segment:010}.log"));
            let mut bytes = std::fs::read(&path).unwrap();
            change(&mut bytes);
            std::fs::write(path, bytes).unwrap();
        },
        expected,
    );
}

#[test]
fn a_bad_batch_with_good_ones_behind_it_is_refused() {
    let in_first_batch = BLOCK_BYTES + 70;
    check_file(
        3,
        |bytes| bytes[in_first_batch] ^= 1,
        &expect![
            "log segment 3 is damaged at offset 4096 of DIR/slot-0000000003.log: a batch is damaged or missing, and later ones are whole"
        ],
    );
    check_file(
        3,
        |bytes| bytes[BLOCK_BYTES..2 * BLOCK_BYTES].fill(0),
        &expect![
            "log segment 3 is damaged at offset 4096 of DIR/slot-0000000003.log: a batch is damaged or missing, and later ones are whole"
        ],
    );
    // A batch that is whole and in the wrong place.
    check_file(
        3,
        |bytes| bytes.copy_within(2 * BLOCK_BYTES..3 * BLOCK_BYTES, BLOCK_BYTES),
        &expect![
            "log segment 3 is damaged at offset 4096 of DIR/slot-0000000003.log: a batch is damaged or missing, and later ones are whole"
        ],
    );
}

#[test]
fn a_bad_batch_with_a_segment_behind_it_is_refused() {
    let in_last_batch = 3 * BLOCK_BYTES + 70;
    check_file(
        2,
        |bytes| bytes[in_last_batch] ^= 1,
        &expect![
            "log segment 2 is damaged at offset 12288 of DIR/slot-0000000002.log: a batch is damaged or missing, and a later segment follows"
        ],
    );
    check_file(
        2,
        |bytes| bytes[3 * BLOCK_BYTES..].fill(0),
        &expect![
            "log segment 2 is damaged at offset 12288 of DIR/slot-0000000002.log: a batch is damaged or missing, and a later segment follows"
        ],
    );
}

#[test]
fn a_bad_header_of_a_segment_with_batches_is_refused() {
    check_file(
        3,
        |bytes| bytes[40] ^= 1,
        &expect![
            "log segment 3 is damaged at offset 0 of DIR/slot-0000000003.log: the header of a segment with batches is unreadable"
        ],
    );
    check_file(
        3,
        |bytes| bytes[..BLOCK_BYTES].fill(0),
        &expect![
            "log segment 3 is damaged at offset 0 of DIR/slot-0000000003.log: the header of a segment with batches is unreadable"
        ],
    );
    check_file(
        2,
        |bytes| bytes[40] ^= 1,
        &expect![
            "log segment 2 is damaged at offset 0 of DIR/slot-0000000002.log: the header of a segment with batches is unreadable"
        ],
    );
    check_file(
        3,
        |bytes| bytes[8] = 2,
        &expect!["DIR/slot-0000000003.log has log format 2; this release reads up to 1"],
    );
}

#[test]
fn files_that_are_not_what_they_should_be_are_refused() {
    check_file(
        3,
        |bytes| bytes.truncate(20_000),
        &expect!["log segment DIR/slot-0000000003.log is truncated: it has 20000 bytes of 32768"],
    );
    check_file(3, Vec::clear, &expect!["log segment DIR/slot-0000000003.log is truncated: it has 0 bytes of 4096"]);
    check(
        |dir| std::fs::remove_file(dir.join("slot-0000000002.log")).unwrap(),
        &expect!["log segment 2 is missing in DIR: segments 1 to 3 are needed"],
    );
    check(
        |dir| std::fs::write(dir.join("slot-0000000050.log"), vec![b'x'; 8192]).unwrap(),
        &expect!["DIR/slot-0000000050.log is not a log segment"],
    );
}
