//! kvctl in the middle of a long command when its server dies or hangs: it goes on elsewhere, or says how far it came.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::proxy::{Failure, Proxy};
use crate::harness::{Kind, Output, Server, Tool};

const FAILURES: [Failure; 2] = [Failure::Broken, Failure::Silent];

/// A server with some megabytes, and the same as lines of JSON.
fn filled() -> (Server, String) {
    let server = Server::start(Kind::Kvd);
    let value = "v".repeat(500);
    let lines: String = (0..6000).map(|n| format!("{{\"key\":\"k/{n:04}\",\"value\":\"{value}\"}}\n")).collect();
    let imported = Tool::client(Kind::Kvd, &server).run_with_input(&["import"], &lines);
    assert_eq!(imported.text(), "created 6000, changed 0, unchanged 0\n", "{}", imported.stderr);
    (server, lines)
}

/// Runs a command with endpoints of its own.
fn run(endpoints: &[String], line: &str, input: &str) -> Output {
    let endpoints = format!("--endpoints={}", endpoints.join(","));
    Tool::with(Kind::Kvd, &[&endpoints]).run_with_input(&line.split(' ').collect::<Vec<_>>(), input)
}

#[test]
fn a_read_goes_on_elsewhere() {
    let (server, lines) = filled();
    let commands = ["get k/ --prefix", "get k/ --prefix -w json", "export", "import --dry-run"];
    thread::scope(|scope| {
        for (line, failure) in commands.iter().flat_map(|line| FAILURES.map(|failure| (*line, failure))) {
            let (server, lines) = (&server, &lines);
            scope.spawn(move || {
                let proxy = Proxy::failing(server.address(), 500_000, failure);
                // Enough for a server that hangs to be found out on a busy machine.
                let line = format!("{line} --command-timeout 40s");
                let output = run(&[proxy.address().to_string(), server.endpoint()], &line, lines);
                let expected = run(&[server.endpoint()], &line, lines);
                assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{line}, {failure:?}");
                assert!(output.stdout == expected.stdout, "{line}, {failure:?}");
            });
        }
    });
}

#[test]
fn where_there_is_no_other_server_it_is_said_how_far_it_came() {
    let (server, _) = filled();
    for (failure, message) in FAILURES.into_iter().zip(["", "the server was reached but did not answer in time"]) {
        let proxy = Proxy::failing(server.address(), 500_000, failure);
        let line = "get k/ --prefix --command-timeout 1s";
        let Output { status, stdout, stderr } = run(&[proxy.address().to_string()], line, "");
        let text = String::from_utf8_lossy(&stdout);
        let last = text.lines().rev().find(|line| line.starts_with("k/")).expect("some keys had come").to_owned();
        assert_eq!((status, stderr.lines().next()), (1, Some("Error: context deadline exceeded")), "{stderr}");
        assert!(stderr.contains(&format!("the output ends with the key \"{last}\"")), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }

    let directory = TempDir::new().expect("a temporary directory");
    let file = directory.path().join("backup.db");
    let proxy = Proxy::failing(server.address(), 500_000, Failure::Broken);
    let saved = run(&[proxy.address().to_string()], &format!("snapshot save {}", file.display()), "");
    let first = "Error: rpc error: code = Unavailable desc = error reading from server: ";
    assert!(saved.status == 5 && saved.stderr.starts_with(first), "{}", saved.stderr);
    assert!(saved.stderr.contains("bytes had come; nothing of them is kept"), "{}", saved.stderr);
    assert_eq!(directory.path().read_dir().expect("read it").count(), 0, "nothing is left");
}

#[test]
fn a_lease_is_renewed_elsewhere_before_it_ends() {
    let server = Server::start(Kind::Kvd);
    let renew = &|failure: Failure| {
        let granted = Tool::client(Kind::Kvd, &server).run(&["lease", "grant", "15"]);
        let lease = granted.text().split(' ').nth(1).expect("an id").to_owned();
        let proxy = Proxy::start(server.address());
        let endpoints = format!("--endpoints={},{}", proxy.address(), server.endpoint());
        let mut renewing = Command::new(Kind::Kvd.client_tool())
            .args([&endpoints, "lease", "keep-alive", &lease])
            .stdout(Stdio::piped())
            .spawn()
            .expect("start kvctl");
        let mut lines = BufReader::new(renewing.stdout.take().expect("piped")).lines();
        let mut renewed = || lines.next().expect("it goes on").expect("text").ends_with("keepalived with TTL(15)");
        assert!(renewed());
        proxy.fail(failure);
        assert!(renewed() && renewed(), "{failure:?}");
        renewing.kill().expect("end kvctl");
        renewing.wait().expect("it ends");
    };
    thread::scope(|scope| {
        for failure in FAILURES {
            scope.spawn(move || renew(failure));
        }
    });
}

/// Whoever held the lock hears at once that it may be another's by now, and not when the server that is gone could be told.
#[test]
fn a_lost_lock_is_told_without_the_server() {
    let server = Server::start(Kind::Kvd);
    for failure in FAILURES {
        let proxy = Proxy::start(server.address());
        let endpoints = format!("--endpoints={}", proxy.address());
        let mut holder = Command::new(Kind::Kvd.client_tool())
            .args([&endpoints, "--command-timeout=1h", "lock", "job", "--ttl=3"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start kvctl");
        let mut lines = BufReader::new(holder.stdout.take().expect("piped")).lines();
        assert!(lines.next().expect("it holds").expect("text").starts_with("job/"));
        proxy.fail(failure);
        let ended = holder.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(1) && said.contains("Error: session expired"), "{said}");
    }
}

#[test]
fn waiting_for_a_server_can_be_interrupted() {
    for line in ["lock job", "elect job me"] {
        let mut waiting = Command::new(Kind::Kvd.client_tool())
            .args(["--endpoints=127.0.0.1:1", "--dial-timeout=1s"])
            .args(line.split(' '))
            .stderr(Stdio::piped())
            .spawn()
            .expect("start kvctl");
        let mut said = BufReader::new(waiting.stderr.take().expect("piped")).lines();
        assert!(
            said.next().expect("it says so").expect("text").starts_with("still trying; 127.0.0.1:1: cannot connect")
        );
        kill_process(Pid::from_child(&waiting), Signal::INT).expect("interrupt kvctl");
        assert_eq!(said.next().expect("an error").expect("text"), "Error: context canceled");
        assert_eq!(waiting.wait().expect("it ends").code(), Some(1));
    }
}

#[test]
fn a_check_whose_server_is_gone_says_what_it_left() {
    let server = Server::start(Kind::Kvd);
    let proxy = Proxy::failing(server.address(), 15_000, Failure::Broken);
    let checked = run(&[proxy.address().to_string()], "check perf --duration 2s --prefix /c/ --command-timeout 1s", "");
    assert_eq!(checked.status, 1, "{}", checked.stderr);
    assert!(checked.text().starts_with("FAIL: Cleanup failed during key deletion: ERROR("), "{}", checked.text());
    assert!(checked.stderr.contains("can be deleted with `kvctl del --prefix \"/c/\"`"), "{}", checked.stderr);
}
