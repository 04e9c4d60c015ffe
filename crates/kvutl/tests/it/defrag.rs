//! Defragmenting a stopped directory gives space back and changes nothing else.

use expect_test::expect;
use kv_store::Command;

use crate::harness::{Server, kvutl, kvutl_process, put};

#[test]
fn the_file_shrinks_and_the_content_stays() {
    let mut server = Server::alone();
    let value = "x".repeat(2000);
    for _ in 0..30 {
        server.propose(&(0..20).map(|key| put(&format!("key {key}"), &value)).collect::<Vec<_>>());
        server.checkpoint();
    }
    server.propose(&[Command::Compact { revision: 600 }]);
    let directory = server.kill();
    directory.kvutl(&["compact", "601"]);
    let size = || directory.storage().sizes().unwrap().allocated_bytes;
    let content = || [&["get", "key 7"][..], &["hashkv"]].map(|line| directory.kvutl(line));
    let (before, content_before) = (size(), content());
    let ran = directory.kvutl(&["defrag"]);
    assert!(ran.stdout.is_empty() && ran.status == 0, "{ran}");
    assert!(ran.stderr.starts_with("finished defragmenting directory DATA: "), "{ran}");
    assert!(size() < before / 4, "{} of {before}", size());
    assert_eq!(content(), content_before);
    assert_eq!(directory.kvutl(&["check"]).status, 0);
}

#[test]
fn what_it_cannot_work_on_is_said_as_etcdutl_does() {
    expect![[r#"
        stderr: Error: required flag(s) "data-dir" not set
        exit status 1
    "#]]
    .assert_eq(&kvutl(&["defrag"]).to_string());
    expect![[r#"
        stderr: Error: Failed to defragment etcd data[missing] (stat missing: no such file or directory)
        stderr: hint: name the data directory with --data-dir; it was looked for in DATA
        exit status 1
    "#]]
    .assert_eq(&kvutl(&["defrag", "--data-dir", "missing"]).without(env!("CARGO_MANIFEST_DIR")).to_string());
    let server = Server::alone();
    let ran = kvutl_process(&["defrag", "--timeout", "1ms"], server.directory());
    expect![[r#"
        stderr: waiting for process PID, which uses DATA
        stderr: Error: Failed to defragment etcd data[DATA] (DATA is in use by process PID)
        stderr: hint: stop that process, or do the same with kvctl; only reading works beside it, where the directory can be written to
        exit status 1
    "#]].assert_eq(&ran.to_string().replace(&std::process::id().to_string(), "PID"));
}
