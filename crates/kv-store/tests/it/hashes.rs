//! `HashKV` at revisions that were compacted since.

use kv_store::{Command, DeleteRange, KeyRange, Put, ReadError};

use crate::harness::Subject;
use crate::model::Model;

/// A revision at which a compaction was made keeps the hash it had before, through the deletion and through later
/// compactions, as etcd remembers it; others become unreadable.
#[test]
fn the_hash_of_a_compaction_is_remembered() {
    let mut subject = Subject::new();
    let mut model = Model::new();
    let mut run = |subject: &mut Subject, command: Command| {
        model.run(&command).expect("a valid command");
        subject.apply(&[command])[0].as_ref().expect("a valid command");
        model.clone()
    };
    let mut remembered = Vec::new();
    for round in 0..4 {
        for key in ["a", "b", "c", "a"] {
            // Long values are kept apart, and their digests too.
            let value = vec![b'v'; 300 * (round + 1)];
            run(&mut subject, Command::Put(Put { key: key.into(), value: value.into(), ..Put::default() }));
        }
        let delete = DeleteRange { range: KeyRange::Key("b".into()), prev_kv: false };
        let before = run(&mut subject, Command::DeleteRange(delete));
        let revision = before.revision();
        subject.checkpoint();
        run(&mut subject, Command::Compact { revision });
        subject.checkpoint();
        subject.compact(usize::MAX);
        remembered.push((revision, before.compacted(), before.hash(revision, before.compacted())));
    }
    for (revision, compact_revision, expected) in remembered {
        let found = subject.store().hash_kv(revision).expect("the hash is remembered");
        assert_eq!((found.hash, found.compact_revision), (expected, compact_revision), "revision {revision}");
    }
    assert!(matches!(subject.store().hash_kv(3), Err(ReadError::Compacted { .. })));
}

/// Compactions that come faster than the deletion runs are hashed as if each had been done by itself.
#[test]
fn the_hashes_of_compactions_done_at_once_are_remembered() {
    let mut subject = Subject::new();
    let mut model = Model::new();
    let mut expected = Vec::new();
    for round in 0..3 {
        for (key, delete) in [("a", false), ("b", false), ("b", true), ("a", false), ("c", round == 1)] {
            let command = if delete {
                Command::DeleteRange(DeleteRange { range: KeyRange::Key(key.into()), prev_kv: false })
            } else {
                Command::Put(Put { key: key.into(), value: "v".into(), ..Put::default() })
            };
            model.run(&command).expect("a valid command");
            subject.apply(&[command])[0].as_ref().expect("a valid command");
            if round < 2 && key == "b" {
                // Each key's tombstone and what it ends are given up by different compactions.
                let revision = model.revision();
                let compact = Command::Compact { revision };
                expected.push((revision, model.compacted(), model.hash(revision, model.compacted())));
                model.run(&compact).expect("a valid command");
                subject.apply(&[compact])[0].as_ref().expect("a valid command");
            }
        }
    }
    subject.checkpoint();
    subject.compact(usize::MAX);
    for (revision, compact_revision, hash) in expected {
        let found = subject.store().hash_kv(revision).expect("the hash is remembered");
        assert_eq!((found.hash, found.compact_revision), (hash, compact_revision), "revision {revision}");
    }
}

/// The figures are a real etcd 3.7.1's after the same commands.
#[test]
fn the_hash_of_a_store_whose_keys_are_all_deleted() {
    let mut subject = Subject::new();
    let put = |key: &'static str, value: &'static str| {
        Command::Put(Put { key: key.into(), value: value.into(), ..Put::default() })
    };
    let delete =
        |key: &'static str| Command::DeleteRange(DeleteRange { range: KeyRange::Key(key.into()), prev_kv: false });
    subject.apply(&[put("a", "1"), put("a", "2"), put("b", "x"), delete("b"), put("a", "3"), delete("a")]);
    let check = |subject: &Subject, revision: i64, expected: u32| {
        assert_eq!(subject.store().hash_kv(revision).expect("the revision can be hashed").hash, expected);
    };
    check(&subject, 0, 1_117_063_540);
    for (compact, expected) in [(3, 3_382_090_609), (5, 3_748_976_447)] {
        subject.apply(&[Command::Compact { revision: compact }]);
        check(&subject, 0, expected);
        subject.checkpoint();
        subject.compact(usize::MAX);
        check(&subject, 0, expected);
    }
    check(&subject, 5, 1_526_579_740);
    check(&subject, 6, 53_200_375);
}
