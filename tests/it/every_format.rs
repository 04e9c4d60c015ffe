//! Every command of kvctl and kvutl in every format: what it prints is kept in files, and is that of etcd 3.7's tools where they
//! have the command.
//!
//! `UPDATE_EXPECT=1 cargo test -p interop -- every_format` writes the files anew.

mod cases;
mod kept;
mod offline;

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::{RangeResponse, ResponseHeader, WatchResponse};
use prost::Message as _;
use tempfile::TempDir;

use self::cases::{Case, ELSEWHERE, End, HOLDING, JOINING, LAST, OWN, ROUND};
use self::kept::{FORMATS, Kept, assert_complete, rounds};
use crate::harness::differences::Ledger;
use crate::harness::mask::{mask, replace_after};
use crate::harness::{Kind, Output, Programs, Server, Tool};
use crate::tools::Ids;

/// How often it is tried again what the passing of a second makes possible.
const POLL_EVERY: Duration = Duration::from_millis(50);

/// Revisions before the first round, to be watched, hashed and compacted.
const SEEDS: usize = 20;

/// One tool, its server, and what has been made there.
struct Side {
    tool: Kind,
    /// Where the tool is called by its own name.
    program: Option<String>,
    server: Server,
    ids: Ids,
    directory: TempDir,
}

impl Side {
    fn new(tool: Kind, server: Kind) -> Side {
        let directory = TempDir::new().expect("a temporary directory");
        let side = Side { tool, program: None, server: Server::start(server), ids: Ids::default(), directory };
        let seeding = Tool::client(Kind::Kvd, &side.server);
        for _ in 0..SEEDS {
            assert_eq!(seeding.run(&["put", "k", "seed"]).status, 0);
        }
        side
    }

    fn run(&mut self, case: &Case, round: usize, format: &str) -> Output {
        let at = |name| self.directory.path().join(name).to_str().expect("a path of text").to_owned();
        let (file, contexts) = (at("saved"), at("contexts.toml"));
        let client = match &self.program {
            Some(program) => Tool::called(program, &self.server),
            None => Tool::client(self.tool, &self.server),
        };
        let tool = client.and(format!("--write-out={format}")).with_variable("EDITOR", "true");
        let tool = tool.with_variable("KVCTL_CONFIG", &contexts);
        let fill_in = |word: &str| self.ids.fill_in(word).replace("$N", &round.to_string()).replace("$FILE", &file);
        let words: Vec<String> = case.line.split(' ').map(fill_in).collect();
        let output = match case.end {
            End::Works | End::Fails => tool.run(&words),
            End::Reads(input) | End::FailsOn(input) => tool.run_with_input(&words, &fill_in(input)),
            End::GoesOn(_) if format == "protobuf" => tool.run_until(&words, |printed| is_whole(case.line, printed)),
            End::GoesOn(lines) => {
                let index = FORMATS.iter().position(|known| *known == format).expect("a format of the list");
                tool.run_until_lines(&words, lines[index])
            }
        };
        // Where etcdctl has no such format, it says so afterwards.
        if let Some(made) = Made::by(case).filter(|_| case.end == End::Works) {
            let Some(id) = self.newest(&made) else {
                // Within a second, a member at the same address has the id of the one that was removed.
                assert!(output.stderr.contains("member not found"), "{}: {output:?}", case.line);
                thread::sleep(POLL_EVERY);
                return self.run(case, round, format);
            };
            if id.cast_unsigned() < made.least {
                // Its place among others and its length would be other ones.
                let id = format!("{id:x}");
                let undo = [made.undo, &[&id]].concat();
                assert_eq!(Tool::client(Kind::Kvd, &self.server).run(&undo).status, 0);
                return self.run(case, round, format);
            }
            self.ids.push(id);
        }
        let ours = if case.line.starts_with("lock held") || case.line.starts_with("elect ") {
            candidate(&output)
        } else {
            output
        };
        let masked = self.without_ids(&mask(&ours, &self.server));
        let place = self.directory.path().to_str().expect("a path of text");
        let shorten = |text: &str| replace_after(&text.replace(place, "HERE"), "127.0.0.1:", digits);
        Output {
            stdout: String::from_utf8(masked.stdout.to_vec())
                .map_or(masked.stdout.clone(), |text| shorten(&text).into()),
            stderr: shorten(&masked.stderr),
            ..masked
        }
    }
}

