//! The process `kvd`: its exit statuses, its output and its signals.

use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::{Channel, Endpoint};

use crate::harness::{PATIENCE, get, put};

fn kvd() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kvd"));
    // What the developer has set must not matter.
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETCD_") || name.starts_with("KVD_")) {
        command.env_remove(variable);
    }
    command
}

fn output(command: &mut Command) -> (Output, String, String) {
    let output = command.output().expect("kvd runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

/// A running server, killed when dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path) -> Self {
        let (ready, notify) = (directory.join("ready"), directory.join("notify"));
        // A server that was killed could not remove its file.
        let _ = std::fs::remove_file(&ready);
        let _ = std::fs::remove_file(&notify);
        let told = UnixDatagram::bind(&notify).expect("a socket in our own directory");
        told.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a timeout");
        let log = std::fs::File::create(directory.join("log")).expect("a log file");
        let mut child = kvd()
            .args(["--name", "test", "--listen-client-urls", "http://127.0.0.1:0", "--data-dir"])
            .arg(directory.join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .env("NOTIFY_SOCKET", &notify)
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .expect("kvd starts");
        let deadline = Instant::now() + PATIENCE;
        let mut state = [0; 16];
        while told.recv(&mut state).is_err() {
            let ended = child.try_wait().expect("the child can be asked");
            assert!(ended.is_none() && Instant::now() < deadline, "kvd is not ready: {ended:?}\n{}", log_of(directory));
        }
        let url = std::fs::read_to_string(ready).expect("the ready file").trim().to_owned();
        Self { child, url }
    }

    async fn kv(&self) -> KvClient<Channel> {
        let endpoint = Endpoint::from_shared(self.url.clone()).expect("our own URL");
        KvClient::new(endpoint.connect().await.expect("the server accepts"))
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).expect("the process is ours");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_of(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("log")).expect("the log")
}

#[test]
fn help_and_versions_are_printed() {
    let (ended, stdout, _) = output(kvd().arg("--help"));
    assert!(ended.status.success() && stdout.contains("--listen-client-urls"));
    let (ended, stdout, _) = output(kvd().arg("-version"));
    assert!(ended.status.success() && stdout.starts_with(&format!("kvd Version: {}\n", env!("CARGO_PKG_VERSION"))));
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("etcd");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kvd"), &link).unwrap();
    let (_, stdout, _) = output(Command::new(link).arg("--version"));
    assert!(stdout.starts_with("etcd Version: 3.7.1\nGit SHA: "), "{stdout}");
}

#[test]
fn refusals_have_etcds_exit_statuses() {
    let (ended, _, stderr) = output(kvd().arg("--nonsense"));
    assert_eq!(ended.status.code(), Some(2));
    assert!(stderr.starts_with("flag provided but not defined: -nonsense\n"), "{stderr}");
    let (ended, _, stderr) = output(kvd().arg("nonsense"));
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr.contains("\"msg\":\"failed to verify flags\",\"error\":\"\\\"nonsense\\\" is not a valid flag\""));
    let (ended, _, stderr) = output(kvd().args(["--name", "a"]).env("ETCD_NAME", "b"));
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr.contains("conflicting environment variable") && stderr.contains("ETCD_NAME"), "{stderr}");
}

#[test]
fn the_directory_of_an_etcd_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("member/snap")).unwrap();
    std::fs::write(directory.path().join("member/snap/db"), "bbolt").unwrap();
    let url = ["--listen-client-urls", "http://127.0.0.1:0"];
    let (ended, _, stderr) = output(kvd().args(url).arg("--data-dir").arg(directory.path()));
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr.contains("is the data directory of an etcd"), "{stderr}");
}

#[test]
fn a_stop_ends_with_the_signal_that_asked_for_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Server::start(directory.path());
        server.signal(signal);
        let ended = server.child.wait().unwrap();
        assert_eq!(ended.signal(), Some(signal.as_raw()));
        let log = log_of(directory.path());
        for message in ["ready to serve client requests", "received signal; shutting down", "closed etcd server"] {
            assert!(log.contains(&format!("\"msg\":\"{message}\"")), "{message}\n{log}");
        }
        assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
        assert!(!directory.path().join("ready").exists());
    }
}

#[test]
fn a_second_process_is_refused_with_the_pid_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let first = Server::start(directory.path());
    let url = ["--listen-client-urls", "http://127.0.0.1:0", "--data-dir"];
    let (ended, _, stderr) = output(kvd().args(url).arg(directory.path().join("data")));
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr.contains(&format!("is in use by process {}", first.child.id())), "{stderr}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let mut kv = server.kv().await;
    for number in 0..50 {
        kv.put(put(&format!("k{number}"), "v")).await.unwrap();
    }
    drop(server);
    let server = Server::start(directory.path());
    let mut kv = server.kv().await;
    let header = kv.range(get("k49")).await.unwrap().into_inner().header.unwrap();
    assert_eq!(header.revision, 51);
}
