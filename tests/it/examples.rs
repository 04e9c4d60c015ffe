//! Every example in the help of kvd, kvctl and kvutl is typed into a shell as it stands, and succeeds.

mod blocks;
pub(crate) mod place;

use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use self::blocks::{Block, blocks, blocks_of_kvd};
use self::place::{Beginning, Place, Ran};
use crate::harness::{Kind, Tool};

/// How many examples are tried at once.
const WORKERS: usize = 3;

/// Addresses, places and durations that a test cannot have, and what it has instead. `SERVER` and `OTHER` are the servers,
/// `HERE` is the place.
const SUBSTITUTES: &[(&str, &str)] = &[
    ("a:2379,b:2379,c:2379", "SERVER,SERVER,SERVER"),
    ("10.0.0.1:2379,10.0.0.2:2379", "SERVER,SERVER"),
    ("10.0.0.9:2379", "OTHER"),
    ("other:2379", "OTHER"),
    ("http://0.0.0.0:2379", "http://127.0.0.1:0"),
    ("/mnt/backup/", "HERE/mnt/backup/"),
    ("/var/lib/kvd", "HERE/var/lib/kvd"),
    ("/etc/kvd.yaml", "HERE/etc/kvd.yaml"),
    ("check perf --load l --duration 10s", "check perf --load l --duration 1s"),
    ("kvctl check perf\n", "kvctl check perf --duration 1s\n"),
    ("check datascale --load m", "check datascale --load s"),
];

/// What an example takes for granted, by how its first command begins.
const GRANTED: &[(&str, &str)] = &[
    ("kvctl wait /app/ready", "kvctl put /app/ready yes"),
    ("kvctl wait /app/lock", "kvctl put /app/migration done"),
    ("kvctl elect -l", "kvctl put scheduler/1 host-1"),
    ("kvctl get /app/color --context prod", "kvctl context add prod --endpoints $KVCTL_ENDPOINTS"),
    ("kvctl context use test", "kvctl context add test --endpoints $KVCTL_ENDPOINTS"),
    ("kvctl context show", "kvctl context add prod --endpoints $KVCTL_ENDPOINTS; kvctl context use prod"),
    ("kvctl context remove", "kvctl context add test --endpoints $KVCTL_ENDPOINTS"),
    ("kvctl downgrade cancel", "kvctl downgrade enable 3.6"),
    ("kvctl role add writer", "kvctl role delete writer --user root:secret"),
];

/// Users, roles and authentication, for what is done by root.
const ADMINISTERED: &str = "\
    kvctl user add root:secret && kvctl user add ann:secret && kvctl role add reader && kvctl role add writer && \
    kvctl role grant-permission writer readwrite /app/ --prefix && kvctl user grant-role ann writer && kvctl auth enable";

/// The member that examples name; it is a learner that never starts.
const MEMBER: &str = "ae1b3d4c5f607182";

/// Commands that go on until they are interrupted, by their beginnings; those that contain the second text end by themselves.
const ENDLESS: &[(&str, &str)] = &[
    ("kvctl watch ", "\0"),
    ("kvctl lease keep-alive ", "--once"),
    ("kvctl lock nightly-backup", "--"),
    ("kvctl elect ", "\0"),
    ("kvctl make-mirror ", "\0"),
    ("kvd", "check-config"),
];

/// Examples that fail here, with a part of what they say, because a place has one member that votes.
const FAILING: &[(&str, &str)] = &[
    ("kvctl member promote", "can only promote a learner member which is in sync with leader"),
    ("kvctl move-leader", "etcdserver: bad leader transferee"),
];

/// Examples whose status says what they measured or found; the machine decides.
const JUDGING: &[&str] = &["kvctl check perf", "kvctl doctor", "kvutl doctor"];

/// Examples that need a second member, which a release of kvd with one does not have.
fn needs_etcd(command: &str) -> bool {
    [
        "kvctl member add",
        "kvctl member promote",
        "kvctl member remove",
        "kvctl member update",
        "kvctl downgrade",
        "kvctl move-leader",
    ]
    .iter()
    .any(|beginning| command.starts_with(beginning))
}

