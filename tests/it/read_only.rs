//! kvutl where nothing can be written: on a mount that is read-only, of what a killed kvd left and of what a running one uses.
//!
//! The mount is in a namespace of the tool's own, which needs no privileges: `unshare -rm`. A root user can write to everything
//! else.

use std::path::Path;
use std::process::Command;

use crate::harness::{Kind, Server, Tool};

/// Runs a command of kvutl where the directory is mounted read-only; returns its status and all that it says.
fn run(data: &Path, line: &[&str]) -> (Option<i32>, String) {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, "sh"]).arg(data).arg(Kind::Kvd.offline_tool()).args(line);
    let output = command.output().expect("unshare runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).replace(&data.display().to_string(), "DATA"))
}

/// A server with a few changes; its revision is 43.
fn server() -> Server {
    let server = Server::start(Kind::Kvd);
    let client = Tool::client(Kind::Kvd, &server);
    for number in 0..42 {
        let (key, value) = (format!("key {}", number % 5), "v".repeat(number * 100));
        assert_eq!(client.run(&["put", &key, &value]).status, 0);
    }
    server
}

#[test]
fn everything_can_be_read_and_nothing_is_written_where_a_server_was_killed() {
    let mut server = server();
    let hash = Tool::client(Kind::Kvd, &server).run(&["endpoint", "hashkv", "--rev", "43"]);
    let hash = hash.text().trim().rsplit(", ").nth(1).expect("a hash and a revision").to_owned();
    server.kill();
    let data = server.data_directory();
    let path = data.to_str().expect("a path of text");
    let out = tempfile::tempdir().expect("a temporary directory");
    let new = |name: &str| out.path().join(name).to_str().expect("a path of text").to_owned();
    let (snapshot, inside) = (new("snapshot"), data.join("a.db").display().to_string());
    for (line, status, said) in [
        (&["status", "--data-dir", path][..], 0, "revision:              43"),
        (&["get", "key 1", "--data-dir", path], 0, "key 1\nvvvv"),
        (&["get", "key 1", "--rev", "10", "--data-dir", path], 0, "key 1\nvvvv"),
        (&["hashkv", "--data-dir", path], 0, &hash),
        (&["check", "--data-dir", path], 0, "no damage found"),
        (&["snapshot", "save", &snapshot, "--data-dir", path], 0, "Snapshot saved"),
        (&["snapshot", "verify", &snapshot], 0, "43"),
        (&["hashkv", &snapshot], 0, &hash),
        (&["snapshot", "save", &inside, "--data-dir", path], 6, "open DATA/a.db.part: read-only file system"),
        (&["snapshot", "restore", &snapshot, "--data-dir", &new("restored")], 0, "restored snapshot"),
        (&["rescue", path, "--to", &new("rescued")], 0, "nothing is missing"),
        (
            &["compact", "10", "--data-dir", path, "--timeout", "100ms"],
            1,
            "Error: open DATA/LOCK: Read-only file system",
        ),
        (&["defrag", "--data-dir", path, "--timeout", "100ms"], 1, "open DATA/LOCK: Read-only file system"),
    ] {
        let (found, text) = run(&data, line);
        assert!(found == Some(status) && text.contains(said), "{line:?}: {found:?}, {text}");
    }
    server.start_again();
    let again = Tool::client(Kind::Kvd, &server).run(&["endpoint", "hashkv", "--rev", "43"]);
    assert!(again.text().contains(&hash), "{again:?}");
}

/// A reader that cannot say that it reads would see pages that the server writes to.
#[test]
fn nothing_is_read_beside_a_server_that_cannot_be_told() {
    let mut server = server();
    let data = server.data_directory();
    let path = data.to_str().expect("a path of text");
    let holder = format!("DATA is in use by process {}", server.pid());
    for line in
        [&["status"][..], &["get", "key 1"], &["hashkv"], &["snapshot", "save", "-"], &["compact", "10"], &["defrag"]]
    {
        let (found, text) = run(&data, &[line, &["--data-dir", path, "--timeout", "100ms"]].concat());
        assert!(
            found == Some(1) && (text.contains(&holder) || text.contains("Read-only file system")),
            "{line:?}: {text}"
        );
    }
    // Where it can be told, it is.
    let output = Tool::offline(Kind::Kvd).run(&["hashkv", "--data-dir", path]);
    assert!(output.text().contains(", 43, "), "{output:?}");
    server.check_alive();
}
