//! Snapshots through the whole system: the tools say the same whatever they talk to, and what is saved under load comes back.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use kv_proto::etcdserverpb::PutRequest;
use kv_proto::etcdserverpb::kv_client::KvClient;
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::Endpoint;

use crate::harness::{Kind, Output, Server, Tool};

/// How often the store is saved and restored under load.
const ROUNDS: usize = 3;

/// Puts before each of them.
const PUTS_BEFORE: usize = 50;

fn text(path: &Path) -> String {
    path.to_str().expect("a path of text").to_owned()
}

/// Leaves out what is different in every run, and the log of etcdctl, which goes to stderr.
fn said(output: &Output, path: &str) -> String {
    let errors: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("Error")).collect();
    format!("{}{}{}", output.status, output.text(), errors.join("\n")).replace(path, "FILE")
}

#[test]
fn every_tool_saves_from_every_server_in_the_same_words() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for tool in [Kind::Etcd37, Kind::Etcd35] {
        let [etcd, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
            let server = Server::start(kind);
            let client = |tool| Tool::client(tool, &server);
            assert_eq!(client(tool).run(&["put", "a", "1"]).status, 0);
            let save = |tool: Kind, name: &str| {
                let path = directory.path().join(format!("{name} of {kind}"));
                let output = client(tool).run(&["snapshot", "save", &text(&path)]);
                assert!(!path.with_extension("part").exists());
                (said(&output, &text(&path)), fs::metadata(&path).expect("the snapshot").len(), path)
            };
            let (theirs, kvctls) = (save(tool, "etcdctl"), save(Kind::Kvd, "kvctl"));
            assert_eq!(theirs.1, kvctls.1, "the two files from {kind} are equally long");
            assert_eq!(theirs.1 % 512, 32, "a store and a digest");
            let status = Tool::offline(kind).run(&["snapshot", "status", &text(&kvctls.2)]);
            assert!(status.text().contains(", 2, 1, "), "{kind}: {status:?}");
            let nowhere = client(tool).run(&["snapshot", "save", "/nonexistent/a"]);
            let nothing = client(tool).run(&["snapshot", "save"]);
            let ours = [&["snapshot", "save", "/nonexistent/a"][..], &["snapshot", "save"]]
                .map(|line| client(Kind::Kvd).run(line));
            assert_eq!((nowhere.status, nothing.status), (ours[0].status, ours[1].status));
            if tool == Kind::Etcd37 {
                assert_eq!((&nothing.stdout, &nothing.stderr), (&ours[1].stdout, &ours[1].stderr));
            }
            (theirs.0, kvctls.0)
        });
        assert_eq!(etcd, ours, "with {tool}");
        assert_eq!(etcd.1, "0Snapshot saved at FILE\nServer version 3.7.0\n");
    }
}

/// What becomes of a snapshot whose digest is missing or wrong, with every tool on its own server's file.
/// The server takes the connection and says nothing, so that the file is there and never whole.
#[test]
fn an_interrupted_save_leaves_no_part_behind() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let directory = tempfile::tempdir().expect("a temporary directory");
    for signal in [Signal::INT, Signal::TERM] {
        let mut saving = Command::new(Kind::Kvd.client_tool())
            .arg(format!("--endpoints={}", silent.local_addr().expect("an address")))
            .args(["snapshot", "save"])
            .arg(directory.path().join("a.db"))
            .stderr(Stdio::null())
            .spawn()
            .expect("kvctl starts");
        let (connection, _) = silent.accept().expect("a connection");
        assert!(directory.path().join("a.db.part").exists(), "it is made before the server is asked");
        kill_process(Pid::from_child(&saving), signal).expect("a signal");
        assert_eq!(saving.wait().expect("kvctl ends").code(), Some(1), "{signal:?}");
        assert_eq!(fs::read_dir(directory.path()).expect("the directory is there").count(), 0);
        drop(connection);
    }
}