/// Tries one block in a place of its own, and says what went wrong.
fn try_block(beginning: &Beginning, block: &Block) -> Result<(), String> {
    let first = &block.commands[0];
    let mut place = if needs_etcd(first) { Place::of_etcd(beginning) } else { Place::new(beginning) };
    if first.contains("--user root") && !first.contains("make-mirror") {
        set_up(&place, ADMINISTERED)?;
    }
    for (_, script) in GRANTED.iter().filter(|(start, _)| first.starts_with(start)) {
        set_up(&place, script)?;
    }
    let mut member = String::new();
    if block.commands.iter().any(|command| command.contains(MEMBER)) {
        let added =
            set_up(&place, "kvctl member add node4 --peer-urls=http://10.0.0.4:2380 --learner -w jsonl | jq -r .id")?;
        added.stdout.trim().clone_into(&mut member);
    }
    for command in &block.commands {
        let mut typed = format!("{command}\n").replace(MEMBER, &member);
        for (from, to) in SUBSTITUTES {
            if to.contains("OTHER") && typed.contains(from) {
                typed = typed.replace(from, &place.other().endpoint());
            }
            typed = typed.replace(from, to);
        }
        let typed = typed.replace("SERVER", &place.server().endpoint());
        let typed = typed.replace("HERE", place.path("").to_str().expect("a path of text").trim_end_matches('/'));
        let ran = type_in(&mut place, typed.trim_end_matches('\n'));
        judge(command, &ran)?;
    }
    Ok(())
}

fn set_up(place: &Place<'_>, script: &str) -> Result<Ran, String> {
    let ran = place.run(script);
    if ran.succeeded() { Ok(ran) } else { Err(format!("{script}: {ran:?}")) }
}

fn type_in(place: &mut Place<'_>, command: &str) -> Ran {
    let goes_on = |(start, ends): &&(&str, &str)| command.starts_with(start) && !command.contains(ends);
    let Some((start, _)) = ENDLESS.iter().find(goes_on) else { return place.run(command) };
    match *start {
        "kvd" => place.run_until(command, |_| fs::metadata(place.path("ready")).is_ok_and(|ready| ready.len() > 0)),
        "kvctl make-mirror " => {
            place.other();
            let place = &*place;
            let other = Tool::client(Kind::Kvd, place.other_now());
            place.run_until(command, |_| {
                change_color(place);
                !other.run(&["get", "", "--prefix", "--keys-only"]).stdout.is_empty()
            })
        }
        _ => place.run_until(command, |printed| {
            if printed.is_empty() {
                change_color(place);
            }
            !printed.is_empty()
        }),
    }
}

/// Gives a watcher something to see.
fn change_color(place: &Place<'_>) {
    assert_eq!(Tool::client(Kind::Kvd, place.server()).run(&["put", "/app/color", "blue"]).status, 0);
}

fn judge(command: &str, ran: &Ran) -> Result<(), String> {
    if let Some((_, reason)) = FAILING.iter().find(|(start, _)| command.starts_with(start)) {
        let as_known = ran.status.code() == Some(1) && ran.stderr.contains(reason);
        return if as_known { Ok(()) } else { Err(format!("{command} does not fail as known: {ran:?}")) };
    }
    let judges = JUDGING.iter().any(|start| command.starts_with(start));
    let said_enough = judges && ran.status.code().is_some() && !ran.stderr.contains("Usage");
    if ran.succeeded() || said_enough { Ok(()) } else { Err(format!("{command}: {ran:?}")) }
}

/// Tries blocks, several at once, and fails with all that went wrong.
fn try_all(blocks: &[Block]) {
    let beginning = Beginning::new();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = try_block(&beginning, block) {
                        failures.lock().expect("nobody panics with it").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panics with it");
    assert!(failures.is_empty(), "{} of {} blocks\n{}", failures.len(), blocks.len(), failures.join("\n"));
}

#[test]
fn the_examples_of_kvctl_work() {
    let mut found = Vec::new();
    let mut commands = vec![kvctl::generated().command];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().cloned());
        found.extend(blocks(&command.get_after_long_help().map(ToString::to_string).unwrap_or_default()));
    }
    assert!(found.len() > 90, "only {} blocks found", found.len());
    try_all(&found);
}

#[test]
fn the_examples_of_kvutl_work() {
    let mut found = Vec::new();
    let mut commands = vec![kvutl::generated(kvutl::Words::KVUTL).command];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().cloned());
        found.extend(blocks(&command.get_after_long_help().map(ToString::to_string).unwrap_or_default()));
    }
    assert!(found.len() > 15, "only {} blocks found", found.len());
    try_all(&found);
}

#[test]
fn the_examples_of_kvd_work() {
    let help = Command::new(Kind::Kvd.server()).arg("--help").output().expect("kvd runs");
    let found = blocks_of_kvd(&String::from_utf8(help.stdout).expect("text"));
    assert!(found.len() > 3, "only {} found", found.len());
    try_all(&found);
}
