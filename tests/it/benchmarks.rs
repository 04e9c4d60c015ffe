//! kv-bench measures what it says: every figure of kvd and of a real etcd comes out, from stores that are as small as can be.
//!
//! What the figures are is not looked at, because the machine is shared with other tests; that they are there, and positive, is.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::Kind;

/// Runs kv-bench with all processes on one core, and returns what it prints.
#[track_caller]
fn bench(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_kv-bench-under-test"))
        .args(arguments)
        .args(["--allow-memory", "--server-core", "0", "--client-core", "0", "--write-out", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("kv-bench runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{errors}"))
}

/// Returns the command that starts a server, as kv-bench takes it.
fn command(kind: Kind) -> String {
    let server = kind.server();
    let peer_url = if kind == Kind::Kvd { "" } else { "--listen-peer-urls {peer_url}" };
    format!(
        "{} --data-dir {{dir}} --listen-client-urls {{client_url}} --advertise-client-urls {{client_url}} {peer_url}",
        server.display()
    )
}

#[test]
fn every_figure_of_a_large_store_is_measured_beside_etcd() {
    let (ours, peer) = (command(Kind::Kvd), format!("3.7={}", command(Kind::Etcd37)));
    let figures = [
        "list-all",
        "list-all-pinned",
        "count-cpu",
        "memory-full",
        "restart",
        "defrag-stall",
        "compaction-p99",
        "disk-full",
    ];
    let small = "--large-keys 2000 --later-changes 500 --defrag-megabytes 1 --compacted-revisions 1000";
    let only = figures.join(",");
    let mut arguments = vec!["compare", "--peer", &peer, "--ours", &ours, "--only", &only];
    arguments.extend(small.split(' '));
    let report = bench(&arguments);

    let lines = report["lines"].as_array().expect("there are lines");
    assert_eq!(lines.iter().map(|line| line["id"].as_str().expect("an id")).collect::<Vec<_>>(), figures);
    for line in lines {
        let (ours, peer) = (&line["ours"], &line["peers"]["3.7"]);
        assert!(ours.as_f64().is_some_and(|figure| figure > 0.0), "{line}");
        // A list at a pinned revision is compared with our own list.
        let alone = line["id"] == "list-all-pinned";
        assert!(alone || peer.as_f64().is_some_and(|figure| figure > 0.0), "{line}");
        assert!(line["verdict"].is_string(), "{line}");
    }
}

#[test]
fn growth_is_judged_for_every_figure() {
    let ours = command(Kind::Kvd);
    let sizes = "--keys 1000,2000 --versions 1,4 --version-keys 1000 --seconds 0.1";
    let mut arguments = vec!["growth", "--ours", &ours];
    arguments.extend(sizes.split(' '));
    let report = bench(&arguments);

    let series = report["series"].as_array().expect("there are series");
    assert_eq!(
        series.iter().map(|series| series["grows"].as_str()).collect::<Vec<_>>(),
        [Some("keys"), Some("versions a key")]
    );
    for series in series {
        let points = series["points"].as_array().expect("there are points");
        assert_eq!(points.len(), 2, "{series}");
        for figures in points.iter().map(|point| point["figures"].as_object().expect("figures")) {
            assert_eq!(figures.len(), 10, "{series}");
            assert!(figures.values().all(|figure| figure.as_f64().is_some_and(|figure| figure >= 0.0)), "{series}");
        }
        assert_eq!(series["growth"].as_array().map(Vec::len), Some(10), "{series}");
    }
}

#[test]
fn what_a_second_core_brings_is_measured_of_every_load() {
    let (ours, peer) = (command(Kind::Kvd), format!("3.7={}", command(Kind::Etcd37)));
    let short = ["--keys", "1000", "--rounds", "1", "--seconds", "0.1"];
    let report = bench(&[&["cores", "--peer", &peer, "--ours", &ours], &short[..]].concat());

    let rows = report["rows"].as_array().expect("there are rows");
    // Three loads, three servers with the floor, three placements.
    assert_eq!(rows.len(), 27);
    for row in rows {
        for figure in ["operations_per_second", "speed_up"] {
            assert!(row[figure].as_f64().is_some_and(|figure| figure > 0.0), "{row}");
        }
    }
}
