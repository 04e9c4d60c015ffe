//! Damage anywhere in a directory is found and named.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use kv_store::Command;

use crate::harness::{Directory, Server, delete, kvutl_process, put};

fn sample() -> Server {
    let mut server = Server::alone();
    server.put("a", "a short value");
    server.put("long", &format!("a long value{}its end", " ".repeat(5000)));
    server.checkpoint();
    server.propose(&[put("a", "in the log only"), delete("long")]);
    server
}

fn store_file(directory: &Directory) -> PathBuf {
    directory.path().join("store-0000000001.mdb")
}

/// Flips a bit wherever the bytes stand.
fn flip(path: &Path, needle: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<_> = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle).collect();
    let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the bytes are in the file");
    for at in places {
        bytes[at] ^= 4;
    }
    fs::write(path, bytes).unwrap();
}

fn log_file(directory: &Directory) -> PathBuf {
    let mut files: Vec<_> =
        fs::read_dir(directory.path().join("log")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.remove(0)
}

#[track_caller]
fn check(damage: impl Fn(&Directory), expected: &Expect) {
    let directory = sample().kill();
    damage(&directory);
    expected.assert_eq(&directory.kvutl(&["check"]).to_string());
}

#[test]
fn a_whole_directory_has_no_damage() {
    check(
        |_| {},
        &expect![[r#"
            no damage found (changes: 2, keys: 2, log entries: 5)
        "#]],
    );
    let mut server = sample();
    server.propose(&[Command::Compact { revision: 4 }]);
    server.checkpoint();
    server.purge();
    let pid = std::process::id().to_string();
    expect![[r#"
        no damage found (changes: 4, keys: 1, log entries: 0)
        stderr: note: process PID uses the directory; the structure of pages is not checked
    "#]]
    .assert_eq(&kvutl_process(&["check"], server.directory()).to_string().replace(&pid, "PID"));
    let directory = server.kill();
    expect![[r#"
        {"damage":[],"pages":16,"changes":4,"keys":1,"values":2,"logEntries":0}
    "#]]
    .assert_eq(&directory.kvutl(&["check", "-w", "json"]).to_string());
}

#[test]
fn every_damaged_record_is_named() {
    check(
        |directory| {
            flip(&store_file(directory), b"a short value");
            flip(&store_file(directory), b"its end");
        },
        &expect![[r#"
            read revision 2.0 from table rev: the checksum does not match
            read the value of revision 3.0 from table value: the checksum does not match
            stderr: Error: integrity check failed. 2 errors found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
}

#[test]
fn a_damaged_page_is_named() {
    check(
        |directory| {
            let mut bytes = fs::read(store_file(directory)).unwrap();
            let page = bytes.len() - 4096;
            bytes[page] ^= 1;
            fs::write(store_file(directory), bytes).unwrap();
        },
        &expect![[r#"
            store file DATA/store-0000000001.mdb is damaged: page 14 does not begin with its number
            stderr: note: the rows on the damaged pages were not checked
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    check(
        |directory| fs::write(store_file(directory), b"nonsense").unwrap(),
        &expect![[r#"
            store file DATA/store-0000000001.mdb is damaged: it ends inside its header
            stderr: note: the rows on the damaged pages were not checked
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    check(
        |directory| fs::write(directory.path().join("CURRENT"), b"nonsense\n").unwrap(),
        &expect![[r#"
            DATA/CURRENT holds "nonsense\n" where the name of a store file belongs
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
}

#[test]
fn what_is_missing_is_named() {
    check(
        |directory| fs::remove_file(directory.path().join("CURRENT")).unwrap(),
        &expect![[r#"
            DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data; write that file's name into it to use the store again
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    check(
        |directory| fs::remove_file(store_file(directory)).unwrap(),
        &expect![[r#"
            DATA/store-0000000001.mdb is missing, and CURRENT names it
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    // The log as it was before the last entries were stored.
    let mut server = sample();
    let old = server.directory().join("old");
    copy_log(&server.directory().join("log"), &old);
    server.put("b", "later");
    server.checkpoint();
    let directory = server.kill();
    fs::remove_dir_all(directory.path().join("log")).unwrap();
    fs::rename(old, directory.path().join("log")).unwrap();
    expect![[r#"
        the log ends at entry 2-4, and entry 2-5 is stored
        stderr: Error: integrity check failed. 1 error found.
        stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
        exit status 14
    "#]]
    .assert_eq(&directory.kvutl(&["check"]).to_string());
}

fn copy_log(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn damage_to_the_log_is_named() {
    check(
        |directory| flip(&log_file(directory), b"a short value"),
        &expect![[r#"
            log segment 1 is damaged at offset 12288 of DATA/log/slot-0000000001.log: a batch is damaged or missing, and later ones are whole
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    check(
        |directory| fs::remove_dir_all(directory.path().join("log")).unwrap(),
        &expect![[r#"
            the log is missing, and its entry 2-3 is stored
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
    let directory = sample().kill();
    fs::remove_dir_all(directory.path().join("log")).unwrap();
    expect![[r#"
        a
        a short value
        stderr: note: the log is missing: what the server had answered and not stored yet is not shown
    "#]]
    .assert_eq(&directory.kvutl(&["get", "a"]).to_string());
    // A log of another directory.
    check(
        |directory| {
            let mut other = Server::alone();
            for _ in 0..5 {
                other.put("x", "y");
            }
            other.checkpoint();
            other.purge();
            let other = other.kill();
            fs::remove_dir_all(directory.path().join("log")).unwrap();
            fs::rename(other.path().join("log"), directory.path().join("log")).unwrap();
        },
        &expect![[r#"
            the store ends at log entry 2-3, and the log begins behind entry 2-6: entries between them are gone
            stderr: Error: integrity check failed. 1 error found.
            stderr: hint: keep this directory, and restore a snapshot, or bring what can be read into a new one with `kvutl rescue`
            exit status 14
        "#]],
    );
}

#[test]
fn other_commands_refuse_a_damaged_directory_and_name_this_one() {
    let directory = sample().kill();
    flip(&store_file(&directory), b"a short value");
    expect![[r#"
        stderr: Error: read revision 2.0 from table rev: the checksum does not match
        stderr: hint: `kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["get", "long"]).to_string());
    expect![[r#"
        stderr: Error: Failed to defragment etcd data[DATA] (read revision 2.0 from table rev: the checksum does not match)
        stderr: hint: `kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory
        exit status 1
    "#]].assert_eq(&directory.kvutl(&["defrag"]).to_string());
    let directory = sample().kill();
    flip(&log_file(&directory), b"a short value");
    expect![[r#"
        stderr: Error: log segment 1 is damaged at offset 12288 of DATA/log/slot-0000000001.log: a batch is damaged or missing, and later ones are whole
        stderr: hint: `kvutl check` names everything that is damaged, without changing it; `kvutl rescue` brings the rest into a new directory
        exit status 1
    "#]].assert_eq(&directory.kvutl(&["status"]).to_string());
}
