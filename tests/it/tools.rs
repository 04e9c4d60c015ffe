//! The tools take the same tour against kvd and against real etcds, and must say the same.
//!
//! The tool is held fixed and the server changes: etcdctl X against kvd equals etcdctl X against etcd X, and kvctl
//! against every etcd equals kvctl against kvd. Stdout, stderr and the exit status are compared, after masking.

use crate::harness::differences::Ledger;
use crate::harness::mask::{mask, mask_release, replace_after};
use crate::harness::{Kind, Output, Server, Tool};

/// One command of the tour.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A command and what it reads from stdin.
    Run(&'static [&'static str], &'static str),
    /// A command that goes on by itself, interrupted after so many lines.
    Follow(&'static [&'static str], usize),
}

pub(crate) use Step::{Follow, Run};

const TOUR: &[Step] = &[
    // The tour of the README.
    Run(&["put", "demo", "101", "-w", "json"], ""),
    Run(&["put", "demo", "102", "-w", "json"], ""),
    Run(&["put", "demo", "103", "-w", "json"], ""),
    Run(&["get", "demo"], ""),
    Run(&["get", "demo", "--rev=3"], ""),
    Follow(&["watch", "demo", "--rev=1"], 9),
    Run(&["compact", "4"], ""),
    Run(&["get", "demo", "--rev=3"], ""),
    Run(&["defrag"], ""),
    Run(&["endpoint", "status", "-w", "table"], ""),
    // Writing.
    Run(&["put", "empty", ""], ""),
    Run(&["put", "piped"], "from stdin\nand more\n"),
    Run(&["put", "nothing"], ""),
    Run(&["put", "demo", "104", "--prev-kv"], ""),
    Run(&["put", "demo", "105", "--prev-kv", "-w", "fields"], ""),
    Run(&["put", "demo", "106", "--prev-kv", "-w", "json"], ""),
    Run(&["put", "demo", "107", "-w", "protobuf"], ""),
    Run(&["put", "demo", "108", "-w", "table"], ""),
    Run(&["put", "demo", "--ignore-value"], ""),
    Run(&["put", "absent", "--ignore-value"], ""),
    Run(&["put", "demo", "109", "--ignore-lease"], ""),
    Run(&["put", "demo", "110", "--lease=4d"], ""),
    Run(&["put", "demo", "111", "--lease=nonsense"], ""),
    Run(&["put", "", "value"], ""),
    Run(&["put"], ""),
    Run(&["put", "dir/a", "1"], ""),
    Run(&["put", "dir/b", "2"], ""),
    Run(&["put", "dir/c", "3"], ""),
    Run(&["put", "dir0", "outside"], ""),
    Run(&["put", "bytes", "\u{e4}\t\u{7f}"], ""),
    // Reading.
    Run(&["get", "dir/", "--prefix"], ""),
    Run(&["get", "dir/", "--prefix", "--keys-only"], ""),
    Run(&["get", "dir/", "--prefix", "--print-value-only"], ""),
    Run(&["get", "dir/", "--prefix", "--limit=2"], ""),
    Run(&["get", "dir/", "--prefix", "--limit=2", "-w", "json"], ""),
    Run(&["get", "dir/", "--prefix", "--limit=2", "-w", "fields"], ""),
    Run(&["get", "dir/", "--prefix", "--limit=2", "-w", "protobuf"], ""),
    Run(&["get", "dir/", "--prefix", "-w", "table"], ""),
    Run(&["get", "dir/", "--prefix", "--count-only", "-w", "fields"], ""),
    Run(&["get", "dir/", "--prefix", "--count-only", "-w", "json"], ""),
    Run(&["get", "dir/", "--prefix", "--order=DESCEND"], ""),
    Run(&["get", "dir/", "--prefix", "--order=DESCEND", "--sort-by=MODIFY"], ""),
    Run(&["get", "dir/", "--prefix", "--sort-by=value", "--order=descend"], ""),
    Run(&["get", "dir/", "--prefix", "--sort-by=VERSION"], ""),
    Run(&["get", "dir/", "--prefix", "--sort-by=CREATE"], ""),
    Run(&["get", "dir/", "--prefix", "--order=SIDEWAYS"], ""),
    Run(&["get", "dir/", "--prefix", "--sort-by=COLOUR"], ""),
    Run(&["get", "dir/a", "dir/c"], ""),
    Run(&["get", "dir/b", "--from-key"], ""),
    Run(&["get", "", "--from-key", "--keys-only"], ""),
    Run(&["get", "", "--prefix", "--keys-only"], ""),
    Run(&["get", "demo", "--prefix", "--from-key"], ""),
    Run(&["get", "demo", "demo2", "--prefix"], ""),
    Run(&["get", "bytes"], ""),
    Run(&["get", "bytes", "--hex"], ""),
    Run(&["get", "bytes", "-w", "fields"], ""),
    Run(&["get", "bytes", "-w", "json"], ""),
    Run(&["get", "demo", "--consistency=s"], ""),
    Run(&["get", "demo", "--consistency=x"], ""),
    Run(&["get", "demo", "--rev=1000"], ""),
    Run(&["get", "demo", "--rev=2"], ""),
    Run(&["get", "absent"], ""),
    Run(&["get", "absent", "-w", "json"], ""),
    Run(&["get", "absent", "-w", "fields"], ""),
    Run(&["get", ""], ""),
    Run(&["get"], ""),
    Run(&["get", "demo", "-w", "xml"], ""),
    Run(&["get", "demo", "--no-such-flag"], ""),
    // Transactions.
    Run(&["txn"], "value(\"demo\") = \"109\"\n\nput demo 112\nget demo\n\nget demo\n\n"),
    Run(&["txn"], "value(\"demo\") = \"109\"\n\nput demo 113\n\nget demo\ndel dir/a\n\n"),
    Run(&["txn", "-w", "json"], "ver(\"demo\") > \"1\"\n\nput demo 114\nget demo\ndel dir/b\n\nget demo\n\n"),
    Run(&["txn", "-w", "fields"], "mod(\"demo\") > \"0\"\n\nget demo\n\n\n"),
    Run(&["txn", "-w", "protobuf"], "create(\"absent\") = \"0\"\n\nget demo\n\n\n"),
    Run(&["txn"], "c(\"absent\") = \"0\"\n\nput absent here\nget absent\ndel absent\n\n\n"),
    Run(&["txn", "-i"], "ver(\"demo\") < \"1000\"\n\nput demo \"with space\"\n\n\n"),
    Run(&["txn"], "nonsense\n\n\n\n"),
    Run(&["txn"], "ver(\"demo\") = \"many\"\n\n\n\n"),
    Run(&["txn"], "\nput demo 1\nput demo 2\n\n\n"),
    Run(&["txn"], "\nfly demo\n\n\n"),
    Run(&["txn"], "\n\n"),
    // Watching.
    Follow(&["watch", "demo", "--rev=5"], 6),
    Follow(&["watch", "demo", "--rev=5", "--prev-kv"], 8),
    Follow(&["watch", "dir/", "--prefix", "--rev=5"], 9),
    Follow(&["watch", "demo", "--rev=5", "-w", "json"], 1),
    Follow(&["watch", "demo", "--rev=5", "-w", "fields"], 20),
    Run(&["watch", "demo", "--rev=2"], ""),
    Run(&["watch"], ""),
    Run(&["watch", "demo", "--"], ""),
    Run(&["watch", "-i"], ""),
    // Deleting.
    Run(&["del", "dir/c"], ""),
    Run(&["del", "dir/c"], ""),
    Run(&["del", "dir/", "--prefix", "--prev-kv"], ""),
    Run(&["put", "dir/d", "4"], ""),
    Run(&["put", "dir/e", "5"], ""),
    Run(&["del", "dir/", "dir0", "--range", "--prev-kv", "-w", "json"], ""),
    Run(&["del", "piped", "--prev-kv", "-w", "fields"], ""),
    Run(&["del", "zz", "--from-key"], ""),
    Run(&["del", "demo", "--prefix", "--from-key"], ""),
    Run(&["del", ""], ""),
    Run(&["del"], ""),
    // Maintenance.
    Run(&["compaction", "4"], ""),
    Run(&["compaction", "3"], ""),
    Run(&["compaction", "1000"], ""),
    Run(&["compaction", "12", "--physical"], ""),
    Run(&["compaction", "many"], ""),
    Run(&["compaction"], ""),
    Run(&["defrag", "--cluster"], ""),
    Run(&["endpoint", "health"], ""),
    Run(&["endpoint", "health", "-w", "json"], ""),
    Run(&["endpoint", "health", "-w", "table"], ""),
    Run(&["endpoint", "status"], ""),
    Run(&["endpoint", "status", "-w", "json"], ""),
    Run(&["endpoint", "status", "-w", "fields"], ""),
    Run(&["endpoint", "hashkv"], ""),
    Run(&["endpoint", "hashkv", "-w", "json"], ""),
    Run(&["endpoint", "hashkv", "-w", "fields"], ""),
    Run(&["endpoint", "hashkv", "-w", "table"], ""),
    Run(&["endpoint", "hashkv", "--rev=20"], ""),
    Run(&["endpoint", "hashkv", "--rev=1"], ""),
    Run(&["endpoint", "hashkv", "--rev=1000"], ""),
    Run(&["alarm", "list"], ""),
    Run(&["alarm", "list", "-w", "json"], ""),
    Run(&["alarm", "list", "-w", "fields"], ""),
    Run(&["alarm", "list", "-w", "protobuf"], ""),
    Run(&["alarm", "list", "-w", "table"], ""),
    Run(&["alarm", "list", "all"], ""),
    Run(&["alarm", "disarm"], ""),
    Run(&["alarm", "disarm", "-w", "json"], ""),
    Run(&["alarm", "disarm", "all"], ""),
    Run(&["member", "list"], ""),
    Run(&["member", "list", "-w", "json"], ""),
    Run(&["member", "list", "-w", "fields"], ""),
    Run(&["member", "list", "-w", "table"], ""),
    Run(&["mem", "list"], ""),
    Run(&["member", "list", "--hex", "-w", "json"], ""),
    Run(&["fly"], ""),
    // Leases, last because their ids are part of what is hashed. `$LEASE` is the one granted last.
    Run(&["lease", "grant", "1000"], ""),
    Run(&["put", "leased/a", "1", "--lease=$LEASE"], ""),
    Run(&["put", "leased/b", "2", "--lease=$LEASE"], ""),
    Run(&["get", "leased/a", "-w", "json"], ""),
    Run(&["get", "leased/a", "-w", "fields"], ""),
    Run(&["put", "leased/b", "3", "--ignore-lease", "--prev-kv", "-w", "fields"], ""),
    Run(&["put", "leased/b", "3"], ""),
    Run(&["lease", "timetolive", "$LEASE"], ""),
    Run(&["lease", "timetolive", "$LEASE", "--keys"], ""),
    Run(&["lease", "timetolive", "$LEASE", "--keys", "-w", "json"], ""),
    Run(&["lease", "timetolive", "$LEASE", "-w", "json"], ""),
    Run(&["lease", "timetolive", "$LEASE", "--keys", "-w", "fields"], ""),
    Run(&["lease", "timetolive", "$LEASE", "-w", "table"], ""),
    Run(&["lease", "timetolive", "$LEASE", "--keys", "-w", "protobuf"], ""),
    Run(&["lease", "list", "-w", "protobuf"], ""),
    Run(&["lease", "keep-alive", "$LEASE", "--once", "-w", "protobuf"], ""),
    Run(&["lease", "timetolive", "77"], ""),
    Run(&["lease", "timetolive", "77", "--keys", "-w", "json"], ""),
    Run(&["lease", "timetolive", "77", "-w", "fields"], ""),
    Run(&["lease", "timetolive"], ""),
    Run(&["lease", "grant", "200", "-w", "json"], ""),
    Run(&["lease", "grant", "3000", "-w", "fields"], ""),
    Run(&["lease", "grant", "0"], ""),
    Run(&["lease", "revoke", "$LEASE"], ""),
    Run(&["lease", "list"], ""),
    Run(&["lease", "list", "-w", "json"], ""),
    Run(&["lease", "list", "-w", "fields"], ""),
    Run(&["lease", "list", "-w", "table"], ""),
    Run(&["lease", "grant", "500"], ""),
    Run(&["lease", "keep-alive", "$LEASE", "--once"], ""),
    Run(&["lease", "keep-alive", "$LEASE", "--once", "-w", "json"], ""),
    Run(&["lease", "keep-alive", "$LEASE", "--once", "-w", "fields"], ""),
    Follow(&["lease", "keep-alive", "$LEASE"], 1),
    Run(&["lease", "keep-alive", "77", "--once"], ""),
    Run(&["lease", "keep-alive", "77"], ""),
    Run(&["lease", "keep-alive"], ""),
    Run(&["lease", "revoke", "$LEASE", "-w", "json"], ""),
    Run(&["lease", "revoke", "$LEASE"], ""),
    Run(&["lease", "revoke", "nonsense"], ""),
    Run(&["lease", "revoke"], ""),
    Run(&["lease", "grant", "9000000001"], ""),
    Run(&["lease", "grant", "long"], ""),
    Run(&["lease", "grant"], ""),
    // Locks and elections.
    Run(&["lock", "job", "true"], ""),
    Run(&["lock", "job", "--", "sh", "-c", "echo $ETCD_LOCK_REV; exit 3"], ""),
    Run(&["lock", "job", "--ttl=2", "--", "sh", "-c", "kill -9 $$"], ""),
    Run(&["lock", "job", "no-such-program"], ""),
    Run(&["lock"], ""),
    Follow(&["lock", "held"], 2),
    Run(&["elect"], ""),
    Run(&["elect", "office"], ""),
    Run(&["elect", "-l", "office", "me"], ""),
    Run(&["elect", "office", "me", "you"], ""),
    Follow(&["elect", "office", "me"], 2),
    Follow(&["elect", "-l", "office"], 2),
];

