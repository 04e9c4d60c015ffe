//! The hash is the server's, wherever the changes are: in the tables or in the log only.

use expect_test::expect;
use kv_store::Command;

use crate::harness::{Server, delete, kvutl_process, put};

#[test]
fn the_hash_is_the_servers() {
    let mut server = Server::alone();
    server.put("a", "1");
    server.put("b", "2");
    server.checkpoint();
    server.propose(&[put("a", "3"), delete("b")]);
    server.propose(&[Command::Compact { revision: 3 }]);
    let hash = server.store().hash_kv(0).unwrap();
    let line = format!("{}, {}, {}\n", hash.hash, hash.hash_revision, hash.compact_revision);
    assert_eq!(kvutl_process(&["hashkv"], server.directory()).to_string(), line);
    let old = server.store().hash_kv(4).unwrap().hash;

    let directory = server.kill();
    assert_eq!(directory.kvutl(&["hashkv"]).to_string(), line);
    assert_eq!(directory.kvutl(&["hashkv", "--rev", "4"]).to_string(), format!("{old}, 4, 3\n"));
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision has been compacted
        stderr: hint: revision 2 was asked for and the oldest readable one is 3; use `--rev 3`, or leave `--rev` out
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["hashkv", "--rev", "2"]).to_string());
    expect![[r#"
        stderr: Error: etcdserver: mvcc: required revision is a future revision
        stderr: hint: revision 9 was asked for and the newest one is 5
        exit status 1
    "#]]
    .assert_eq(&directory.kvutl(&["hashkv", "--rev", "9"]).to_string());
    expect![[r#"
        stderr: Error: protobuf not supported as output format
        exit status 4
    "#]]
    .assert_eq(&directory.kvutl(&["hashkv", "-w", "protobuf"]).to_string());
}
