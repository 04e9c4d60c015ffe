//! What scripts build on in kvctl: guarded writes, waiting, editing, and the exit statuses. All of it works with every etcd.

use std::process::{Command, Stdio};

use crate::harness::{Kind, Output, Server, Tool};

/// The statuses of the manual page, by what they mean here.
const NOT_THERE: i32 = 10;
const COMPARE_FAILED: i32 = 11;
const TIMED_OUT: i32 = 12;
const BAD_ARGUMENTS: i32 = 128;

/// Runs the same against ours and the release of etcd whose contract we keep.
fn with_both(steps: impl Fn(&Kvctl)) {
    for kind in [Kind::Kvd, Kind::Etcd37] {
        let server = Server::start(kind);
        let tool = Tool::client(Kind::Kvd, &server);
        steps(&Kvctl { kind, tool, server });
    }
}

struct Kvctl {
    kind: Kind,
    tool: Tool,
    server: Server,
}

impl Kvctl {
    fn run(&self, line: &str) -> Output {
        self.tool.run(&words(line))
    }

    #[track_caller]
    fn prints(&self, line: &str, expected: &str) {
        let output = self.run(line);
        assert_eq!((output.status, output.text()), (0, expected), "{}: {line}: {}", self.kind, output.stderr);
    }

    /// The command ends with a status, printing nothing but an error that has this text in it.
    #[track_caller]
    fn ends(&self, line: &str, status: i32, text: &str) {
        let output = self.run(line);
        let said = &output.stderr;
        assert_eq!((output.status, output.text()), (status, ""), "{}: {line}: {said}", self.kind);
        assert!(said.contains(text), "{}: {line}: {said}", self.kind);
    }

    /// Starts a command that goes on meanwhile.
    fn start(&self, line: &str) -> std::process::Child {
        Command::new(Kind::Kvd.client_tool())
            .arg(format!("--endpoints={}", self.server.endpoint()))
            .args(words(line))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("kvctl starts")
    }

