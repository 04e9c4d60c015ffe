//! The page at `/metrics`: every series of etcd 3.7.1's is there, with its labels, its buckets and its counts, or has a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::harness::curl::curl;
use crate::harness::kind::promtool;
use crate::harness::{Kind, Server, Tool};

/// Families of etcd's that kvd has nothing to say of, by what their names begin with.
const WITHOUT_MEANING: &[(&str, &str)] = &[
    ("etcd_debugging_disk_backend_commit_", "phases of a commit of bbolt; a commit of LMDB has none"),
    ("etcd_debugging_snap_", "snapshots of the API of version 2"),
    ("etcd_debugging_store_", "the store of the API of version 2"),
    ("etcd_grpc_proxy_", "the gRPC proxy, which is no part of a server"),
    ("etcd_server_go_version", "kvd is not written in Go"),
    ("etcd_snap_", "snapshots of the API of version 2, and of other members"),
    ("go_", "the runtime of Go"),
    ("promhttp_", "the library that serves etcd's page"),
];

/// Series of families that kvd has.
const SERIES_WITHOUT_MEANING: &[(&str, &str)] = &[
    ("\"ClusterVersionSet\"", "kvd's version is its release's; nobody proposes it"),
    ("grpc_method=\"List\",grpc_service=\"grpc.health.v1.Health\"", "kvd's health service has no such method"),
    ("op=\"AuthRoleList\"", "who looks at users and roles writes nothing into kvd's log"),
];

/// Families whose series kvd shows from their first count on: etcd shows one for each method and code there is, hundreds in all.
const LEFT_OUT_AT_ZERO: &[&str] = &["grpc_server_handled_total"];

/// Services whose series etcd shows from their first call on, and kvd always.
const SHOWN_FROM_THE_FIRST_CALL: &[&str] = &["v3electionpb.", "v3lockpb.", "grpc.reflection."];

/// Labels whose values are another matter than which series there are.
const VALUES_OF_THEIR_OWN: &[&str] = &["server_id", "Local", "Remote", "server_version"];

/// Counts that are the same after the same requests, whatever is asked in between to find out whether the server is ready.
const COUNTED: &[&str] = &[
    "etcd_server_request_duration_seconds_count",
    "etcd_server_apply_duration_seconds_count",
    "etcd_mvcc_put_total",
    "etcd_mvcc_delete_total",
    "etcd_mvcc_txn_total",
    "etcd_debugging_mvcc_events_total",
    "etcd_debugging_mvcc_pending_events_total",
    "etcd_debugging_mvcc_slow_watcher_total",
    "etcd_debugging_server_watch_send_loop_watch_stream_duration_seconds_count",
    "etcd_debugging_server_watch_send_loop_watch_stream_duration_per_event_seconds_count",
    "etcd_debugging_lease_granted_total",
];

/// What a page says.
#[derive(Debug, Default)]
struct Page {
    /// The type of each family.
    families: BTreeMap<String, String>,
    /// The value of each series, named as on the page but with its labels in order.
    series: BTreeMap<String, String>,
}

impl Page {
    fn read(text: &str) -> Page {
        let mut page = Page::default();
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').expect("a type");
                assert!(page.families.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is there twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("a value");
                assert!(page.series.insert(in_order(series), value.to_owned()).is_none(), "{series} is there twice");
            }
        }
        page
    }

    /// Returns the series of a family, as a histogram has several.
    fn of_family<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a String> {
        let kind = self.families.get(family);
        self.series.keys().filter(move |series| {
            let name = series.split('{').next().expect("a name");
            let parts: &[&str] =
                if kind.is_some_and(|kind| kind == "histogram") { &["_bucket", "_sum", "_count"] } else { &[""] };
            parts.iter().any(|part| name.strip_suffix(part) == Some(family))
        })
    }
}

/// Puts the labels of a series in order, and hides values that cannot be the same.
fn in_order(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else { return series.to_owned() };
    // No value here has a comma or a brace.
    let mut labels: Vec<_> = labels
        .trim_end_matches('}')
        .split(',')
        .map(|label| {
            let (key, _) = label.split_once('=').expect("a label");
            if VALUES_OF_THEIR_OWN.contains(&key) { format!("{key}=…") } else { label.to_owned() }
        })
        .collect();
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}