/// What older tools do not know.
const SINCE_3_7: &[Step] = &[
    Run(&["put", "flow/a", "1"], ""),
    Run(&["put", "flow/b", "2"], ""),
    Run(&["put", "flow/c", "3"], ""),
    Run(&["get", "flow/", "--prefix", "--stream"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "-w", "json"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "-w", "fields"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "-w", "protobuf"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "--limit=2", "-w", "json"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "--keys-only", "-w", "json"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "--count-only", "-w", "fields"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "--count-only"], ""),
    Run(&["get", "absent", "--stream", "-w", "json"], ""),
    Run(&["get", "flow/", "--prefix", "--stream", "--order=DESCEND"], ""),
    Run(&["get", "flow/a", "--stream", "--rev=1000"], ""),
    Run(&["get", "flow/a", "--stream", "--rev=2"], ""),
    Run(&["del", "flow/a", "--prev-kv", "-w", "protobuf"], ""),
    Run(&["put", "flow/b", "3", "--prev-kv", "-w", "protobuf"], ""),
    Run(&["member", "list", "-w", "protobuf"], ""),
    Run(&["alarm", "disarm", "-w", "protobuf"], ""),
    Run(&["endpoint", "status", "-w", "protobuf"], ""),
    Run(&["endpoint", "hashkv", "-w", "protobuf"], ""),
    Run(&["endpoint", "health", "-w", "protobuf"], ""),
    Run(&["defrag", "-w", "protobuf"], ""),
    Run(&["compaction", "5", "-w", "fields"], ""),
    Run(&["role", "add", "r", "-w", "protobuf"], ""),
    Run(&["role", "grant-permission", "r", "read", "k", "-w", "protobuf"], ""),
    Run(&["role", "get", "r", "-w", "protobuf"], ""),
    Run(&["role", "list", "-w", "protobuf"], ""),
    Run(&["role", "revoke-permission", "r", "k", "-w", "fields"], ""),
    Run(&["user", "add", "u:p", "-w", "protobuf"], ""),
    Run(&["user", "grant-role", "u", "r", "-w", "protobuf"], ""),
    Run(&["user", "get", "u", "-w", "protobuf"], ""),
    Run(&["user", "get", "u", "-w", "fields"], ""),
    Run(&["user", "get", "u", "--detail", "-w", "json"], ""),
    Run(&["user", "list", "-w", "protobuf"], ""),
    Run(&["user", "revoke-role", "u", "r", "-w", "fields"], ""),
    Run(&["user", "delete", "u", "-w", "protobuf"], ""),
    Run(&["role", "delete", "r", "-w", "protobuf"], ""),
    Run(&["auth", "status", "-w", "protobuf"], ""),
    Run(&["lock", "job", "-w", "json", "true"], ""),
];

