//! kv-bench drives kvd and a real etcd with every load, gets the answers it expects, and compares them.
//!
//! What it measures here means nothing, because other suites run on the same cores; what it counts does.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Kind, Server};

fn bench(arguments: &[&str]) -> (bool, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_kv-bench-under-test")).args(arguments).output().expect("run kv-bench");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let (succeeded, stdout, stderr) = bench(&[arguments, &["-w", "json"]].concat());
    assert!(succeeded, "{arguments:?}: {stderr}");
    serde_json::from_str(&stdout).expect("it prints JSON")
}

#[test]
fn every_load_gets_the_answers_it_expects_from_kvd_and_from_etcd() {
    for kind in [Kind::Kvd, Kind::Etcd37] {
        let server = Server::start(kind);
        let endpoint = format!("http://{}", server.address());
        let run = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            json(&[&["run"], &words[..], &["--endpoint", &endpoint, "--keys", "300", "--clients", "8"]].concat())
        };
        let operations = |report: &Value| -> Vec<(String, u64)> {
            let rows = report["operations"].as_array().expect("there are rows");
            rows.iter()
                .map(|row| (row["operation"].as_str().unwrap_or("").to_owned(), row["count"].as_u64().unwrap_or(0)))
                .collect()
        };
        // Nothing can be read yet, and the reader is told what to do.
        let (succeeded, _, stderr) = bench(&["run", "get", "--count", "1", "--endpoint", &endpoint]);
        assert!(!succeeded && stderr.contains("kv-bench run fill"), "{stderr}");

        assert_eq!(
            operations(&run("fill --puts-per-txn 16 --order random")),
            [("txn of puts".to_owned(), 19)],
            "{kind}"
        );
        for (line, operation, count) in [
            ("fill", "put", 300),
            ("put --count 50 --distribution zipf --idle-watchers 20", "put", 50),
            ("put --count 50 --rate 5000", "put", 50),
            ("get --count 50 --distribution sequential --connections 2", "get", 50),
            ("get --count 50 --distribution latest --serializable", "get", 50),
            ("range --count 50 --length 20", "range", 50),
            ("list --count 50 --limit 70", "page", 50),
            ("list --count 50 --limit 70 --first-page", "page", 50),
            ("count --count 50", "count", 50),
            ("txn --count 50", "get and txn", 50),
            ("watch --count 50 --watchers 3", "event", 150),
            ("lease --count 50 --leases 20", "renewal", 50),
        ] {
            assert_eq!(operations(&run(line)), [(operation.to_owned(), count)], "{kind}: {line}");
        }
        let mixed = operations(&run("mixed --count 200 --reads 50 --warm-up 0.05"));
        assert_eq!(mixed.iter().map(|(_, count)| count).sum::<u64>(), 200, "{kind}: {mixed:?}");
        assert_eq!(mixed.len(), 2, "{kind}: {mixed:?}");
    }
}

/// The arguments of a comparison of kvd with etcd, on whatever disk and cores the machine has.
fn comparison(only: &str, seconds: &str) -> Vec<String> {
    let listen = "--listen-client-urls {client_url} --advertise-client-urls {client_url}";
    let ours = format!("{} --data-dir {{dir}} {listen}", Kind::Kvd.server().display());
    let peer = Kind::Etcd37.server();
    let peer = format!("etcd={} --data-dir {{dir}} {listen} --listen-peer-urls {{peer_url}}", peer.display());
    let line = format!("--only {only} --seconds {seconds} --keys 300 --rounds 1 --allow-memory --client-core 0");
    let servers = ["compare", "--peer", &peer, "--ours", &ours].map(str::to_owned);
    servers.into_iter().chain(line.split(' ').map(str::to_owned)).collect()
}

#[test]
fn a_comparison_judges_kvd_beside_etcd() {
    let figures = "put-64-cpu,put-64-disk,put-64-watched-cpu,get-1-p50,watch-1-p50,memory-empty";
    let arguments = comparison(figures, "0.5");
    let report = json(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let lines = report["lines"].as_array().expect("there are lines");
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap_or("")).collect();
    assert_eq!(ids, ["put-64-cpu", "put-64-disk", "get-1-p50", "put-64-watched-cpu", "watch-1-p50", "memory-empty"]);
    for line in lines {
        let figures = [&line["peers"]["etcd"], &line["ours"], &line["ratio"]].map(Value::as_f64);
        assert!(figures.iter().all(|figure| figure.is_some_and(|figure| figure > 0.0)), "{line}");
        assert!(line["verdict"].is_string(), "{line}");
    }
    // What only answers does answer, but has no watchers.
    assert!(lines[2]["floor"].as_f64().is_some_and(|figure| figure > 0.0), "{}", lines[2]);
    assert_eq!(lines[4]["floor"], Value::Null);
}

#[test]
fn a_comparison_draws_latency_against_load() {
    let directory = tempfile::tempdir().expect("make a directory");
    let drawing = directory.path().join("curve.svg").to_string_lossy().into_owned();
    let arguments = comparison("memory-empty", "0.02");
    let arguments: Vec<_> = arguments.iter().map(String::as_str).chain(["--svg", &drawing]).collect();
    let report = json(&arguments);
    assert_eq!(report["curves"].as_array().map(Vec::len), Some(6));
    let drawn = std::fs::read_to_string(&drawing).expect("it was drawn");
    assert!(drawn.contains(">ours, p99</text>") && drawn.contains(">etcd, p50</text>"), "{drawn}");
}
