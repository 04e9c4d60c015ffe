//! Clients that people use, each by a program in its own language: what it sees of kvd is what it sees of etcd 3.7.1.
//!
//! The programs are in `tests/interop`, one directory for each library; `tests/interop/install` makes them ready.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::proxy::Proxy;
use crate::harness::{Authority, Kind, Server, Subject};

/// What a program says when it wants its connections to be cut.
const CUT: &str = "cut me";

/// How a program reaches a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) address: SocketAddr,
    /// What the server is called; its certificate names the machine, not an address that a library may not compare with it.
    pub(crate) host: &'a str,
    /// Where certificates come from, and which is shown.
    pub(crate) tls: Option<(&'a Authority, Option<&'a str>)>,
    /// Other variables that the program knows.
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

impl Access<'_> {
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Access { address, host: "localhost", tls: None, variables: &[] }
    }
}

/// Returns the program of a client.
pub(crate) fn program(name: &str) -> PathBuf {
    let installed = env::var_os("KVD_CLIENTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clients"), PathBuf::from);
    let program = installed.join(name);
    assert!(program.exists(), "{} is missing; tests/interop/install makes it", program.display());
    program
}

/// Runs one section of a program; returns what it printed, or its errors where it failed.
pub(crate) fn run(name: &str, section: &str, access: Access<'_>) -> Result<String, String> {
    let proxy = Proxy::start(access.address);
    let mut command = Command::new(program(name));
    command.arg(section).env("ENDPOINT", format!("{}:{}", access.host, proxy.address().port()));
    for variable in ["CA", "CERT", "KEY", "TLS_VERSION", "PATIENCE_SECONDS"] {
        command.env_remove(variable);
    }
    command.envs(access.variables.iter().copied());
    if let Some((authority, certificate)) = access.tls {
        command.env("CA", authority.file("ca.pem"));
        if let Some(certificate) = certificate {
            command.env("CERT", authority.file(&format!("{certificate}.pem")));
            command.env("KEY", authority.file(&format!("{certificate}.key")));
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    let mut input = child.stdin.take().expect("piped above");
    let mut errors = child.stderr.take().expect("piped above");
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        // What is no text is shown as far as it is.
        let _ = errors.read_to_string(&mut text);
        text
    });
    let mut printed = String::new();
    for line in BufReader::new(child.stdout.take().expect("piped above")).lines() {
        let line = line.expect("a program prints text");
        if line == CUT {
            proxy.cut();
            // A program that has ended says why below.
            let _ = writeln!(input, "cut");
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    let status = child.wait().expect("the program was started");
    let errors = errors.join().expect("reading does not panic");
    if status.success() { Ok(printed) } else { Err(format!("{status}\n{printed}{errors}")) }
}

/// Runs a section against etcd and against kvd, and compares what was printed.
fn same(name: &str, sections: &[&str]) {
    for section in sections {
        let [theirs, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
            let server = Server::start(kind);
            run(name, section, Access::plain(server.address()))
                .unwrap_or_else(|failed| panic!("{name} {section} with {kind}: {failed}"))
        });
        assert!(theirs.ends_with("done\n"), "{name} {section}: {theirs}");
        assert_eq!(ours, theirs, "{name} {section}");
    }
}

/// Reaches a server by TLS with a certificate of its own, and is not let in without, or by another's authority.
fn secure(name: &str) {
    let authority = Authority::with_server();
    authority.sign("client", &Subject { common_name: "client", ..Subject::default() });
    let stranger = Authority::with_server();
    stranger.sign("client", &Subject { common_name: "client", ..Subject::default() });
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let trusted = authority.argument("ca.pem");
        let server = Server::start_secure(kind, &authority, &["--client-cert-auth", "--trusted-ca-file", &trusted]);
        let reach = |tls, seconds| {
            let variables = [("PATIENCE_SECONDS", seconds)];
            run(name, "tls", Access { tls: Some(tls), variables: &variables, ..Access::plain(server.address()) })
        };
        let told = reach((&authority, Some("client")), "30");
        assert!(told.as_ref().is_ok_and(|told| told.ends_with("done\n")), "{name} with {kind}: {told:?}");
        assert!(reach((&authority, None), "1").is_err(), "{name} with {kind}: let in without a certificate");
        assert!(reach((&stranger, Some("client")), "1").is_err(), "{name} with {kind}: took a stranger for the server");
    }
}

/// The sections of every program; one that its library does not offer says so.
const SECTIONS: &[&str] = &["kv", "txn", "watch", "lease", "lock", "election", "auth"];

#[test]
fn go() {
    same("go-client", SECTIONS);
}

#[test]
fn go_by_tls() {
    secure("go-client");
}

#[test]
fn python_etcd3() {
    same("python-etcd3", SECTIONS);
}

#[test]
fn python_etcd3_by_tls() {
    secure("python-etcd3");
}

/// Its library speaks no TLS that could be told to trust an authority.
#[test]
fn python_aetcd() {
    same("python-aetcd", SECTIONS);
}

#[test]
fn node() {
    same("node", SECTIONS);
}

#[test]
fn node_by_tls() {
    secure("node");
}

#[test]
fn java() {
    same("java", SECTIONS);
}

#[test]
fn java_by_tls() {
    secure("java");
}

/// A client that knows nothing of the API but what the server says of it. etcd says nothing.
#[test]
fn reflection() {
    let server = Server::start(Kind::Kvd);
    for section in SECTIONS {
        let told = run("reflection", section, Access::plain(server.address()))
            .unwrap_or_else(|failed| panic!("reflection {section}: {failed}"));
        assert!(told.ends_with("done\n") && !told.contains("not offered"), "reflection {section}: {told}");
    }
}
