//! Random sequences about users, roles, permissions and what they let callers do: kvd and etcd 3.7.1 are asked the same over
//! the JSON gateway and must answer the same, byte for byte.
//!
//! A sequence follows from its seed alone. `INTEROP_SEED=N` runs one, the one a failure names; `INTEROP_SECONDS=N` goes on with
//! further seeds for that long.

use std::collections::BTreeMap;
use std::env;
use std::time::{Duration, Instant};

use crate::gateway::seen;
use crate::harness::{Kind, Random, Server};

/// Requests in one sequence.
const STEPS: usize = 700;
/// Sequences in an ordinary run.
const SEEDS: u64 = 3;
/// Requests shown of what led to a difference.
const STEPS_SHOWN: usize = 12;

const USERS: [&str; 4] = ["root", "ann", "bob", "eve"];
const ROLES: [&str; 4] = ["root", "reader", "writer", "both"];
const PASSWORDS: [&str; 2] = ["one", "two"];
/// `k0` to `k5` in base64.
const KEYS: [&str; 6] = ["azA=", "azE=", "azI=", "azM=", "azQ=", "azU="];
/// The end of a range: none, a key, or everything behind.
const ENDS: [&str; 4] = ["", "azQ=", "azk=", "AA=="];

/// A request, and who sends it.
#[derive(Debug, Clone)]
struct Ask {
    path: &'static str,
    body: String,
    /// The user whose token is shown; `?` shows one that nobody has.
    caller: Option<&'static str>,
}

/// Draws requests.
struct Generator {
    random: Random,
    step: usize,
}

impl Generator {
    fn next(&mut self) -> Ask {
        self.step += 1;
        // What makes the rest worth asking, again and again: users change their passwords, and lose their tokens with it.
        if let Some(ask) = self.beginning() {
            return ask;
        }
        match self.random.below(20) {
            0..=8 => self.keys(),
            9..=11 => {
                let user = self.random.pick(&USERS);
                self.authenticate(user)
            }
            12..=18 => self.administration(),
            _ => {
                let path = if self.random.one_in(3) { "/v3/auth/disable" } else { "/v3/auth/enable" };
                self.ask(path, "{}".to_owned())
            }
        }
    }

