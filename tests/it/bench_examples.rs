//! Every example in the help of kv-bench, and what BENCHMARKS.md says to type, works: in its smallest form, because what it measures
//! is not looked at.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use tempfile::TempDir;

use crate::harness::{Kind, Server};

const BENCH: &str = env!("CARGO_BIN_EXE_kv-bench-under-test");

/// What makes a command small, in place of what it says itself.
const SMALL: &[(&str, &[(&str, &str)])] = &[
    (
        "compare",
        &[
            ("--seconds", "0.1"),
            ("--rounds", "1"),
            ("--keys", "300"),
            ("--large-keys", "2000"),
            ("--later-changes", "500"),
            ("--defrag-megabytes", "1"),
            ("--compacted-revisions", "1000"),
            ("--client-core", "0"),
        ],
    ),
    (
        "growth",
        &[
            ("--keys", "1000,2000"),
            ("--versions", "1,4"),
            ("--version-keys", "1000"),
            ("--seconds", "0.1"),
            ("--client-core", "0"),
        ],
    ),
    ("cores", &[("--seconds", "0.1"), ("--rounds", "1"), ("--keys", "300"), ("--client-core", "0")]),
    ("stall", &[("--megabytes", "1"), ("--client-core", "0")]),
    ("lease", &[("--leases", "100"), ("--expiring", "10"), ("--client-core", "0")]),
    ("run", &[("--endpoint", "$URL"), ("--keys", "300")]),
];

/// A directory with every program that examples call.
fn place() -> TempDir {
    let place = TempDir::new().expect("a temporary directory");
    let at = |name: &str| place.path().join(name);
    for made in ["bin", "target/release", "target/peers", "DISK"] {
        fs::create_dir_all(at(made)).expect("a directory");
    }
    let programs = [
        ("bin/kv-bench", Path::new(BENCH).to_owned()),
        ("bin/kvd", Kind::Kvd.server()),
        ("bin/etcd", Kind::Etcd37.server()),
        ("target/release/kv-bench", Path::new(BENCH).to_owned()),
        ("target/release/kvd", Kind::Kvd.server()),
        ("target/peers/etcd-3.5", Kind::Etcd35.server()),
        ("target/peers/etcd-3.7", Kind::Etcd37.server()),
    ];
    for (name, program) in programs {
        symlink(fs::canonicalize(program).expect("a program"), at(name)).expect("a link");
    }
    // The programs are built already.
    fs::write(at("bin/cargo"), "#!/bin/sh\nexec true\n").expect("a program");
    fs::set_permissions(at("bin/cargo"), fs::Permissions::from_mode(0o755)).expect("a program");
    place
}

/// Cuts a script into commands: a line that ends with a backslash goes on.
fn commands(script: &str) -> Vec<String> {
    let joined = script.replace("\\\n", " ");
    joined.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Makes a command small.
fn small(command: &str) -> String {
    let Some((_, rest)) = command.split_once("kv-bench ") else { return command.to_owned() };
    let name = rest.split(' ').next().unwrap_or_default();
    let (_, options) = SMALL.iter().find(|(known, _)| *known == name).expect("a command that is known here");
    let mut command = format!("{command} ");
    for (option, value) in *options {
        let start = format!(" {option} ");
        command = match command.split_once(&start) {
            Some((before, after)) => {
                let (_, after) = after.split_once(' ').expect("a value");
                format!("{before}{start}{value} {after}")
            }
            None => format!("{command}{option} {value} "),
        };
    }
    let memory = if name == "run" { "" } else { "--allow-memory" };
    // A load that goes on for a while goes on for a tenth of a second.
    let seconds = if name == "run" && !command.contains(" fill ") { "--seconds 0.1" } else { "" };
    format!("{} {memory} {seconds}", command.replace("--seconds 10 ", ""))
}

/// Types commands into one shell.
#[track_caller]
fn type_in(commands: &[String], url: &str) {
    let place = place();
    let script: String = commands.iter().flat_map(|command| [small(command), "\n".to_owned()]).collect();
    let path = std::env::var("PATH").unwrap_or_default();
    let typed = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(place.path())
        .env("PATH", format!("{}:{path}", place.path().join("bin").display()))
        .env("URL", url)
        .output()
        .expect("bash is there");
    assert!(typed.status.success(), "{script}\n{}", String::from_utf8_lossy(&typed.stderr));
    assert!(!typed.stdout.is_empty(), "{script}");
}

/// Returns what the help of a command shows below its last heading.
fn examples(command: &str) -> Vec<String> {
    let help = Command::new(BENCH).args([command, "--help"]).output().expect("kv-bench runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let (_, examples) = help.split_once("\nExamples:\n").expect("there are examples");
    commands(examples)
}

#[test]
fn examples_that_start_servers_work() {
    thread::scope(|scope| {
        for command in ["compare", "cores", "growth", "stall", "lease"] {
            scope.spawn(move || type_in(&examples(command), ""));
        }
    });
}

#[test]
fn examples_that_drive_a_server_work() {
    let server = Server::start(Kind::Kvd);
    let examples = examples("run");
    assert!(examples.len() > 4, "{examples:?}");
    type_in(&examples, &format!("http://{}", server.address()));
}

#[test]
fn what_the_page_says_to_type_works() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md")).expect("the page");
    let (_, section) = page.split_once("\n## Doing it again\n").expect("a heading");
    let block = section.split("```").nth(1).expect("a block");
    type_in(&commands(block), "");
}

/// A command without examples, or one that is unknown here, is found.
#[test]
fn every_command_has_examples() {
    let help = Command::new(BENCH).arg("--help").output().expect("kv-bench runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let (_, listed) = help.split_once("Commands:\n").expect("a list");
    let listed = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let listed: Vec<&str> = listed.filter(|name| *name != "help").collect();
    let mut known: Vec<&str> = SMALL.iter().map(|(name, _)| *name).collect();
    known.sort_by_key(|name| listed.iter().position(|listed| listed == name));
    assert_eq!(listed, known);
    for command in listed {
        assert!(!examples(command).is_empty(), "{command}");
    }
}
