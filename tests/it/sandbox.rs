//! A server for one command: what the command finds, how it ends, and that nothing of the server is left.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::Programs;

/// How long something may take that happens at once on an idle machine.
const WITHIN: Duration = Duration::from_secs(30);

/// The programs, and an empty directory for what is temporary.
struct Place {
    programs: Programs,
    temporary: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { programs: Programs::new(), temporary: TempDir::new().expect("a temporary directory") }
    }

    /// Returns `kvctl sandbox` with options, ready to run a script of the shell.
    fn sandbox(&self, options: &[&str], script: &str) -> Command {
        let mut command = Command::new(self.programs.path("kvctl"));
        command.arg("sandbox").args(options).args(["--", "sh", "-c", script]);
        command.env("PATH", self.programs.search_path()).env("TMPDIR", self.temporary.path()).env_remove("CI");
        command
    }

    fn run(&self, options: &[&str], script: &str) -> Output {
        self.sandbox(options, script).output().expect("kvctl runs")
    }

    #[track_caller]
    fn assert_nothing_left(&self) {
        let left: Vec<_> = fs::read_dir(self.temporary.path()).expect("the directory is there").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + WITHIN;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {WITHIN:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

#[test]
fn the_command_has_a_server_of_its_own_and_nothing_is_left() {
    let place = Place::new();
    let mut command = place.sandbox(&[], "kvctl put a 1 && kvctl get a && test $ETCDCTL_ENDPOINTS = $KVCTL_ENDPOINTS");
    // What leads to another server, or changes this one, is not meant.
    command.env("KVCTL_USER", "nobody:secret").env("ETCD_LISTEN_CLIENT_URLS", "nonsense");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"OK\na\n1\n"[..], &b""[..]));
    place.assert_nothing_left();
}

#[test]
fn the_status_is_the_commands() {
    let place = Place::new();
    assert_eq!(place.run(&[], "exit 7").status.code(), Some(7));
    assert_eq!(place.run(&[], "kill -9 $$").status.code(), Some(137));
    let output = place.sandbox(&[], "").args(["ignored"]).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8_lossy(&output.stderr).contains("executable file not found"), "{output:?}");
    place.assert_nothing_left();

    let output = place.sandbox(&["-w", "jsonl"], "").args(["ignored"]).env("PATH", "").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("{\"error\":\"exec: \\\"sh\\\"") && said.contains("\"exit_status\":127"), "{said}");
}

#[test]
fn a_kvctl_that_is_told_to_end_tells_the_command() {
    let place = Place::new();
    let mut command = place.sandbox(&[], "trap 'echo told; exit 5' TERM; echo ready; while :; do read line; done");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut kvctl = command.spawn().unwrap();
    let mut lines = BufReader::new(kvctl.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "ready");
    let told = Command::new("kill").arg(kvctl.id().to_string()).status().unwrap();
    assert!(told.success());
    assert_eq!((lines.next().as_deref(), lines.next()), (Some("told"), None));
    assert_eq!(kvctl.wait().unwrap().code(), Some(5));
    place.assert_nothing_left();
}

#[test]
fn a_snapshot_is_what_it_begins_with() {
    let place = Place::new();
    let snapshot = place.programs.path("backup.db");
    let snapshot = snapshot.to_str().unwrap();
    let output = place.run(&[], &format!("kvctl put a 1; kvctl put a 2; kvctl snapshot save {snapshot}"));
    assert!(output.status.success(), "{output:?}");
    let output = place.run(&["--from-snapshot", snapshot], "kvctl get a; kvctl get a --rev 2 --print-value-only");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a\n2\n1\n", "{output:?}");

    let output = place.run(&["--from-snapshot", "/nowhere.db"], "echo never");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    assert_eq!(said, "Error: kvd did not start: restore /nowhere.db: stat /nowhere.db: no such file or directory\n");
    place.assert_nothing_left();
}

/// Neither another session nor a parent that has ended keeps a process from being found.
#[test]
fn a_kvctl_that_is_killed_takes_the_server_the_command_and_what_it_started_with_it() {
    let place = Place::new();
    let script = "(setsid cat <&3 & echo $!) 3<&0; setsid cat <&0 & echo $! $$; echo $KVCTL_ENDPOINTS; cat";
    let mut command = place.sandbox(&[], script);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut kvctl = command.spawn().unwrap();
    let mut lines = BufReader::new(kvctl.stdout.take().unwrap()).lines().map(Result::unwrap);
    let processes = format!("{} {}", lines.next().unwrap(), lines.next().unwrap());
    let processes: Vec<PathBuf> = processes.split(' ').map(|id| Path::new("/proc").join(id)).collect();
    assert!(processes.len() == 3 && processes.iter().all(|process| process.exists()), "{processes:?}");
    let address: std::net::SocketAddr = lines.next().unwrap().parse().unwrap();
    TcpStream::connect(address).expect("the server serves");
    assert!(!is_empty(place.temporary.path()));
    kvctl.kill().unwrap();
    assert_eq!(kvctl.wait().unwrap().signal(), Some(9));
    wait_until("the command ends", || !processes.iter().any(|process| process.exists()));
    wait_until("the server ends", || TcpStream::connect(address).is_err());
    wait_until("the directory is removed", || is_empty(place.temporary.path()));
}

#[test]
fn without_a_kvd_it_says_so() {
    let place = Place::new();
    fs::remove_file(place.programs.path("kvd")).unwrap();
    let output = place.sandbox(&[], "true").env("PATH", "/nowhere").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.starts_with("Error: kvd is neither beside kvctl nor in PATH\nhint: "), "{said}");
}
