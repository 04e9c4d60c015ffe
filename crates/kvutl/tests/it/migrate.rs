//! `kvutl migrate`: accepted where nothing is to be done, refused with a reason elsewhere.

use expect_test::expect;

use crate::harness::{Server, kvutl};

#[test]
fn a_directory_is_of_one_version() {
    let directory = Server::alone().kill();
    expect![[r#"
        stderr: storage version up-to-date: 3.7
    "#]]
    .assert_eq(&directory.kvutl(&["migrate", "--target-version", "3.7"]).to_string());
    expect![[r#"
        stderr: note: --force changes nothing: there is no mark to overwrite
        stderr: Error: a data directory of kvd cannot be migrated to 3.6: it keeps no version of etcd's
        stderr: hint: to leave for an etcd, copy the keys with `kvctl make-mirror` from a running kvd
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["migrate", "--target-version", "3.6", "--force"]).to_string());
    assert_eq!(directory.kvutl(&["check"]).status, 0);
}

#[test]
fn what_is_missing_is_said_as_etcdutl_does() {
    for (line, message) in [
        (&["migrate"][..], "required flag(s) \"data-dir\", \"target-version\" not set"),
        (&["migrate", "--data-dir", "x"], "required flag(s) \"target-version\" not set"),
        (&["migrate", "--target-version", "3.7"], "required flag(s) \"data-dir\" not set"),
    ] {
        let ran = kvutl(line);
        assert_eq!(ran.status, 1, "{ran}");
        assert!(ran.stderr.starts_with(&format!("Error: {message}")), "{ran}");
    }
    let ran = kvutl(&["migrate", "--data-dir", "missing", "--target-version", "3.7"]);
    assert!(ran.status == 1 && ran.stderr.contains("stat missing: no such file or directory"), "{ran}");
}
