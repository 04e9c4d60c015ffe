//! What each client was told, and whether it agrees with what the server keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::harness::Kind;
use crate::harness::history::History;

/// What a client does all the time, each of it heard from by a word.
const ROLES: [&str; 4] = ["put", "saw", "kept", "locked"];

/// What one client has said.
///
/// - `put KEY VALUE REVISION`: a put was acknowledged.
/// - `saw KEY VALUE REVISION`: the watch on all its keys delivered a put.
/// - `kept`: its lease was kept alive; `lost`: it was not.
/// - `locked WHO`: one of its two contenders has the lock; `unlocking WHO`: it is about to give it up.
/// - `trouble WHAT`: a request has failed, and is tried again.
#[derive(Debug, Default)]
pub(crate) struct Account {
    put: BTreeMap<i64, (String, String)>,
    saw: Vec<(i64, String, String)>,
    holder: Option<String>,
    /// What was heard since the server's last start.
    heard: [u64; ROLES.len()],
    troubles: u64,
    wrong: Vec<String>,
}

impl Account {
    /// Takes down one line.
    pub(crate) fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(role) = ROLES.iter().position(|role| *role == words[0]) {
            self.heard[role] += 1;
        }
        let number = |text: &str| text.parse::<i64>().ok();
        match words[..] {
            ["put", key, value, revision] if number(revision).is_some() => {
                self.put.insert(number(revision).unwrap_or_default(), (key.to_owned(), value.to_owned()));
            }
            ["saw", key, value, revision] if number(revision).is_some() => {
                self.saw.push((number(revision).unwrap_or_default(), key.to_owned(), value.to_owned()));
            }
            ["kept"] => {}
            ["locked", who] => {
                if let Some(other) = self.holder.replace(who.to_owned()) {
                    self.wrong.push(format!("{who} has the lock while {other} has it"));
                }
            }
            ["unlocking", who] => {
                if self.holder.take().as_deref() != Some(who) {
                    self.wrong.push(format!("{who} gives up the lock that it does not have"));
                }
            }
            ["trouble", ..] => self.troubles += 1,
            _ => self.wrong.push(format!("it says: {line}")),
        }
    }

    /// Takes down that something failed which must not.
    pub(crate) fn fail(&mut self, reason: String) {
        self.wrong.push(reason);
    }

    /// Returns what was not heard of since the server's last start.
    pub(crate) fn idle(&self) -> Vec<&'static str> {
        ROLES.iter().zip(self.heard).filter(|(_, heard)| *heard == 0).map(|(role, _)| *role).collect()
    }

    /// Returns `saw` as long as the watch has not delivered what was acknowledged a moment ago.
    pub(crate) fn behind(&self) -> Vec<&'static str> {
        let (put, saw) = (self.put.last_key_value().map(|(revision, _)| *revision), self.last_seen());
        if put.unwrap_or_default() > saw { vec!["saw"] } else { Vec::new() }
    }

    fn last_seen(&self) -> i64 {
        self.saw.last().map_or(0, |(revision, ..)| *revision)
    }

    /// Returns what does not agree with the history of keys under a prefix.
    fn judge(&self, prefix: &str, history: &History) -> Vec<String> {
        let mut wrong = self.wrong.clone();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (revision, (key, value)) in &self.put {
            let kept = history.get(revision).map(|(key, value)| (text(key), text(value)));
            if kept.as_ref() != Some(&(key.clone(), value.clone())) {
                wrong.push(format!("{key}={value} was acknowledged at {revision}, where there is {kept:?}"));
            }
        }
        let happened = history.range(..=self.last_seen()).filter(|(_, (key, _))| key.starts_with(prefix.as_bytes()));
        let happened: Vec<_> = happened.map(|(revision, (key, value))| (*revision, text(key), text(value))).collect();
        if happened != self.saw {
            let at = happened.iter().zip(&self.saw).take_while(|(happened, saw)| happened == saw).count();
            let [happened_here, saw_here] = [&happened, &self.saw].map(|list| list.get(at));
            wrong.push(format!("change {at} was {happened_here:?}, the watch delivered {saw_here:?}"));
        }
        wrong
    }
}

/// The accounts of all clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    shared: Arc<(Mutex<BTreeMap<&'static str, Account>>, Condvar)>,
}