/// Asks for one thing after the other, by the same tool, and returns the page at the end.
fn page_after_the_same_requests(kind: Kind) -> String {
    let server = Server::start_with(kind, &["--metrics=extensive"]);
    let tool = Tool::client(Kind::Etcd37, &server);
    for (arguments, input) in [
        ("put a 1", ""),
        ("put b 2", ""),
        ("put a 3", ""),
        // It is proposed, and finds no such lease.
        ("put a 4 --lease=1234", ""),
        ("get a", ""),
        ("get --prefix a", ""),
        ("get a --rev=1000", ""),
        ("txn", "mod(\"a\") > \"0\"\n\nget a\nget b\n\n\n\n"),
        ("txn", "mod(\"a\") > \"0\"\n\nput a 5\nput b 6\n\n\n\n"),
        ("del b", ""),
        ("lease grant 600", ""),
        ("compact 3", ""),
        ("compact 2", ""),
        ("defrag", ""),
        ("role add r", ""),
        ("role list", ""),
        ("endpoint hashkv", ""),
        ("endpoint status", ""),
    ] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        drop(tool.run_with_input(&arguments, input));
    }
    // One message with the two events of a revision, and one with one.
    let watched = tool.run_until_lines(&["watch", "--prefix", "", "--rev=5"], 9);
    assert!(watched.text().contains("DELETE"), "{kind}: {watched:?}");
    for path in ["/livez", "/readyz"] {
        assert!(server.http_get(path).contains("200 OK"), "{kind}");
    }
    let answer = curl(&[&format!("http://{}/metrics", server.endpoint())]);
    assert_eq!(answer.exit, 0, "{answer:?}");
    answer.stdout
}

#[test]
fn every_series_of_etcds_is_there_or_has_a_reason() {
    let theirs = Page::read(&page_after_the_same_requests(Kind::Etcd37));
    let ours = Page::read(&page_after_the_same_requests(Kind::Kvd));
    let mut wrong = Vec::new();
    let mut reasons: BTreeSet<&str> =
        WITHOUT_MEANING.iter().chain(SERIES_WITHOUT_MEANING).map(|(name, _)| *name).collect();
    for (family, kind) in &theirs.families {
        if let Some((prefix, _)) = WITHOUT_MEANING.iter().find(|(prefix, _)| family.starts_with(prefix)) {
            reasons.remove(prefix);
            if ours.families.contains_key(family) {
                wrong.push(format!("{family} has no meaning and is there"));
            }
            continue;
        }
        match ours.families.get(family) {
            None => wrong.push(format!("{family} is missing")),
            Some(our_kind) if our_kind != kind => {
                wrong.push(format!("{family} is a {our_kind} and should be a {kind}"));
            }
            Some(_) => {}
        }
        for series in theirs.of_family(family) {
            if let Some((part, _)) = SERIES_WITHOUT_MEANING.iter().find(|(part, _)| series.contains(part)) {
                reasons.remove(part);
            } else if ours.families.contains_key(family)
                && !ours.series.contains_key(series)
                && !(LEFT_OUT_AT_ZERO.contains(&family.as_str()) && theirs.series[series] == "0")
            {
                wrong.push(format!("{series} is missing"));
            }
        }
        for series in ours.of_family(family).filter(|series| !theirs.series.contains_key(*series)) {
            if SHOWN_FROM_THE_FIRST_CALL.iter().any(|service| series.contains(&format!("grpc_service=\"{service}"))) {
                continue;
            }
            wrong.push(format!("{series} is there and etcd has none"));
        }
    }
    for family in ours.families.keys().filter(|family| !theirs.families.contains_key(*family)) {
        if !family.starts_with("kvd_") {
            wrong.push(format!("{family} is not etcd's, and should be called kvd_…"));
        }
    }
    for (series, value) in &theirs.series {
        let name = series.split('{').next().expect("a name");
        let has_reason = SERIES_WITHOUT_MEANING.iter().any(|(part, _)| series.contains(part));
        // Whether a server is ready is asked by reading, as often as it takes.
        if COUNTED.contains(&name)
            && !has_reason
            && !series.contains("\"Range\"")
            && ours.series.get(series) != Some(value)
        {
            wrong.push(format!("{series} is {:?} and should be {value}", ours.series.get(series)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(reasons.is_empty(), "these no longer occur: {reasons:?}");
}

/// Returns what promtool has to say of a page: the name of a family and what is wrong with it, a line each.
fn complaints(page: &str) -> BTreeSet<String> {
    let mut command = Command::new(promtool());
    let mut child = command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start promtool");
    child.stdin.take().expect("piped").write_all(page.as_bytes()).expect("promtool reads the page");
    let output = child.wait_with_output().expect("promtool ends");
    // 1 says that it cannot read the page; 3 that it does not like names.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}\n{page}");
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).lines().map(str::to_owned).collect()
}

#[test]
fn promtool_reads_the_page_and_complains_of_etcds_own_names_only() {
    let theirs = complaints(&page_after_the_same_requests(Kind::Etcd37));
    let ours = complaints(&page_after_the_same_requests(Kind::Kvd));
    assert!(ours.is_subset(&theirs), "{:?}", ours.difference(&theirs));
}
