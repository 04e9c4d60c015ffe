//! The README's session is what the tools really do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// `tests/tour` runs the commands of the README's session; what it prints is what the README shows, but for ports,
/// times and sizes.
#[test]
fn the_tour_prints_the_readmes_session() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the repository");
    let binaries = tempfile::tempdir().expect("a temporary directory");
    for (name, binary) in [
        ("kvd", env!("CARGO_BIN_EXE_kvd-under-test")),
        ("kvctl", env!("CARGO_BIN_EXE_kvctl-under-test")),
        ("kvutl", env!("CARGO_BIN_EXE_kvutl-under-test")),
    ] {
        symlink(binary, binaries.path().join(name)).expect("a link to a binary");
    }
    let tour = Command::new("bash").arg("tests/tour").current_dir(root).env("KV_BIN", binaries.path()).output();
    let tour = tour.expect("bash runs the tour");
    assert!(tour.status.success(), "{}", String::from_utf8_lossy(&tour.stderr));

    let readme = fs::read_to_string(root.join("README.md")).expect("the README can be read");
    let session = readme.split_once("```console\n").and_then(|(_, rest)| rest.split_once("```"));
    let (session, _) = session.expect("the README shows a session");
    assert_eq!(mask(&String::from_utf8_lossy(&tour.stdout)), mask(session));
}

/// Takes out the port, and all digits of lines that tell a time.
fn mask(text: &str) -> String {
    let without_digits = |line: &str| line.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    let mut masked = String::new();
    for line in text.lines() {
        match line.split_once("took ") {
            Some((before, _)) => masked.push_str(&(without_digits(before) + "took")),
            None => masked.push_str(line),
        }
        masked.push('\n');
    }
    masked
}
