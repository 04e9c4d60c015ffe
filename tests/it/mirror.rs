//! `kvctl make-mirror` between servers of both kinds: what is there, what changes, and what was compacted in between.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Kind, Server, Tool};

/// How long a mirror may take to be equal.
const WITHIN: Duration = Duration::from_secs(60);

/// A running `kvctl make-mirror`, ended when dropped.
struct Mirror(Child);

impl Mirror {
    fn start(from: &str, to: &Server, arguments: &[&str]) -> Mirror {
        let mut command = Command::new(Kind::Kvd.client_tool());
        command.arg(format!("--endpoints={from}")).arg("make-mirror").arg(to.endpoint()).args(arguments);
        Mirror(command.stdout(Stdio::null()).spawn().expect("start kvctl"))
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.0.kill().expect("end kvctl");
        self.0.wait().expect("wait for kvctl");
    }
}

/// A relay between a client and a server that can be cut.
struct Relay {
    address: SocketAddr,
    server: SocketAddr,
    /// The connections under way; nothing while it is cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    fn start(server: &Server) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listen");
        let address = listener.local_addr().expect("a bound listener");
        let relay = Relay {
            address,
            server: server.endpoint().parse().expect("an address"),
            open: Arc::new(Mutex::new(Some(Vec::new()))),
        };
        let (open, server) = (Arc::clone(&relay.open), relay.server);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // While it is cut, the connection is closed at once.
                let mut open = open.lock().expect("not poisoned");
                let Some(open) = open.as_mut() else { continue };
                let Ok(server) = TcpStream::connect(server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    pass_on(from.try_clone().expect("clone"), to.try_clone().expect("clone"));
                }
                open.extend([client, server]);
            }
        });
        relay
    }

    fn cut(&self) {
        for stream in self.open.lock().expect("not poisoned").take().into_iter().flatten() {
            // The other side may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn heal(&self) {
        *self.open.lock().expect("not poisoned") = Some(Vec::new());
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        let mut pass = || -> io::Result<usize> {
            let length = from.read(&mut buffer)?;
            to.write_all(&buffer[..length])?;
            Ok(length)
        };
        while matches!(pass(), Ok(1..)) {}
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[track_caller]
fn run(server: &Server, arguments: &[&str]) -> String {
    let output = Tool::client(Kind::Kvd, server).run(arguments);
    assert_eq!(output.status, 0, "{arguments:?}: {}", output.stderr);
    output.text().to_owned()
}

/// Waits until a server holds exactly these lines of keys and values.
#[track_caller]
fn wait_for(server: &Server, expected: &str) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let found = run(server, &["get", "", "--prefix"]);
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "found:\n{found}\nexpected:\n{expected}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn keys_and_changes_arrive() {
    for (from, to) in [(Kind::Kvd, Kind::Etcd37), (Kind::Etcd35, Kind::Kvd)] {
        let (source, destination) = (Server::start(from), Server::start(to));
        run(&source, &["put", "app/a", "1"]);
        run(&source, &["put", "app/b", "2"]);
        run(&source, &["put", "other", "3"]);
        run(&destination, &["put", "kept", "x"]);
        let _mirror = Mirror::start(&source.endpoint(), &destination, &["--prefix=app/", "--dest-prefix=copy/"]);
        wait_for(&destination, "copy/a\n1\ncopy/b\n2\nkept\nx\n");
        let transaction = "\nput app/c 4\nput app/a 5\ndel app/b\n\n\n";
        assert_eq!(Tool::client(Kind::Kvd, &source).run_with_input(&["txn"], transaction).status, 0);
        wait_for(&destination, "copy/a\n5\ncopy/c\n4\nkept\nx\n");
        // What was one revision is one revision: of the two keys that are left, both were changed last together.
        let revisions = run(&destination, &["get", "copy/", "--prefix", "-w", "jsonl"]);
        let revision = |line: &str| line.split_once("mod_revision").map(|(_, rest)| rest[2..5].to_owned());
        let revisions: Vec<_> = revisions.lines().map(revision).collect();
        assert_eq!(revisions[0], revisions[1]);
    }
}

#[test]
fn changes_from_a_revision_on_arrive_without_the_prefix() {
    let (source, destination) = (Server::start(Kind::Kvd), Server::start(Kind::Kvd));
    run(&source, &["put", "app/a", "1"]);
    run(&source, &["put", "app/b", "2"]);
    let _mirror = Mirror::start(&source.endpoint(), &destination, &["--prefix=app/", "--no-dest-prefix", "--rev=3"]);
    wait_for(&destination, "b\n2\n");
}

/// The mirror loses its connection, and what happens meanwhile is compacted. It must find out what was deleted without
/// touching what is not its own.
#[test]
fn a_mirror_that_falls_behind_a_compaction_catches_up() {
    let (source, destination) = (Server::start(Kind::Kvd), Server::start(Kind::Kvd));
    let relay = Relay::start(&source);
    run(&source, &["put", "a", "1"]);
    run(&source, &["put", "b", "2"]);
    run(&destination, &["put", "kept", "x"]);
    let _mirror = Mirror::start(&relay.address.to_string(), &destination, &["--max-txn-ops=1"]);
    wait_for(&destination, "a\n1\nb\n2\nkept\nx\n");
    relay.cut();
    run(&source, &["del", "a"]);
    run(&source, &["put", "b", "3"]);
    run(&source, &["put", "c", "4"]);
    run(&source, &["compaction", "6"]);
    relay.heal();
    wait_for(&destination, "b\n3\nc\n4\nkept\nx\n");
    run(&source, &["put", "d", "5"]);
    wait_for(&destination, "b\n3\nc\n4\nd\n5\nkept\nx\n");
}