impl Step {
    fn take(self, tool: &Tool, server: &Server, ids: &mut Ids) -> Output {
        let (Run(arguments, _) | Follow(arguments, _)) = self;
        let words: Vec<String> = arguments.iter().map(|word| ids.fill_in(word)).collect();
        let output = match self {
            Run(_, input) => tool.run_with_input(&words, input),
            Follow(_, lines) => tool.run_until_lines(&words, lines),
        };
        let makes_one = arguments.starts_with(&["lease", "grant"]) || arguments.starts_with(&["member", "add"]);
        if makes_one && output.status == 0 {
            ids.note(output.text());
        }
        ids.mask(&mask(&output, server))
    }

    pub(crate) fn name(self) -> String {
        match self {
            Run(arguments, "") | Follow(arguments, _) => arguments.join(" "),
            Run(arguments, input) => format!("{} <<< {input:?}", arguments.join(" ")),
        }
    }
}

/// The leases that one server has granted and the members that it was told of: it chooses their ids.
#[derive(Debug, Default)]
pub(crate) struct Ids(Vec<i64>);

impl Ids {
    pub(crate) fn fill_in(&self, word: &str) -> String {
        match self.0.last() {
            Some(newest) => word.replace("$LEASE", &format!("{newest:x}")).replace("$MEMBER", &format!("{newest:x}")),
            None => word.to_owned(),
        }
    }

