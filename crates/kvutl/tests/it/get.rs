//! Reading a directory shows what the server would have answered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use expect_test::{Expect, expect};
use kv_store::{Command, CompactionStep, Membership, Op, Put, Txn};

use crate::harness::{Directory, MEMBER_ID, Server, delete, kvutl_process, put};

/// Some keys, part of them in the tables, part of them in the log only.
fn sample() -> Server {
    let mut server = Server::alone();
    server.put("a", "1");
    server.put("b", "2");
    server.checkpoint();
    server.put("a", "3");
    server.propose(&[delete("b"), put("c", "4")]);
    server
}

#[track_caller]
fn check(directory: &Directory, line: &str, expected: &Expect) {
    let words: Vec<_> = line.split_whitespace().map(|word| if word == "''" { "" } else { word }).collect();
    expected.assert_eq(&directory.kvutl(&words).to_string());
}

#[test]
fn entries_that_only_the_log_has_are_shown() {
    let directory = sample().kill();
    check(
        &directory,
        "get --prefix ''",
        &expect![[r#"
        a
        3
        c
        4
    "#]],
    );
    check(&directory, "get b", &expect![[""]]);
    check(
        &directory,
        "get b --rev 4",
        &expect![[r#"
        b
        2
    "#]],
    );
    check(
        &directory,
        "get a -w fields",
        &expect![[r#"
        "ClusterID" : 14841639068965178418
        "MemberID" : 10276657743932975437
        "Revision" : 6
        "RaftTerm" : 2
        "Key" : "a"
        "CreateRevision" : 2
        "ModRevision" : 4
        "Version" : 2
        "Value" : "3"
        "Lease" : 0
        "More" : false
        "Count" : 1
    "#]],
    );
    check(
        &directory,
        "get a z --count-only -w fields",
        &expect![[r#"
        "ClusterID" : 14841639068965178418
        "MemberID" : 10276657743932975437
        "Revision" : 6
        "RaftTerm" : 2
        "More" : false
        "Count" : 2
    "#]],
    );
    check(
        &directory,
        "get --from-key b -w json",
        &expect![[r#"
        {"header":{"cluster_id":14841639068965178418,"member_id":10276657743932975437,"revision":6,"raft_term":2},"kvs":[{"key":"Yw==","create_revision":6,"mod_revision":6,"version":1,"value":"NA=="}],"count":1}
    "#]],
    );
    check(
        &directory,
        "get a -w table",
        &expect![[r#"
            ┌─────┬───────┬─────────────────┬──────────────┬─────────┬───────┐
            │ KEY │ VALUE │ CREATE REVISION │ MOD REVISION │ VERSION │ LEASE │
            ├─────┼───────┼─────────────────┼──────────────┼─────────┼───────┤
            │   a │     3 │               2 │            4 │       2 │       │
            └─────┴───────┴─────────────────┴──────────────┴─────────┴───────┘
        "#]],
    );
    check(
        &directory,
        "get c --hex",
        &expect![[r#"
        \x63
        \x34
    "#]],
    );
    check(
        &directory,
        "get --prefix '' --print-value-only --order DESCEND --limit 1",
        &expect![[r#"
        4
    "#]],
    );
    check(
        &directory,
        "get --prefix '' --keys-only --sort-by MODIFY --min-mod-rev 5",
        &expect![[r#"
        c

    "#]],
    );
}

#[test]
fn errors_have_the_words_of_etcdctl_and_say_what_to_do() {
    let mut server = sample();
    server.propose(&[Command::Compact { revision: 4 }]);
    let directory = server.kill();
    check(
        &directory,
        "get a --rev 3",
        &expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision has been compacted
        stderr: hint: revision 3 was asked for and the oldest readable one is 4; use `--rev 4`, or leave `--rev` out
        exit status 1
    "#]],
    );
    check(
        &directory,
        "get a --rev 30",
        &expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision is a future revision
        stderr: hint: revision 30 was asked for and the newest one is 6
        exit status 1
    "#]],
    );
    check(
        &directory,
        "get ''",
        &expect![[r#"
        stderr: Error: etcdserver: key is not provided
        stderr: hint: use --prefix or --from-key with an empty key to read every key
        exit status 1
    "#]],
    );
    check(
        &directory,
        "get",
        &expect![[r#"
        stderr: Error: get command needs one argument as key and an optional argument as range_end
        exit status 128
    "#]],
    );
    check(
        &directory,
        "get a --count-only",
        &expect![[r#"
        stderr: Error: --count-only is only for `--write-out=fields`
        exit status 128
    "#]],
    );
    check(
        &directory,
        "get a -w yaml",
        &expect![[r#"
            stderr: Error: unsupported output format
            stderr: hint: `yaml` was asked for; there are fields, json, jsonl, protobuf, simple and table
            exit status 4
        "#]],
    );
    check(
        &directory,
        "get a --sort-by size",
        &expect![[r#"
        stderr: Error: bad sort target size
        stderr: hint: results are sorted by CREATE, KEY, MODIFY, VALUE or VERSION
        exit status 4
    "#]],
    );
}

#[test]
fn a_range_of_many_pages_is_one_answer() {
    let mut server = Server::alone();
    let keys: Vec<_> = (0..1000).map(|number| format!("key-{number:04}")).collect();
    for part in keys.chunks(100) {
        server.propose(&part.iter().map(|key| put(key, &format!("value of {key}"))).collect::<Vec<_>>());
    }
    let directory = server.kill();
    let lines: String = keys.iter().map(|key| format!("{key}\nvalue of {key}\n")).collect();
    assert_eq!(directory.kvutl(&["get", "--prefix", "key"]).to_string(), lines);
    let limited: String = keys[..130].iter().map(|key| format!("\"Key\" : \"{key}\"\n")).collect();
    let ran = directory.kvutl(&["get", "--prefix", "key", "--limit", "130", "-w", "fields"]);
    let shown: String =
        ran.stdout.lines().filter(|line| line.starts_with("\"Key\"")).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(shown, limited);
    assert!(ran.stdout.ends_with("\"More\" : true\n\"Count\" : 1000\n"), "{ran}");
}

#[test]
fn beside_a_running_server_every_answered_write_is_shown() {
    let mut server = sample();
    for round in 0..5 {
        server.put("a", &round.to_string());
        if round % 2 == 0 {
            server.checkpoint();
            server.purge();
        }
        let ran = kvutl_process(&["get", "a"], server.directory());
        assert_eq!(ran.to_string(), format!("a\n{round}\n"));
    }
}

/// A server that writes, stores, purges and compacts as fast as it can, and whatever is read beside it: each answer is
/// whole, of one revision, and not older than what was answered before the command began.
#[test]
fn beside_a_server_that_deletes_all_the_time_every_answer_is_whole() {
    let mut server = sample();
    let directory = server.directory().to_owned();
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1.. {
                // Two keys that always change together.
                server.propose(&[together(&format!("{round}"))]);
                answered.store(round, Ordering::Release);
                if round % 50 == 0 {
                    server.checkpoint();
                    server.purge();
                    server.propose(&[Command::Compact { revision: server.store().revision() - 10 }]);
                    server.checkpoint();
                    while server.store().compaction_step(20, Duration::ZERO).unwrap() != CompactionStep::Idle {}
                }
                if stop.load(Ordering::Acquire) {
                    return;
                }
            }
        });
        for _ in 0..10 {
            let before = answered.load(Ordering::Acquire);
            let ran = kvutl_process(&["get", "--prefix", "pair", "--print-value-only"], &directory);
            let values: Vec<u64> = ran.stdout.lines().map(|value| value.parse().unwrap()).collect();
            let [left, right] = values.as_slice() else { panic!("{ran}") };
            assert!(left == right && *left >= before, "{ran} after {before}");
            for command in ["hashkv", "status", "check"] {
                let ran = kvutl_process(&[command], &directory);
                assert_eq!(ran.status, 0, "{command}: {ran}");
            }
        }
        stop.store(true, Ordering::Release);
    });
}

fn together(value: &str) -> Command {
    let put = |key: &'static str| Op::Put(Put { key: key.into(), value: value.to_owned().into(), ..Put::default() });
    Command::Txn(Txn { success: vec![put("pair/left"), put("pair/right")], ..Txn::default() })
}

#[test]
fn entries_not_known_to_be_committed_are_left_out_in_a_cluster() {
    let mut server = Server::with_membership(&Membership { voters: vec![vec![MEMBER_ID, 7, 9]], learners: Vec::new() });
    server.put("a", "1");
    server.put("a", "2");
    server.log_only(&[put("a", "3")]);
    server.log_only(&[put("a", "4")]);
    // An entry's commitment is recorded with the next entry.
    let directory = server.kill();
    check(
        &directory,
        "get a",
        &expect![[r#"
        a
        2
        stderr: note: left out 2 log entries at the end: not known to be committed in a cluster of 3 voters
    "#]],
    );
}
