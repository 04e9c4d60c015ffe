//! Rescuing: whatever happened to a directory, everything that is intact is in the new one, and everything else is named.
//!
//! `KVUTL_RESCUE_DAMAGES=2000 cargo test -p kvutl rescue` damages more directories than the ordinary test.

mod pages;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use expect_test::expect;
use kv_store::{Command, Point, Storage, StorageOptions};

use self::pages::{changed_pages, pages_of_changes};
use crate::drill::{Random, copy_directory, scratch};
use crate::harness::{Directory, Server, delete, kvutl, put};

/// How many directories the ordinary test damages.
const DAMAGES: u64 = 120;

const STORE: &str = "store-0000000001.mdb";

fn sample() -> Directory {
    let mut server = Server::alone();
    for round in 0..40 {
        for key in 0..6 {
            let length = [3, 40, 700, 2600, 9000, 0][(round + key) % 6];
            server.put(&format!("key {key}"), &format!("{round}{}", "v".repeat(length)));
        }
        server.propose(&[delete(&format!("key {}", round % 3)), put(&format!("round {round}"), "once")]);
        if round == 20 {
            server.propose(&[Command::Compact { revision: 60 }]);
            server.checkpoint();
            while server.store().compaction_step(50, std::time::Duration::ZERO).unwrap()
                != kv_store::CompactionStep::Idle
            {}
            server.purge();
        }
        if round % 10 == 5 {
            server.checkpoint();
        }
    }
    server.kill()
}

/// Every change that the tables hold.
fn changes(directory: &Path) -> BTreeMap<Point, String> {
    let storage = Storage::open_read_only(directory, &StorageOptions::default()).expect("the tables open");
    let reader = storage.read().expect("a reader");
    let records = reader.records(Point::new(0, 0), i64::MAX).expect("the changes can be read");
    // What a change names as the one before it is put right where that one is missing.
    records.map(|record| record.expect("a change")).map(|record| (record.at, format!("{:?}", record.kv))).collect()
}

fn rescue(from: &Path, to: &Path, more: &[&str]) -> crate::harness::Ran {
    let [from, to] = [from, to].map(|path| path.to_str().expect("a path of text"));
    kvutl(&[&["rescue", from, "--to", to], more].concat()).without(from)
}

fn check(directory: &Path) -> crate::harness::Ran {
    kvutl(&["check", "--data-dir", directory.to_str().expect("a path of text")])
}

/// The points that a report in JSON names as missing, first and last.
fn missing(report: &str) -> Vec<(Point, Point)> {
    let (_, list) = report.split_once("\"missing\":[").expect("the report has a list");
    let list = list.split_once(']').expect("the list ends").0;
    let number = |range: &str, name: &str| -> Option<i64> {
        let (_, rest) = range.split_once(&format!("\"{name}\":"))?;
        rest.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
    };
    let ranges = list.split("},").filter(|range| !range.is_empty());
    let ranges = ranges.map(|range| {
        let first = Point::new(number(range, "first").expect("a first"), number(range, "firstSub").unwrap_or(0));
        let last = Point::new(number(range, "last").expect("a last"), number(range, "lastSub").unwrap_or(i64::MAX));
        (first, last)
    });
    ranges.collect()
}