    /// Finds the id in what `lease grant` printed, in any format, or `member add`.
    fn note(&mut self, printed: &str) {
        let number = |text: &str, radix: u32| {
            let digits = text.trim_start().split(|c: char| !c.is_digit(radix)).next().unwrap_or_default();
            u64::from_str_radix(digits, radix).ok().map(u64::cast_signed)
        };
        let after = |start| printed.split_once(start).map(|(_, rest)| rest);
        let id = match after("lease ").or(after("Member ")) {
            Some(rest) => number(rest, 16),
            None => after("\"ID\":").or(after("\"ID\" : ")).and_then(|rest| number(rest, 10)),
        };
        self.0.push(id.unwrap_or_else(|| panic!("no id in {printed}")));
    }

    pub(crate) fn push(&mut self, id: i64) {
        self.0.push(id);
    }

    pub(crate) fn all(&self) -> &[i64] {
        &self.0
    }

    pub(crate) fn mask(&self, output: &Output) -> Output {
        let mask_text = |text: &str| {
            // Candidates are named by leases of their own.
            let text = ["held/", "office/"].into_iter().fold(text.to_owned(), |text, name| {
                replace_after(&text, name, |rest| rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len()))
            });
            self.0.iter().enumerate().fold(text, |text, (number, id)| {
                let (name, unsigned) = (format!("ID-{number}"), id.cast_unsigned());
                let texts = [format!("{id:016x}"), format!("{id:16x}"), format!("{id:x}"), unsigned.to_string()];
                texts.iter().fold(text, |text, shown| text.replace(shown, &name))
            })
        };
        let stdout = match std::str::from_utf8(&output.stdout) {
            Ok(text) => mask_text(text).into(),
            Err(_) => output.stdout.clone(),
        };
        Output { status: output.status, stdout, stderr: mask_text(&output.stderr) }
    }
}

