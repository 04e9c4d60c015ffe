//! The same for kvutl, beside etcdutl 3.7: each works on what a server of its own kind has left, after the same puts.

use std::path::PathBuf;

use tempfile::TempDir;

use super::cases::{Case, End, case};
use super::kept::{FORMATS, Kept, assert_complete, rounds};
use crate::harness::differences::Ledger;
use crate::harness::mask::{mask_tables, replace_after};
use crate::harness::{Kind, Output, Programs, Server, Tool};
use End::{Fails, Works};

/// Puts before the server stopped.
const SEEDS: usize = 20;

/// What etcdutl has too. `$DATA` is what `hashkv` reads, `$DIR` the data directory, `$NEW` one that is not there yet.
const BOTH: &[Case] = &[
    case("hashkv $DATA", Works),
    case("hashkv $DATA --rev=5", Works),
    case("hashkv", Fails),
    case("hashkv --no-such-flag", Fails),
    case("snapshot status $SNAPSHOT", Works),
    case("snapshot status", Fails),
    case("snapshot status $ABSENT", Fails),
    case("snapshot restore $SNAPSHOT --data-dir=$NEW --bump-revision=100 --mark-compacted", Works),
    case("snapshot restore $SNAPSHOT --data-dir=$DIR", Fails),
    case("snapshot restore $SNAPSHOT --data-dir=$ABSENT --initial-cluster=b=http://localhost:2380", Fails),
    case("snapshot restore", Fails),
    case("defrag --data-dir=$DIR", Works),
    case("defrag", Fails),
    case("defrag --data-dir=$ABSENT", Fails),
    case("migrate --data-dir=$DIR --target-version=3.7", Works),
    case("migrate --data-dir=$DIR --target-version=3", Fails),
    case("migrate --data-dir=$DIR --target-version=3.1", Fails),
    case("migrate", Fails),
    case("version --no-such-flag", Fails),
    case("no-such-command", Fails),
];

/// What etcdutl lacks, or says of itself.
const OWN: &[Case] = &[
    case("hashkv $ABSENT", Fails),
    case("version", Works),
    case("completion --no-such-flag", Fails),
    case("status --data-dir=$DIR", Works),
    case("status --data-dir=$ABSENT", Fails),
    case("get k --data-dir=$DIR", Works),
    case("get absent --data-dir=$DIR", Works),
    case("get k --rev=100000 --data-dir=$DIR", Fails),
    case("check --data-dir=$DIR", Works),
    case("check --data-dir=$ABSENT", Fails),
    case("compact 1$N --data-dir=$DIR", Works),
    case("compact 100000 --data-dir=$DIR", Fails),
    case("rescue $DIR --to=$NEW", Works),
    case("rescue $DIR", Fails),
    case("snapshot save $FILE --data-dir=$DIR", Works),
    case("snapshot save --data-dir=$DIR", Fails),
    case("snapshot verify $SNAPSHOT", Works),
    case("snapshot verify $ABSENT", Fails),
    case("doctor --no-such-flag", Fails),
];

/// Commands that have no case that works, and where they are looked at instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("completion", "the script is a file of the repository: the suite `completion`"),
    ("doctor", "the machine decides what it finds: the suite `doctor`"),
];

/// What a server of one kind has left, and the tool for it.
struct Place {
    kind: Kind,
    tool: Tool,
    directory: TempDir,
}

