//! etcd's feature gates: kvd refuses what etcd 3.7.1 refuses, in its words, and says the same hash of a compaction.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Kind, Server, Tool};

/// What takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tries to start a server that does not.
fn start(kind: Kind, flags: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new(kind.server());
    command.arg("--data-dir").arg(directory.path().join("data")).args(flags).stdin(Stdio::null());
    command.output().expect("the server's program runs")
}

#[test]
fn what_makes_no_sense_is_refused_in_etcds_words() {
    for (flags, status, text) in [
        (&["--feature-gates=Foo=true"][..], 2, "for flag -feature-gates: unrecognized feature gate: Foo"),
        (&["--feature-gates=CompactHashCheck"], 2, "missing bool value for CompactHashCheck"),
        (
            &["--feature-gates", "CompactHashCheck=x"],
            2,
            "invalid value \"CompactHashCheck=x\" for flag -feature-gates: invalid value of CompactHashCheck=x, err: \
             strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        (&["--feature-gates=,,Bar = 1"], 2, "unrecognized feature gate: Bar"),
        (
            &["--feature-gates=LeaseCheckpointPersist=true"],
            1,
            "enabling feature gate LeaseCheckpointPersist requires enabling feature gate LeaseCheckpoint",
        ),
        (&["--compact-hash-check-time=0s"], 1, "--compact-hash-check-time must be >0 (set to 0s)"),
    ] {
        for kind in [Kind::Etcd37, Kind::Kvd] {
            let output = start(kind, flags);
            let said = String::from_utf8_lossy(&output.stderr).replace("\\\"", "\"");
            assert!(said.contains(text), "{kind} with {flags:?}: {said}");
            assert_eq!(output.status.code(), Some(status), "{kind} with {flags:?}: {said}");
        }
    }
}

/// Returns what the log says of the compaction at a revision.
fn finished(server: &Server, revision: i64) -> [Value; 2] {
    let began = Instant::now();
    loop {
        let log = server.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let line =
            lines.find(|line| line["msg"] == "finished scheduled compaction" && line["compact-revision"] == revision);
        if let Some(line) = line {
            return ["number-of-keys-compacted", "hash"].map(|name| line[name].clone());
        }
        assert!(began.elapsed() < PATIENCE, "no compaction at {revision} in the log");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn compactions_are_hashed_as_etcd_hashes_them() {
    let [etcd, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
        let server = Server::start_with(kind, &["--feature-gates=CompactHashCheck=true"]);
        let client = Tool::client(Kind::Kvd, &server);
        let mut said = Vec::new();
        for (line, compacted) in [
            (&["put", "a", "1"][..], None),
            (&["put", "b", "1"], None),
            (&["put", "a", "2"], None),
            (&["del", "b"], None),
            (&["put", "a", "3"], None),
            (&["compaction", "4", "--physical"], Some(4)),
            (&["put", "c", "1"], None),
            (&["compaction", "7", "--physical"], Some(7)),
        ] {
            assert_eq!(client.run(line).status, 0, "{kind}: {line:?}");
            if let Some(revision) = compacted {
                let [keys, hash] = finished(&server, revision);
                let asked = client.run(&["endpoint", "hashkv", "--rev", &revision.to_string()]);
                assert!(asked.text().contains(&format!(", {hash}")), "{kind}: {hash} and {asked:?}");
                said.push((revision, keys, hash));
            }
        }
        said
    });
    assert_eq!(etcd, ours);
    assert!(ours.iter().all(|(_, keys, hash)| keys.as_u64().is_some_and(|keys| keys > 0) && hash.is_u64()), "{ours:?}");
}
