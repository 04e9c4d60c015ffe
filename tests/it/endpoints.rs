//! What is served over HTTP beside the gateway, byte for byte as by etcd 3.7.1: health, versions, refusals, and who may ask.

use std::collections::BTreeMap;

use crate::harness::curl::curl;
use crate::harness::differences::Ledger;
use crate::harness::{Kind, Server};

/// An answer: its first line, its headers but for the date, and its body.
type Answer = (String, BTreeMap<String, String>, String);

fn ask(server: &Server, request: &[&str], path: &str) -> Answer {
    let url = format!("http://{}{path}", server.address());
    let answer = curl(&[&["--include", "--http1.1"], request, &[&url]].concat());
    assert_eq!((answer.exit, answer.stderr.as_str()), (0, ""), "{request:?} {path}");
    let (head, body) = answer.stdout.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap_or((line, "")));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers = headers.filter(|(name, _)| name != "date").collect();
    let mut lines: Vec<_> = body.split_inclusive('\n').collect();
    // etcd makes its checks in the order of a map, which is none.
    let checks = lines.iter().take_while(|line| line.starts_with('[')).count();
    lines[..checks].sort_unstable();
    (first, headers, lines.concat())
}

/// Requests: what curl is told, and the path.
const REQUESTS: &[(&[&str], &str)] = &[
    (&[], "/health"),
    (&[], "/health?serializable=true"),
    (&[], "/health?serializable=nonsense"),
    (&[], "/health?exclude=NOSPACE&exclude=CORRUPT"),
    (&[], "/health?exclude="),
    (&["--request", "POST"], "/health"),
    (&["--data", "{}"], "/health"),
    (&["--request", "PUT"], "/health"),
    (&["--head"], "/health"),
    (&[], "/livez"),
    (&[], "/livez?verbose"),
    (&[], "/livez?verbose=false"),
    (&[], "/livez?exclude=serializable_read&verbose"),
    (&[], "/livez?exclude=nonsense&verbose"),
    (&[], "/livez/serializable_read"),
    (&[], "/livez/serializable_read?verbose"),
    (&[], "/livez/serializable_read?exclude=serializable_read&verbose"),
    (&[], "/livez/linearizable_read"),
    (&[], "/livez/"),
    (&["--request", "DELETE"], "/livez"),
    (&[], "/readyz"),
    (&[], "/readyz?verbose"),
    (&[], "/readyz?verbose&exclude=linearizable_read&exclude=non_learner"),
    (&[], "/readyz/data_corruption?verbose"),
    (&[], "/readyz/serializable_read?verbose"),
    (&[], "/readyz/linearizable_read?verbose"),
    (&[], "/readyz/non_learner?verbose"),
    (&[], "/readyz/nonsense"),
    (&["--data", ""], "/readyz/non_learner"),
    (&[], "/version"),
    (&["--data", "{}"], "/version"),
    (&["--request", "OPTIONS"], "/version"),
    (&["--request", "OPTIONS"], "/nonsense"),
    (&["--request", "OPTIONS"], "/v3/kv/range"),
    (&[], "/nonsense"),
    (&[], "/"),
    (&[], "/v2/keys"),
    (&[], "/debug/pprof/"),
    (&["--request", "POST"], "/debug/vars"),
    (&[], "/v3"),
    (&["--request", "POST"], "/v3"),
    (&["--path-as-is"], "//health"),
    (&["--path-as-is"], "/health//"),
    (&["--path-as-is"], "/livez/../readyz?verbose=1"),
    (&["--path-as-is", "--head"], "/a/..//version"),
    (&["--path-as-is"], "//"),
    (&[], "/%68ealth"),
    (&[], "/livez%2Fserializable_read"),
    (&["--header", "Origin: http://a.example:80"], "/version"),
    (&["--header", "Origin: http://b.example:80"], "/version"),
    (&["--header", "Origin: http://a.example:80", "--request", "OPTIONS"], "/v3/kv/range"),
];

fn compare(suite: &'static str, flags: &[&str], requests: &[(&[&str], &str)]) {
    let (theirs, ours) = (Server::start_with(Kind::Etcd37, flags), Server::start_with(Kind::Kvd, flags));
    let mut ledger = Ledger::new(suite, Kind::Etcd37);
    for (request, path) in requests {
        let (their_answer, our_answer) = (ask(&theirs, request, path), ask(&ours, request, path));
        ledger.compare(&format!("{} {path}", request.join(" ")), &their_answer, &our_answer);
    }
    ledger.finish();
}

#[test]
fn every_endpoint_answers_as_etcds() {
    compare("endpoints", &[], REQUESTS);
}

#[test]
fn variables_are_told_as_by_etcd() {
    let [theirs, ours] = [Kind::Etcd37, Kind::Kvd].map(|kind| {
        let server = Server::start(kind);
        let (first, headers, body) = ask(&server, &[], "/debug/vars");
        assert_eq!(
            (first.as_str(), headers["content-type"].as_str()),
            ("HTTP/1.1 200 OK", "application/json; charset=utf-8")
        );
        let variables: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert!(variables["cmdline"].as_array().is_some_and(|arguments| arguments.len() > 3), "{body}");
        assert!(variables["file_descriptor_limit"].as_u64() > Some(0), "{body}");
        let mut raft = variables["raft.status"].clone();
        assert!(raft["term"].as_u64() > Some(0) && raft["commit"] == raft["applied"], "{body}");
        let members = raft["progress"].as_object_mut().expect("the members");
        let progress = members.values_mut().next().expect("itself");
        assert_eq!(progress["next"].as_u64(), progress["match"].as_u64().map(|index| index + 1), "{body}");
        // How long the log is, and how often somebody was elected, is each server's own.
        for name in ["match", "next"] {
            progress[name].take();
        }
        for name in ["term", "commit", "applied"] {
            raft[name].take();
        }
        raft
    });
    assert_eq!(ours, theirs);
}

#[test]
fn pages_of_other_origins_are_not_let_in() {
    let requests: Vec<_> = REQUESTS.iter().rev().take(10).copied().collect();
    compare("endpoints with --cors", &["--cors=http://a.example:80,http://c.example:80"], &requests);
}

#[test]
fn requests_by_another_name_are_refused() {
    let flags = ["--host-whitelist=127.0.0.1,db.example"];
    let (theirs, ours) = (Server::start_with(Kind::Etcd37, &flags), Server::start_with(Kind::Kvd, &flags));
    for host in ["db.example", "db.example:1", "evil.example", "127.0.0.1", "localhost", ""] {
        for path in ["/health", "/v3/kv/range", "/nonsense"] {
            let header = format!("Host: {host}");
            let (their_first, mut their_headers, _) = ask(&theirs, &["--header", &header], path);
            let (our_first, mut our_headers, our_text) = ask(&ours, &["--header", &header], path);
            // What is said to people is said in other words, and so has another length.
            for headers in [&mut their_headers, &mut our_headers] {
                headers.remove("content-length");
            }
            assert_eq!((&our_first, our_headers), (&their_first, their_headers), "{host} {path}");
            assert_eq!(our_first.contains("421"), our_text.contains("--host-whitelist"), "{our_text}");
        }
    }
}