/// What a command makes whose id the server draws.
struct Made {
    /// What lists it.
    listing: &'static [&'static str],
    /// What stands before its id there.
    before: &'static str,
    /// What takes it away again.
    undo: &'static [&'static str],
    /// The least id that has its usual place and length.
    least: u64,
}

impl Made {
    fn by(case: &Case) -> Option<Made> {
        if case.line.starts_with("lease grant ") {
            let (listing, before) = (&["lease", "list", "-w", "jsonl"], "\"lease\":\"");
            return Some(Made { listing, before, undo: &["lease", "revoke"], least: 1 << 60 });
        }
        if case.line.starts_with("member add ") {
            let (listing, before) = (&["member", "list", "-w", "jsonl"], "\"id\":\"");
            // Members are listed by their ids: behind the first one.
            return Some(Made { listing, before, undo: &["member", "remove"], least: 0x8e9e_05c5_2164_694e });
        }
        None
    }
}

impl Side {
    /// Looks up the id of what was made last, which not every format tells; there is none where nothing was made.
    fn newest(&self, made: &Made) -> Option<i64> {
        let listed = Tool::client(Kind::Kvd, &self.server).run(made.listing);
        let ids = listed.text().lines().filter(|line| !line.contains("\"name\":\"default\""));
        let ids = ids.filter_map(|line| line.split_once(made.before)?.1.split('"').next());
        let ids = ids.map(|id| u64::from_str_radix(id, 16).expect("an id is hexadecimal").cast_signed());
        let new: Vec<i64> = ids.filter(|id| !self.ids.all().contains(id)).collect();
        assert!(new.len() < 2, "one more is expected in {listed:?}");
        new.first().copied()
    }

    fn without_ids(&self, output: &Output) -> Output {
        let mut output = self.ids.mask(output);
        if std::str::from_utf8(&output.stdout).is_err() {
            for id in self.ids.all() {
                let mut encoded = Vec::new();
                prost::encoding::encode_varint(id.cast_unsigned(), &mut encoded);
                while let Some(at) = output.stdout.windows(encoded.len()).position(|bytes| bytes == encoded) {
                    output.stdout = [&output.stdout[..at], b"ID", &output.stdout[at + encoded.len()..]].concat().into();
                }
            }
        }
        output
    }
}

/// Says whether an encoded answer has come to its end.
fn is_whole(line: &str, printed: &[u8]) -> bool {
    match line.split(' ').next() {
        _ if printed.is_empty() => false,
        Some("watch") => WatchResponse::decode(printed).is_ok_and(|answer| !answer.events.is_empty()),
        Some("lease") => ResponseHeader::decode(printed).is_ok(),
        _ => RangeResponse::decode(printed).is_ok_and(|answer| !answer.kvs.is_empty()),
    }
}

fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

/// Takes the lease out of a candidate's key, which is named by it.
fn candidate(output: &Output) -> Output {
    if let Ok(mut answer) = RangeResponse::decode(output.stdout.as_ref())
        && let [kv] = answer.kvs.as_mut_slice()
    {
        kv.lease = 0;
        kv.key = Bytes::from_static(b"candidate");
        return Output { stdout: answer.encode_to_vec().into(), ..output.clone() };
    }
    let Ok(text) = std::str::from_utf8(&output.stdout) else { return output.clone() };
    let text = ["\"lease\":", "\"Lease\" : "]
        .into_iter()
        .fold(text.to_owned(), |text, start| replace_after(&text, start, digits));
    let text = replace_after(&text, "\"lease\":\"", |rest| rest.find('"').unwrap_or(0));
    let text = replace_after(&text, "\"key\":\"", |rest| rest.find('"').unwrap_or(0));
    let is_row = |line: &&str| line.starts_with("│ ") && line.contains('/');
    let text: String =
        text.split_inclusive('\n').map(|line| if is_row(&line) { "(a candidate)\n" } else { line }).collect();
    let name = |rest: &str| rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    let text = (1..=FORMATS.len()).fold(text, |text, round| {
        ["held", "office"].into_iter().fold(text, |text, start| replace_after(&text, &format!("{start}{round}/"), name))
    });
    Output { stdout: text.into(), ..output.clone() }
}

