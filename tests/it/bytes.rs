//! Keys and values that are not text, or not there at all: kvctl handles them as etcdctl does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use crate::harness::{Kind, Server, Tool};

/// Commands with the bytes of their arguments.
const TOUR: &[&[&[u8]]] = &[
    &[b"put", b"\xff\xfe", b"\x01\xc3("],
    &[b"put", b"\xff\xff", b""],
    &[b"put", b"a b", b"tab\tand\nline"],
    &[b"put", b"-dash", b"x"],
    &[b"put", b"dash", b"--", b"-5"],
    &[b"get", b"\xff\xfe"],
    &[b"get", b"\xff", b"--prefix"],
    &[b"get", b"\xff", b"--prefix", b"-w", b"json"],
    &[b"get", b"\xff", b"--prefix", b"-w", b"fields"],
    &[b"get", b"\xff", b"--prefix", b"--hex"],
    &[b"get", b"\xfe", b"\xff\xff"],
    &[b"get", b"", b"--prefix"],
    &[b"get", b"", b"--from-key", b"--keys-only"],
    &[b"get", b"", b""],
    &[b"get", b"dash", b"-w", b"json"],
    &[b"del", b"\xff", b"--prefix", b"--prev-kv"],
    &[b"del", b"", b"--prefix"],
];

#[test]
fn kvctl_takes_every_byte_that_etcdctl_takes() {
    let (theirs, ours) = (Server::start(Kind::Etcd37), Server::start(Kind::Kvd));
    for words in TOUR {
        let words: Vec<OsString> = words.iter().map(|word| OsStr::from_bytes(word).to_owned()).collect();
        let they = Tool::client(Kind::Etcd37, &theirs).run(&words);
        let we = Tool::client(Kind::Kvd, &ours).run(&words);
        let masked = |output: &[u8]| String::from_utf8_lossy(output).replace("\"raft_term\":2", "\"raft_term\":1");
        let term = |text: String| text.replace("\"RaftTerm\" : 2", "\"RaftTerm\" : 1");
        assert_eq!(term(masked(&they.stdout)), term(masked(&we.stdout)), "{words:?}");
        let first = |text: &str| text.lines().find(|line| !line.starts_with('{')).map(str::to_owned);
        assert_eq!((they.status, first(&they.stderr)), (we.status, first(&we.stderr)), "{words:?}");
    }
}

#[test]
fn a_value_from_standard_input_is_stored_byte_for_byte() {
    let server = Server::start(Kind::Kvd);
    let tool = Tool::client(Kind::Kvd, &server);
    assert_eq!(tool.run_with_input(&["put", "k"], "a\0b\r\n").status, 0);
    assert_eq!(&tool.run(&["get", "k", "--print-value-only"]).stdout[..], b"a\0b\r\n\n");
    assert_eq!(tool.run(&["put", "empty", ""]).status, 0);
    assert_eq!(&tool.run(&["get", "empty"]).stdout[..], b"empty\n\n");
}