impl Accounts {
    /// Opens the account of a client.
    pub(crate) fn open(&self, client: &'static str) {
        self.shared.0.lock().expect("nobody panics with it").insert(client, Account::default());
    }

    /// Changes the account of a client.
    pub(crate) fn with(&self, client: &'static str, change: impl FnOnce(&mut Account)) {
        change(self.shared.0.lock().expect("nobody panics with it").get_mut(client).expect("an account was opened"));
        self.shared.1.notify_all();
    }

    /// Forgets who was heard of.
    pub(crate) fn begin_round(&self) {
        for account in self.shared.0.lock().expect("nobody panics with it").values_mut() {
            account.heard = Default::default();
        }
    }

    /// Waits until no account lacks anything.
    ///
    /// # Panics
    ///
    /// When that takes too long, or something is wrong.
    pub(crate) fn wait(&self, within: Duration, label: &str, lacks: impl Fn(&Account) -> Vec<&'static str>) {
        let deadline = Instant::now() + within;
        let mut accounts = self.shared.0.lock().expect("nobody panics with it");
        let failure = loop {
            let wrong: Vec<_> = accounts.iter().filter(|(_, account)| !account.wrong.is_empty()).collect();
            if !wrong.is_empty() {
                break wrong.iter().map(|(name, account)| format!("{name}: {}", account.wrong.join("; "))).collect();
            }
            let lacking = accounts.iter().map(|(name, account)| (*name, lacks(account)));
            let lacking: Vec<_> = lacking.filter(|(_, lacks)| !lacks.is_empty()).collect();
            if lacking.is_empty() {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break vec![format!("no word within {within:?} of {lacking:?}")];
            }
            accounts = self.shared.1.wait_timeout(accounts, left).expect("nobody panics with it").0;
        };
        // Whoever goes on to say something needs the accounts.
        drop(accounts);
        panic!("{label}: {}", failure.join("\n"));
    }

    /// Checks every account against the server's history.
    pub(crate) fn check(&self, kind: Kind, history: &History) {
        let mut wrong = Vec::new();
        for (name, account) in self.shared.0.lock().expect("nobody panics with it").iter() {
            let (put, saw, troubles) = (account.put.len(), account.saw.len(), account.troubles);
            println!("{kind}: {name}: {put} acknowledged, {saw} watched, {troubles} failed and tried again");
            wrong.extend(account.judge(&prefix(name), history).into_iter().map(|wrong| format!("{name}: {wrong}")));
        }
        assert!(wrong.is_empty(), "{kind}:\n{}", wrong.join("\n"));
    }
}

/// Returns what the keys of a client begin with.
pub(crate) fn prefix(client: &str) -> String {
    format!("soak/{client}/")
}

/// An account that notices nothing would let everything pass.
#[test]
fn an_account_tells_right_from_wrong() {
    let history: History = [(2, "soak/a/1"), (3, "soak/b/1"), (4, "soak/a/2"), (5, "soak/a/1")]
        .map(|(revision, key)| (revision, (key.into(), revision.to_string().into())))
        .into();
    let judge = |lines: &[&str]| {
        let mut account = Account::default();
        for line in lines {
            account.hear(line);
        }
        account.judge("soak/a/", &history).len()
    };
    let (first, second, third) = ("saw soak/a/1 2 2", "saw soak/a/2 4 4", "saw soak/a/1 5 5");
    assert_eq!(judge(&["put soak/a/1 2 2", "kept", "trouble any", first, second]), 0);
    assert_eq!(judge(&["put soak/a/1 3 2"]), 1, "another value");
    assert_eq!(judge(&["put soak/a/1 2 6"]), 1, "lost");
    assert_eq!(judge(&[first, third]), 1, "left out");
    assert_eq!(judge(&[first, second, second]), 1, "delivered twice");
    assert_eq!(judge(&[second, first]), 1, "out of order");
    assert_eq!(judge(&["lost"]), 1);
    assert_eq!(judge(&["locked a", "unlocking a", "locked b"]), 0);
    assert_eq!(judge(&["locked a", "locked b"]), 1);
    let mut account = Account::default();
    for line in ["put soak/a/1 2 2", "kept", "locked a"] {
        account.hear(line);
    }
    assert_eq!((account.idle(), account.behind()), (vec!["saw"], vec!["saw"]));
    account.hear(first);
    assert_eq!((account.idle(), account.behind()), (vec![], vec![]));
}
