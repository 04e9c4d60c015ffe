//! The doctors: what they look at, what they end with, and that a bundle holds nothing that is somebody's.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::harness::{Kind, Output, Server, Tool};

/// What a doctor ends with, by the worst of its findings.
const STATUSES: [(&str, i32); 3] = [("ok", 0), ("concern", 15), ("trouble", 16)];

/// Returns each check's severity, and the worst that is said, after comparing it with the exit status.
#[track_caller]
fn findings(output: &Output) -> (BTreeMap<String, String>, String) {
    let report: Value = serde_json::from_str(output.text()).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let worst = report["worst"].as_str().expect("a name").to_owned();
    let expected = STATUSES.iter().find(|(name, _)| *name == worst).expect("a known severity");
    assert_eq!(output.status, expected.1, "{output:?}");
    let finding = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().expect("text").to_owned();
        (text("check"), text("severity"))
    };
    (report["findings"].as_array().expect("a list").iter().map(finding).collect(), worst)
}

#[test]
fn every_server_is_examined() {
    for kind in [Kind::Kvd, Kind::Etcd37, Kind::Etcd35] {
        let server = Server::start(kind);
        let tool = Tool::client(Kind::Kvd, &server);
        let (found, _) = findings(&tool.run(&["doctor", "-w", "json"]));
        for check in ["answer", "applied", "disk sync", "files", "clock"] {
            assert!(found.contains_key(check), "{kind}: {check} in {found:?}");
        }
        for check in ["leader", "alarms", "quota", "history", "versions"] {
            assert_eq!(found.get(check).map(String::as_str), Some("ok"), "{kind}: {check} in {found:?}");
        }
    }
}

#[test]
fn what_is_wrong_decides_the_status() {
    let server = Server::start_with(Kind::Kvd, &["--quota-backend-bytes", "1000000"]);
    let tool = Tool::client(Kind::Kvd, &server);
    let value = "x".repeat(100_000);
    let full = (0..50).any(|index| tool.run(&["put", &format!("k{index}"), &value]).status != 0);
    assert!(full, "the quota is reached");
    let (found, worst) = findings(&tool.run(&["doctor", "-w", "json"]));
    assert_eq!((found["alarms"].as_str(), worst.as_str()), ("trouble", "trouble"));

    let output = tool.run(&["doctor", "--junit", "--endpoints", "127.0.0.1:1", "--command-timeout", "100ms"]);
    assert_eq!(output.status, 16);
    assert!(output.text().contains("<failure type=\"trouble\""), "{}", output.text());
    assert!(output.text().contains("cannot connect: connection refused; check that"), "{}", output.text());
}

#[test]
fn a_bundle_has_nothing_that_is_somebodys() {
    let server = Server::start(Kind::Kvd);
    let tool = Tool::client(Kind::Kvd, &server);
    for line in ["put secret-key secret-value", "user add root:secret-password", "auth enable"] {
        assert_eq!(tool.run(&line.split(' ').collect::<Vec<_>>()).status, 0, "{line}");
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("bundle.json");
    let file = file.to_str().expect("a path of text");
    tool.run(&["doctor", "--user", "root:secret-password", "--bundle", file]);
    let text = fs::read_to_string(file).expect("the bundle is there");
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(bundle["servers"][0]["status"]["version"], "3.7.1");
    assert!(bundle["servers"][0]["metrics"].as_str().expect("text").contains("etcd_server_has_leader 1"));
    assert!(!bundle["findings"].as_array().expect("a list").is_empty());
    assert!(!text.contains("secret"), "{text}");
    // Somebody's file is not written over.
    let again = tool.run(&["doctor", "--user", "root:secret-password", "--bundle", file]);
    assert_eq!(again.status, 6, "{}", again.stderr);
}

#[test]
fn a_directory_is_examined_with_and_without_a_server() {
    let mut server = Server::start(Kind::Kvd);
    let tool = Tool::offline(Kind::Kvd);
    let directory = server.data_directory();
    let directory = directory.to_str().expect("a path of text");
    let examine = |options: &[&str]| {
        let (found, _) = findings(&tool.run(&[&["doctor", "-w", "json", "--data-dir", directory], options].concat()));
        for check in ["server", "quota", "history", "oldest reader", "file", "disk sync", "disk", "files"] {
            assert!(found.contains_key(check), "{check} in {found:?}");
        }
        found
    };
    assert_eq!(examine(&[])["quota"], "ok");
    server.stop();
    assert_eq!(examine(&["--quota-backend-bytes", "10000"])["quota"], "trouble");
    let names: Vec<_> =
        fs::read_dir(directory).expect("it is there").map(|entry| entry.expect("it is").file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with("doctor")), "{names:?}");
    let output = tool.run(&["doctor", "-w", "json", "--data-dir", "/nowhere.kvd"]);
    assert_eq!(findings(&output).1, "trouble");
}