#[test]
fn a_digest_is_missed_unless_nobody_asks_for_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let [etcd, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
        let server = Server::start(kind);
        let client = Tool::client(Kind::Kvd, &server);
        assert_eq!(client.run(&["put", "a", "1"]).status, 0);
        let file = directory.path().join(format!("of {kind}"));
        assert_eq!(client.run(&["snapshot", "save", &text(&file)]).status, 0);
        let whole = fs::read(&file).expect("the snapshot");
        let (bare, digest) = whole.split_at(whole.len() - 32);
        let wrong = [bare, &digest.iter().map(|byte| !byte).collect::<Vec<_>>()].concat();
        let cases = [("whole", whole.as_slice()), ("bare", bare), ("wrong", wrong.as_slice())];
        let mut said = Vec::new();
        for (name, bytes) in cases {
            fs::write(&file, bytes).expect("the snapshot is changed");
            for flags in [&[][..], &["--skip-hash-check"], &["--skip-hash-check=false"]] {
                let to = directory.path().join(format!("{name} {flags:?} of {kind}"));
                let (from, data) = (text(&file), text(&to));
                let line = [&["snapshot", "restore", &from, "--data-dir", &data], flags].concat();
                let output = Tool::offline(kind).run(&line);
                let errors = output.stderr.lines().filter(|line| line.starts_with("Error"));
                // Which digests they are is not the same.
                let errors: Vec<_> = errors.map(|line| line.split(" [").next().expect("a line")).collect();
                said.push((name, flags, output.status, errors.join("\n")));
                // etcdutl leaves half a directory behind where it refuses.
                assert!(to.exists() == (output.status == 0) || kind == Kind::Etcd37 && to.exists());
            }
        }
        said
    });
    assert_eq!(etcd, ours);
}

/// While keys are written one after the other, the store is saved by the client and by the offline tool; each copy, restored,
/// has the hash that the server gives for its revision.
#[test]
fn what_is_saved_under_load_comes_back() {
    let mut server = Server::start(Kind::Kvd);
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load = {
        let (endpoint, stop, written) = (server.endpoint(), Arc::clone(&stop), Arc::clone(&written));
        thread::spawn(move || write_until(&endpoint, &stop, &written))
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let client = Tool::client(Kind::Kvd, &server);
    let offline = Tool::offline(Kind::Kvd);
    let mut saved = Vec::new();
    for round in 0..ROUNDS {
        while written.load(Ordering::Relaxed) < PUTS_BEFORE * (round + 1) && !load.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        let [online, beside] = ["online", "beside"].map(|name| directory.path().join(format!("{name} {round}")));
        let output = client.run(&["snapshot", "save", &text(&online), "--zstd"]);
        assert_eq!(output.status, 0, "{output:?}");
        let data = text(&server.data_directory());
        let output = offline.run(&["snapshot", "save", &text(&beside), "--data-dir", &data]);
        assert_eq!(output.status, 0, "{output:?}");
        saved.extend([online, beside]);
    }
    stop.store(true, Ordering::Relaxed);
    load.join().expect("the writer does not panic");

    let mut revisions = Vec::new();
    for (number, file) in saved.iter().enumerate() {
        let to = directory.path().join(format!("restored {number}"));
        let restored = offline.run(&["snapshot", "restore", &text(file), "--keep-revision", "--data-dir", &text(&to)]);
        assert_eq!(restored.status, 0, "{restored:?}");
        let hashed = offline.run(&["hashkv", &text(&to)]);
        let [hash, revision, _] = <[_; 3]>::try_from(hashed.text().trim().split(", ").collect::<Vec<_>>())
            .unwrap_or_else(|_| panic!("{hashed:?}"));
        let theirs = client.run(&["endpoint", "hashkv", "--rev", revision]);
        assert!(theirs.text().contains(&format!(", {hash}, ")), "revision {revision}: {hash} and {theirs:?}");
        revisions.push(revision.parse::<i64>().expect("a revision"));
        let again = Server::start_on(Kind::Kvd, &to).expect("a server starts on it");
        assert_eq!(Tool::client(Kind::Kvd, &again).run(&["put", "after", "1"]).status, 0);
    }
    assert!(revisions.is_sorted() && revisions[0] < revisions[2 * ROUNDS - 1], "{revisions:?}");
    server.check_alive();
}

fn write_until(endpoint: &str, stop: &AtomicBool, written: &AtomicUsize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let url = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
        let endpoint = Endpoint::from_shared(url).expect("an address");
        let mut client = KvClient::new(endpoint.connect().await.expect("the server accepts"));
        while !stop.load(Ordering::Relaxed) {
            let number = written.fetch_add(1, Ordering::Relaxed);
            let key = format!("key {}", number % 500).into();
            let value = format!("{number} ").repeat(number % 1000).into();
            client.put(PutRequest { key, value, ..PutRequest::default() }).await.expect("a put");
        }
    });
}