#[test]
fn a_whole_directory_is_brought_over_as_it_is() {
    let directory = sample();
    let to = scratch();
    let new = to.path().join("new");
    let ran = rescue(directory.path(), &new, &[]).without(to.path().to_str().expect("a path of text"));
    expect![[r#"
        nothing is missing (changes: 242, log entries: 28)
        stderr: rescued into DATA/new; `kvutl check` and `kvutl get` work on it before a server does
    "#]]
    .assert_eq(&ran.to_string());
    assert_eq!(check(&new).status, 0);
    for command in [&["get", "", "--prefix", "-w", "json"][..], &["hashkv"], &["hashkv", "--rev", "100"]] {
        let of = |path: &Path| kvutl(&[command, &["--data-dir", path.to_str().unwrap()]].concat()).to_string();
        let (old, new) = (of(directory.path()), of(&new));
        let body = |text: &str| text.split_once("\"kvs\"").map_or(text.to_owned(), |(_, kvs)| kvs.to_owned());
        assert_eq!(body(&new), body(&old));
    }
    // The new directory is in nobody's way a second time.
    let again = rescue(directory.path(), &new, &[]);
    assert_eq!(again.status, 1);
    assert!(again.stderr.contains("is not empty"), "{again}");
}

#[test]
fn what_is_intact_is_there_and_what_is_not_is_named() {
    let damages = std::env::var("KVUTL_RESCUE_DAMAGES").map_or(DAMAGES, |number| number.parse().expect("a number"));
    let directory = sample();
    let whole = scratch();
    assert_eq!(rescue(directory.path(), &whole.path().join("new"), &[]).status, 0);
    let truth = changes(&whole.path().join("new"));
    let file = fs::read(directory.path().join(STORE)).unwrap();
    let places = pages_of_changes(&file);
    let (mut lossless, mut with_loss, mut lost_changes, mut intact) = (0, 0, 0, 0);
    for seed in 0..damages {
        let copy = scratch();
        let damaged = copy.path().join("damaged");
        copy_directory(directory.path(), &damaged);
        let before = damage(&damaged, seed);
        let new = copy.path().join("new");
        let ran = rescue(&damaged, &new, &["--yes", "-w", "json"]);
        assert_eq!(ran.status, 0, "seed {seed}: {ran}");

        assert_eq!(before, content(&damaged), "seed {seed}: the damaged directory was changed");
        let checked = check(&new);
        assert_eq!(checked.status, 0, "seed {seed}: {checked} after {ran}");
        let found = changes(&new);
        // What the log's entries make depends on what was there before them, and where that is lost it is said.
        let is_exact = !ran.stdout.contains("may differ");
        let stored: i64 = ran
            .stdout
            .rsplit_once("\"revision\":")
            .and_then(|(_, rest)| rest.trim().strip_suffix('}')?.parse().ok())
            .expect("a revision");
        let found: BTreeMap<_, _> = found.into_iter().filter(|(at, _)| is_exact || at.major <= stored).collect();
        for (at, change) in &found {
            assert!(truth.get(at) == Some(change), "seed {seed}: {at} is not what was written: {ran}");
        }
        // Every change whose pages nobody touched. Where the file's newest header is damaged, an older one says which changes
        // came after it, and those are made again from the log.
        let changed = changed_pages(&file, &fs::read(damaged.join(STORE)).unwrap());
        for (at, pages) in places.iter().filter(|(at, _)| is_exact || at.major <= stored) {
            if pages.is_disjoint(&changed) {
                intact += 1;
                assert!(found.contains_key(at), "seed {seed}: {at} is intact on pages {pages:?}, and missing: {ran}");
            }
        }
        let missing = missing(&ran.stdout);
        let log_is_damaged = ran.stdout.contains("log");
        let newest = found.keys().next_back().map_or(0, |at| at.major);
        let pages_are_damaged = ran.stdout.contains(".mdb: ") || ran.stdout.contains("changes in use cannot be read");
        let lost = truth.keys().filter(|at| !found.contains_key(at) && (is_exact || at.major <= stored));
        let lost: Vec<_> = lost.collect();
        for at in &lost {
            let is_named = missing.iter().any(|(first, last)| first <= *at && *at <= last);
            // What only the log had is named as entries; what a compaction may have deleted, as pages.
            let is_explained = (log_is_damaged && at.major > newest) || (pages_are_damaged && at.major <= 61);
            assert!(is_named || is_explained, "seed {seed}: {at} is missing and not named: {ran}");
        }
        *if lost.is_empty() { &mut lossless } else { &mut with_loss } += 1;
        lost_changes += lost.len();
    }
    println!(
        "{damages} directories: nothing lost in {lossless}; in {with_loss} others {lost_changes} changes of {} each; \
         {intact} changes were on pages that nothing happened to, and all of them came over",
        truth.len()
    );
    assert!(lossless > 0 && with_loss > 0);
}

/// Damages a directory in one or several ways.
fn damage(directory: &Path, seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut random = Random(seed * 1000);
    let store = directory.join(STORE);
    match seed % 8 {
        // Both headers, or one.
        0 => overwrite(&store, &[(0, 4096), (4096, 4096)][..=(seed / 8 % 2) as usize]),
        1 => fs::remove_file(directory.join("CURRENT")).unwrap(),
        2 => {
            let mut log: Vec<_> =
                fs::read_dir(directory.join("log")).unwrap().map(|file| file.unwrap().path()).collect();
            log.sort();
            fs::remove_file(&log[random.below(log.len() as u64) as usize]).unwrap();
        }
        3 => {
            let length = fs::metadata(&store).unwrap().len();
            let file = fs::File::options().write(true).open(&store).unwrap();
            file.set_len(length / 4096 * (4 + random.below(12)) / 16 * 4096).unwrap();
        }
        _ => {}
    }
    let pages = fs::metadata(&store).unwrap().len() / 4096;
    for _ in 0..random.below(4) {
        overwrite(&store, &[(4096 * (2 + random.below(pages - 2)) as usize, 4096)]);
    }
    let mut bytes = fs::read(&store).unwrap();
    for _ in 0..random.below(12) {
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
    }
    fs::write(&store, bytes).unwrap();
    content(directory)
}

fn overwrite(path: &Path, places: &[(usize, usize)]) {
    let mut bytes = fs::read(path).unwrap();
    for (begin, length) in places {
        bytes[*begin..begin + length].fill(0xa5);
    }
    fs::write(path, bytes).unwrap();
}

fn content(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    crate::drill::list(directory, Path::new(""), &mut files);
    files.into_iter().map(|(name, _)| (name.display().to_string(), fs::read(directory.join(name)).unwrap())).collect()
}

#[test]
fn nothing_is_written_where_something_is_missing_unless_told() {
    let directory = sample();
    overwrite(&directory.path().join(STORE), &[(40 * 4096, 4096)]);
    let to = scratch();
    let new = to.path().join("new");
    let ran = rescue(directory.path(), &new, &[]);
    assert_eq!(ran.status, 14, "{ran}");
    assert!(ran.stderr.contains("--yes"), "{ran}");
    assert!(!new.exists());
    assert!(rescue(directory.path(), &directory.path().join("log/new"), &["--yes"]).stderr.contains("inside"));
    let without = kvutl(&["rescue", directory.path().to_str().unwrap()]);
    assert!(without.stderr.contains("\"to\" not set"), "{without}");
}
