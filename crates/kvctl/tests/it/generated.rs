//! The committed man pages and completion scripts are those that the definitions make.
//!
//! `UPDATE_EXPECT=1 cargo test -p kvctl` rewrites them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check(directory: &str, files: Vec<(String, String)>) {
    let directory = root().join(directory);
    let names: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
    for (name, content) in files {
        expect_test::expect_file![directory.join(name)].assert_eq(&content);
    }
    let committed = fs::read_dir(&directory).expect("the directory is committed");
    let committed = committed.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ours = committed.filter(|name| name.trim_start_matches('_').starts_with("kvctl"));
    let left_over: Vec<_> = ours.filter(|name| !names.contains(name)).collect();
    assert!(left_over.is_empty(), "no command makes these any more: {left_over:?}");
}

#[test]
fn man_pages_are_current() {
    check("man", kvctl::generated().man_pages());
}

#[test]
fn completions_are_current() {
    check("completions", kvctl::generated().completions());
}

/// The published table of exit statuses is the one that the tools end with.
#[test]
fn the_page_for_users_of_etcdctl_lists_every_exit_status() {
    let page = fs::read_to_string(root().join("docs/coming-from-etcdctl.md")).unwrap();
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.ends_with(". |")).collect();
    let known = kv_cli::ExitStatus::ALL.iter();
    let known: Vec<String> = known.map(|status| format!("| {} | {} |", status.code(), status.meaning())).collect();
    assert_eq!(listed, known);
}
