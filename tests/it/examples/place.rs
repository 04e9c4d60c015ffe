//! A place to try examples in: servers and files of the names that examples use.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::{LeaseGrantRequest, PutRequest};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{Authority, Kind, Programs, Server, Subject, Tool};

/// How long an example may take, or wait for what ends it.
const WITHIN: Duration = Duration::from_secs(60);
/// How often what ends an example is looked for.
const POLL_EVERY: Duration = Duration::from_millis(20);

/// The lease that examples name.
const LEASE: i64 = 0x3269_5410_dcc0_ca06;
/// Examples compact and read at revisions up to 1200.
const NEWEST: i64 = 1250;
/// The revision that examples take for the one at which the color was written.
const COLORED_AT: i64 = 12;
/// The password of everybody, also typed where one is asked for.
pub(crate) const PASSWORD: &str = "secret";

/// Programs that examples call and that are not ours, or that would reach other machines.
const STUBS: &[(&str, &str)] = &[
    ("bin/cargo", "exec true"),
    ("bin/ssh", "shift; exec sh -c \"$*\""),
    ("bin/pass", "echo secret"),
    ("bin/editor", "exec sed -i s/1/2/ \"$@\""),
    ("backup", "exec true"),
];

/// What every place begins with.
pub(crate) struct Beginning {
    directory: TempDir,
    programs: Programs,
    authority: Authority,
}

impl Beginning {
    pub(crate) fn new() -> Beginning {
        let directory = TempDir::new().expect("a temporary directory");
        let data = directory.path().join("default.kvd");
        let mut server = Server::start_on(Kind::Kvd, &data).expect("kvd starts");
        write_history(&server);
        let save = Tool::client(Kind::Kvd, &server);
        for (file, options) in [("backup.db", &[][..]), ("backup.db.zst", &["--zstd"])] {
            let file = directory.path().join(file);
            let line = [&["snapshot", "save", file.to_str().expect("a path of text")], options].concat();
            assert_eq!(save.run(&line).status, 0);
        }
        server.stop();
        let authority = Authority::with_server();
        authority.sign("alice", &Subject { common_name: "alice", ..Subject::default() });
        Beginning { directory, programs: Programs::new(), authority }
    }

    /// Makes a directory with everything that examples name.
    fn files(&self) -> (TempDir, PathBuf) {
        let directory = TempDir::new().expect("a temporary directory");
        let at = |name: &str| directory.path().join(name);
        for made in ["bin", "mnt/backup", ".zfunc", ".config/fish/completions", "var/lib", "etc"] {
            fs::create_dir_all(at(made)).expect("a directory");
        }
        for (name, script) in STUBS {
            fs::write(at(name), format!("#!/bin/sh\n{script}\n")).expect("a program");
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).expect("a program");
        }
        let beginning = self.directory.path();
        // The running server's directory, one that no server uses, and a copy elsewhere.
        let data = at("running.kvd");
        for copy in [&data, &at("default.kvd"), &at("mnt/backup/default.kvd")] {
            copy_directory(&beginning.join("default.kvd"), copy);
        }
        for (from, to) in [("backup.db", "backup.db"), ("backup.db.zst", "mnt/backup/kvd.db.zst")] {
            fs::copy(beginning.join(from), at(to)).expect("a copy");
        }
        for name in ["ca.pem", "server.pem", "server.key", "alice.pem", "alice.key"] {
            fs::copy(self.authority.file(name), at(name)).expect("a copy");
        }
        let texts = [
            ("logo.png", "\u{1}\u{2}not text\0\n"),
            ("password-file", "changed\n"),
            ("keys.jsonl", "{\"key\":\"/new/a\",\"value\":\"1\"}\n{\"key\":\"/new/b\",\"value\":\"2\"}\n"),
            ("etc/kvd.yaml", "name: a\nlisten-client-urls: http://127.0.0.1:0\n"),
        ];
        for (name, text) in texts {
            fs::write(at(name), text).expect("a file");
        }
        (directory, data)
    }
}

/// Writes what examples read: three keys below `/app/`, others, and many revisions.
#[tokio::main(flavor = "current_thread")]
async fn write_history(server: &Server) {
    let mut lease = LeaseClient::new(server.channel());
    lease.lease_grant(LeaseGrantRequest { id: LEASE, ttl: 600 }).await.expect("a lease");
    let mut kv = KvClient::new(server.channel());
    for revision in 2..=NEWEST {
        let (key, value) = match revision {
            COLORED_AT => ("/app/color", "green"),
            13 => ("/app/config.json", "{\"size\": 1}"),
            14 => ("/app/name", "demo"),
            15 => ("/config/name", "demo"),
            _ => ("seed", "x"),
        };
        let request = PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() };
        let header = kv.put(request).await.expect("a put").into_inner().header.expect("a header");
        assert_eq!(header.revision, revision);
    }
}