impl Place {
    fn new(kind: Kind, tool: Tool) -> Place {
        let directory = TempDir::new().expect("a temporary directory");
        let place = Place { kind, tool, directory };
        let mut server = Server::start_on(kind, &place.path("data")).expect("the server starts");
        let client = Tool::client(Kind::Kvd, &server);
        for _ in 0..SEEDS {
            assert_eq!(client.run(&["put", "k", "seed"]).status, 0);
        }
        assert_eq!(client.run(&["snapshot", "save", &place.word("saved")]).status, 0);
        server.stop();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn word(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path of text").to_owned()
    }

    fn run(&self, case: &Case, round: usize, format: &str) -> Output {
        let data = if self.kind == Kind::Kvd { "data" } else { "data/member/snap/db" };
        let fill_in = |word: &str| {
            let word = word.replace("$DATA", &self.word(data)).replace("$DIR", &self.word("data"));
            let word = word.replace("$SNAPSHOT", &self.word("saved")).replace("$ABSENT", &self.word("absent"));
            let first = case.line.split(' ').next().unwrap_or_default();
            let word = word.replace("$NEW", &self.word(&format!("{first}-$N"))).replace("$FILE", &self.word("file-$N"));
            word.replace("$N", &round.to_string())
        };
        let words: Vec<String> = case.line.split(' ').map(fill_in).collect();
        let output = self.tool.clone().and(format!("--write-out={format}")).run(&words);
        let stdout = String::from_utf8(output.stdout.to_vec());
        let stdout = stdout.map_or(output.stdout, |text| self.mask(case, &text).into());
        // etcdutl's own log has a line for each step, with its time and place.
        let said: String = output.stderr.split_inclusive('\n').filter(|line| !line.contains('\t')).collect();
        Output { status: output.status, stdout, stderr: self.mask(case, &said) }
    }

    /// Leaves out where something is, how large a file is, what is in the log, how long something took, and what is hashed with
    /// a time.
    fn mask(&self, case: &Case, text: &str) -> String {
        let digits = |rest: &str| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        // In etcdutl's eyes, a data directory that is not there is a file in it that is not.
        let text = text.replace(&self.word(""), "HERE/").replace("/member/snap/db", "");
        let text = mask_tables(&text.replace(env!("CARGO_MANIFEST_DIR"), "TESTS"));
        let text = replace_after(&text, "took ", |rest| rest.find(['\n', '"']).unwrap_or(rest.len()));
        let text = replace_after(&text, "\"took\":", |rest| rest.find('}').unwrap_or(rest.len()));
        let padded = |rest: &str| {
            let number = rest.trim_start_matches(' ');
            rest.len() - number.len() + digits(number)
        };
        let text = LABELS.iter().fold(text, |text, label| {
            replace_after(&replace_after(&text, &format!("{label}:"), padded), &format!("{label} │"), padded)
        });
        let text = NAMES.iter().fold(text, |text, name| {
            let text = replace_after(&text, &format!("\"{name}\":"), digits);
            replace_after(&text, &format!("\"{name}\" : "), digits)
        });
        let text = if case.line.starts_with("snapshot status") { mask_hash(&text, digits) } else { text };
        mask_sizes(&text)
    }
}

/// Sizes and positions, as they are named in JSON, in `jsonl` and in `fields`: when the server stored what is an accident.
const NAMES: &[&str] = &[
    "totalSize",
    "total_size",
    "TotalSize",
    "size",
    "Size",
    "before",
    "after",
    "dbSize",
    "size_on_disk",
    "DbSize",
    "dbSizeInUse",
    "size_in_use",
    "DbSizeInUse",
    "logSize",
    "log_size",
    "LogSize",
    "freePages",
    "free_pages",
    "FreePages",
    "pages",
    "Pages",
    "logEntries",
    "log_entries",
    "LogEntries",
    "raftAppliedIndex",
    "applied_index",
    "RaftAppliedIndex",
    "storedIndex",
    "stored_index",
    "StoredIndex",
    "raftIndex",
    "last_index_in_the_log",
    "RaftIndex",
];

/// The positions among them, as they are named for people.
const LABELS: &[&str] =
    &["free pages", "pages", "log entries", "applied index", "stored index", "last index in the log"];

/// The hash of a snapshot, at the beginning of a line of `simple` or a row, and behind its name elsewhere.
fn mask_hash(text: &str, digits: impl Fn(&str) -> usize) -> String {
    let text = replace_after(text, "\"hash\":", &digits);
    let text = replace_after(&text, "\"Hash\" : ", &digits);
    let is_row = |line: &str| line.starts_with(|c: char| c.is_ascii_hexdigit()) && !line.starts_with("Error");
    let row = |line: &str| match line.find([',', ' ']) {
        Some(at) if is_row(line) => format!("~{}", &line[at..]),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(row).collect()
}

/// `20 kB` becomes `~ B`, whatever the unit.
fn mask_sizes(text: &str) -> String {
    const UNITS: &[&str] = &[" B", " kB", " MB", " GB"];
    let mut masked = String::new();
    let mut rest = text;
    while let Some((at, unit)) = UNITS.iter().filter_map(|unit| Some((rest.find(unit)?, *unit))).min() {
        let (before, after) = (&rest[..at], &rest[at + unit.len()..]);
        let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        if kept == before || after.starts_with(char::is_alphanumeric) {
            masked.extend([before, unit]);
        } else {
            masked.extend([kept, "~ B"]);
        }
        rest = after;
    }
    masked + rest
}

/// On what their servers have left, kvutl prints what etcdutl prints, ends with its status and names the same error.
#[test]
fn kvutl_prints_what_etcdutl_3_7_prints() {
    const OF_ETCDUTL: &[&str] = &["simple", "fields", "json", "table", "protobuf"];
    let programs = Programs::new();
    let theirs = Place::new(Kind::Etcd37, Tool::offline(Kind::Etcd37));
    let ours = Place::new(Kind::Kvd, Tool::named(&programs.path("kvutl")));
    let mut ledger = Ledger::new("every format, offline", Kind::Etcd37);
    for (round, format, case) in rounds(OF_ETCDUTL, BOTH) {
        let (their_words, our_words) = (theirs.run(case, round, format), ours.run(case, round, format));
        let name = format!("{} -w {format}", case.line);
        ledger.compare(&format!("{name}: stdout"), &their_words.stdout, &our_words.stdout);
        ledger.compare(&format!("{name}: status"), &their_words.status, &our_words.status);
        let error = |output: &Output| {
            output.stderr.lines().find(|line| line.starts_with("Error")).map(|line| line.replace("etcdutl", "kvutl"))
        };
        ledger.compare(&format!("{name}: error"), &error(&their_words), &error(&our_words));
    }
    ledger.finish();
}

#[test]
fn what_kvutl_prints_is_kept() {
    let programs = Programs::new();
    let place = Place::new(Kind::Kvd, Tool::named(&programs.path("kvutl")));
    let mut kept = Kept::new("kvutl");
    for (round, format, case) in rounds(FORMATS, BOTH).chain(rounds(FORMATS, OWN)) {
        kept.add(case, format, &place.run(case, round, format));
    }
    kept.compare();
}

#[test]
fn no_command_of_kvutl_is_left_out() {
    assert_complete(&kvutl::generated(kvutl::Words::KVUTL).command, &[BOTH, OWN], ELSEWHERE);
}
