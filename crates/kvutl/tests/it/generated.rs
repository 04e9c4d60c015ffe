//! The committed man pages and completion scripts are those that the definitions make.
//!
//! `UPDATE_EXPECT=1 cargo test -p kvutl` rewrites them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kvutl::{Words, generated};

fn check(directory: &str, files: Vec<(String, String)>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(directory);
    let names: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
    for (name, content) in files {
        expect_test::expect_file![directory.join(name)].assert_eq(&content);
    }
    let committed = fs::read_dir(&directory).expect("the directory is committed");
    let committed = committed.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ours = committed.filter(|name| name.trim_start_matches('_').starts_with("kvutl"));
    let left_over: Vec<_> = ours.filter(|name| !names.contains(name)).collect();
    assert!(left_over.is_empty(), "no command makes these any more: {left_over:?}");
}

#[test]
fn man_pages_are_current() {
    check("man", generated(Words::KVUTL).man_pages());
}

#[test]
fn completions_are_current() {
    check("completions", generated(Words::KVUTL).completions());
}