/// Takes the tour with one tool against two servers.
pub(crate) fn same_words(suite: &'static str, tool: Kind, peer: Kind, tour: &[Step]) {
    let (theirs, ours) = (Server::start(peer), Server::start(Kind::Kvd));
    let mut ledger = Ledger::new(suite, peer);
    let (mut their_ids, mut our_ids) = (Ids::default(), Ids::default());
    for step in tour {
        let mut their_words = step.take(&Tool::client(tool, &theirs), &theirs, &mut their_ids);
        let mut our_words = step.take(&Tool::client(tool, &ours), &ours, &mut our_ids);
        if peer != Kind::Etcd37 {
            // kvd says it is 3.7.1, an older peer what it is.
            (their_words, our_words) = (mask_release(&their_words, &theirs), mask_release(&our_words, &ours));
        }
        ledger.compare(&step.name(), &their_words, &our_words);
    }
    ledger.finish();
}

#[test]
fn etcdctl_3_4_says_the_same_of_kvd_as_of_etcd() {
    same_words("etcdctl", Kind::Etcd34, Kind::Etcd34, TOUR);
}

#[test]
fn etcdctl_3_5_says_the_same_of_kvd_as_of_etcd() {
    same_words("etcdctl", Kind::Etcd35, Kind::Etcd35, TOUR);
}

