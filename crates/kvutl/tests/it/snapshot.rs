//! Snapshots: what is saved comes back, through files, pipes and compression, and nothing else is taken for one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use expect_test::expect;
use kv_store::{Command, DirLock, Storage, StorageOptions, Table, schema};
use tempfile::TempDir;

use crate::harness::{Directory, Ran, Server, delete, kvutl, kvutl_pipe, kvutl_process, put};

/// Changes in the tables, in the log only, deleted, compacted, short and long.
fn server() -> Server {
    let mut server = Server::alone();
    for number in 0..40 {
        server.put(&format!("key {}", number % 7), &format!("value {number} ").repeat(number * 40));
    }
    server.propose(&[delete("key 3")]);
    server.propose(&[Command::Compact { revision: 20 }]);
    server.checkpoint();
    server.propose(&[put("key 0", "in the log only"), delete("key 4")]);
    server
}

struct Saved {
    directory: TempDir,
    file: String,
    hash: String,
    original: Directory,
}

impl Saved {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db").to_str().unwrap().to_owned();
        let server = server();
        let hash = server.store().hash_kv(0).unwrap();
        let hash = format!("{}, {}, {}\n", hash.hash, hash.hash_revision, hash.compact_revision);
        let original = server.kill();
        assert_eq!(original.kvutl(&["snapshot", "save", &file]).to_string(), format!("Snapshot saved at {file}\n"));
        Self { directory, file, hash, original }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a command of snapshots on a changed copy of the file.
    fn on_copy(&self, command: &str, change: impl FnOnce(&mut Vec<u8>)) -> Ran {
        let mut bytes = fs::read(&self.file).unwrap();
        change(&mut bytes);
        let copy = self.path("copy.db");
        fs::write(&copy, bytes).unwrap();
        let copy = copy.to_str().unwrap();
        let to = self.path("restored");
        kvutl(&["snapshot", command, copy, "--data-dir", to.to_str().unwrap()]).without(copy)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn restore(file: &str, to: &Path, flags: &[&str]) -> Ran {
    let line = [&["snapshot", "restore", file, "--data-dir", to.to_str().unwrap()], flags].concat();
    kvutl(&line).without(to.to_str().unwrap()).without(file)
}

fn at(directory: &Path, line: &[&str]) -> String {
    kvutl(&[line, &["--data-dir", directory.to_str().unwrap()]].concat()).to_string()
}

/// What every key was at every readable revision.
fn history(directory: &Path) -> Vec<String> {
    let read = |revision: i64| at(directory, &["get", "", "--prefix", "--rev", &revision.to_string(), "-w", "fields"]);
    // The revision of the moment is the same; ids and terms are not, and stand in the header's first lines.
    (20..=44)
        .map(|revision| {
            read(revision).lines().filter(|line| !line.contains("ID\"") && !line.contains("Term")).collect()
        })
        .collect()
}

#[test]
fn everything_comes_back() {
    let saved = Saved::new();
    assert_eq!(kvutl(&["hashkv", &saved.file]).to_string(), saved.hash);
    let kept = saved.path("kept");
    expect![[r#"
        stderr: restoring snapshot DATA to DATA
        stderr: added member 8e9e05c52164694d to cluster cdf818194e3a8c32
        stderr: restored snapshot DATA to DATA at revision 44
    "#]]
    .assert_eq(&restore(&saved.file, &kept, &["--keep-revision"]).to_string());
    assert_eq!(saved.names(), ["a.db", "kept"], "nothing is left over");
    assert_eq!(at(&kept, &["hashkv"]), saved.hash);
    assert!(history(&kept) == history(saved.original.path()), "some key was another one at some revision");
    assert!(at(&kept, &["check"]).starts_with("no damage found"));
    let status = at(&kept, &["status", "-w", "json"]);
    assert!(status.contains("\"raftAppliedIndex\":-1") && status.contains("\"voters\":[]"), "{status}");
}

#[test]
fn revisions_move_and_what_is_before_is_compacted() {
    let saved = Saved::new();
    let moved = saved.path("moved");
    assert_eq!(restore(&saved.file, &moved, &[]).status, 0);
    let status = at(&moved, &["status", "-w", "json"]);
    assert!(status.contains("\"revision\":1000000044,\"compactRevision\":1000000044,\"keys\":5"), "{status}");
    assert!(at(&moved, &["check"]).starts_with("no damage found"), "{}", at(&moved, &["check"]));
    assert_eq!(at(&moved, &["get", "key 0"]), "key 0\nin the log only\n");
    assert!(at(&moved, &["get", "key 0", "--rev", "44"]).contains("has been compacted"));

    let by_seven = saved.path("seven");
    let flags = ["--bump-revision", "7", "--mark-compacted", "--name", "m1", "--initial-cluster", "m1=http://h:1"];
    let urls = ["--initial-advertise-peer-urls", "http://h:1", "--initial-cluster-token", "t"];
    let ran = restore(&saved.file, &by_seven, &[&flags[..], &urls].concat());
    assert!(ran.stderr.contains("at revision 51") && !ran.stderr.contains("8e9e05c52164694d"), "{ran}");
}

#[test]
fn a_snapshot_is_taken_beside_a_running_server() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("live.db").to_str().unwrap().to_owned();
    let ran = kvutl_process(&["snapshot", "save", &file], server.directory());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran}");
    let hash = server.store().hash_kv(0).unwrap().hash;
    let ran = kvutl_process(&["hashkv", &file, "--rev", "44"], directory.path());
    assert_eq!(ran.status, 128, "a file and a directory are one too many: {ran}");
    assert!(kvutl(&["hashkv", &file]).to_string().starts_with(&format!("{hash}, 44, ")));
}

#[test]
fn pipes_and_compression_change_nothing() {
    let saved = Saved::new();
    let plain = fs::read(&saved.file).unwrap();
    let data = saved.original.path();
    let (ran, piped) = kvutl_pipe(&["snapshot", "save", "-"], data, b"");
    assert_eq!((ran.status, piped.len()), (0, plain.len()), "{}", ran.stderr);
    let (_, compressed) = kvutl_pipe(&["snapshot", "save", "-", "--zstd"], data, b"");
    assert!(compressed.len() < plain.len() / 3, "{} of {}", compressed.len(), plain.len());
    let zst = saved.path("a.zst");
    fs::write(&zst, &compressed).unwrap();

    let status = kvutl(&["snapshot", "status", &saved.file]).to_string();
    assert!(status.contains(", 44, 5, ") && status.ends_with(" kB, 3.7.0\n"), "{status}");
    assert_eq!(kvutl(&["snapshot", "status", zst.to_str().unwrap()]).to_string(), status);
    let none = saved.path("none");
    for input in [&piped, &compressed] {
        let to = saved.path("piped");
        assert_eq!(kvutl_pipe(&["snapshot", "status", "-"], &none, input).0.stdout, status);
        assert_eq!(kvutl_pipe(&["snapshot", "verify", "-"], &none, input).0.status, 0);
        let restored = kvutl_pipe(&["snapshot", "restore", "-", "--keep-revision"], &to, input).0;
        assert_eq!(restored.status, 0, "{restored}");
        assert_eq!(at(&to, &["hashkv"]), saved.hash);
        fs::remove_dir_all(to).unwrap();
    }
    let cut = kvutl_pipe(&["snapshot", "status", "-"], &none, &compressed[..compressed.len() - 9]).0;
    assert_eq!(cut.status, 1);
    assert!(cut.stderr.contains("the file was cut or changed after it was saved"), "{cut}");
}

#[test]
fn what_is_no_whole_snapshot_is_refused_by_name() {
    let saved = Saved::new();
    let refused = |command: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let ran = saved.on_copy(command, change);
        assert_ne!(ran.status, 0, "{ran}");
        assert!(!saved.path("restored").exists() && saved.names().len() == 2, "{:?}", saved.names());
        ran.to_string().lines().filter(|line| !line.contains("restoring snapshot")).collect::<Vec<_>>().join("\n")
    };
    let length = fs::metadata(&saved.file).unwrap().len() as usize;
    for command in ["status", "verify", "restore"] {
        // Wherever it is cut, by whole pages and in between.
        for keep in
            [0, 10, 4096, 4128, 8192, 20_000, length / 4096 * 2048, length - 4096 - 32, length - 4096, length - 33]
        {
            let text = refused(command, &|bytes| bytes.truncate(keep));
            let known = ["was cut", "expected sha256 [", "it ends", "is damaged"];
            assert!(known.iter().any(|known| text.contains(known)), "{command} of {keep} bytes: {text}");
        }
        for byte in (0..length).step_by(length / 40) {
            refused(command, &|bytes| bytes[byte] ^= 4);
        }
        let bbolt = refused(command, &|bytes| bytes[16..20].copy_from_slice(&0xed0c_daed_u32.to_le_bytes()));
        assert!(bbolt.contains("DATA is a snapshot of an etcd, not of a kvd"), "{bbolt}");
        let other = refused(command, &|bytes| bytes[16..20].copy_from_slice(b"what"));
        assert!(other.contains("DATA is not a snapshot of a kvd: invalid database"), "{other}");
    }
    // Without its digest it could be a file from a data directory; that is said, and asked for.
    let bare = |bytes: &mut Vec<u8>| bytes.truncate(length - 32);
    expect![[r#"
        stderr: Error: snapshot missing hash but --skip-hash-check=false
        stderr: hint: a file copied out of a data directory has none; if this is one, --skip-hash-check restores it nevertheless
        exit status 1"#]]
    .assert_eq(&refused("restore", &bare));
    let copy = saved.path("copy.db");
    let to = saved.path("bare");
    assert_eq!(restore(copy.to_str().unwrap(), &to, &["--skip-hash-check", "--keep-revision"]).status, 0);
    assert_eq!(at(&to, &["hashkv"]), saved.hash);
    assert!(saved.on_copy("verify", bare).to_string().contains("note: there is no digest at its end"));
}

/// Without its digest a file is taken for what its pages and records are, and these are compared with their checksums.
#[test]
fn what_is_damaged_is_refused_without_a_digest_too() {
    let saved = Saved::new();
    let whole = fs::read(&saved.file).unwrap();
    let copy = saved.path("copy.db");
    let to = saved.path("to");
    let flags = ["--skip-hash-check", "--keep-revision"];
    let mut outcomes = [0; 2];
    for byte in (0..whole.len()).step_by(whole.len() / 150) {
        let mut bytes = whole.clone();
        bytes[byte] ^= 4;
        fs::write(&copy, bytes).unwrap();
        let ran = restore(copy.to_str().unwrap(), &to, &flags);
        if ran.status == 0 {
            // What was changed is the digest, or a byte that nothing is in.
            assert_eq!(at(&to, &["hashkv"]), saved.hash, "byte {byte}");
            assert!(history(&to) == history(saved.original.path()), "byte {byte}: some key is another one");
            fs::remove_dir_all(&to).unwrap();
        } else {
            let known = ["is damaged", "integrity check failed", "is not a snapshot", "has format version"];
            assert!(known.iter().any(|known| ran.stderr.contains(known)), "byte {byte}: {ran}");
            assert_eq!(saved.names(), ["a.db", "copy.db"], "byte {byte}");
        }
        outcomes[usize::from(ran.status != 0)] += 1;
    }
    assert!(outcomes[0] > 0 && outcomes[1] > 50, "{outcomes:?} were taken and refused");
}

#[test]
fn a_snapshot_of_a_later_release_is_refused_by_name() {
    let saved = Saved::new();
    let scratch = saved.path("later");
    let lock = Arc::new(DirLock::create(&scratch).unwrap());
    let mut bytes = fs::read(&saved.file).unwrap();
    bytes.truncate(bytes.len() - 32);
    fs::write(Storage::file_to_adopt(&scratch), bytes).unwrap();
    let storage = Storage::adopt(lock, &StorageOptions::default()).unwrap();
    storage.write_row(Table::Meta, schema::meta::FORMAT_VERSION, &schema::number(2)).unwrap();
    drop(storage);
    let later = scratch.join("store-0000000001.mdb");
    let ran = kvutl(&["snapshot", "status", later.to_str().unwrap()]).without(later.to_str().unwrap());
    expect![[r#"
        stderr: Error: snapshot DATA has format version 2, and this release reads up to 1
        stderr: hint: use the kvutl of the release that saved it
        exit status 1
    "#]]
    .assert_eq(&ran.to_string());
}

#[test]
fn nothing_is_overwritten_and_no_half_directory_appears() {
    let saved = Saved::new();
    let to = saved.path("full");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("precious"), "").unwrap();
    expect![[r#"
        stderr: Error: data-dir "DATA" not empty or could not be read
        stderr: hint: name a directory that does not exist yet with --data-dir
        exit status 1
    "#]]
    .assert_eq(&restore(&saved.file, &to, &[]).to_string());
    fs::remove_file(to.join("precious")).unwrap();
    let wal = to.to_str().unwrap();
    assert!(
        restore(&saved.file, &saved.path("x"), &["--wal-dir", wal])
            .stderr
            .contains(&format!("wal-dir \"{wal}\" exists"))
    );
    // What a restore that was killed left, and an empty directory, are no obstacles.
    let crashed = saved.path("full.restoring");
    fs::create_dir(&crashed).unwrap();
    fs::write(crashed.join("UNFINISHED"), "").unwrap();
    fs::write(crashed.join("store-0000000001.mdb.tmp"), "half").unwrap();
    assert_eq!(restore(&saved.file, &to, &[]).status, 0);
    assert_eq!(saved.names(), ["a.db", "full"]);
    for (line, status) in [
        (&["snapshot", "restore"][..], 128),
        (&["snapshot", "restore", &saved.file, "--bump-revision", "5"], 128),
        (&["snapshot", "restore", &saved.file, "--name", "a", "--initial-cluster", "b=http://localhost:2380"], 1),
        (&["snapshot", "status"], 128),
        (&["snapshot", "status", "absent"], 1),
        (&["snapshot", "status", wal], 1),
        (&["snapshot", "save", "/nonexistent/a.db", "--data-dir", wal], 6),
    ] {
        let ran = kvutl(line);
        assert_eq!((ran.status, ran.stderr.starts_with("Error: ")), (status, true), "{line:?}: {ran}");
    }
}
