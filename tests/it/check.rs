//! `kvctl check` against both kinds of server: what it says, what it leaves behind, and how it ends.
//!
//! Whether a check passes depends on the machine, so only its words are compared.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Kind, Output, Server, Tool};

fn run(server: &Server, arguments: &[&str]) -> Output {
    Tool::client(Kind::Kvd, server).run(arguments)
}

#[track_caller]
fn holds_nothing(server: &Server) {
    let counted = run(server, &["get", "", "--prefix", "--count-only", "-w", "jsonl"]);
    assert!(counted.text().starts_with("{\"count\":0,"), "{}", counted.text());
}

#[test]
fn a_check_of_the_speed_measures_and_cleans_up() {
    for kind in [Kind::Kvd, Kind::Etcd37] {
        let server = Server::start(kind);
        let output = run(&server, &["check", "perf", "--duration=1s", "--auto-compact", "--auto-defrag"]);
        let text = output.text();
        for part in ["Compacted with revision ", "Defragmented \"", "Latency of ", "% within ", "Throughput", "Stddev"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let expected = if output.status == 0 { "\nPASS\n" } else { "\nFAIL\n" };
        assert!(text.ends_with(expected), "{text}");
        holds_nothing(&server);
        // What was compacted is everything up to the deletion.
        let compacted = run(&server, &["endpoint", "hashkv", "-w", "jsonl"]);
        let number = |name: &str| {
            let (_, rest) = compacted.text().split_once(&format!("\"{name}\":")).expect("a number");
            rest[..rest.find([',', '}']).expect("an end")].to_owned()
        };
        assert_eq!(number("compact_revision"), number("hash_revision"));

        run(&server, &["put", "/etcdctl-check-perf/mine", "x"]);
        let refused = run(&server, &["check", "perf"]);
        assert_eq!(refused.status, 3);
        assert!(refused.stderr.starts_with("Error: prefix \"/etcdctl-check-perf/\" has keys. Delete with"));
        assert_eq!(run(&server, &["check", "perf", "--load=huge"]).status, 4);
    }
}

#[test]
fn a_check_that_is_interrupted_cleans_up_and_reports() {
    let server = Server::start(Kind::Kvd);
    let check = Command::new(Kind::Kvd.client_tool())
        .args(["--endpoints", &server.endpoint(), "check", "perf", "--load=m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start kvctl");
    // It writes when the first key is seen.
    let watch = Tool::client(Kind::Kvd, &server);
    watch.run_until_lines(&["watch", "/etcdctl-check-perf/", "--prefix", "--rev=1", "-w", "jsonl"], 1);
    kill_process(Pid::from_child(&check), Signal::INT).expect("signal kvctl");
    let ended = check.wait_with_output().expect("kvctl ends");
    let text = String::from_utf8(ended.stdout).expect("text");
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(1), &b"Error: context canceled\n"[..]), "{text}");
    assert!(text.starts_with("Latency of ") && text.contains("Throughput is "), "{text}");
    assert!(!text.contains("PASS") && !text.contains("FAIL"), "{text}");
    holds_nothing(&server);
}

#[test]
fn a_check_of_the_memory_asks_the_server_for_it() {
    for kind in [Kind::Kvd, Kind::Etcd37] {
        let server = Server::start(kind);
        let output = run(&server, &["check", "datascale"]);
        assert_eq!(output.status, 0, "{}", output.stderr);
        let start = "Start data scale check for work load [10000 key-value pairs, 1024 bytes per key-value, 50 concurrent \
                     clients].\nPASS: Approximate system memory used : ";
        assert!(output.text().starts_with(start), "{}", output.text());
        assert!(output.text().ends_with(" MB.\n"), "{}", output.text());
        holds_nothing(&server);
    }
}