#[test]
fn etcdctl_3_7_says_the_same_of_kvd_as_of_etcd() {
    same_words("etcdctl", Kind::Etcd37, Kind::Etcd37, &[TOUR, SINCE_3_7].concat());
}

#[test]
fn kvctl_says_the_same_of_etcd_3_4_as_of_kvd() {
    same_words("kvctl", Kind::Kvd, Kind::Etcd34, TOUR);
}

#[test]
fn kvctl_says_the_same_of_etcd_3_5_as_of_kvd() {
    same_words("kvctl", Kind::Kvd, Kind::Etcd35, TOUR);
}

#[test]
fn kvctl_says_the_same_of_etcd_3_7_as_of_kvd() {
    same_words("kvctl", Kind::Kvd, Kind::Etcd37, TOUR);
}

/// kvctl takes etcdctl's place: against the same server it prints the same and ends with the same status.
#[test]
fn kvctl_says_what_etcdctl_3_7_says() {
    takes_its_place("kvctl for etcdctl", &[TOUR, SINCE_3_7].concat());
}

/// Takes the tour with etcdctl 3.7 and with kvctl against etcd 3.7.
pub(crate) fn takes_its_place(suite: &'static str, tour: &[Step]) {
    let (theirs, ours) = (Server::start(Kind::Etcd37), Server::start(Kind::Etcd37));
    let mut ledger = Ledger::new(suite, Kind::Etcd37);
    let (mut their_ids, mut our_ids) = (Ids::default(), Ids::default());
    for step in tour {
        let their_words = step.take(&Tool::client(Kind::Etcd37, &theirs), &theirs, &mut their_ids);
        let our_words = step.take(&Tool::client(Kind::Kvd, &ours), &ours, &mut our_ids);
        ledger.compare(&format!("{}: stdout", step.name()), &their_words.stdout, &our_words.stdout);
        ledger.compare(&format!("{}: status", step.name()), &their_words.status, &our_words.status);
        // The first line is what scripts match on; a hint below it is kvctl's own.
        let first = |output: &Output| output.stderr.lines().next().map(str::to_owned);
        ledger.compare(&format!("{}: first line of stderr", step.name()), &first(&their_words), &first(&our_words));
    }
    ledger.finish();
}
