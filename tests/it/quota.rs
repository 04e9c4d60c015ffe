//! A store that outgrows its quota, and one that is said to be damaged: kvd and etcd 3.7.1 go through the same steps, and
//! the same tool sees the same at each.

use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::{AlarmRequest, CompactionRequest, PutRequest, RangeRequest};
use tonic::Code;

use crate::harness::differences::Ledger;
use crate::harness::mask::mask;
use crate::harness::{Kind, Output, Server, Tool};

/// The smallest quota that etcd's own scenario works with.
const QUOTA: &str = "--quota-backend-bytes=53248";

/// More puts of a page than fit into the quota.
const FILLS_MAX: usize = 1000;

/// One step of a scenario.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A command of etcdctl and what it reads.
    Run(&'static [&'static str], &'static str),
    /// An HTTP request.
    Get(&'static str),
    /// Puts until one is refused.
    Fill,
    /// Gives up all history.
    Compact,
    /// Raises the alarm CORRUPT.
    Damage,
    /// Ends the server and starts it again.
    Restart,
}

use Step::{Compact, Damage, Fill, Get, Restart, Run};

const OUTGROWN: &[Step] = &[
    Get("/health"),
    Fill,
    Run(&["alarm", "list"], ""),
    Run(&["endpoint", "health"], ""),
    Run(&["endpoint", "health", "-w", "json"], ""),
    Run(&["endpoint", "status"], ""),
    Get("/health"),
    Get("/health?exclude=NOSPACE"),
    Get("/health?exclude=CORRUPT"),
    Get("/readyz"),
    Get("/livez"),
    Run(&["put", "small", ""], ""),
    Run(&["put", "", "no key"], ""),
    Run(&["txn"], "\nput small 1\n\n\n"),
    Run(&["txn"], "value(\"absent\") = \"1\"\n\nput small 1\n\nget fill --keys-only\n\n"),
    Run(&["txn"], "\nget fill --keys-only\n\n\n"),
    Run(&["txn"], "\ndel absent\n\n\n"),
    Run(&["lease", "grant", "100"], ""),
    Run(&["get", "fill", "--keys-only"], ""),
    Run(&["del", "absent"], ""),
    Restart,
    Run(&["alarm", "list"], ""),
    Run(&["put", "small", ""], ""),
    Compact,
    Run(&["put", "small", ""], ""),
    Run(&["defrag"], ""),
    Run(&["put", "small", ""], ""),
    Run(&["get", "fill", "--keys-only"], ""),
    Run(&["alarm", "disarm"], ""),
    Run(&["alarm", "list"], ""),
    Run(&["put", "small", ""], ""),
    Run(&["endpoint", "health"], ""),
    Get("/health"),
    // And again.
    Fill,
    Run(&["alarm", "list"], ""),
];

const DAMAGED: &[Step] = &[
    Run(&["put", "a", "1"], ""),
    Damage,
    Run(&["alarm", "list"], ""),
    Run(&["endpoint", "health"], ""),
    Get("/health"),
    Get("/health?exclude=CORRUPT"),
    Get("/readyz/data_corruption"),
    Get("/livez"),
    Run(&["put", "a", "2"], ""),
    Run(&["put", "", "no key"], ""),
    Run(&["del", "a"], ""),
    Run(&["txn"], "\nput a 2\n\n\n"),
    Run(&["txn"], "\ndel a\n\n\n"),
    Run(&["txn"], "\nget a\n\n\n"),
    Run(&["get", "a"], ""),
    Run(&["compact", "2"], ""),
    Run(&["compact", "100"], ""),
    Restart,
    Run(&["put", "a", "2"], ""),
    Run(&["alarm", "disarm"], ""),
    Run(&["put", "a", "2"], ""),
    Run(&["compact", "2"], ""),
    Get("/readyz/data_corruption"),
];

/// What a step showed.
#[derive(Debug, PartialEq)]
enum Seen {
    Output(Output),
    Text(String),
}

impl Step {
    async fn take(self, server: &mut Server) -> Seen {
        match self {
            Run(arguments, input) => {
                let output = Tool::client(Kind::Etcd37, server).run_with_input(arguments, input);
                let mut output = mask(&output, server);
                // Each build of etcd separates the fields of a message's text by one space or two.
                output.stdout = String::from_utf8_lossy(&output.stdout).replace("  alarm:", " alarm:").into();
                Seen::Output(output)
            }
            Get(path) => {
                let answer = server.http_get(path);
                let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
                Seen::Text(format!("{}\n{body}", head.lines().next().unwrap_or_default()))
            }
            Fill => Seen::Text(fill(server).await),
            Compact => {
                let mut kv = KvClient::new(server.channel());
                let newest = kv.range(RangeRequest { key: "fill".into(), ..RangeRequest::default() }).await;
                let revision = newest.expect("reads go on").into_inner().header.expect("a header").revision;
                kv.compact(CompactionRequest { revision, physical: true }).await.expect("compactions go on");
                Seen::Text(String::new())
            }
            Damage => {
                let request = AlarmRequest { action: 1, member_id: 0x8e9e_05c5_2164_694d, alarm: 2 };
                MaintenanceClient::new(server.channel()).alarm(request).await.expect("alarms can be raised");
                Seen::Text(String::new())
            }
            Restart => {
                server.stop();
                server.start_again();
                Seen::Text(String::new())
            }
        }
    }
}

/// Puts pages until one is refused; returns why.
async fn fill(server: &Server) -> String {
    let mut kv = KvClient::new(server.channel());
    let put = PutRequest { key: "fill".into(), value: vec![b'v'; 4096].into(), ..PutRequest::default() };
    for _ in 0..FILLS_MAX {
        if let Err(refusal) = kv.put(put.clone()).await {
            assert_eq!(refusal.code(), Code::ResourceExhausted);
            return refusal.message().to_owned();
        }
    }
    panic!("{FILLS_MAX} puts fit into the quota");
}

async fn same_scenario(name: &'static str, steps: &[Step]) {
    let (mut theirs, mut ours) = (Server::start_with(Kind::Etcd37, &[QUOTA]), Server::start_with(Kind::Kvd, &[QUOTA]));
    let mut ledger = Ledger::new(name, Kind::Etcd37);
    for (number, step) in (1..).zip(steps) {
        let (theirs, ours) = (step.take(&mut theirs).await, step.take(&mut ours).await);
        ledger.compare(&format!("step {number}, {step:?}"), &theirs, &ours);
    }
    ledger.finish();
}

#[tokio::test]
async fn a_store_that_outgrows_its_quota_behaves_as_etcds() {
    same_scenario("quota", OUTGROWN).await;
}

#[tokio::test]
async fn a_damaged_store_behaves_as_etcds() {
    same_scenario("damage", DAMAGED).await;
}