    /// The first requests make root, so that most sequences have authentication on.
    fn beginning(&self) -> Option<Ask> {
        let (path, body) = match self.step {
            1 => ("/v3/auth/user/add", r#"{"name":"root","password":"one"}"#),
            2 => ("/v3/auth/role/add", r#"{"name":"root"}"#),
            3 => ("/v3/auth/user/grant", r#"{"user":"root","role":"root"}"#),
            4 => ("/v3/auth/enable", "{}"),
            5 => ("/v3/auth/authenticate", r#"{"name":"root","password":"one"}"#),
            _ => return None,
        };
        Some(Ask { path, body: body.to_owned(), caller: None })
    }

    /// Sends a request as root, mostly.
    fn ask(&mut self, path: &'static str, body: String) -> Ask {
        let caller = match self.random.below(10) {
            0 => None,
            1 => Some("?"),
            2..=4 => Some(self.random.pick(&USERS)),
            _ => Some("root"),
        };
        Ask { path, body, caller }
    }

    fn authenticate(&mut self, user: &'static str) -> Ask {
        let password = self.random.pick(&PASSWORDS);
        let body = format!(r#"{{"name":"{user}","password":"{password}"}}"#);
        Ask { path: "/v3/auth/authenticate", body, caller: None }
    }

    fn administration(&mut self) -> Ask {
        let user = self.random.pick(&USERS);
        let role = self.random.pick(&ROLES);
        let password = self.random.pick(&PASSWORDS);
        let (key, end) = (self.random.pick(&KEYS), self.random.pick(&ENDS));
        let kind = self.random.pick(&["READ", "WRITE", "READWRITE"]);
        let (path, body) = match self.random.below(18) {
            0 => ("/v3/auth/user/add", format!(r#"{{"name":"{user}","password":"{password}"}}"#)),
            1 => ("/v3/auth/user/add", format!(r#"{{"name":"{user}","options":{{"no_password":true}}}}"#)),
            2 => ("/v3/auth/user/get", format!(r#"{{"name":"{user}"}}"#)),
            3 => ("/v3/auth/user/list", "{}".to_owned()),
            4 => ("/v3/auth/user/delete", format!(r#"{{"name":"{user}"}}"#)),
            5 => ("/v3/auth/user/changepw", format!(r#"{{"name":"{user}","password":"{password}"}}"#)),
            6..=8 => ("/v3/auth/user/grant", format!(r#"{{"user":"{user}","role":"{role}"}}"#)),
            9 => ("/v3/auth/user/revoke", format!(r#"{{"name":"{user}","role":"{role}"}}"#)),
            10 => ("/v3/auth/role/add", format!(r#"{{"name":"{role}"}}"#)),
            11 => ("/v3/auth/role/get", format!(r#"{{"role":"{role}"}}"#)),
            12 => ("/v3/auth/role/list", "{}".to_owned()),
            13 => ("/v3/auth/role/delete", format!(r#"{{"role":"{role}"}}"#)),
            14 => ("/v3/auth/role/revoke", format!(r#"{{"role":"{role}","key":"{key}","range_end":"{end}"}}"#)),
            15 => ("/v3/auth/status", "{}".to_owned()),
            _ => {
                let perm = format!(r#"{{"permType":"{kind}","key":"{key}","range_end":"{end}"}}"#);
                ("/v3/auth/role/grant", format!(r#"{{"name":"{role}","perm":{perm}}}"#))
            }
        };
        self.ask(path, body)
    }

    fn keys(&mut self) -> Ask {
        let (key, end) = (self.random.pick(&KEYS), self.random.pick(&ENDS));
        let other = self.random.pick(&KEYS);
        let prev_kv = self.random.one_in(3);
        let lease = 7 + self.random.below(3);
        let (path, body) = match self.random.below(10) {
            0 | 1 => ("/v3/kv/put", format!(r#"{{"key":"{key}","value":"dg==","prev_kv":{prev_kv}}}"#)),
            2 | 3 => ("/v3/kv/range", format!(r#"{{"key":"{key}","range_end":"{end}"}}"#)),
            4 => ("/v3/kv/deleterange", format!(r#"{{"key":"{key}","range_end":"{end}","prev_kv":{prev_kv}}}"#)),
            5 | 6 => {
                let compare = format!(r#"{{"key":"{key}","target":"VERSION","result":"GREATER","version":"0"}}"#);
                let put = format!(r#"{{"request_put":{{"key":"{other}","value":"dg=="}}}}"#);
                let get = format!(r#"{{"request_range":{{"key":"{key}","range_end":"{end}"}}}}"#);
                let body = format!(r#"{{"compare":[{compare}],"success":[{put}],"failure":[{get}]}}"#);
                ("/v3/kv/txn", body)
            }
            7 => ("/v3/lease/grant", format!(r#"{{"ID":"{lease}","TTL":"6000"}}"#)),
            8 => ("/v3/kv/put", format!(r#"{{"key":"{key}","lease":"{lease}"}}"#)),
            _ => ("/v3/lease/revoke", format!(r#"{{"ID":"{lease}"}}"#)),
        };
        let caller = match self.random.below(8) {
            0 => None,
            1 => Some("?"),
            _ => Some(self.random.pick(&USERS)),
        };
        Ask { path, body, caller }
    }
}

/// A server, and the tokens it has handed out.
struct Side {
    server: Server,
    tokens: BTreeMap<&'static str, String>,
}

impl Side {
    fn start(kind: Kind) -> Side {
        // What a password costs is not what is compared.
        Side { server: Server::start_with(kind, &["--bcrypt-cost=4"]), tokens: BTreeMap::new() }
    }

    fn perform(&mut self, ask: &Ask) -> String {
        let token = ask.caller.and_then(|caller| self.tokens.get(caller).cloned());
        let token = if ask.caller == Some("?") { Some("nonsense.1".to_owned()) } else { token };
        let header = token.as_deref().map(|token| ("Authorization", token));
        let (shown, whole) = seen(self.server.http_post(ask.path, header.as_slice(), &ask.body), None);
        if ask.path == "/v3/auth/authenticate"
            && let Some((_, token)) = whole.split_once("\"token\":\"")
            && let Some(user) = USERS.iter().find(|user| ask.body.contains(&format!("\"name\":\"{user}\"")))
        {
            let token = token.split('"').next().expect("a text ends");
            self.tokens.insert(user, token.to_owned());
        }
        shown
    }
}

/// Runs one sequence against two empty servers.
fn agree(seed: u64) {
    let (mut theirs, mut ours) = (Side::start(Kind::Etcd37), Side::start(Kind::Kvd));
    let mut generator = Generator { random: Random::new(seed), step: 0 };
    let mut asked: Vec<Ask> = Vec::new();
    let mut granted = 0;
    for step in 0..STEPS {
        let ask = generator.next();
        let (expected, found) = (theirs.perform(&ask), ours.perform(&ask));
        let before = &asked[asked.len().saturating_sub(STEPS_SHOWN)..];
        assert_eq!(found, expected, "INTEROP_SEED={seed}, step {step}: {ask:?}\nbefore: {before:#?}");
        granted += usize::from(expected.starts_with("http/1.1 200"));
        asked.push(ask);
    }
    assert!((STEPS / 10..STEPS * 9 / 10).contains(&granted), "INTEROP_SEED={seed}: {granted} of {STEPS} were granted");
}

#[test]
fn kvd_lets_in_whom_etcd_does() {
    let number = |variable: &str| env::var(variable).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("INTEROP_SEED") {
        return agree(seed);
    }
    let until = Instant::now() + Duration::from_secs(number("INTEROP_SECONDS").unwrap_or(0));
    let mut seed = 0;
    while seed < SEEDS || Instant::now() < until {
        seed += 1;
        agree(seed);
    }
    println!("{seed} sequences of {STEPS} requests, no difference");
}
