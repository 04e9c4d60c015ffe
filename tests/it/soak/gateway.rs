//! curl at the JSON gateway in a soak: a request a process, and streams that curl reads as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::account::prefix;
use super::clients::Voice;
use crate::harness::curl::curl;

const KEYS: u64 = 20;
const PAUSE: Duration = Duration::from_millis(20);
const LEASE_SECONDS: i64 = 20;
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(2);
/// Of the contenders for the lock; nobody keeps them alive.
const LONG_LEASE_SECONDS: i64 = 3600;

/// The gateway of a server, and who asks it.
#[derive(Debug, Clone)]
struct Gateway {
    endpoint: String,
    voice: Voice,
}

/// Starts threads that run until the voice has ended and the server has.
pub(crate) fn start(endpoint: &str, voice: &Voice) -> Vec<JoinHandle<()>> {
    let roles: [fn(&Gateway); 5] = [put, watch, keep, |gateway| lock(gateway, "a"), |gateway| lock(gateway, "b")];
    let gateway = Gateway { endpoint: endpoint.to_owned(), voice: voice.clone() };
    let start = |role: fn(&Gateway)| {
        let gateway = gateway.clone();
        thread::spawn(move || role(&gateway))
    };
    roles.map(start).into()
}

impl Gateway {
    /// Returns the answer to a request, if it is one.
    fn ask(&self, path: &str, body: &Value) -> Option<Value> {
        let answer = curl(&["--fail", "--data", &body.to_string(), &self.url(path)]);
        let read = serde_json::from_str(&answer.stdout).ok().filter(|_| answer.exit == 0);
        if read.is_none() {
            self.voice.say("trouble");
            thread::sleep(PAUSE);
        }
        read
    }

    /// Asks until there is an answer.
    fn insist(&self, path: &str, body: &Value) -> Option<Value> {
        std::iter::repeat_with(|| self.ask(path, body)).take_while(|_| !self.voice.ended()).flatten().next()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/v3/{path}", self.endpoint)
    }
}

fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

fn decoded(text: &Value) -> String {
    let bytes = STANDARD.decode(text.as_str().unwrap_or_default()).expect("the gateway writes base64");
    String::from_utf8(bytes).expect("keys and values are text here")
}

fn put(gateway: &Gateway) {
    for number in 0_u64.. {
        if gateway.voice.ended() {
            return;
        }
        let key = format!("{}{}", prefix("curl"), number % KEYS);
        let body = json!({"key": encoded(&key), "value": encoded(&number.to_string())});
        if let Some(answer) = gateway.ask("kv/put", &body) {
            let revision = answer["header"]["revision"].as_str().expect("an answer has a header");
            gateway.voice.say(&format!("put {key} {number} {revision}"));
        }
        thread::sleep(PAUSE);
    }
}

fn watch(gateway: &Gateway) {
    let mut next = 1;
    while !gateway.voice.ended() {
        let (begin, end) = (encoded(&prefix("curl")), encoded("soak/curl0"));
        let body = json!({"create_request": {"key": begin, "range_end": end, "start_revision": next}}).to_string();
        let mut command = Command::new("curl");
        command.args(["--silent", "--no-buffer", "--data", &body, &gateway.url("watch")]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("curl is installed");
        // A line that ends with the connection is none.
        for line in BufReader::new(child.stdout.take().expect("piped above")).lines().map_while(Result::ok) {
            let Ok(response) = serde_json::from_str::<Value>(&line) else { break };
            for event in response["result"]["events"].as_array().into_iter().flatten() {
                let kv = &event["kv"];
                let revision = kv["mod_revision"].as_str().expect("an event has a revision");
                gateway.voice.say(&format!("saw {} {} {revision}", decoded(&kv["key"]), decoded(&kv["value"])));
                next = revision.parse::<i64>().expect("a revision") + 1;
            }
        }
        child.wait().expect("curl was started");
        thread::sleep(PAUSE);
    }
}

fn keep(gateway: &Gateway) {
    let Some(lease) = gateway.insist("lease/grant", &json!({"TTL": LEASE_SECONDS})) else { return };
    while !gateway.voice.ended() {
        if let Some(answer) = gateway.ask("lease/keepalive", &json!({"ID": lease["ID"]})) {
            // A lease that is not there has no time to live.
            let kept = answer["result"]["TTL"].is_string();
            gateway.voice.say(if kept { "kept" } else { "lost" });
        }
        thread::sleep(KEEP_ALIVE_EVERY);
    }
}

fn lock(gateway: &Gateway, who: &str) {
    let Some(lease) = gateway.insist("lease/grant", &json!({"TTL": LONG_LEASE_SECONDS})) else { return };
    while !gateway.voice.ended() {
        // Asked for again with the same lease, the lock is the same, too.
        let body = json!({"name": encoded("soak-lock/curl"), "lease": lease["ID"]});
        let Some(held) = gateway.ask("lock/lock", &body) else { continue };
        gateway.voice.say(&format!("locked {who}"));
        gateway.ask("kv/range", &json!({"key": held["key"]}));
        gateway.voice.say(&format!("unlocking {who}"));
        gateway.insist("lock/unlock", &json!({"key": held["key"]}));
        thread::sleep(PAUSE);
    }
}