/// On the same server, kvctl prints what etcdctl prints, ends with its status, and begins what it says with its first line.
#[test]
fn kvctl_prints_what_etcdctl_3_7_prints() {
    const OF_ETCDCTL: &[&str] = &["simple", "fields", "json", "table", "protobuf"];
    let (mut theirs, mut ours) = (Side::new(Kind::Etcd37, Kind::Etcd37), Side::new(Kind::Kvd, Kind::Etcd37));
    let mut ledger = Ledger::new("every format", Kind::Etcd37);
    let all = rounds(OF_ETCDCTL, ROUND).chain(rounds(OF_ETCDCTL, JOINING)).chain(rounds(OF_ETCDCTL, HOLDING));
    let all = all.chain(rounds(&["json"], LAST));
    for (round, format, case) in all {
        let (their_words, our_words) = (theirs.run(case, round, format), ours.run(case, round, format));
        if their_words.stderr.contains("table not supported as output format") {
            // etcdctl has tables of members and endpoints only.
            continue;
        }
        let name = format!("{} -w {format}", case.line);
        ledger.compare(&format!("{name}: stdout"), &their_words.stdout, &our_words.stdout);
        ledger.compare(&format!("{name}: status"), &their_words.status, &our_words.status);
        let first = |output: &Output| output.stderr.lines().next().map(str::to_owned);
        ledger.compare(&format!("{name}: first line of stderr"), &first(&their_words), &first(&our_words));
    }
    ledger.finish();
}

/// Under the name of etcdctl, it also has etcdctl's version.
#[test]
fn under_the_name_of_etcdctl_the_version_is_etcdctls() {
    let (mut theirs, mut ours) = (Side::new(Kind::Etcd37, Kind::Kvd), Side::new(Kind::Kvd, Kind::Kvd));
    let link = ours.directory.path().join("etcdctl");
    std::os::unix::fs::symlink(Kind::Kvd.client_tool(), &link).expect("a link");
    ours.program = Some(link.to_str().expect("a path of text").to_owned());
    for line in ["version", "no-such-command", "options --no-such-flag"] {
        let case = Case { line, end: End::Works };
        let (their_words, our_words) = (theirs.run(&case, 1, "simple"), ours.run(&case, 1, "simple"));
        assert_eq!((their_words.status, their_words.stdout), (our_words.status, our_words.stdout), "{line}");
        assert_eq!(their_words.stderr.lines().next(), our_words.stderr.lines().next(), "{line}");
    }
}

/// What kvctl prints is in files, one for each command; and of etcd it prints the same.
#[test]
fn what_kvctl_prints_is_kept() {
    let programs = Programs::new();
    let mut kvd = Side::new(Kind::Kvd, Kind::Kvd);
    kvd.program = Some(programs.path("kvctl").to_str().expect("a path of text").to_owned());
    let mut etcd = Side::new(Kind::Kvd, Kind::Etcd37);
    let mut kept = Kept::new("kvctl");
    for (round, format, case) in rounds(FORMATS, ROUND).chain(rounds(FORMATS, OWN)).chain(rounds(FORMATS, HOLDING)) {
        kept.add(case, format, &kvd.run(case, round, format));
    }
    for (round, format, case) in rounds(FORMATS, JOINING).chain(rounds(&["json"], LAST)) {
        kept.add(case, format, &etcd.run(case, round, format));
    }
    kept.compare();
}

#[test]
fn no_command_of_kvctl_is_left_out() {
    assert_complete(&kvctl::generated().command, &[ROUND, HOLDING, JOINING, LAST, OWN], ELSEWHERE);
}
