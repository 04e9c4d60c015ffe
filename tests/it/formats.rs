//! The formats that etcdctl lacks: kvctl's `jsonl`, and `table` where etcdctl has none, say the same of etcd as of kvd.

use expect_test::expect;

use crate::harness::mask::mask;
use crate::harness::{Kind, Server, Tool};
use crate::tools::{Follow, Run, Step, same_words};

const TOUR: &[Step] = &[
    Run(&["put", "dir/a", "1", "-w", "jsonl"], ""),
    Run(&["put", "dir/a", "2", "--prev-kv", "-w", "jsonl"], ""),
    Run(&["put", "dir/b", "\u{e4}\n<\">", "-w", "table"], ""),
    Run(&["get", "dir/", "--prefix", "-w", "jsonl"], ""),
    Run(&["get", "dir/", "--prefix", "--keys-only", "-w", "jsonl"], ""),
    Run(&["get", "dir/", "--prefix", "--count-only", "-w", "jsonl"], ""),
    Run(&["get", "dir/", "--prefix", "-w", "table"], ""),
    Run(&["get", "dir/", "--prefix", "--keys-only", "-w", "table"], ""),
    Run(&["get", "dir/", "--prefix", "--count-only", "-w", "table"], ""),
    Run(&["get", "absent", "-w", "jsonl"], ""),
    Run(&["get", "absent", "-w", "table"], ""),
    Run(&["get", "dir/a", "--rev=1000", "-w", "jsonl"], ""),
    Run(&["get", "dir/a", "--fly", "-w", "jsonl"], ""),
    Run(
        &["txn", "-w", "jsonl"],
        "value(\"dir/a\") = \"2\"\n\nput dir/c 3\nget dir/ --prefix\ndel dir/b --prev-kv\n\n\n",
    ),
    Run(&["txn", "-w", "table"], "value(\"dir/a\") = \"1\"\n\n\nget dir/a\nget dir/b\n\n"),
    Follow(&["watch", "dir/", "--prefix", "--rev=2", "--prev-kv", "-w", "jsonl"], 5),
    Run(&["endpoint", "hashkv", "-w", "jsonl"], ""),
    // Leases have ids of their own, which are part of what is hashed.
    Run(&["lease", "grant", "1000"], ""),
    Run(&["put", "leased", "1", "--lease=$LEASE"], ""),
    Run(&["get", "leased", "-w", "jsonl"], ""),
    Run(&["lease", "timetolive", "$LEASE", "--keys", "-w", "jsonl"], ""),
    Run(&["lease", "list", "-w", "jsonl"], ""),
    Run(&["lease", "list", "-w", "table"], ""),
    Run(&["lease", "keep-alive", "$LEASE", "--once", "-w", "jsonl"], ""),
    Run(&["lease", "revoke", "$LEASE", "-w", "jsonl"], ""),
    Run(&["lease", "timetolive", "77", "-w", "table"], ""),
    Run(&["del", "dir/", "--prefix", "--prev-kv", "-w", "jsonl"], ""),
    Run(&["compaction", "3", "-w", "jsonl"], ""),
    Follow(&["watch", "dir/", "--prefix", "--rev=1", "-w", "jsonl"], 1),
    Run(&["compaction", "3", "-w", "jsonl"], ""),
    Run(&["defrag", "-w", "jsonl"], ""),
    Run(&["defrag", "-w", "table"], ""),
    Run(&["endpoint", "health", "-w", "jsonl"], ""),
    Run(&["endpoint", "status", "-w", "jsonl"], ""),
    Run(&["member", "list", "-w", "jsonl"], ""),
    Run(&["alarm", "list", "-w", "jsonl"], ""),
    Run(&["alarm", "list", "-w", "table"], ""),
    Run(&["user", "add", "root:secret", "-w", "jsonl"], ""),
    Run(&["user", "add", "ann:x", "-w", "table"], ""),
    Run(&["role", "add", "reader", "-w", "jsonl"], ""),
    Run(&["role", "grant-permission", "reader", "read", "k", "--prefix", "-w", "jsonl"], ""),
    Run(&["user", "grant-role", "ann", "reader", "-w", "jsonl"], ""),
    Run(&["user", "list", "-w", "jsonl"], ""),
    Run(&["role", "list", "-w", "table"], ""),
    Run(&["user", "get", "ann", "-w", "jsonl"], ""),
    Run(&["user", "get", "ann", "--detail", "-w", "jsonl"], ""),
    Run(&["role", "get", "reader", "-w", "table"], ""),
    Run(&["auth", "status", "-w", "jsonl"], ""),
    Run(&["auth", "enable", "-w", "jsonl"], ""),
    Run(&["auth", "disable", "--user=root:secret", "-w", "jsonl"], ""),
    Run(&["version", "-w", "jsonl"], ""),
];

