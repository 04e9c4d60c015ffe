//! Every command in every place: beside a running server, on what a killed one left, and where nothing may be written.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use expect_test::{Expect, expect};

use crate::drill::{copy_directory, list};
use crate::harness::{Server, delete, put};

fn sample() -> Server {
    let mut server = Server::alone();
    server.put("a", "1");
    server.put("b", "2");
    server.put("a", "3");
    server.checkpoint();
    server.propose(&[put("c", "in the log only"), delete("b")]);
    server
}

/// Runs every command on a directory and shows how each ends: its status, and the last line it says or the first of its error.
fn run_all(directory: &Path, out: &Path, run: &dyn Fn(&[&str]) -> Process) -> String {
    let new = |name: &str| out.join(name).to_str().expect("a path of text").to_owned();
    let (snapshot, rescued, restored) = (new("snapshot"), new("rescued"), new("restored"));
    let path = directory.to_str().expect("a path of text");
    let inside = directory.join("restored").to_str().expect("a path of text").to_owned();
    let commands: [&[&str]; 14] = [
        &["status", "--data-dir", path],
        &["get", "a", "--print-value-only", "--data-dir", path],
        &["hashkv", "--data-dir", path],
        &["check", "--data-dir", path],
        &["snapshot", "save", &snapshot, "--data-dir", path],
        &["snapshot", "save", "-", "--zstd", "--data-dir", path],
        &["snapshot", "status", &snapshot],
        &["snapshot", "verify", &snapshot],
        &["hashkv", &snapshot],
        &["snapshot", "restore", &snapshot, "--data-dir", &restored],
        &["snapshot", "restore", &snapshot, "--data-dir", &inside],
        &["rescue", path, "--to", &rescued],
        &["compact", "3", "--data-dir", path],
        &["defrag", "--data-dir", path],
    ];
    let mut text = String::new();
    for command in commands {
        let output = run(&[command, &["--timeout", "100ms"]].concat()).output();
        let output = output.expect("the tool starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stdout = String::from_utf8_lossy(&output.stdout);
        let error = stderr.lines().find(|line| line.starts_with("Error: "));
        let said = error.or(stdout.lines().next_back()).unwrap_or_default();
        // A snapshot is no text.
        let said = if said.contains('\u{fffd}') { "(a snapshot)" } else { said };
        let said = said.replace(path, "DATA").replace(out.to_str().expect("a path of text"), "OUT");
        let said = said.replace(&std::process::id().to_string(), "PID");
        let name =
            command.iter().take_while(|word| !word.starts_with(['/', '-'])).copied().collect::<Vec<_>>().join(" ");
        let status = output.status.code().map_or_else(|| output.status.to_string(), |status| status.to_string());
        writeln!(text, "{name}: {status}, {said}").expect("a string takes everything");
    }
    text
}

/// What changes from run to run is left out.
fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

/// The tool where any user may run it.
fn tool(into: &Path) -> PathBuf {
    let tool = into.join("kvutl");
    fs::copy(env!("CARGO_BIN_EXE_kvutl"), &tool).expect("the tool is copied");
    tool
}

fn open_to_all(directory: &Path) {
    fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("permissions are set");
}

/// The tool as anybody runs it.
fn plainly(line: &[&str]) -> Process {
    let mut process = Process::new(env!("CARGO_BIN_EXE_kvutl"));
    process.args(line);
    process
}

#[test]
fn beside_a_running_server() {
    let server = sample();
    let out = tempfile::tempdir().expect("a temporary directory");
    check(
        &run_all(server.directory(), out.path(), &plainly),
        &expect![[r#"
            status: 0, format version:        1
            get a: 0, 3
            hashkv: 0, 3329150553, 6, -1
            check: 0, no damage found (changes: 3, keys: 2, log entries: 6)
            snapshot save: 0, Snapshot saved at OUT/snapshot
            snapshot save: 0, (a snapshot)
            snapshot status: 0, f26947b9, 6, 2, 25 kB, 3.7.0
            snapshot verify: 0, format version:        1
            hashkv: 0, 3329150553, 6, -1
            snapshot restore: 0, 
            snapshot restore: 0, 
            rescue: 1, Error: DATA is in use by process PID
            compact 3: 1, Error: DATA is in use by process PID
            defrag: 1, Error: Failed to defragment etcd data[DATA] (DATA is in use by process PID)
        "#]],
    );
}

#[test]
fn on_what_a_killed_server_left() {
    let directory = sample().kill();
    let out = tempfile::tempdir().expect("a temporary directory");
    check(
        &run_all(directory.path(), out.path(), &plainly),
        &expect![[r#"
            status: 0, format version:        1
            get a: 0, 3
            hashkv: 0, 3329150553, 6, -1
            check: 0, no damage found (changes: 3, keys: 2, log entries: 6)
            snapshot save: 0, Snapshot saved at OUT/snapshot
            snapshot save: 0, (a snapshot)
            snapshot status: 0, f26947b9, 6, 2, 25 kB, 3.7.0
            snapshot verify: 0, format version:        1
            hashkv: 0, 3329150553, 6, -1
            snapshot restore: 0, 
            snapshot restore: 0, 
            rescue: 0, nothing is missing (changes: 3, log entries: 1)
            compact 3: 0, compacted revision 3
            defrag: 0, 
        "#]],
    );
}

/// Whoever lost `CURRENT` still has the data: no command says that there is none, and none makes a new store.
#[test]
fn where_nothing_says_which_file_is_in_use() {
    let directory = sample().kill();
    fs::remove_file(directory.path().join("CURRENT")).expect("it is there");
    let out = tempfile::tempdir().expect("a temporary directory");
    check(
        &run_all(directory.path(), out.path(), &plainly),
        &expect![[r#"
        status: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        get a: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        hashkv: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        check: 14, Error: integrity check failed. 1 error found.
        snapshot save: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        snapshot save: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        snapshot status: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot verify: 6, Error: stat OUT/snapshot: no such file or directory
        hashkv: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
        rescue: 14, Error: not everything can be rescued; nothing was written
        compact 3: 1, Error: DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data
        defrag: 1, Error: Failed to defragment etcd data[DATA] (DATA/CURRENT is gone, but DATA/store-0000000001.mdb holds data)
    "#]],
    );
}

#[test]
fn where_nothing_is() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let out = tempfile::tempdir().expect("a temporary directory");
    check(
        &run_all(&place.path().join("missing"), out.path(), &plainly),
        &expect![[r#"
            status: 1, Error: stat DATA: no such file or directory
            get a: 1, Error: stat DATA: no such file or directory
            hashkv: 1, Error: stat DATA: no such file or directory
            check: 1, Error: stat DATA: no such file or directory
            snapshot save: 1, Error: stat DATA: no such file or directory
            snapshot save: 1, Error: stat DATA: no such file or directory
            snapshot status: 1, Error: stat OUT/snapshot: no such file or directory
            snapshot verify: 6, Error: stat OUT/snapshot: no such file or directory
            hashkv: 1, Error: stat OUT/snapshot: no such file or directory
            snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
            snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
            rescue: 1, Error: stat DATA: no such file or directory
            compact 3: 1, Error: stat DATA: no such file or directory
            defrag: 1, Error: Failed to defragment etcd data[DATA] (stat DATA: no such file or directory)
        "#]],
    );
}

#[test]
fn where_an_etcd_keeps_its_data() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let out = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir_all(place.path().join("member/snap")).expect("a directory");
    fs::write(place.path().join("member/snap/db"), "bolt").expect("a file");
    check(
        &run_all(place.path(), out.path(), &plainly),
        &expect![[r#"
        status: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        get a: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        hashkv: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        check: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        snapshot save: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        snapshot save: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        snapshot status: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot verify: 6, Error: stat OUT/snapshot: no such file or directory
        hashkv: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
        snapshot restore: 1, Error: stat OUT/snapshot: no such file or directory
        rescue: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        compact 3: 1, Error: DATA is the data directory of an etcd: it holds member/snap/db
        defrag: 1, Error: Failed to defragment etcd data[DATA] (DATA is the data directory of an etcd: it holds member/snap/db)
    "#]],
    );
}

/// Nobody may write to the directory: its permissions say so, and a root user runs the tool as somebody else.
#[test]
fn without_permission_to_write() {
    let killed = sample().kill();
    let place = tempfile::tempdir().expect("a temporary directory");
    let (directory, out) = (place.path().join("data"), place.path().join("out"));
    copy_directory(killed.path(), &directory);
    fs::create_dir(&out).expect("a directory");
    fs::set_permissions(&out, Permissions::from_mode(0o777)).expect("permissions are set");
    let tool = tool(place.path());
    open_to_all(place.path());
    let mut files = Vec::new();
    list(&directory, Path::new(""), &mut files);
    for (name, _) in files {
        fs::set_permissions(directory.join(name), Permissions::from_mode(0o444)).expect("permissions are set");
    }
    for path in [directory.join("log"), directory.clone()] {
        fs::set_permissions(path, Permissions::from_mode(0o555)).expect("permissions are set");
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let run = |line: &[&str]| {
        let mut process = Process::new(&tool);
        process.args(line).current_dir("/");
        if is_root {
            process.uid(65_534).gid(65_534);
        }
        process
    };
    let text = run_all(&directory, &out, &run);
    for path in [directory.clone(), directory.join("log")] {
        open_to_all(&path);
    }
    check(
        &text,
        &expect![[r#"
            status: 0, format version:        1
            get a: 0, 3
            hashkv: 0, 3329150553, 6, -1
            check: 0, no damage found (changes: 3, keys: 2, log entries: 6)
            snapshot save: 0, Snapshot saved at OUT/snapshot
            snapshot save: 0, (a snapshot)
            snapshot status: 0, f26947b9, 6, 2, 25 kB, 3.7.0
            snapshot verify: 0, format version:        1
            hashkv: 0, 3329150553, 6, -1
            snapshot restore: 0, 
            snapshot restore: 1, Error: create DATA/restored.restoring: Permission denied (os error 13)
            rescue: 0, nothing is missing (changes: 3, log entries: 1)
            compact 3: 1, Error: open DATA/LOCK: Permission denied (os error 13)
            defrag: 1, Error: Failed to defragment etcd data[DATA] (open DATA/LOCK: Permission denied (os error 13))
        "#]],
    );
}
