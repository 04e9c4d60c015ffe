//! All clients at once, while their server is killed again and again: each comes back by itself, as it does with etcd 3.7.1, and
//! nothing that any of them was told is lost.
//!
//! Five programs in as many languages (`tests/interop`), the Rust crate `etcd-client` and curl at the JSON gateway each write,
//! watch what they write, keep a lease alive and compete with themselves for a lock. They say what they were answered; the
//! `Account` of each judges it. The server is killed with SIGKILL and starts again on the same port as soon as every client
//! has made progress with all four. At the end every acknowledged put is in the server's history at its revision, and every
//! watch has delivered just that history, each change once and in order.
//!
//! `INTEROP_SOAK_SECONDS=600` goes on for ten minutes with a kill every minute, instead of three kills as soon as may be.

mod account;
mod clients;
mod crate_client;
mod gateway;

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use kv_proto::etcdserverpb::RangeRequest;
use kv_proto::etcdserverpb::kv_client::KvClient;

use crate::harness::history::history;
use crate::harness::{Kind, Server};
use account::{Account, Accounts};
use clients::Clients;

/// How often the server is killed in an ordinary run.
const KILLS: u32 = 3;
/// How long there is between two kills in a longer one, at least.
const KILL_EVERY: Duration = Duration::from_secs(60);
/// How long a client may take to come back. Generous: libraries wait longer with every attempt, and the cores are shared.
const BACK_WITHIN: Duration = Duration::from_secs(180);

#[test]
fn clients_of_kvd_lose_nothing_when_it_is_killed_again_and_again() {
    soak(Kind::Kvd);
}

/// The programs themselves are right.
#[test]
fn clients_of_etcd_lose_nothing_either() {
    soak(Kind::Etcd37);
}

fn soak(kind: Kind) {
    let seconds: Option<u64> =
        env::var("INTEROP_SOAK_SECONDS").ok().map(|seconds| seconds.parse().expect("INTEROP_SOAK_SECONDS is a number"));
    let mut server = Server::start_steady(kind);
    let accounts = Accounts::default();
    let mut clients = Clients::start(&server, &accounts);
    let begun = Instant::now();
    let mut kills = 0;
    loop {
        let since = Instant::now();
        accounts.wait(BACK_WITHIN, &format!("{kind} after {kills} kills"), Account::idle);
        if seconds.map_or(kills == KILLS, |seconds| begun.elapsed().as_secs() >= seconds) {
            break;
        }
        if seconds.is_some() {
            // A pause of the scenario: everybody is at work meanwhile.
            thread::sleep(KILL_EVERY.saturating_sub(since.elapsed()));
        }
        server.kill();
        accounts.begin_round();
        server.start_again();
        kills += 1;
    }
    accounts.wait(BACK_WITHIN, &format!("{kind}: watches"), Account::behind);
    clients.end();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("start a runtime");
    let history = runtime.block_on(async {
        let request = RangeRequest { key: "soak/".into(), ..RangeRequest::default() };
        let answer = KvClient::new(server.channel()).range(request).await.expect("read a key").into_inner();
        history(&server, 0, answer.header.expect("an answer has a header").revision).await
    });
    println!("{kind}: {kills} kills in {} s, {} revisions", begun.elapsed().as_secs(), history.len());
    accounts.check(kind, &history);
    // Ends the streams of those that wait for more.
    server.kill();
    clients.join();
}