    fn edit(&self, key: &str, editor: &str) -> Output {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let output = Command::new(Kind::Kvd.client_tool())
            .arg(format!("--endpoints={}", self.server.endpoint()))
            .args(["edit", key])
            .env_remove("VISUAL")
            .env("EDITOR", editor)
            .env("TMPDIR", directory.path())
            .env("KVCTL", Kind::Kvd.client_tool())
            .env("ENDPOINT", self.server.endpoint())
            .output()
            .expect("kvctl runs");
        let kept = std::fs::read_dir(directory.path()).expect("the directory is there").count();
        let is_named = String::from_utf8_lossy(&output.stderr).contains("hint: what was typed is in ");
        assert_eq!(kept, usize::from(is_named), "{output:?}");
        Output {
            status: output.status.code().expect("an exit status"),
            stdout: output.stdout.into(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Cuts a line at its spaces; `''` is an empty word.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').map(|word| if word == "''" { "" } else { word }).collect()
}

#[test]
fn a_read_says_whether_there_is_a_key_or_has_a_default() {
    with_both(|kvctl| {
        kvctl.ends("get k --exists", NOT_THERE, "");
        kvctl.prints("get k --or green", "green\n");
        kvctl.prints("put k red", "OK\n");
        kvctl.prints("get k --exists", "");
        kvctl.prints("get k --or green", "red\n");
        kvctl.prints("get a --from-key --exists", "");
        kvctl.ends("get z --from-key --exists", NOT_THERE, "");
        kvctl.prints("put k ''", "OK\n");
        kvctl.prints("get k --or green", "\n");
        kvctl.prints("get k --or green --rev 2", "red\n");
        kvctl.ends("get k --or green -w json", BAD_ARGUMENTS, "--or is only for");
    });
}

#[test]
fn a_write_is_made_only_if_the_key_is_as_expected() {
    with_both(|kvctl| {
        kvctl.ends("put k 1 --if-rev 5", COMPARE_FAILED, "nothing was written: \"k\" is not there\n");
        kvctl.ends("put k 1 --if-value ''", COMPARE_FAILED, "\"k\" is not there\n");
        kvctl.prints("put k 1 --if-absent", "OK\n");
        kvctl.ends("put k 2 --if-absent", COMPARE_FAILED, "\"k\" is there, since revision 2\n");
        kvctl.ends("put k 2 --if-rev 1", COMPARE_FAILED, "\"k\" was changed at revision 2\n");
        kvctl.prints("put k 2 --if-rev 2 --prev-kv", "OK\nk\n1\n");
        kvctl.ends("put k 3 --if-value 1", COMPARE_FAILED, "\"k\" has another value, written at revision 3\n");
        kvctl.prints("put k 3 --if-value 2 --if-rev 3", "OK\n");
        kvctl.prints("get k --print-value-only", "3\n");
        let answer = kvctl.run("put k 4 --if-rev 4 -w json");
        assert!(answer.text().contains("\"revision\":5"), "{}", answer.text());
    });
}

#[test]
fn a_time_to_live_is_a_lease_that_a_refused_write_does_not_leave_behind() {
    with_both(|kvctl| {
        kvctl.prints("put k v --ttl 90s", "OK\n");
        let leases = kvctl.run("lease list");
        let lease = leases.text().strip_prefix("found 1 leases\n").expect("one lease").trim_end();
        let left = kvctl.run(&format!("lease timetolive {lease} --keys"));
        assert!(left.text().contains("TTL(90s)") && left.text().contains("attached keys([k])"), "{}", left.text());
        kvctl.ends("put k w --ttl 90s --if-absent", COMPARE_FAILED, "is there");
        kvctl.prints("lease list", leases.text());
    });
}

#[test]
fn a_file_is_written_byte_for_byte() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("value");
    std::fs::write(&file, b"two\nlines\n").expect("a file");
    with_both(|kvctl| {
        kvctl.prints(&format!("put k --from-file {}", file.display()), "OK\n");
        kvctl.prints("get k --print-value-only", "two\nlines\n\n");
        let output = kvctl.tool.run_with_input(&["put", "k", "--from-file", "-"], "");
        assert_eq!(output.status, 0, "{}", output.stderr);
        kvctl.prints("get k --print-value-only", "\n");
    });
}

#[test]
fn waiting_ends_with_the_change() {
    with_both(|kvctl| {
        kvctl.prints("put k 1", "OK\n");
        kvctl.prints("wait k --exists", "k\n1\n");
        kvctl.prints("wait gone --absent", "");
        kvctl.ends("wait k --absent --timeout 1ms", TIMED_OUT, "Error: \"k\" was still there after 1ms\n");
        kvctl.ends("wait gone --exists --timeout 1ms", TIMED_OUT, "\"gone\" was not there within 1ms\n");
        kvctl.ends("wait k --equals 2 --timeout 1ms", TIMED_OUT, "did not have that value");
        kvctl.ends("wait k", BAD_ARGUMENTS, "one of --exists, --absent and --equals");

        // The value is there for a moment only, and is seen. That the watch begins right behind the look, so that it is seen
        // in the first round that the look does not come after, is a test beside the command.
        let waiting = kvctl.start("wait k --equals done --timeout 60s -w json");
        let step = |value: &str| kvctl.prints(&format!("put k {value}"), "OK\n");
        // Unless everything below comes before the first look, in which case another round is needed.
        let mut rounds = 0;
        let waiting = std::cell::RefCell::new(waiting);
        let has_ended = || waiting.borrow_mut().try_wait().expect("wait for kvctl").is_some();
        while !has_ended() {
            step("busy");
            step("done");
            step("idle");
            rounds += 1;
            assert!(rounds < 10_000, "{}: never seen", kvctl.kind);
        }
        let output = waiting.into_inner().wait_with_output().expect("kvctl ends");
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("\"value\":\"ZG9uZQ==\""), "{output:?}");
    });
}

#[test]
fn an_edited_value_is_written_unless_somebody_else_was_faster() {
    with_both(|kvctl| {
        kvctl.prints("put k green", "OK\n");
        let output = kvctl.edit("k", "sed -i s/green/blue/");
        assert_eq!((output.status, output.text()), (0, "OK\n"), "{}", output.stderr);
        kvctl.prints("get k --print-value-only", "blue\n");

        let output = kvctl.edit("k", "true");
        assert_eq!((output.status, output.text(), output.stderr.as_str()), (0, "", "nothing was changed\n"));
        let output = kvctl.edit("k", "echo typed > \"$1\"; exit 3;");
        assert_eq!(output.status, 1);
        let said = &output.stderr;
        assert!(said.contains("nothing was written") && said.contains("exit status 3") && said.contains("was typed"));
        let output = kvctl.edit("k", "exit 3;");
        assert!(output.status == 1 && !output.stderr.contains("was typed"), "{}", output.stderr);
        let output = kvctl.edit("k", "rm");
        assert!(output.stderr.starts_with("Error: read what was edited: open /"), "{}", output.stderr);
        assert!(output.status == 6 && output.stderr.contains("/k: no such file or directory\n"), "{}", output.stderr);
        // A terminal that is closed ends the editor, and nothing that was typed is lost.
        let output = kvctl.edit("k", "echo typed > \"$1\"; kill -HUP $PPID; read never;");
        assert!(output.status == 1 && output.stderr.contains("was typed"), "{}", output.stderr);
        kvctl.prints("get k --print-value-only", "blue\n");

        let output = kvctl.edit("k", "\"$KVCTL\" --endpoints \"$ENDPOINT\" put k theirs >&2; sed -i s/blue/mine/");
        assert_eq!((output.status, output.text()), (COMPARE_FAILED, ""), "{}", output.stderr);
        assert!(
            output.stderr.contains("\"k\" was changed at revision 4\nhint: what was typed is in "),
            "{}",
            output.stderr
        );
        kvctl.prints("get k --print-value-only", "theirs\n");

        let output = kvctl.edit("new", "printf made >");
        assert_eq!((output.status, output.text()), (0, "OK\n"), "{}", output.stderr);
        kvctl.prints("get new --print-value-only", "made\n");
    });
}

#[test]
fn a_range_is_deleted_only_if_it_is_as_large_as_expected() {
    with_both(|kvctl| {
        for key in ["a1", "a2", "b"] {
            kvctl.prints(&format!("put {key} v"), "OK\n");
        }
        kvctl.ends("del a --prefix --expect 3", COMPARE_FAILED, "nothing was deleted: there are 2 keys, not 3\n");
        kvctl.prints("del a --prefix --expect 2 --prev-kv", "2\na1\nv\na2\nv\n");
        kvctl.prints("del a --prefix --expect 0", "0\n");
        kvctl.prints("del a c --yes", "1\n");
    });
}

/// The command gets each change as JSON, gets all of a large one, need not read it, and may fail without an end.
#[test]
fn a_watch_hands_every_change_to_a_command() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let large = directory.path().join("large");
    std::fs::write(&large, "x".repeat(300_000)).expect("a file");
    with_both(|kvctl| {
        kvctl.prints("put k 1", "OK\n");
        kvctl.prints(&format!("put k --from-file {}", large.display()), "OK\n");
        kvctl.prints("del k", "1\n");
        let watch = |options: &[&str], script: &str, lines| {
            let arguments = [&["watch", "k", "--rev=2"][..], options, &["--", "sh", "-c", script]];
            kvctl.tool.run_until_lines(&arguments.concat(), lines)
        };
        let output = watch(&["--keep-going"], "head -c 40; echo; exit 7", 12);
        let heads: Vec<&str> = output.text().lines().filter(|line| line.starts_with('{')).collect();
        assert!(heads[0].starts_with("{\"type\":\"put\",\"key\":\"k\",\"value\":\"1\","), "{}", kvctl.kind);
        assert!(heads[1].starts_with("{\"type\":\"put\",\"key\":\"k\",\"value\":\"xxx"));
        assert!(heads[2].starts_with("{\"type\":\"delete\",\"key\":\"k\",\"mod_re"));
        assert!(output.stderr.matches("error (exit status 7)").count() >= 2, "{}", output.stderr);

        let output = watch(&[], "wc -c; exit 7", 100);
        assert_eq!(output.status, 1);
        assert_eq!(output.stderr.matches("error (exit status 7)").count(), 1, "{}", output.stderr);
    });
}

