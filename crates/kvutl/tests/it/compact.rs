//! A compaction of a stopped directory is what the server would have made of it, and outlives a crash.

use expect_test::expect;
use kv_store::{Membership, Storage};

use crate::harness::{MEMBER_ID, Server, delete, put};

fn sample(mut server: Server) -> Server {
    server.put("a", "1");
    server.put("b", "2");
    server.checkpoint();
    server.put("a", "3");
    server.propose(&[delete("b"), put("c", "4")]);
    server
}

#[test]
fn what_was_superseded_is_gone_and_the_rest_is_as_before() {
    let directory = sample(Server::alone()).kill();
    let before = directory.kvutl(&["get", "--prefix", ""]);
    expect![[r#"
        compacted revision 5
    "#]]
    .assert_eq(&directory.kvutl(&["compact", "5"]).to_string());
    assert_eq!(directory.kvutl(&["get", "--prefix", ""]), before);
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision has been compacted
        stderr: hint: revision 4 was asked for and the oldest readable one is 5; use `--rev 5`, or leave `--rev` out
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["get", "a", "--rev", "4"]).to_string());
    expect![[r#"
        no damage found (changes: 3, keys: 2, log entries: 6)
    "#]]
    .assert_eq(&directory.kvutl(&["check"]).to_string());
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision has been compacted
        stderr: hint: revision 5 was asked for and the oldest readable one is 5; use `--rev 5`, or leave `--rev` out
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["compact", "5"]).to_string());
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision is a future revision
        stderr: hint: revision 7 was asked for and the newest one is 6
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["compact", "7"]).to_string());
    expect![[r#"
        stderr: Error: compact command needs 1 argument
        exit status 128
    "#]]
    .assert_eq(&directory.kvutl(&["compact"]).to_string());

    // A server that starts now goes on from here.
    let mut server = directory.start();
    assert_eq!((server.store().revision(), server.store().compact_revision()), (6, 5));
    server.put("d", "5");
    let directory = server.kill();
    expect![[r#"
        a

        c

        d

    "#]]
    .assert_eq(&directory.kvutl(&["get", "--prefix", "", "--keys-only"]).to_string());
}

#[test]
fn the_hash_is_that_of_a_server_that_compacted() {
    let mut compacted = sample(Server::alone());
    let outcome = compacted.propose(&[kv_store::Command::Compact { revision: 4 }]);
    assert!(outcome[0].is_ok());
    let expected = compacted.store().hash_kv(0).unwrap();
    let directory = sample(Server::alone()).kill();
    directory.kvutl(&["compact", "4"]);
    let line = format!("{}, {}, {}\n", expected.hash, expected.hash_revision, expected.compact_revision);
    assert_eq!(directory.kvutl(&["hashkv"]).to_string(), line);
}

#[test]
fn a_crash_before_the_deletion_leaves_it_to_the_next_who_writes() {
    let server = sample(Server::alone());
    server.checkpoint();
    let directory = server.kill();
    let revision = kv_store::schema::number(4);
    // The state after the first of two steps.
    let storage = directory.storage();
    storage.write_row(kv_store::Table::Meta, kv_store::schema::meta::COMPACT_REVISION, &revision).unwrap();
    drop(storage);
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision has been compacted
        stderr: hint: revision 3 was asked for and the oldest readable one is 4; use `--rev 4`, or leave `--rev` out
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["get", "a", "--rev", "3"]).to_string());
    expect![[r#"
        no damage found (changes: 5, keys: 2, log entries: 6)
    "#]]
    .assert_eq(&directory.kvutl(&["check"]).to_string());
    directory.kvutl(&["compact", "5"]);
    let finished = |storage: Storage| storage.meta().unwrap().compact_finished;
    assert_eq!(finished(directory.storage()), 5);
}

#[test]
fn a_member_among_others_is_refused() {
    for membership in [
        Membership { voters: vec![vec![MEMBER_ID, 7]], learners: Vec::new() },
        Membership { voters: vec![vec![MEMBER_ID]], learners: vec![7] },
        Membership { voters: vec![vec![7]], learners: vec![MEMBER_ID] },
    ] {
        let directory = sample(Server::with_membership(&membership)).kill();
        let ran = directory.kvutl(&["compact", "2"]);
        assert!(ran.stderr.contains("not alone in its cluster") && ran.status == 1, "{ran}");
    }
}