/// A directory with files, and two servers.
pub(crate) struct Place<'a> {
    beginning: &'a Beginning,
    directory: TempDir,
    server: Server,
    /// The one that keys are copied to.
    other: Option<Server>,
}

/// What an example did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl<'a> Place<'a> {
    /// Makes a place whose first server is a kvd with a history.
    pub(crate) fn new(beginning: &'a Beginning) -> Self {
        let (directory, data) = beginning.files();
        let server = Server::start_on(Kind::Kvd, &data).expect("kvd starts");
        Place { beginning, directory, server, other: None }
    }

    /// Makes a place whose first server is an etcd, which can have further members.
    pub(crate) fn of_etcd(beginning: &'a Beginning) -> Self {
        let (directory, _) = beginning.files();
        Place { beginning, directory, server: Server::start(Kind::Etcd37), other: None }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Returns one of our programs.
    pub(crate) fn program(&self, name: &str) -> String {
        self.beginning.programs.path(name).to_str().expect("a path of text").to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the second server, which speaks TLS too.
    pub(crate) fn other(&mut self) -> &Server {
        let authority = &self.beginning.authority;
        self.other.get_or_insert_with(|| Server::start_secure(Kind::Kvd, authority, &[]))
    }

    /// Returns the second server, which has been started.
    pub(crate) fn other_now(&self) -> &Server {
        self.other.as_ref().expect("it has been started")
    }

    /// Runs a script to its end.
    pub(crate) fn run(&self, script: &str) -> Ran {
        let child = self.start(script);
        self.end(child, |_| false)
    }

    /// Runs a command that goes on by itself until something has come of it, and then interrupts it.
    pub(crate) fn run_until(&self, command: &str, enough: impl Fn(&str) -> bool) -> Ran {
        let child = self.start(&format!("exec {command}"));
        self.end(child, enough)
    }

    fn end(&self, mut child: Child, enough: impl Fn(&str) -> bool) -> Ran {
        let deadline = Instant::now() + WITHIN;
        let read = |name| fs::read(self.path(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let mut interrupted = false;
        let status = loop {
            if let Some(status) = child.try_wait().expect("wait for an example") {
                break status;
            }
            if !interrupted && enough(&read("stdout").expect("its output")) {
                kill_process(Pid::from_child(&child), Signal::INT).expect("interrupt an example");
                interrupted = true;
            }
            if Instant::now() > deadline {
                child.kill().expect("end an example");
                break child.wait().expect("wait for an example");
            }
            thread::sleep(POLL_EVERY);
        };
        Ran { status, stdout: read("stdout").expect("its output"), stderr: read("stderr").expect("its messages") }
    }

    fn start(&self, script: &str) -> Child {
        fs::write(self.path("typed"), format!("{PASSWORD}\n").repeat(4)).expect("a file");
        let open = |name| File::create(self.path(name)).expect("a file");
        let bin = self.path("bin");
        // Whoever starts the tests in the background of a script has them ignore interrupts, and all they start.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "bash", "-c", &format!("set -o pipefail\n{script}")]);
        command.current_dir(self.directory.path());
        command.env_clear().env("PATH", format!("{}:{}", bin.display(), self.beginning.programs.search_path()));
        command.env("HOME", self.directory.path()).env("EDITOR", "editor").env("LC_ALL", "C.UTF-8");
        command.env("KVCTL_ENDPOINTS", self.server.endpoint());
        if !script.contains("--listen-client-urls") {
            command.env("KVD_LISTEN_CLIENT_URLS", "http://127.0.0.1:0");
        }
        if !script.contains("--ready-file") {
            command.env("KVD_READY_FILE", "ready");
        }
        command.stdin(File::open(self.path("typed")).expect("a file"));
        command.stdout(open("stdout")).stderr(open("stderr")).spawn().expect("bash is there")
    }
}

impl Ran {
    /// Says whether it succeeded, or was interrupted and let that end it.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.success() || self.status.signal() == Some(Signal::INT.as_raw())
    }
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_directory(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}
