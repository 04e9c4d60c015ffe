//! The README's session is what the tools really do.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::examples::place::{Beginning, Place};
use crate::harness::Programs;

/// `tests/tour` runs the commands of the README's session; what it prints is what the README shows, but for ports,
/// times and sizes.
#[test]
fn the_tour_prints_the_readmes_session() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the repository");
    let programs = Programs::new();
    let tour = Command::new("bash").arg("tests/tour").current_dir(root).env("KV_BIN", programs.directory()).output();
    let tour = tour.expect("bash runs the tour");
    assert!(tour.status.success(), "{}", String::from_utf8_lossy(&tour.stderr));

    let readme = readme();
    let session = readme.split_once("```console\n").and_then(|(_, rest)| rest.split_once("```"));
    let (session, _) = session.expect("the README shows a session");
    assert_eq!(mask(&String::from_utf8_lossy(&tour.stdout)), mask(session));
}

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("the README can be read")
}

/// Returns what stands between fences below a heading.
fn block<'a>(readme: &'a str, heading: &str) -> &'a str {
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).expect("a heading");
    section.split("```").nth(1).expect("a block")
}

/// Returns the piece of code in a sentence that begins so.
fn inline<'a>(readme: &'a str, beginning: &str) -> &'a str {
    let start = readme.find(&format!("`{beginning}")).expect("a piece of code") + 1;
    readme[start..].split('`').next().expect("it ends")
}

#[test]
fn what_to_do_about_damage_works() {
    let beginning = Beginning::new();
    let place = Place::new(&beginning);
    let readme = readme();
    let commands: Vec<&str> =
        block(&readme, "When something is damaged").lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let ran = place.run(command);
        assert!(ran.status.success(), "{command}: {ran:?}");
    }
    assert!(place.path("rescued.kvd/CURRENT").exists());
}

#[test]
fn a_server_with_tls_works_as_shown() {
    let beginning = Beginning::new();
    let place = Place::new(&beginning);
    let readme = readme();
    let (server, client) = block(&readme, "TLS").trim().split_once("\nkvctl").expect("a server and a client");
    // The client is what ends the server.
    let ended = AtomicBool::new(false);
    let ran = place.run_until(&server.replace("0.0.0.0:2379", "127.0.0.1:0"), |_| {
        if let Ok(ready) = fs::read_to_string(place.path("ready"))
            && let Some(url) = ready.lines().find(|line| line.starts_with("https://"))
            && !ended.swap(true, Ordering::Relaxed)
        {
            let client = client.replace("https://db1.example:2379", url);
            let got = Command::new("sh")
                .current_dir(place.path(""))
                .args(["-c", &format!("{}{client}", place.program("kvctl"))])
                .output();
            let got = got.expect("a shell");
            assert!(got.status.success() && got.stdout.is_empty(), "{got:?}");
        }
        ended.load(Ordering::Relaxed)
    });
    assert!(ran.succeeded() && ended.load(Ordering::Relaxed), "{ran:?}");
}

#[test]
fn sentences_name_what_works() {
    let beginning = Beginning::new();
    let place = Place::new(&beginning);
    let readme = readme();
    let curl = inline(&readme, "curl ").replace("localhost:2379", &place.server().endpoint());
    for command in [curl.as_str(), inline(&readme, "kvctl sandbox -- sh"), inline(&readme, "kvctl sandbox -- cargo")] {
        let ran = place.run(command);
        assert!(ran.status.success(), "{command}: {ran:?}");
    }
}

/// Takes out the port, and all digits of lines that tell a time.
fn mask(text: &str) -> String {
    let without_digits = |line: &str| line.chars().filter(|letter| !letter.is_ascii_digit()).collect::<String>();
    let mut masked = String::new();
    for line in text.lines() {
        match line.split_once("took ") {
            Some((before, _)) => masked.push_str(&(without_digits(before) + "took")),
            None => masked.push_str(line),
        }
        masked.push('\n');
    }
    masked
}
