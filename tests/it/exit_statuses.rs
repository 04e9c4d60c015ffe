//! Every exit status that the manual lists is one that some command ends with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kv_cli::ExitStatus;

use crate::harness::{Kind, Server, Tool};

/// How long a machine may be too busy for a doctor to have nothing worse to say.
const WITHIN: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(200);

/// What was tried, and which statuses came of it.
#[derive(Default)]
struct Met(BTreeSet<u8>);

impl Met {
    #[track_caller]
    fn note(&mut self, line: &str, expected: ExitStatus, status: i32) {
        assert_eq!(status, i32::from(expected.code()), "{line}");
        self.0.insert(expected.code());
    }

    #[track_caller]
    fn are(&self, listed: &[ExitStatus]) {
        assert_eq!(self.0, listed.iter().map(|status| status.code()).collect(), "those met, and those listed");
    }
}

/// Cuts a line at its spaces.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Runs a doctor until the machine is well enough for what is looked for to be the worst.
fn examine_until(expected: ExitStatus, examine: impl Fn() -> i32) -> i32 {
    let began = Instant::now();
    loop {
        let status = examine();
        if status == i32::from(expected.code()) || began.elapsed() > WITHIN {
            return status;
        }
        thread::sleep(POLL_EVERY);
    }
}

#[test]
fn kvctl_ends_with_every_status_of_its_page() {
    let (server, older) = (Server::start(Kind::Kvd), Server::start(Kind::Etcd35));
    let tool = Tool::client(Kind::Kvd, &server);
    let mut met = Met::default();
    for (line, input, status) in [
        ("put k 1", "", ExitStatus::Success),
        ("put k 2", "", ExitStatus::Success),
        ("compaction 3", "", ExitStatus::Success),
        ("get k --rev=100", "", ExitStatus::Failure),
        ("no-such-command", "", ExitStatus::Failure),
        ("lease keep-alive 77 --once", "", ExitStatus::BadConnection),
        ("txn", "nonsense\n\n\n\n", ExitStatus::BadInput),
        ("import", "nonsense\n", ExitStatus::BadInput),
        ("get k --order=up", "", ExitStatus::BadFeature),
        ("get k -w xml", "", ExitStatus::BadFeature),
        ("watch k --rev=1", "", ExitStatus::Interrupted),
        ("snapshot save /nonexistent/file", "", ExitStatus::Interrupted),
        ("put k --from-file=/nonexistent", "", ExitStatus::Io),
        ("get absent --exists", "", ExitStatus::NotThere),
        ("put k 3 --if-absent", "", ExitStatus::CompareFailed),
        ("del k --expect=2", "", ExitStatus::CompareFailed),
        ("import --if-absent", "{\"key\":\"k\",\"value\":\"4\"}\n", ExitStatus::CompareFailed),
        ("wait absent --exists --timeout=1ms", "", ExitStatus::TimedOut),
        ("put", "", ExitStatus::BadArguments),
    ] {
        met.note(line, status, tool.run_with_input(&words(line), input).status);
    }
    let both = format!("--endpoints={},{}", server.endpoint(), older.endpoint());
    let examined = examine_until(ExitStatus::Concern, || tool.run(&["doctor", &both]).status);
    met.note("doctor of two releases", ExitStatus::Concern, examined);
    let nobody = tool.run(&words("doctor --endpoints=127.0.0.1:1 --command-timeout=100ms"));
    met.note("doctor of nobody", ExitStatus::Trouble, nobody.status);

    for (script, status) in [("exit 7", 7), ("kill -9 $$", 255)] {
        assert_eq!(tool.run(&["lock", "a", "--", "sh", "-c", script]).status, status, "{script}");
    }
    for line in ["user add root:r", "role add root", "user grant-role root root", "auth enable"] {
        assert_eq!(tool.run(&words(line)).status, 0, "{line}");
    }
    met.note("get with a wrong password", ExitStatus::BadConnection, tool.run(&words("get k --user=root:x")).status);
    met.are(kvctl::generated().exit_statuses);
}

#[test]
fn kvutl_ends_with_every_status_of_its_page() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let word = |name: &str| place.path().join(name).to_str().expect("a path of text").to_owned();
    let (data, saved) = (word("data"), word("saved"));
    let mut server = Server::start_on(Kind::Kvd, Path::new(&data)).expect("kvd starts");
    let client = Tool::client(Kind::Kvd, &server);
    for line in [format!("put k {}", "v".repeat(1000)), format!("snapshot save {saved}")] {
        assert_eq!(client.run(&words(&line)).status, 0, "{line}");
    }
    server.stop();
    let mut bytes = fs::read(&saved).expect("a snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(word("damaged"), bytes).expect("a file");

    let tool = Tool::offline(Kind::Kvd);
    let mut met = Met::default();
    let (absent, damaged) = (word("absent"), word("damaged"));
    for (line, status) in [
        (format!("get k --data-dir={data}"), ExitStatus::Success),
        (format!("get k --data-dir={absent}"), ExitStatus::Failure),
        (format!("get k --data-dir={data} -w xml"), ExitStatus::BadFeature),
        (format!("snapshot verify {absent}"), ExitStatus::Io),
        (format!("snapshot verify {damaged}"), ExitStatus::Damaged),
        (format!("doctor --data-dir={absent}"), ExitStatus::Trouble),
        ("snapshot status".to_owned(), ExitStatus::BadArguments),
    ] {
        met.note(&line, status, tool.run(&words(&line)).status);
    }
    // Fewer open files than a server wants are no trouble yet.
    let limited = format!("ulimit -n 1000 && exec {} doctor --data-dir={data}", Kind::Kvd.offline_tool().display());
    let examined = examine_until(ExitStatus::Concern, || {
        let status = Command::new("sh").args(["-c", &limited]).stdout(Stdio::null()).status().expect("a shell");
        status.code().expect("kvutl is not ended by a signal")
    });
    met.note("doctor of few files", ExitStatus::Concern, examined);
    met.are(kvutl::generated(kvutl::Words::KVUTL).exit_statuses);
}