#[test]
fn what_is_exported_can_be_imported() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("keys.jsonl");
    let file = file.to_str().expect("a path of text");
    with_both(|kvctl| {
        let lines: String = (0..300).map(|index| format!("{{\"key\":\"a/{index:03}\",\"value\":\"x\"}}\n")).collect();
        let output = kvctl.tool.run_with_input(&["import"], &lines);
        assert_eq!(output.text(), "created 300, changed 0, unchanged 0\n", "{}", output.stderr);
        kvctl.prints("put b 1 --ttl 1h", "OK\n");
        let exported = kvctl.run("export");
        assert_eq!((exported.status, exported.text().lines().count()), (0, 301), "{}", exported.stderr);
        let first = "{\"key\":\"a/000\",\"value\":\"x\",\"create_revision\":2,\"mod_revision\":2,\"version\":1}\n";
        assert!(exported.text().starts_with(first), "{}", kvctl.kind);
        std::fs::write(file, exported.stdout.as_ref()).expect("a file");

        kvctl.prints(&format!("import {file}"), "created 0, changed 0, unchanged 301\n");
        kvctl.prints("del a/1 --prefix --yes", "100\n");
        kvctl.prints("put b 2 --ignore-lease", "OK\n");
        kvctl.ends(
            &format!("import {file} --if-absent"),
            COMPARE_FAILED,
            "line 301: \"b\" is there, since revision 5\n",
        );
        kvctl.prints("get a/100 --print-value-only", "x\n");
        kvctl.prints("del a/1 --prefix --yes", "100\n");
        kvctl.ends(
            &format!("import {file} --if-unchanged"),
            COMPARE_FAILED,
            "line 101: \"a/100\" is not there any more\n",
        );
        let planned = kvctl.run(&format!("import {file} --dry-run"));
        assert_eq!(planned.text().lines().count(), 102, "{}", planned.text());
        assert!(planned.text().starts_with("create \"a/100\"\n"));
        assert!(
            planned.text().ends_with("change \"b\"\nwould have created 100, would have changed 1, unchanged 200\n")
        );
        kvctl.prints(&format!("import {file} --max-txn-ops 7"), "created 100, changed 1, unchanged 200\n");
        let b = kvctl.run("get b -w fields");
        assert!(b.text().contains("\"Value\" : \"1\"") && !b.text().contains("\"Lease\" : 0"), "{}", b.text());

        // What was exported, changed by a program and is as it was: written. What somebody changed meanwhile is not.
        let changed = kvctl.run("export b").text().replace("\"value\":\"1\"", "\"value\":{\"base64\":\"/w==\"}");
        let import = |input: &str| kvctl.tool.run_with_input(&["import", "--if-unchanged"], input);
        assert_eq!(import(&changed).text(), "created 0, changed 1, unchanged 0\n");
        assert_eq!(import(&changed.replace("/w==", "AA==")).status, COMPARE_FAILED);
        assert_eq!(import("{\"key\":\"new\",\"value\":\"\"}").text(), "created 1, changed 0, unchanged 0\n");

        // A key that occurs again counts as what the line before makes of it, also where nothing is written.
        let twice: String = ["1", "2", "2"].map(|value| format!("{{\"key\":\"t\",\"value\":\"{value}\"}}\n")).concat();
        let tried = kvctl.tool.run_with_input(&["import", "--dry-run"], &twice);
        let counted = "would have created 1, would have changed 1, unchanged 1\n";
        assert_eq!(tried.text(), format!("create \"t\"\nchange \"t\"\n{counted}"));
        assert_eq!(kvctl.tool.run_with_input(&["import"], &twice).text(), counted.replace("would have ", ""));
        let guarded =
            kvctl.tool.run_with_input(&["import", "--dry-run", "--if-absent"], &twice.replace("\"t\"", "\"u\""));
        assert_eq!((guarded.status, guarded.text()), (COMPARE_FAILED, "create \"u\"\n"));
        assert!(
            guarded.stderr.starts_with("Error: line 2: \"u\" is written by an earlier line\n"),
            "{}",
            guarded.stderr
        );

        std::fs::write(file, "{\"key\":\"c\",\"value\":\"1\"}\n{\"key\":\"d\"}\n").expect("a file");
        kvctl.ends(&format!("import {file}"), 3, "Error: line 2: there is no value\n");
        kvctl.ends("get c --exists", NOT_THERE, "");
    });
}