#[test]
fn kvctl_makes_the_same_records_of_etcd_3_7_as_of_kvd() {
    same_words("formats", Kind::Kvd, Kind::Etcd37, TOUR);
}

/// What programs read: the shape of each kind of line is kept.
#[test]
fn records_keep_their_shape() {
    let server = Server::start(Kind::Kvd);
    let tool = Tool::client(Kind::Kvd, &server);
    let mut text = String::new();
    for arguments in [
        &["put", "k", "v", "-w", "jsonl"][..],
        &["put", "k", "w", "--prev-kv", "-w", "jsonl"],
        &["get", "k", "-w", "jsonl"],
        &["get", "k", "--rev=9", "-w", "jsonl"],
        &["del", "k", "--prev-kv", "-w", "jsonl"],
        &["member", "list", "-w", "jsonl"],
        &["endpoint", "health", "-w", "jsonl"],
        &["nonsense", "-w", "jsonl"],
    ] {
        let output = mask(&tool.run(arguments), &server);
        text.push_str(output.text());
        text.push_str(&output.stderr);
    }
    let watched = tool.run_until_lines(&["watch", "k", "--rev=3", "--prev-kv", "-w", "jsonl"], 2);
    text.push_str(watched.text());
    expect![[r#"
        {"revision":2}
        {"revision":3,"previous":{"key":"k","value":"v","create_revision":2,"mod_revision":2,"version":1}}
        {"key":"k","value":"w","create_revision":2,"mod_revision":3,"version":2}
        {"error":"etcdserver: mvcc: required revision is a future revision","exit_status":1,"hints":["there is no such revision yet; `get KEY -w fields` shows the newest one"]}
        {"revision":4,"deleted":1}
        {"previous":{"key":"k","value":"w","create_revision":2,"mod_revision":3,"version":2}}
        {"id":"8e9e05c52164694d","started":true,"name":"default","peer_urls":["http://localhost:2380"],"client_urls":["http://ENDPOINT"],"learner":false}
        {"endpoint":"ENDPOINT","health":true,"took":~}
        {"error":"unknown command \"nonsense\" for \"kvctl\"","exit_status":1,"hints":[]}
        {"type":"put","key":"k","value":"w","create_revision":2,"mod_revision":3,"version":2,"previous":{"key":"k","value":"v","create_revision":2,"mod_revision":2,"version":1}}
        {"type":"delete","key":"k","mod_revision":4,"previous":{"key":"k","value":"w","create_revision":2,"mod_revision":3,"version":2}}
    "#]]
    .assert_eq(&text);
}

/// What fails while a command goes on, and what ends one, is JSON too where results are.
#[test]
fn failures_beside_records_are_json() {
    let server = Server::start(Kind::Kvd);
    let tool = Tool::client(Kind::Kvd, &server);
    tool.run(&["put", "k", "1"]);
    tool.run(&["put", "k", "2"]);
    tool.run(&["compaction", "3"]);
    let both = format!("--endpoints={},127.0.0.1:1", server.endpoint());
    for (line, status, complaints) in [
        (&["endpoint", "status", &both][..], 1, 1),
        (&["endpoint", "hashkv", &both], 1, 2),
        (&["endpoint", "health", &both], 1, 1),
        (&["defrag", &both], 1, 1),
        (&["watch", "k", "--rev=1"], 5, 1),
        (&["watch", "k", "--rev=3", "--", "sh", "-c", "exit 3"], 1, 1),
        (&["endpoint", "status", "--debug"], 0, 0),
    ] {
        let options = ["-w", "jsonl", "--command-timeout=200ms"];
        let output = tool.run(&[&options[..], line].concat());
        assert_eq!(output.status, status, "{line:?}: {}", output.stderr);
        let mut errors = 0;
        for said in output.stderr.lines() {
            let object: serde_json::Value =
                serde_json::from_str(said).unwrap_or_else(|error| panic!("{line:?}: {said}: {error}"));
            errors += usize::from(object["error"].is_string());
            assert!(object["error"].is_string() || object["notice"].is_string(), "{line:?}: {said}");
        }
        assert_eq!(errors, complaints, "{line:?}: {}", output.stderr);
    }
}
