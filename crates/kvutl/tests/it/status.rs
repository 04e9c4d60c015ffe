//! What a directory holds, and directories that hold nothing.

use std::fs;

use expect_test::expect;
use kv_store::Command;

use crate::harness::{Server, delete, kvutl, kvutl_process, put, run};

/// Leaves out what the file system decides.
fn masked(text: &str) -> String {
    let sizes = ["size on disk", "size in use", "free pages", "log size"];
    let lines = text.lines().map(|line| match sizes.iter().find(|size| line.starts_with(*size)) {
        Some(size) => format!("{size}: …\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn the_log_counts() {
    let mut server = Server::alone();
    server.put("a", "1");
    server.checkpoint();
    server.propose(&[put("b", "2"), delete("a")]);
    server.propose(&[Command::Compact { revision: 3 }]);
    let running = kvutl_process(&["status"], server.directory());
    let stopped = server.kill().kvutl(&["status"]);
    assert_eq!(running, stopped);
    expect![[r#"
        cluster id:            cdf818194e3a8c32
        member id:             8e9e05c52164694d
        voters:                8e9e05c52164694d
        revision:              4
        compact revision:      3
        keys:                  1
        size on disk: …
        size in use: …
        free pages: …
        page size:             4096
        log size: …
        term:                  2
        applied index:         4
        stored index:          2
        last index in the log: 4
        format version:        1
    "#]]
    .assert_eq(&masked(&stopped.to_string()));
}

#[test]
fn a_directory_that_is_none_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let status = |name: &str| kvutl(&["status", "--data-dir", &format!("{path}/{name}")]).without(path).to_string();
    expect![[r#"
        stderr: Error: stat DATA/missing: no such file or directory
        stderr: hint: name the data directory with --data-dir
        exit status 1
    "#]]
    .assert_eq(&status("missing"));
    fs::write(directory.path().join("file"), "").unwrap();
    expect![[r#"
        stderr: Error: data directory DATA/file is not a directory
        stderr: hint: name the data directory, which holds the file CURRENT and the directory log
        exit status 1
    "#]]
    .assert_eq(&status("file"));
    fs::create_dir_all(directory.path().join("etcd/member/snap")).unwrap();
    fs::write(directory.path().join("etcd/member/snap/db"), "").unwrap();
    expect![[r#"
        stderr: Error: DATA/etcd is the data directory of an etcd: it holds member/snap/db
        stderr: hint: etcd's own etcdutl works on it; `kvctl make-mirror` copies keys from a running etcd to a kvd
        exit status 1
    "#]]
    .assert_eq(&status("etcd"));
    fs::create_dir(directory.path().join("foreign")).unwrap();
    fs::write(directory.path().join("foreign/notes.txt"), "").unwrap();
    expect![[r#"
        stderr: Error: DATA/foreign is not a data directory of kvd: it holds `notes.txt`
        stderr: hint: name the directory that `kvd --data-dir` names
        exit status 1
    "#]]
    .assert_eq(&status("foreign"));
    fs::create_dir(directory.path().join("empty")).unwrap();
    expect![[r#"
        stderr: Error: DATA/empty holds no store yet
        stderr: hint: a server that starts on the directory makes one
        exit status 1
    "#]]
    .assert_eq(&status("empty"));
}

#[test]
fn the_environment_names_a_directory_too() {
    let directory = Server::alone().kill();
    let path = directory.path().to_str().unwrap();
    let ran = run("kvutl", &["status", "-w", "json"], &[("KVUTL_DATA_DIR", path)]);
    assert_eq!(ran.status, 0, "{ran}");
    expect![[r#"
        stderr: Error: stat default.etcd: no such file or directory
        stderr: hint: name the data directory with --data-dir; it was looked for in DATA
        exit status 1
    "#]]
    .assert_eq(&run("etcdutl", &["status"], &[]).without(env!("CARGO_MANIFEST_DIR")).to_string());
}
